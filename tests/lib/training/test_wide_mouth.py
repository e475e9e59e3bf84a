"""What a Trainer takes: arrays, frames, nests, streams; any metric to choose by; what a step may return."""

import collections
import dataclasses
import itertools
import types
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from firstgrad.optim import SGD, Adam
from firstgrad.training import Callback, Checkpoints, CSVLog, EarlyStopping, Trainer, nests
from firstgrad.training.checkpoint import load

torch.manual_seed(0)
X = torch.randn(50, 4)
Y = (X[:, 0] > 0.8).long()


def network(outputs=2):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, outputs))


def trainer_of(model=None, **settings):
    model = model or network()
    defaults = {"device": "cpu", "optimizer": Adam(model.parameters(), 0.02)}
    if "step" not in settings:
        defaults["loss"] = F.cross_entropy
    return Trainer(model, **{**defaults, **settings})


# --- arrays and frames ---


class Frame:
    """As a DataFrame of pandas, or a Series: what has to_numpy."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values


@pytest.mark.parametrize("x", [X.double().numpy(), X.numpy(), Frame(X.double().numpy()),
                               np.asfortranarray(X.double().numpy())[:, ::-1][:, ::-1]])
@pytest.mark.parametrize("y", [Y.numpy(), Y.numpy().astype(np.int32), Frame(Y.numpy())])
def test_arrays_and_frames_train_as_tensors_do(x, y):
    ours, theirs = trainer_of(), trainer_of()
    assert ours.fit((x, y), (x, y), epochs=2).validation == theirs.fit((X, Y), (X, Y), epochs=2).validation
    assert torch.equal(ours.predict(x), theirs.predict(X))
    assert ours.evaluate((x, y)) == theirs.evaluate((X, Y))


def test_an_array_that_cannot_be_written_to_is_copied():
    x = X.numpy().copy()
    x.flags.writeable = False
    trainer_of().fit((x, Y.numpy()), epochs=1)


def test_floats_as_labels_stay_floats():
    with pytest.raises(TypeError, match="y: given float32, expected int64 class numbers"):
        trainer_of().fit((X, Y.double().numpy()), epochs=1)


# --- predict and evaluate take what fit takes ---


class Rows(Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return X[row], Y[row]


@pytest.mark.parametrize("data", [X, (X, Y), [X, Y], TensorDataset(X, Y), Rows(), X.numpy(),
                                  DataLoader(TensorDataset(X, Y), 7)], ids=lambda data: type(data).__name__)
def test_predict_takes_what_fit_takes(data):
    trainer = trainer_of()
    torch.testing.assert_close(trainer.predict(data, batch_size=13), trainer.model(X).detach())


def step(model, batch):
    outputs = model(batch["x"])
    return {"loss": F.cross_entropy(outputs, batch["y"]), "outputs": outputs, "targets": batch["y"]}


def test_with_a_step_predict_gives_its_outputs_and_evaluate_its_numbers():
    trainer = trainer_of(step=step)
    assert torch.equal(trainer.predict({"x": X, "y": Y}), trainer.model(X).detach())
    assert set(trainer.evaluate({"x": X, "y": Y})) == {"loss", "accuracy"}
    other = trainer_of(step=lambda model, batch: step(model, batch)["loss"])
    with pytest.raises(ValueError, match="step: it returns no 'outputs', expected them among its names"):
        other.predict({"x": X, "y": Y})


class TwoHeads(nn.Module):
    """Gives a dictionary, as many models do."""

    def __init__(self):
        super().__init__()
        self.body = network()

    def forward(self, x):
        return {"scores": self.body(x), "more": [x.sum(1), None]}


@pytest.mark.parametrize("batch_size", [7, 50])
def test_predict_gives_what_the_model_gives_a_dictionary_too(batch_size):
    trainer = trainer_of(TwoHeads(), step=lambda model, batch: F.cross_entropy(model(batch[0])["scores"],
                                                                               batch[1]))
    made, expected = trainer.predict(X, batch_size), trainer.model(X)
    assert list(made) == ["scores", "more"]
    torch.testing.assert_close(made["scores"], expected["scores"].detach())
    torch.testing.assert_close(made["more"], [X.sum(1), None])
    assert trainer_of(TwoHeads().bfloat16(), step=step).predict(X.bfloat16())["scores"].dtype == torch.float32


def test_metrics_are_not_asked_of_outputs_that_are_no_tensor():
    trainer = trainer_of(TwoHeads(), step=lambda model, batch: {
        "loss": F.cross_entropy(model(batch["x"])["scores"], batch["y"]), "outputs": model(batch["x"]),
        "targets": batch["y"]})
    assert set(trainer.evaluate({"x": X, "y": Y})) == {"loss"}


# --- containers of every kind ---


class Encoding(collections.UserDict):
    """As transformers' BatchEncoding: a mapping with more in it, made by words of its own."""

    def __init__(self, data, *, encoding):
        super().__init__(data)
        self.encoding = encoding


