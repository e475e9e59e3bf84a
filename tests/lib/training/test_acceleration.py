"""The paths of a GPU, as far as they go without one: moves, options and clocks are recorded by fakes."""

import math
import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

from firstgrad.optim.rules import SGD, Momentum
from firstgrad.training import Trainer, acceleration, randomness
from firstgrad.training import device as devices
from firstgrad.training.batches import Batch, DatasetBatches, LoaderBatches, TensorBatches
from firstgrad.training.checks import Check
from firstgrad.training.device import DeviceUnavailableError
from firstgrad.training.distributed import ALONE, World
from firstgrad.training.inputs import batches

ROWS, WIDTH, CLASSES = 40, 6, 3


def problem():
    torch.manual_seed(0)
    x = torch.randn(ROWS, WIDTH)
    return nn.Linear(WIDTH, CLASSES), x, (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()


def trainer_of(model, **settings):
    return Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.1), device="cpu", **settings)


class Gpu:
    """Stands for CUDA: tensors stay where they are, and it is written down what is pinned, and moved how."""

    type = "cuda"

    def __init__(self, monkeypatch):
        self.log, to = [], torch.Tensor.to

        def pinned(tensor):
            self.pinned_aside = threading.current_thread() is not threading.main_thread()
            self.log.append(("pin", len(tensor)))
            return tensor

        def moved(tensor, target, *rest, **options):
            if target is self:
                self.log.append(("move", len(tensor), options.get("non_blocking", False)))
                return tensor
            return to(tensor, target, *rest, **options)

        monkeypatch.setattr(torch.Tensor, "pin_memory", pinned)
        monkeypatch.setattr(torch.Tensor, "to", moved)


@pytest.fixture
def gpu(monkeypatch):
    return Gpu(monkeypatch)


nothing = Check()  # asks for rows only


# --- data: resident, or pinned and sent ahead ---


def test_data_that_fit_are_moved_once_and_whole(gpu, monkeypatch):
    _, x, y = problem()
    monkeypatch.setattr(devices, "room", lambda device: x.nbytes + y.nbytes)
    batches("train", (x, y), 16, gpu, nothing)
    assert gpu.log == [("move", ROWS, False), ("move", ROWS, False)]


def test_data_that_do_not_fit_stay_and_their_blocks_are_pinned_and_copied_without_blocking(gpu, monkeypatch):
    _, x, y = problem()
    monkeypatch.setattr(devices, "room", lambda device: x.nbytes + y.nbytes - 1)
    monkeypatch.setattr("firstgrad.training.batches.BLOCK_BYTES", 16 * (x[:1].nbytes + y[:1].nbytes))
    kept = batches("train", (x, y), 8, gpu, nothing, torch.Generator().manual_seed(1))
    assert gpu.log == []
    seen = list(kept.epoch())
    assert sorted(entry for entry in gpu.log if entry[0] == "pin") == [("pin", 8)] * 2 + [("pin", 16)] * 4
    assert [entry for entry in gpu.log if entry[0] == "move"] == (
        [("move", 16, True)] * 4 + [("move", 8, True)] * 2)
    assert gpu.pinned_aside
    resident = TensorBatches((x, y), 8, torch.device("cpu"), torch.Generator().manual_seed(1))
    assert all(torch.equal(one.nest[0], other.nest[0]) and torch.equal(one.nest[1], other.nest[1])
               for one, other in zip(seen, resident.epoch(), strict=True))


def test_the_next_block_is_made_by_another_thread_while_this_one_is_used():
    from firstgrad.training.batches import _one_ahead

    made = [threading.Event() for _ in range(4)]

    def items():
        for number in range(3):
            assert threading.current_thread() is not threading.main_thread()
            made[number].set()
            yield number
        made[3].set()

    for number in _one_ahead(items()):
        assert made[number + 1].wait(10)  # it comes without being asked for
    assert number == 2


def test_an_error_in_that_thread_is_raised_where_the_data_are_used():
    from firstgrad.training.batches import _one_ahead

    def items():
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(_one_ahead(items()))


@pytest.mark.parametrize("form", ["a Dataset", "a DataLoader"])
def test_the_batches_of_a_loader_are_pinned_and_copied_without_blocking(form, gpu):
    _, x, y = problem()

    class Rows(Dataset):
        def __len__(self):
            return ROWS

        def __getitem__(self, row):
            return x[row], y[row]

    data = Rows() if form == "a Dataset" else DataLoader(TensorDataset(x, y), 16)
    made = batches("train", data, 16, gpu, nothing)
    assert type(made) is (DatasetBatches if form == "a Dataset" else LoaderBatches)
    assert [len(batch.nest[1]) for batch in made.epoch()] == [16, 16, 8]
    assert gpu.log == [entry for size in (16, 16, 8) for entry in [("pin", size), ("move", size, True)] * 2]


