"""The trainer: equal to the loop written by hand, equal under accumulation, and hard to break."""

import copy
import signal
import threading
import time
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.optim.rules import SGD, Momentum
from firstgrad.optim.schedules import cosine, step_decay
from firstgrad.training import Callback, NonFiniteLossError, Progress, Trainer, range_test
from firstgrad.training.batches import TensorBatches

ROWS, WIDTH, CLASSES = 100, 6, 3


def problem(dtype=torch.float32, seed=0):
    """A model, and a classification that it can learn."""
    torch.manual_seed(seed)
    model = MLP(MLPConfig((WIDTH, 16, CLASSES))).to(dtype)
    x = torch.randn(ROWS, WIDTH, dtype=dtype)
    return model, x, (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()


def trainer_of(model, loss=F.cross_entropy, rate=0.1, **settings):
    return Trainer(model, loss, SGD(model.parameters(), rate), device="cpu", **settings)


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


class Spy(Callback):
    """Writes down everything it is shown."""

    def __init__(self, act=lambda trainer, step: None):
        self.losses, self.epochs, self.rates, self.weights, self.ends, self.act = [], [], [], [], 0, act

    def on_step(self, trainer, step, loss):
        self.losses.append(loss)
        self.rates.append(trainer.optimizer.learning_rate)
        self.weights.append(weights(trainer.model))
        self.act(trainer, step)

    def on_epoch(self, trainer, epoch, metrics):
        self.epochs.append((epoch, metrics))

    def on_end(self, trainer):
        self.ends += 1


# --- it is the loop that one would write by hand ---


def test_fit_is_the_loop_by_hand():
    model, x, y = problem()
    twin = copy.deepcopy(model)
    history = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.1), device="cpu",
                      seed=3).fit((x, y), epochs=3, batch_size=32)

    optimizer, generator, losses = Momentum(twin.parameters(), 0.1), torch.Generator().manual_seed(3), []
    for _ in range(3):
        order = torch.randperm(ROWS, generator=generator)
        for rows in order.split(32):
            optimizer.zero_grad()
            loss = F.cross_entropy(twin(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert history.train_loss == losses
    assert torch.equal(weights(model), weights(twin))


def test_history_counts_steps_and_epochs():
    model, x, y = problem()
    history = trainer_of(model).fit((x, y), (x, y), epochs=3, batch_size=32)
    assert history.steps == list(range(12))  # four batches an epoch, the last of four rows
    assert [(entry["epoch"], entry["step"]) for entry in history.validation] == [(1, 4), (2, 8), (3, 12)]
    assert history.validation[-1]["loss"] < history.validation[0]["loss"]
    assert 0 < history.seconds < 60
    assert repr(history) == "History(12 steps, 3 validations)"


def test_steps_end_it_in_the_middle_of_an_epoch_and_a_second_fit_goes_on():
    model, x, y = problem()
    trainer = trainer_of(model)
    first = trainer.fit((x, y), (x, y), steps=6, batch_size=32)
    assert first.steps == list(range(6))
    assert [entry["step"] for entry in first.validation] == [4, 6]
    assert trainer.fit((x, y), epochs=1, batch_size=32).steps == [6, 7, 8, 9]
    assert trainer.fit((x, y), epochs=5, steps=2, batch_size=32).steps == [10, 11]


@pytest.mark.parametrize("kind", ["TensorDataset", "Dataset", "DataLoader", "list"])
def test_every_form_of_data_trains_alike(kind):
    class Rows(Dataset):
        def __len__(self):
            return ROWS

        def __getitem__(self, row):
            return x[row], int(y[row])

    model, x, y = problem()
    data = {"TensorDataset": TensorDataset(x, y), "Dataset": Rows(), "list": [x, y],
            "DataLoader": DataLoader(TensorDataset(x, y), 20, shuffle=True)}[kind]
    history = trainer_of(model, rate=0.5).fit(data, data, epochs=20, batch_size=20)
    assert len(history.steps) == 100
    assert history.validation[-1]["accuracy"] > 0.9


def test_a_stream_without_length_trains_for_so_many_steps():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(zip(x, y, strict=True))

    model, x, y = problem()
    trainer = trainer_of(model)
    assert len(trainer.fit(DataLoader(Stream(), 30), steps=9).steps) == 9
    assert trainer.total_steps == 9


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    def run(seed, earlier=0):
        model, x, y = problem()
        network = nn.Sequential(model, nn.Dropout(0.5))
        torch.rand(earlier)  # what the reader did before must not matter
        before = torch.random.get_rng_state()
        losses = trainer_of(network, seed=seed).fit((x, y), epochs=2, batch_size=10).train_loss
        assert torch.equal(torch.random.get_rng_state(), before)
        return losses

    assert run(1) == run(1, earlier=7)
    assert run(1) != run(2)


def test_a_second_fit_draws_other_noise():
    class Noise(nn.Module):
        def forward(self, x):
            if self.training:
                drawn.append(torch.rand(()).item())
            return x

    drawn, (model, x, y) = [], problem()
    trainer = trainer_of(nn.Sequential(Noise(), model))
    for _ in range(2):
        trainer.fit((x, y), steps=1)
    assert len(set(drawn)) == 2


def test_large_data_is_gathered_in_blocks_that_hold_every_row_once(monkeypatch):
    monkeypatch.setattr("firstgrad.training.batches.BLOCK_BYTES", 1000)
    x = torch.arange(ROWS, dtype=torch.float32)[:, None]
    batches = TensorBatches((x, x.long()), 7, torch.device("cpu"), torch.Generator())
    seen = list(batches.epoch())
    assert batches.block < ROWS
    assert len(seen) == len(batches) == 15
    assert sorted(torch.cat([batch.nest[0] for batch in seen]).flatten().tolist()) == list(range(ROWS))


# --- precision, accumulation, clipping, schedules ---


@pytest.mark.parametrize("form", ["tensors", "loader"])
@pytest.mark.parametrize(("batch_size", "accumulate"), [(16, 4), (7, 3), (50, 2), (33, 7)])
def test_accumulation_equals_the_large_batch(batch_size, accumulate, form):
    """100 rows: the last group is short, in its last batch, in its number of batches, or in both."""
    def run(size, count):
        model, x, y = problem(torch.float64)
        data = (x, y)
        if form == "loader":
            order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(0))
            data = DataLoader(TensorDataset(x[order], y[order]), size)
        trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.1), device="cpu",
                          accumulate=count)
        return trainer.fit(data, epochs=4, batch_size=size).train_loss, weights(model)

    losses, parameters = run(batch_size, accumulate)
    large_losses, large_parameters = run(batch_size * accumulate, 1)
    assert losses == pytest.approx(large_losses, rel=1e-12)
    torch.testing.assert_close(parameters, large_parameters, rtol=1e-12, atol=1e-12)