class Named(NamedTuple):
    x: torch.Tensor
    y: torch.Tensor


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: torch.Tensor
    mask: torch.Tensor = dataclasses.field(init=False)
    y: torch.Tensor

    def __post_init__(self):
        object.__setattr__(self, "mask", self.x > 0)


CONTAINERS = {
    "a defaultdict": lambda x, y: collections.defaultdict(list, x=x, y=y),
    "an OrderedDict": lambda x, y: collections.OrderedDict(x=x, y=y),
    "a ChainMap": lambda x, y: collections.ChainMap({"x": x}, {"y": y}),
    "a mapping with more in it": lambda x, y: Encoding({"x": x, "y": y}, encoding="words"),
    "a mapping that cannot be changed": lambda x, y: types.MappingProxyType({"x": x, "y": y}),
    "a namedtuple": Named,
    "a frozen dataclass": Frozen,
}


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("form", ["tensors", "arrays", "a loader"])
def test_containers_of_every_kind_are_batches_of_that_kind(kind, form):
    make, seen = CONTAINERS[kind], []
    whole = make(X, Y)

    def step(model, batch):
        seen.append(batch)
        x, y = (batch["x"], batch["y"]) if isinstance(batch, Mapping) else (batch.x, batch.y)
        return F.cross_entropy(model(x), y)

    def pairs(rows):
        return make(torch.stack([x for x, _ in rows]), torch.stack([y for _, y in rows]))

    data = {"tensors": whole, "arrays": make(X.numpy(), Y.numpy()),
            "a loader": DataLoader(TensorDataset(X, Y), 13, collate_fn=pairs)}[form]
    history = trainer_of(step=step).fit(data, steps=4, batch_size=13)
    assert history.rows == 50
    kinds = {type(batch) for batch in seen}
    assert kinds == ({dict} if kind == "a mapping that cannot be changed" and form != "a loader" else kinds)
    if kind == "a frozen dataclass":
        assert all(torch.equal(batch.mask, batch.x > 0) for batch in seen)
    elif "changed" not in kind:
        assert kinds == {type(whole)}
    if kind == "a mapping with more in it":
        assert {batch.encoding for batch in seen} == {"words"}


def test_a_field_that_a_dataclass_makes_itself_is_mapped_like_the_others():
    frozen = nests.mapped(lambda tensor: tensor.double(), Frozen(X, Y))
    assert frozen.mask.dtype == torch.float64  # not made anew from x


# --- nests that make no sense ---

NESTS = {
    "an empty dictionary": ({}, ValueError, "train: given an empty dict, expected at least one tensor"),
    "no rows": ({"x": X[:0], "y": Y[:0]}, ValueError,
                r"train\['x'\]: given an empty batch of shape \(0, 4\)"),
    "unequal lengths": ({"x": X, "extra": {"mask": Y[:-1]}}, ValueError,
                        r"train\['extra'\]\['mask'\]: given 49 rows, expected 50, as many as train\['x'\]"),
    "a word": ({"x": X, "name": "whale"}, TypeError, r"train\['name'\]: given str, expected a tensor"),
    "a number without rows": ({"x": X, "rate": torch.tensor(0.1)}, ValueError,
                              r"train\['rate'\]: given a tensor without rows"),
    "a list in it": ({"x": X, "ids": [1, 2]}, TypeError,
                     r"train\['ids'\]\[0\]: given int, expected a tensor"),
}


@pytest.mark.parametrize("what", NESTS)
def test_nests_that_make_no_sense_are_refused_by_path(what):
    nest, error, says = NESTS[what]
    with pytest.raises(error, match=says):
        trainer_of(step=step).fit(nest, epochs=1)