def test_the_room_for_data_is_a_quarter_of_what_is_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (8_000, 10_000))
    assert devices.room(torch.device("cuda")) == 2_000
    assert devices.room(torch.device("cpu")) == math.inf


# --- losses read without stopping the GPU ---


def test_on_a_gpu_the_loss_is_copied_before_the_backward_pass_and_awaited_after_it(gpu, monkeypatch):
    class Event:
        def record(self):
            gpu.log.append("record")

        def synchronize(self):
            gpu.log.append("synchronize")

    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, pin_memory=False, **rest: empty(*shape, **rest))
    monkeypatch.setattr(torch.cuda, "Event", Event)
    loss, halves = acceleration.StepLoss(gpu, ALONE), [Batch(None, 4, 4), Batch(None, 4, 4)]

    def agree(*sums):
        return list(sums)

    loss.part(torch.tensor(3.0, requires_grad=True), halves[0], halves)
    loss.part(torch.tensor(4.0), halves[1], halves)
    gpu.log.append("backward")
    assert loss.take(agree, None) == 3.5
    assert gpu.log == ["record", "record", "backward", "synchronize"]
    loss.part(torch.tensor(0.25), halves[0], halves[:1])
    assert loss.take(agree, None) == 0.25


# --- the look for gradients that are not finite ---


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_any_gradient_that_is_not_finite_is_found_and_none_is_changed(dtype, value):
    parameters = [nn.Parameter(torch.randn(shape).to(dtype)) for shape in ((7, 5), (3,), (0,), (2, 2))]
    gradients = acceleration.Gradients(torch.optim.SGD(parameters, 0.1))
    for parameter in parameters[:3]:  # one has none
        parameter.grad = torch.randn(parameter.shape).to(dtype)
    before = [parameter.grad.clone() for parameter in parameters[:3]]
    assert gradients.finite()
    assert all(torch.equal(parameter.grad, kept) for parameter, kept in zip(parameters, before, strict=False))
    parameters[1].grad[2] = value
    assert not gradients.finite()
    parameters[1].grad[2] = 0
    assert gradients.finite()


def test_large_gradients_whose_sum_overflows_are_finite():
    parameter = nn.Parameter(torch.zeros(9))
    parameter.grad = torch.full((9,), 3e38)
    assert acceleration.Gradients(torch.optim.SGD([parameter], 0.1)).finite()


def test_gradients_of_an_embedding_may_be_sparse():
    embedding = nn.Embedding(5, 2, sparse=True)
    gradients = acceleration.Gradients(torch.optim.SparseAdam(embedding.parameters()))
    embedding(torch.tensor([1, 1])).sum().backward()
    assert gradients.finite()
    (embedding(torch.tensor([3])) * float("nan")).sum().backward()
    assert not gradients.finite()
    gradients.clear()
    assert embedding.weight.grad is None


def test_an_optimiser_with_a_zero_grad_of_its_own_is_asked():
    class Flat(torch.optim.SGD):
        def zero_grad(self, set_to_none=True):
            asked.append(True)

    asked, model = [], nn.Linear(2, 2)
    acceleration.Gradients(Flat(model.parameters(), 0.1)).clear()
    assert asked == [True]


# --- torch.compile, CUDA graphs, TF32 ---


@pytest.mark.parametrize(("cuda_graph", "mode"), [(False, None), (True, "reduce-overhead")])
def test_compile_takes_shapes_as_they_are_and_knows_of_graphs(cuda_graph, mode, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda model, **options: (model, options))
    model = nn.Linear(1, 1)
    forward = acceleration.forward(model, torch.device("cuda"), True, cuda_graph)
    assert forward == (model, {"dynamic": False, "mode": mode})


def test_a_compiled_model_trains_as_it_does_otherwise(monkeypatch):
    compiled = []
    compile = torch.compile

    def eagerly(model, **options):  # what is compiled is torch's business; what is called is ours
        compiled.append(model)
        return compile(model, backend="eager", dynamic=options["dynamic"])

    monkeypatch.setattr(torch, "compile", eagerly)
    losses = []
    for option in (False, True):
        model, x, y = problem()
        trainer = trainer_of(model, compile=option)
        losses.append(trainer.fit((x, y), (x, y), epochs=2, batch_size=16).train_loss)
        assert ("compiled" in trainer.describe()) == option
        assert list(trainer.model.state_dict()) == ["weight", "bias"]
    assert losses[0] == losses[1]
    assert len(compiled) == 1