def test_clipping_is_torchs():
    model, x, y = problem()
    twin = copy.deepcopy(model)
    trainer_of(model, clip_norm=0.1, rate=1.0).fit((x, y), steps=1, batch_size=ROWS)
    F.cross_entropy(twin(x), y).backward()
    assert nn.utils.clip_grad_norm_(twin.parameters(), 0.1) > 0.1
    SGD(twin.parameters(), 1.0).step()
    torch.testing.assert_close(weights(model), weights(twin))


def test_the_schedule_multiplies_the_rate_of_every_group():
    model, x, y = problem()
    first, *rest = model.parameters()
    optimizer = SGD([{"params": [first]}, {"params": rest, "learning_rate": 0.5}], 0.1)
    spy, schedule = Spy(), cosine(8, warmup_steps=2)
    trainer = Trainer(model, F.cross_entropy, optimizer, device="cpu", schedule=schedule, callbacks=[spy])
    trainer.fit((x, y), steps=5, batch_size=32)
    trainer.fit((x, y), steps=3, batch_size=32)  # the schedule goes on too
    assert spy.rates == pytest.approx([0.1 * schedule(step) for step in range(8)])
    assert optimizer.param_groups[1]["lr"] == pytest.approx(0.5 * schedule(7))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_learns_on_the_cpu_too(precision):
    model, x, y = problem()
    trainer = trainer_of(model, rate=0.5, precision=precision)
    assert trainer.scaler.is_enabled() == (precision == "fp16")
    history = trainer.fit((x, y), (x, y), epochs=20, batch_size=20)
    assert history.validation[-1]["accuracy"] > 0.9
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    assert trainer.predict(x).dtype == torch.float32