STEPS = {
    "nothing": (lambda model, batch: None, TypeError, "step: it returns NoneType, expected a scalar tensor"),
    "a loss a row": (lambda model, batch: model(batch["x"]).sum(1), ValueError,
                     r"step: it returns a loss of shape \(50,\), expected a scalar"),
    "no loss": (lambda model, batch: {"accuracy": 1}, ValueError,
                "step: it returns 'accuracy', expected 'loss'"),
    "a loss without a gradient": (lambda model, batch: model(batch["x"]).sum().detach(), ValueError,
                                  "step: it returns a loss without a gradient"),
}


@pytest.mark.parametrize("what", STEPS)
def test_steps_that_make_no_sense_are_refused(what):
    make, error, says = STEPS[what]
    model = network()
    with pytest.raises(error, match=says):
        trainer_of(model, step=make).fit({"x": X, "y": Y}, epochs=1)
    assert all(map(torch.equal, model.parameters(), network().parameters()))


# --- streams, validation every n steps, clipping by value ---


class Endless(IterableDataset):
    def __iter__(self):
        for row in itertools.cycle(range(50)):
            yield X[row], Y[row]


def test_an_endless_stream_trains_for_so_many_steps_and_goes_on(tmp_path):
    whole = trainer_of().fit(Endless(), (X, Y), steps=30, batch_size=7, validate_every=10)
    assert [entry["step"] for entry in whole.validation] == [10, 20, 30]
    trainer_of().fit(Endless(), (X, Y), steps=17, batch_size=7, validate_every=10, checkpoints=tmp_path)
    again = trainer_of().fit(Endless(), (X, Y), steps=30, batch_size=7, validate_every=10,
                             checkpoints=tmp_path)
    assert again.train_loss == whole.train_loss


class Once(IterableDataset):
    def __iter__(self):
        return iter(zip(X, Y, strict=True))


def test_at_the_end_of_a_stream_what_was_not_validated_yet_is():
    history = trainer_of().fit(Once(), (X, Y), epochs=1, batch_size=7, validate_every=3)
    assert len(history.steps) == 8
    assert [entry["step"] for entry in history.validation] == [3, 6, 8]


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, step, loss):
        if step == self.step:
            trainer.stop("the queue is full")


@pytest.mark.parametrize("at", [2, 3, 4, 6, 9])
def test_validations_within_epochs_are_the_same_after_a_stop(at, tmp_path):
    def fit(*callbacks, checkpoints=None):
        return trainer_of(callbacks=callbacks).fit((X, Y), (X, Y), epochs=3, batch_size=13, validate_every=3,
                                                   checkpoints=checkpoints)

    whole = fit()
    assert [entry["step"] for entry in whole.validation] == [3, 6, 9, 12]
    assert fit(StopAt(at), checkpoints=tmp_path).stopped == "the queue is full"
    assert fit(checkpoints=tmp_path) == whole


def test_what_is_saved_after_an_epoch_without_a_validation_has_no_metrics_and_is_validated_later(tmp_path):
    class Ends(Callback):
        def on_epoch(self, trainer, epoch, metrics):
            if epoch == 1:
                trainer.stop()

    def fit(*callbacks):
        return trainer_of(callbacks=callbacks).fit((X, Y), (X, Y), epochs=2, batch_size=13, validate_every=3,
                                                   checkpoints=tmp_path)

    fit(Ends())
    saved = Checkpoints(tmp_path).latest()
    assert saved.step == 4
    assert saved.metrics == {}  # those of step 3 are of other parameters
    assert saved.state["run"]["unvalidated"]
    assert [entry["step"] for entry in fit().validation] == [3, 6, 8]


def test_a_checkpoint_has_the_metrics_of_its_own_parameters_or_none(tmp_path):
    checkpoints = Checkpoints(tmp_path, every_steps=1, keep=100)
    trainer_of().fit((X, Y), (X, Y), epochs=2, batch_size=25, checkpoints=checkpoints)
    found = {}
    for path in checkpoints.paths():
        saved = load(path)
        found[saved.step] = [*found.get(saved.step, []), sorted(saved.metrics)]
    known = ["accuracy", "epoch", "loss", "step"]
    assert found == {1: [[]], 2: [[]], 3: [[]], 4: [known]}


def test_the_validation_takes_batches_of_the_size_it_is_told():
    seen = []
    model = network()
    model.register_forward_hook(lambda module, inputs, out: seen.append(len(inputs[0])) if not module.training
                                else None)
    trainer_of(model).fit((X, Y), (X, Y), epochs=1, batch_size=10)
    assert max(seen) == 10
    trainer_of(model).fit((X, Y), (X, Y), epochs=1, batch_size=10, validation_batch_size=25)
    assert max(seen) == 25