def test_a_cuda_graph_is_recorded_at_the_first_batch_and_replayed_for_its_shape_only(monkeypatch):
    def record(module, samples):
        recorded.append((tuple(samples[0].shape), torch.is_autocast_cache_enabled()))
        module(samples[0])  # as the warm-up does, which moves batch norm's averages and draws dropout
        return lambda x: replayed.append(tuple(x.shape)) or module(x)

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", record)
    monkeypatch.setattr(randomness, "_device_state", lambda device: None)
    recorded, replayed = [], []
    model = nn.Sequential(nn.Linear(WIDTH, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    graphed = acceleration.Graphed(model, torch.device("cpu"))
    buffers, state = [buffer.clone() for buffer in model.buffers()], torch.get_rng_state()
    with torch.random.fork_rng():
        expected = model(torch.ones(16, WIDTH))
    once = [buffer.clone() for buffer in model.buffers()]
    for buffer, kept in zip(model.buffers(), buffers, strict=True):
        buffer.copy_(kept)
    assert torch.equal(graphed(torch.ones(16, WIDTH)), expected)
    assert all(map(torch.equal, model.buffers(), once))
    assert not torch.equal(torch.get_rng_state(), state)
    graphed(torch.ones(8, WIDTH))
    graphed(torch.zeros(16, WIDTH))
    assert recorded == [((16, WIDTH), False)]
    assert replayed == [(16, WIDTH), (16, WIDTH)]
    assert torch.is_autocast_cache_enabled()


def test_a_cuda_graph_elsewhere_is_refused():
    model, _, _ = problem()
    with pytest.raises(DeviceUnavailableError, match="cuda_graph: given True on cpu, expected False"):
        trainer_of(model, cuda_graph=True)
    with pytest.raises(TypeError, match="compile: given 'yes', expected True or False"):
        trainer_of(model, compile="yes")


def test_a_cuda_graph_of_several_processes_is_refused():
    with pytest.raises(ValueError, match="cuda_graph: given True in 2 processes, expected False there"):
        acceleration.check_options(False, True, False, torch.device("cuda"), World(rank=1, size=2))


def test_tf32_is_only_on_while_it_trains(monkeypatch):
    model, x, y = problem()
    seen, before = [], torch.get_float32_matmul_precision()
    monkeypatch.setattr(devices, "choose_precision", lambda name, device: name)
    model.register_forward_hook(lambda *_: seen.append(torch.get_float32_matmul_precision()))
    trainer_of(model, precision="tf32").fit((x, y), steps=1)
    assert seen[-1] == "high"
    assert torch.get_float32_matmul_precision() == before


def test_tf32_elsewhere_than_on_cuda_is_refused():
    model, _, _ = problem()
    with pytest.raises(ValueError, match="precision: given 'tf32' on cpu, expected 'fp32' there"):
        trainer_of(model, precision="tf32")


# --- autocast and the scaler ---


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16),
                                                  ("fp32", torch.float32)])
def test_training_validation_and_prediction_all_run_under_autocast(precision, dtype):
    model, x, y = problem()
    seen = set()
    model.register_forward_hook(lambda module, inputs, output: seen.add((module.training, output.dtype)))
    trainer = trainer_of(model, precision=precision)
    trainer.fit((x, y), (x, y), epochs=1)
    trainer.predict(x)
    assert seen == {(True, dtype), (False, dtype)}


def test_the_scaler_scales_unscales_steps_and_updates_in_this_order():
    class Scaler:
        def is_enabled(self):
            return True

        def scale(self, loss):
            log.append("scale")
            return loss * 8

        def unscale_(self, optimizer):
            log.append("unscale")

        def step(self, optimizer):
            log.append("step")

        def update(self):
            log.append("update")

        def state_dict(self):
            return {}

    log, (model, x, y) = [], problem()
    trainer = trainer_of(model, precision="fp16", clip_norm=1.0, accumulate=2)
    trainer.scaler = Scaler()
    trainer.fit((x, y), steps=1, batch_size=4)
    assert log == ["scale", "scale", "unscale", "step", "update"]


# --- what it reports ---


def test_it_reports_rows_seconds_and_memory(monkeypatch):
    monkeypatch.setattr(acceleration, "peak_memory", lambda device: 3 * 2**20)
    model, x, y = problem()
    history = trainer_of(model).fit((x, y), epochs=3, batch_size=16)
    assert history.rows == 3 * ROWS
    assert history.rows_per_second == history.rows / history.seconds
    history.seconds = 0.5
    assert history.summary() == "9 steps · 120 rows in 0.5 s · 240 rows/s · peak memory 3 MiB"


class Static(torch.autograd.Function):
    """As a CUDA graph: the gradient of every batch is written to the same place."""

    place = torch.zeros(3)

    @staticmethod
    def forward(ctx, parameter, x):
        ctx.save_for_backward(x)
        return (parameter * x).sum()

    @staticmethod
    def backward(ctx, gradient):
        Static.place.copy_(ctx.saved_tensors[0] * gradient)
        return Static.place.detach(), None