def test_in_fp16_a_gradient_that_overflows_skips_the_step_and_lowers_the_scale():
    model, x, y = problem()
    trainer = trainer_of(model, precision="fp16", clip_norm=1.0)
    trainer.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
    before = weights(model)
    trainer.fit((x, y), steps=1)
    assert torch.equal(weights(model), before)
    assert trainer.scaler.get_scale() == 2.0**39
    trainer.fit((x, y), steps=40)
    assert not torch.equal(weights(model), before)


def test_in_fp16_the_gradient_is_clipped_after_its_scale_is_taken_away():
    model, x, y = problem()
    before = weights(model)
    trainer_of(model, rate=1.0, precision="fp16", clip_norm=0.05).fit((x, y), steps=1)
    assert (weights(model) - before).norm().item() == pytest.approx(0.05, rel=1e-3)


def test_auto_is_full_precision_on_the_cpu():
    model, _, _ = problem()
    assert trainer_of(model).precision == "fp32"


# --- evaluation ---


def test_evaluate_weights_a_short_batch_by_its_rows():
    model, x, y = problem(torch.float64)
    trainer = trainer_of(model)
    whole = trainer.evaluate((x, y))
    assert whole["loss"] == pytest.approx(F.cross_entropy(model(x), y).item(), rel=1e-12)
    assert whole["accuracy"] == (model(x).argmax(1) == y).double().mean().item()
    in_parts = trainer.evaluate(DataLoader(TensorDataset(x, y), 33), batch_size=33)
    assert in_parts == pytest.approx(whole, rel=1e-12)


def test_without_classes_there_is_no_accuracy():
    x = torch.randn(ROWS, WIDTH)
    trainer = trainer_of(nn.Linear(WIDTH, 1), F.mse_loss)
    assert list(trainer.evaluate((x, x[:, :1]))) == ["loss"]


def test_labels_for_every_pixel_are_counted_one_by_one():
    x, y = torch.randn(8, 2, 5), torch.randint(0, 3, (8, 5))
    model = nn.Conv1d(2, 3, 1)
    metrics = trainer_of(model).evaluate((x, y))
    assert metrics["accuracy"] == (model(x).argmax(1) == y).double().mean().item()


def test_predict_gives_outputs_in_order_without_dropout():
    model, x, _ = problem()
    network = nn.Sequential(model, nn.Dropout(0.9))
    rows = x.repeat(30, 1)
    outputs = trainer_of(network).predict(rows)
    torch.testing.assert_close(outputs, model(rows).detach())
    assert not outputs.requires_grad


@pytest.mark.parametrize("mode", [True, False])
def test_the_models_mode_is_as_it_was(mode):
    model, x, y = problem()
    model.train(mode)
    seen = []
    model.register_forward_hook(lambda *_: seen.append((model.training, torch.is_grad_enabled())))
    trainer = trainer_of(model)
    trainer.fit((x, y), (x, y), epochs=1)
    trainer.predict(x)
    assert model.training == mode
    assert set(seen) == {(True, True), (False, False)}


# --- callbacks, stopping ---


def test_callbacks_see_what_history_keeps():
    model, x, y = problem()
    spy = Spy()
    history = trainer_of(model, callbacks=[spy]).fit((x, y), (x, y), epochs=2, batch_size=50)
    assert spy.losses == history.train_loss
    assert spy.epochs == [(1, history.validation[0]), (2, history.validation[1])]
    assert spy.ends == 1


def test_any_object_with_one_of_the_methods_is_a_callback():
    class Counter:
        steps = 0

        def on_step(self, trainer, step, loss):
            self.steps += 1

    model, x, y = problem()
    counter = Counter()
    trainer_of(model, callbacks=[counter]).fit((x, y), steps=5)
    assert counter.steps == 5


def test_stop_ends_after_the_step_in_progress():
    model, x, y = problem()
    spy = Spy(lambda trainer, step: trainer.stop() if step == 4 else None)
    trainer = trainer_of(model, callbacks=[spy])
    history = trainer.fit((x, y), (x, y), epochs=10, batch_size=32)
    assert history.steps == [0, 1, 2, 3, 4]
    assert history.stopped == "stop"
    assert repr(history) == "History(5 steps, 1 validations, stopped early (stop))"  # of the first epoch
    assert spy.ends == 1
    assert trainer.fit((x, y), steps=2).stopped is None  # and it can go on