def test_the_gradient_can_be_clipped_by_value():
    model = network()
    before = [parameter.clone() for parameter in model.parameters()]
    trainer_of(model, optimizer=SGD(model.parameters(), 1.0), clip_value=1e-3).fit((X, Y), steps=1)
    moved = max((a - b).abs().max().item() for a, b in zip(before, model.parameters(), strict=True))
    assert moved == pytest.approx(1e-3, rel=1e-3)


# --- metrics of the whole set; the best by any ---


def f1(outputs, targets):
    return sk.f1_score(targets, outputs.argmax(1), zero_division=0)


def auc(outputs, targets):
    return sk.roc_auc_score(targets, outputs[:, 1])


class Running:
    """A metric whose states add up, as torchmetrics' do."""

    def reset(self):
        self.right, self.count = 0, 0

    def update(self, outputs, targets):
        self.right += (outputs.argmax(1) == targets).sum()
        self.count += len(targets)

    def compute(self):
        return self.right / self.count


@pytest.mark.parametrize("batch_size", [1, 7, 50])
def test_metrics_are_of_the_whole_set_whatever_the_batches(batch_size):
    trainer = trainer_of(metrics={"f1": f1, "auc": auc, "right": Running()})
    found = trainer.evaluate((X, Y), batch_size)
    outputs = trainer.predict(X)
    assert found["f1"] == f1(outputs, Y)
    assert found["auc"] == pytest.approx(auc(outputs, Y), rel=1e-12)
    assert found["right"] == pytest.approx(found["accuracy"])


def test_auc_survives_a_first_batch_of_one_class():
    order = Y.argsort()
    data = DataLoader(TensorDataset(X[order], Y[order]), 10)
    trainer = trainer_of(metrics={"auc": auc})
    assert "auc" in trainer.fit((X, Y), data, epochs=1).validation[0]


def test_the_best_by_any_metric_is_kept_and_stopped_by(tmp_path):
    trainer = trainer_of(metrics={"f1": f1})
    checkpoints = Checkpoints(tmp_path, keep=1, best="f1", mode="max")
    history = trainer.fit((X, Y), (X, Y), epochs=40, batch_size=10, checkpoints=checkpoints,
                          early_stopping=EarlyStopping(5, "f1", "max", restore_best=True))
    best = max(entry["f1"] for entry in history.validation)
    assert history.stopped == "early stopping"
    assert checkpoints.best().metrics["f1"] == best
    assert trainer.evaluate((X, Y))["f1"] == best


@pytest.mark.parametrize(("losses", "best"), [([1.0], True), ([2.0, 1.0], True), ([1.0, 1.0], False),
                                              ([1.0, float("nan")], False), ([1.0, 2.0], False)])
def test_of_equal_validations_the_first_is_the_best(losses, best):
    assert EarlyStopping(3).improved([{"loss": loss} for loss in losses]) is best


@pytest.mark.parametrize(("last", "gives_up"), [(0.5, True), (0.49, False), (1.0, True)])
def test_to_be_better_by_just_min_delta_is_not_enough(last, gives_up):
    early = EarlyStopping(1, min_delta=0.5)
    assert early.gives_up([{"loss": 1.0}, {"loss": last}]) is gives_up
    assert EarlyStopping(1, "f1", "max", 0.5).gives_up([{"f1": -1.0}, {"f1": -last}]) is gives_up


def test_a_metric_that_a_later_validation_lacks_is_named_and_nothing_is_lost(tmp_path):
    def sometimes(model, batch):
        found = step(model, batch)
        return found if not trainer.step else {"loss": found["loss"]}

    trainer = trainer_of(step=sometimes)
    with pytest.raises(ValueError, match="early_stopping: given the metric 'accuracy', but the validation "
                                         "after step 5 gives loss; expected it at every validation"):
        trainer.fit({"x": X, "y": Y}, {"x": X, "y": Y}, epochs=3, batch_size=10, checkpoints=tmp_path,
                    early_stopping=EarlyStopping(3, "accuracy"))
    assert Checkpoints(tmp_path).latest().step == 5


def test_what_is_less_better_than_min_delta_is_not_better():
    def validations(min_delta):
        return len(trainer_of().fit((X, Y), (X, Y), epochs=30, batch_size=50,
                               early_stopping=EarlyStopping(3, min_delta=min_delta)).validation)

    assert validations(0.0) == 30
    assert validations(0.5) == 4