@pytest.mark.parametrize("copied", [True, False])
def test_gradients_of_many_batches_under_a_graph_are_not_written_over(copied):
    parameter = nn.Parameter(torch.ones(3))
    gradients = acceleration.Gradients(SGD([parameter], 0.1))
    group = [Batch(torch.tensor([1.0, 2.0, 4.0]) * factor, 3, 3) for factor in (1, 10, 100)]
    for batch in acceleration.kept_apart(group, gradients) if copied else group:
        Static.apply(parameter, batch.nest).backward()
    right = torch.tensor([111.0, 222.0, 444.0])
    assert torch.equal(parameter.grad, right) is copied  # where they are not, torch itself counts wrongly


def test_the_memory_of_a_gpu_is_measured_from_the_start_of_the_run(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: calls.append(device))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 12345)
    cuda = torch.device("cuda:1")
    acceleration.reset_peak_memory(cuda)
    assert calls == [cuda]
    assert acceleration.peak_memory(cuda) == 12345
    assert acceleration.peak_memory(torch.device("cpu")) > 2**26  # torch alone is larger


def test_seconds_of_a_run_that_is_taken_up_add_up(tmp_path, monkeypatch):
    clock = iter(range(0, 10**6, 10))
    monkeypatch.setattr("firstgrad.training.course.time.perf_counter", lambda: next(clock))
    model, x, y = problem()
    trainer = trainer_of(model)
    first = trainer.fit((x, y), steps=2, batch_size=16, checkpoints=tmp_path)
    second = trainer.fit((x, y), steps=4, batch_size=16, checkpoints=tmp_path)
    assert second.rows == 2 * 16 + 8 + 16
    assert second.seconds > first.seconds >= 10


# --- metrics ---


def test_metrics_are_of_the_whole_set():
    model, x, y = problem()
    metrics = {"largest": lambda outputs, targets: outputs.max(1).values.mean(),
               "count": lambda outputs, targets: float(len(targets))}
    trainer = trainer_of(model, metrics=metrics)
    loader = DataLoader(TensorDataset(x, y), 15)
    measured = trainer.evaluate(loader)
    assert list(measured) == ["loss", "largest", "count", "accuracy"]
    assert measured["largest"] == pytest.approx(model(x).max(1).values.mean().item(), rel=1e-6)
    assert measured["count"] == 40
    history = trainer.fit((x, y), (x, y), epochs=1)
    assert set(history.validation[0]) == {"epoch", "step", "loss", "largest", "count", "accuracy"}


@pytest.mark.parametrize("metrics", [{"loss": F.mse_loss}, {"step": F.mse_loss}, {"f1": 0.5}])
def test_metrics_that_are_none_are_refused(metrics):
    model, _, _ = problem()
    with pytest.raises(TypeError, match=r"metrics: given '.*, expected a name that is free and a function"):
        trainer_of(model, metrics=metrics)


# --- a GPU's generators ---


def test_the_generator_of_a_gpu_is_kept_and_put_back_too(monkeypatch):
    states = {"now": torch.tensor([1])}
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: states["now"])
    monkeypatch.setattr(torch.cuda, "set_rng_state",
                        lambda state, device: states.update(now=state, device=device))
    with randomness.kept(torch.device("cuda:1")):
        states["now"] = torch.tensor([2])
    assert states["now"].item() == 1
    assert states["device"] == torch.device("cuda:1")


# --- on a GPU ---


@pytest.mark.cuda
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
@pytest.mark.parametrize("options", [{"compile": True}, {"cuda_graph": True},
                                     {"compile": True, "cuda_graph": True}], ids=str)
def test_compiled_and_graphed_a_gpu_trains_as_it_does_without(options, precision):
    losses = []
    for chosen in ({}, options):
        model, x, y = problem()
        trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.1), device="cuda",
                          precision=precision, accumulate=2, **chosen)
        losses.append(trainer.fit((x, y), (x, y), epochs=3, batch_size=16).train_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-2 if precision != "fp32" else 1e-5)


@pytest.mark.cuda
def test_a_run_on_a_gpu_is_taken_up_exactly(tmp_path):
    def run(checkpoints, steps):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(WIDTH, 16), nn.Dropout(0.5), nn.Linear(16, CLASSES))
        _, x, y = problem()
        trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.1), device="cuda")
        return trainer.fit((x, y), steps=steps, batch_size=16, checkpoints=checkpoints).train_loss

    run(tmp_path, 4)
    assert run(tmp_path, 9) == run(None, 9)


@pytest.mark.cuda
def test_a_gpu_reports_its_memory():
    model, x, y = problem()
    trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.1), device="cuda")
    assert 0 < trainer.fit((x, y), epochs=1).peak_memory < 2**30
    assert "data stay on the GPU up to" in trainer.describe()