def test_stop_from_another_thread():
    model, x, y = problem()
    trainer = trainer_of(model)
    results = []
    thread = threading.Thread(target=lambda: results.append(trainer.fit((x, y), epochs=10**9)))
    thread.start()
    while trainer.step < 3:
        time.sleep(0.001)
    trainer.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert results[0].stopped == "stop"
    assert len(results[0].steps) == trainer.step


def test_ctrl_c_ends_after_the_step_in_progress():
    model, x, y = problem()
    handler = signal.getsignal(signal.SIGINT)
    spy = Spy(lambda trainer, step: signal.raise_signal(signal.SIGINT) if step == 7 else None)
    history = trainer_of(model, callbacks=[spy]).fit((x, y), epochs=10**9, batch_size=32)
    assert history.steps[-1] == 7
    assert history.stopped == "Ctrl-C"
    assert torch.equal(weights(model), spy.weights[-1])
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_ctrl_c_interrupts_at_once():
    def twice(trainer, step):
        signal.raise_signal(signal.SIGINT)
        while not trainer.asked:  # Python handles a signal a few instructions after it has come
            pass
        signal.raise_signal(signal.SIGINT)
        time.sleep(1)

    model, x, y = problem()
    handler, spy = signal.getsignal(signal.SIGINT), Spy(twice)
    with pytest.raises(KeyboardInterrupt):
        trainer_of(model, callbacks=[spy]).fit((x, y), epochs=2)
    assert signal.getsignal(signal.SIGINT) is handler
    assert spy.ends == 1


@pytest.mark.parametrize("moment", [0.003, 0.007, 0.011, 0.017, 0.023])  # seconds after the first step
def test_ctrl_c_at_any_moment_leaves_a_whole_step(moment):
    model, x, y = problem()
    timer = threading.Timer(moment, lambda: signal.raise_signal(signal.SIGINT))
    spy = Spy(lambda trainer, step: timer.start() if step == 0 else None)
    history = trainer_of(model, callbacks=[spy]).fit((x, y), epochs=10**9)
    timer.join()
    assert history.stopped == "Ctrl-C"
    assert torch.equal(weights(model), spy.weights[-1])


def test_a_callback_that_fails_is_not_hidden_and_on_end_is_called():
    def fail(trainer, step):
        raise RuntimeError("of the callback")

    model, x, y = problem()
    spy = Spy(fail)
    with pytest.raises(RuntimeError, match="of the callback"):
        trainer_of(model, callbacks=[spy]).fit((x, y), epochs=1)
    assert spy.ends == 1


def test_progress_shows_steps_loss_and_validation(capsys):
    model, x, y = problem()
    progress, bars = Progress("an MLP"), []
    trainer = trainer_of(model, callbacks=[progress, Spy(lambda *_: bars.append(progress.bar))])
    trainer.fit((x, y), (x, y), epochs=3, batch_size=32)
    assert bars[-1].disable  # closed
    trainer.fit((x, y), steps=5, batch_size=32)
    shown = capsys.readouterr()
    assert shown.out == ""
    first, second = (line.split("\r")[-1] for line in shown.err.strip().split("\n"))
    assert first.startswith("an MLP: 100%")
    assert "12/12" in first
    assert "loss" in first
    assert "validation loss" in first
    assert "5/5" in second


# --- what is not finite ---


@pytest.mark.parametrize("bad_step", [0, 1, 13, 38])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_raises_at_once_and_keeps_the_last_good_parameters(bad_step, value):
    calls = iter(range(10**6))

    def loss(outputs, targets):
        spoilt = torch.is_grad_enabled() and next(calls) == bad_step
        return F.cross_entropy(outputs, targets) * (value if spoilt else 1)

    model, x, y = problem()
    before, spy = weights(model), Spy()
    with pytest.raises(NonFiniteLossError, match=f"step {bad_step}: the loss is {value}.*rate") as error:
        trainer_of(model, loss, callbacks=[spy]).fit((x, y), epochs=20, batch_size=32)
    assert error.value.step == bad_step
    assert error.value.history.train_loss == spy.losses
    assert len(spy.losses) == bad_step
    assert torch.equal(weights(model), spy.weights[-1] if bad_step else before)