def test_what_a_step_reports_is_logged_and_columns_may_grow(tmp_path):
    def reports(model, batch):
        return step(model, batch) | {"size, mean": batch["x"].abs().mean()}

    trainer = trainer_of(step=reports, callbacks=[CSVLog(tmp_path / "log.csv")])
    trainer.fit({"x": X, "y": Y}, {"x": X, "y": Y}, steps=3, checkpoints=tmp_path / "run")
    more = trainer_of(step=lambda model, batch: reports(model, batch) | {"new": 1.0},
                      callbacks=[CSVLog(tmp_path / "log.csv")])
    with pytest.raises(ValueError, match="loss: given"):  # another step in a used folder
        more.fit({"x": X, "y": Y}, {"x": X, "y": Y}, steps=5, checkpoints=tmp_path / "run")
    text = (tmp_path / "log.csv").read_text()
    assert text.splitlines()[0].endswith('"size, mean","validation_size, mean"')
    assert len(text.splitlines()) == 1 + 3 + 3


@pytest.mark.parametrize("counted", [False, True])
def test_reports_of_many_batches_are_means_over_what_the_loss_is_the_mean_of(counted):
    def reports(model, batch):
        found = {"loss": model(batch["x"]).square().mean(), "size": batch["x"][:, 0].mean(), "one": 1}
        if counted:
            count = batch["y"].sum()
            found |= {"count": count, "size": (batch["x"][:, 0] * batch["y"]).sum() / count}
        return found

    class Watch(Callback):
        def on_step(self, trainer, step, loss):
            self.seen = {name: float(value) for name, value in trainer.reported.items()}

    watch, loader = Watch(), DataLoader([{"x": x, "y": y} for x, y in zip(X, Y, strict=True)], 8)
    trainer_of(step=reports, callbacks=[watch], accumulate=4).fit(loader, epochs=1)
    rows = slice(32, None)  # of the last step: batches of 8, 8 and 2
    expected = X[rows, 0][Y[rows] == 1].mean() if counted else X[rows, 0].mean()
    assert watch.seen["size"] == pytest.approx(expected.item(), rel=1e-5)
    assert watch.seen["one"] == 1


# --- models of other making ---


def test_a_compiled_models_tensors_keep_their_names(tmp_path):
    model = torch.compile(network(), backend="eager")
    trainer_of(model).fit((X, Y), steps=2, checkpoints=tmp_path)
    saved = Checkpoints(tmp_path).latest().weights
    assert set(saved) == set(network().state_dict())
    trainer_of(torch.compile(network(), backend="eager")).fit((X, Y), steps=4, checkpoints=tmp_path)


def test_a_model_that_takes_one_batch_size_only_is_tried_on_that():
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, x):
            return self.layer(x.reshape(10, 4))

    trainer_of(Fixed()).fit((X, Y), epochs=1, batch_size=10)


def test_masked_targets_are_a_matter_of_the_readers_own_loss():
    targets = X[:, :1].clone()
    targets[::5] = float("nan")

    def masked(outputs, targets):
        known = ~targets.isnan()
        return (outputs[known] - targets[known]).square().mean()

    history = trainer_of(network(1), loss=masked).fit((X, targets), epochs=30)
    assert history.train_loss[-1] < history.train_loss[0]
    with pytest.raises(ValueError, match=r"y: given NaN or infinity in row 0 \(10 such\).*mask them"):
        trainer_of(network(1), loss=F.mse_loss).fit((X, targets), epochs=1)


@pytest.mark.parametrize(("name", "ours"), [
    ("bf16-mixed", "bf16"), ("16-mixed", "fp16"), ("32-true", "fp32"), ("bfloat16", "bf16"), (16, "fp16"),
    (32, "fp32"), ("float16", "fp16"), (torch.bfloat16, "bf16"), (torch.float32, "fp32")])
def test_the_names_that_others_have_for_precisions_are_understood(name, ours):
    assert trainer_of(precision=name).precision == ours


@pytest.mark.parametrize("name", ["bf16-true", 64, 8, ["bf16"]])
def test_precisions_that_there_are_not_are_refused(name):
    with pytest.raises(ValueError, match=r"precision: given .*, expected one of 'auto', 'fp32'"):
        trainer_of(precision=name)