def test_a_gradient_that_is_not_finite_under_a_finite_loss_is_seen_before_the_update():
    def loss(outputs, targets):
        return F.cross_entropy(outputs, targets) + (outputs.mean() * 0).abs().sqrt()  # √ has no slope at 0

    model, x, y = problem()
    before = weights(model)
    with pytest.raises(NonFiniteLossError, match="step 0: the gradient is not finite"):
        trainer_of(model, loss).fit((x, y), epochs=1)
    assert torch.equal(weights(model), before)


def test_a_learning_rate_far_too_large_ends_with_finite_parameters():
    x = torch.randn(ROWS, WIDTH)
    model = nn.Linear(WIDTH, 1)
    with pytest.raises(NonFiniteLossError) as error:
        trainer_of(model, F.mse_loss, rate=1e4).fit((x, x[:, :1]), epochs=10**6)
    assert error.value.step > 0
    assert weights(model).isfinite().all()


# --- the range test ---


def test_the_range_test_grows_the_rate_and_leaves_the_model_alone():
    model, x, y = problem()
    before = copy.deepcopy(model.state_dict())
    rates, losses = range_test(model, F.cross_entropy, SGD, (x, y), low=1e-4, high=1.0, steps=41,
                               batch_size=20, device="cpu")
    assert len(rates) == len(losses) == 41
    assert rates[0] == 1e-4
    assert rates[-1] == pytest.approx(1)
    assert [b / a for a, b in pairwise(rates)] == pytest.approx([10**0.1] * 40)
    assert min(losses) < losses[0]
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("high", [1e3, 1e30])
def test_the_range_test_ends_where_it_diverges(high):
    model, x, y = problem()
    rates, losses = range_test(model, F.cross_entropy, Momentum, (x, y), low=1e-3, high=high, steps=60,
                               device="cpu")
    assert 0 < len(rates) == len(losses) < 60
    assert all(loss == loss for loss in losses)


def test_the_range_test_takes_torchs_optimisers_and_repeats_itself():
    model, x, y = problem()
    runs = [range_test(model, F.cross_entropy, torch.optim.Adam, (x, y), steps=20, device="cpu")
            for _ in range(2)]
    assert runs[0] == runs[1]


# --- what it says ---


def test_it_says_what_it_chose():
    model, _, _ = problem()
    trainer = trainer_of(model, accumulate=2, clip_norm=1.0, seed=4)
    assert repr(trainer) == ("Trainer(MLP, SGD, device='cpu', precision='fp32', accumulate=2, clip_norm=1.0, "
                             "seed=4)")
    assert trainer.describe().startswith("MLP of 163 parameters · SGD · cpu, ")
    assert trainer.describe().endswith("fp32 · 2 batches a step · gradient clipped to norm 1")


# --- on a GPU ---


@pytest.mark.cuda
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "auto"])
@pytest.mark.parametrize("resident", [True, False])
def test_a_gpu_learns_in_every_precision(precision, resident, monkeypatch):
    if not resident:
        monkeypatch.setattr("firstgrad.training.device.room", lambda device: 0)
    model, x, y = problem()
    trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.5), device="cuda",
                      precision=precision)
    history = trainer.fit((x, y), (x, y), epochs=20, batch_size=20)
    assert history.validation[-1]["accuracy"] > 0.9
    assert trainer.predict(x).device.type == "cpu"


@pytest.mark.cuda
def test_a_gpu_trains_as_the_cpu_does_in_double_precision():
    losses = []
    for device in ("cpu", "cuda"):
        model, x, y = problem(torch.float64)
        trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.1), device=device,
                          precision="fp32", accumulate=2, clip_norm=1.0, schedule=step_decay(0.5, 10))
        losses.append(trainer.fit((x, y), epochs=4, batch_size=7).train_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)  # the loss is recorded in 32 bits there


@pytest.mark.cuda
def test_a_gpu_keeps_the_last_good_parameters_too():
    def loss(outputs, targets):
        spoilt = torch.is_grad_enabled() and len(spy.losses) == 5
        return F.cross_entropy(outputs, targets) * (float("nan") if spoilt else 1)

    model, x, y = problem()
    spy = Spy()
    trainer = Trainer(model, loss, SGD(model.parameters(), 0.1), device="cuda", callbacks=[spy])
    with pytest.raises(NonFiniteLossError, match="step 5"):
        trainer.fit((x, y), epochs=9)
    assert torch.equal(weights(model), spy.weights[-1])
