"""What is wrong -> what is said: by the type that is listed, in a message that names the argument, what was
given and what is expected; and no parameter has changed.

Losses that other loops would train on without a word, and labels that a GPU would die of, are among them.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from firstgrad import optim
from firstgrad.data.images import fashion_mnist
from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.models.recurrent.cells import GRU, gradient_reach
from firstgrad.models.recurrent.lstm import LSTMConfig, LSTMLanguageModel
from firstgrad.models.recurrent.text_classifier import TextClassifier, TextClassifierConfig
from firstgrad.optim.rules import SGD, Adam, Momentum
from firstgrad.optim.schedules import cosine
from firstgrad.text.batches import pad, windows
from firstgrad.text.vocabulary import Tokenizer, Vocabulary
from firstgrad.training import NonFiniteLossError, Progress, Run, Trainer, range_test
from firstgrad.training.checkpoint import CheckpointError, Checkpoints, load
from firstgrad.training.device import DeviceUnavailableError
from firstgrad.training.early_stopping import EarlyStopping

ROWS, WIDTH, CLASSES = 100, 6, 3
TEXTS = pad(ROWS * [[1, 2, 3]], 5)  # ids of texts, padded


@pytest.fixture
def given(tmp_path):
    """What a reader has: a model, 100 rows with labels 0…2, a vocabulary, a folder; `fit` trains it."""
    torch.manual_seed(0)
    model = MLP(MLPConfig((WIDTH, 16, CLASSES)))
    x = torch.randn(ROWS, WIDTH)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()

    def trainer(model=model, loss=F.cross_entropy, optimizer=None, **settings):
        optimizer = optimizer or SGD(model.parameters(), 0.1)
        return Trainer(model, loss, optimizer, **{"device": "cpu", **settings})

    def fit(*data, loss=F.cross_entropy, model=model, **settings):
        return trainer(model, loss).fit(*data, **({"epochs": 1} | settings))

    def steps(step, early_stopping=None, **settings):
        return trainer(loss=None, step=step, **settings).fit({"x": x}, {"x": x}, epochs=1,
                                                             early_stopping=early_stopping)

    return SimpleNamespace(model=model, x=x, y=y, folder=tmp_path, trainer=trainer, fit=fit, steps=steps,
                           classifier=TextClassifier(TextClassifierConfig(9, CLASSES, 4, 5)),
                           vocabulary=Vocabulary.of_words([["the", "whale", "the", "sea"]]))


def at(tensor, row, value):
    """The tensor with another value in a row."""
    changed = tensor.clone()
    changed[row] = value
    return changed


def loader(x, y, batch_size=10, **settings):
    return DataLoader(TensorDataset(x, y), batch_size, **settings)


class Pairs(Dataset):
    def __init__(self, *tensors):
        self.tensors = tensors

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, row):
        return tuple(tensor[row] for tensor in self.tensors)


class EmptyStream(IterableDataset):
    def __iter__(self):
        return iter(())


def corrupt(given):
    """A checkpoint of which one byte has changed."""
    given.fit((given.x, given.y), model=MLP(given.model.config), checkpoints=given.folder)
    (path,) = Checkpoints(given.folder).paths()
    content = bytearray((path / "model.safetensors").read_bytes())
    content[-3] ^= 1
    (path / "model.safetensors").write_bytes(content)
    return path


class Two(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x), x


def overflowing(outputs, targets):
    return F.cross_entropy(outputs, targets) * (math.nan if torch.is_grad_enabled() else 1)


NAN, INF = math.nan, math.inf

DATA = {
    "no rows": (
        lambda g: g.fit((g.x[:0], g.y[:0])),
        ValueError, r"train: given an empty x of shape \(0, 6\), expected at least one row"),
    "an empty Dataset": (
        lambda g: g.fit(TensorDataset(g.x[:0], g.y[:0])),
        ValueError, "train: given an empty"),
    "a loader of nothing": (
        lambda g: g.fit(DataLoader([], 4)),
        ValueError, "train: given an empty data set, expected at least one row"),
    "a stream of nothing": (
        lambda g: g.fit(EmptyStream(), steps=1),
        ValueError, "train: the loader gave no batch, expected at least one"),
    "more rows than labels": (
        lambda g: g.fit((g.x, g.y[:-1])),
        ValueError, "train: given 100 rows of x and 99 of y, expected as many of each"),
    "a batch that the data never fill": (
        lambda g: g.fit(loader(g.x, g.y, 200, drop_last=True)),
        ValueError, r"train: given 100 rows, expected at least the loader's batch_size \(200\), since"),
    "NaN among the inputs": (
        lambda g: g.fit((at(g.x, 17, NAN), g.y)),
        ValueError, r"train, x: given NaN or infinity in row 17 \(1 such\), expected only finite numbers"),
    "infinity among the inputs of a loader": (
        lambda g: g.fit(loader(at(g.x, 7, INF), g.y)),
        ValueError, "train, batch 0, x: given NaN or infinity in row 7"),
    "NaN among the values to learn": (
        lambda g: g.fit((g.x, at(g.x[:, :3], 40, NAN)), loss=F.mse_loss),
        ValueError, "train, y: given NaN or infinity in row 40"),
    "a label that is too large": (
        lambda g: g.fit((g.x, at(g.y, 5, 3))),
        ValueError, r"train, y: given label 3 in row 5, expected 0…2, since the model has 3 outputs"),
    "a label that is too large, in a loader": (
        lambda g: g.fit(loader(g.x, at(g.y, 5, 7))),
        ValueError, "train, batch 0, y: given label 7 in row 5"),
    "a negative label": (
        lambda g: g.fit((g.x, at(g.y, 8, -1))),
        ValueError, "train, y: given label -1 in row 8, expected 0…2"),
    "only labels that the loss ignores": (
        lambda g: g.fit((g.x, g.y * 0 - 100)),
        ValueError, "train, y: given only -100, which the loss ignores, expected some labels in 0…2"),
    "labels that are floats": (
        lambda g: g.fit((g.x, g.y.float())),
        TypeError, r"train, y: given float32, expected int64 class numbers; use y.long\(\)"),
    "labels that are short integers": (
        lambda g: g.fit((g.x, g.y.int())),
        TypeError, "train, y: given int32, expected int64 class numbers"),
    "labels in a column": (
        lambda g: g.fit((g.x, g.y[:, None])),
        ValueError, r"train, y: given shape \(n, 1\), expected a class number for each of the model's"),
    "values in a row, outputs in a column": (
        lambda g: g.fit((g.x, g.y.float()), model=nn.Linear(WIDTH, 1), loss=F.mse_loss),
        ValueError, r"train, y: given shape \(n,\), expected \(n, 1\) .*torch would broadcast"),
    "values that are integers": (
        lambda g: g.fit((g.x, g.y[:, None]), model=nn.Linear(WIDTH, 1), loss=nn.MSELoss()),
        TypeError, r"train, y: given int64, expected floats for this loss; use y.float\(\)"),
    "inputs in double precision": (
        lambda g: g.fit((g.x.double(), g.y)),
        TypeError, r"train, x: given float64, expected float32 like the model's parameters; use x.to\("),
    "inputs that are too narrow": (
        lambda g: g.fit((g.x[:, :5], g.y)),
        ValueError, "x: given width 5, expected 6"),
    "inputs that torch's own layer refuses": (
        lambda g: g.fit((g.x[:, :5], g.y), model=nn.Linear(WIDTH, CLASSES)),
        ValueError, r"train: the model refuses x of shape \(n, 5\): mat1 and mat2"),
    "an array of words": (
        lambda g: g.fit((np.array(["a", "b"]), g.y[:2])),
        TypeError, "train, x: given an array of <U1, expected numbers"),
    "inputs without labels": (
        lambda g: g.fit(g.x),
        TypeError, r"train: given Tensor, expected two tensors \(x, y\) for loss=…; or give step=…"),
    "a generator, which can be gone through once": (
        lambda g: g.fit(batch for batch in [(g.x, g.y)]),
        TypeError, "train: given generator, expected tensors"),
    "three tensors": (
        lambda g: g.fit((g.x, g.y, g.y)),
        TypeError, r"train: given \(Tensor, Tensor, Tensor\), expected two tensors \(x, y\)"),
    "validation data that do not fit": (
        lambda g: g.fit((g.x, g.y), (g.x, at(g.y, 0, 9))),
        ValueError, "validation, y: given label 9 in row 0"),
    "rows to predict that are a list": (
        lambda g: g.trainer().predict([1.0]),
        TypeError, r"x\[0\]: given float, expected a tensor"),
    "no rows to predict": (
        lambda g: g.trainer().predict(g.x[:0]),
        ValueError, r"x: given shape \(0, 6\), expected at least one row"),
    "rows to predict in double precision": (
        lambda g: g.trainer().predict(g.x.double()),
        TypeError, "x: given float64, expected float32"),
    "infinity among the rows to predict": (
        lambda g: g.trainer().predict(at(g.x, 3, INF)),
        ValueError, "x: given NaN or infinity in row 3"),
    "x and y as two arguments": (
        lambda g: g.fit(g.x, g.y),
        TypeError, r"fit: given x and y as two arguments, expected one, fit\(\(x, y\)\)$"),
    "x and y to evaluate as two arguments": (
        lambda g: g.trainer().evaluate(g.x, g.y),
        TypeError, r"evaluate: given x and y as two arguments, expected one, evaluate\(\(x, y\)\)$"),
    "a list of ready batches": (
        lambda g: g.fit([(g.x[:8], g.y[:8]), (g.x[8:16], g.y[8:16]), (g.x[16:20], g.y[16:20])]),
        TypeError, r"train: given a list of 3 batches, .* DataLoader\(batches, batch_size=None\), which"),
    "one row to predict": (
        lambda g: g.trainer().predict(g.x[0]),
        ValueError, r"x: the model refuses rows of shape \(\); one row alone is x\[None\]: Dimension"),
    "one row to predict that a layer takes": (
        lambda g: Trainer(line := nn.Linear(WIDTH, CLASSES), F.mse_loss, SGD(line.parameters(), 0.1),
                          device="cpu").predict(g.x[0]),
        ValueError, r"x: given 6 rows, of which the model makes 3, expected as many; one row alone is x\["),
    "another split than there is": (
        lambda g: fashion_mnist("dev"),
        ValueError, "split: given 'dev', expected one of 'train', 'validation', 'test'"),
}

TRAINING = {
    "neither epochs nor steps": (
        lambda g: g.fit((g.x, g.y), epochs=None),
        ValueError, "epochs, steps: given neither, expected at least one of them"),
    "no epochs": (
        lambda g: g.fit((g.x, g.y), epochs=0),
        ValueError, "epochs: given 0, expected a whole number of at least 1"),
    "half an epoch": (
        lambda g: g.fit((g.x, g.y), epochs=1.5),
        TypeError, "epochs: given 1.5, expected a whole number"),
    "negative steps": (
        lambda g: g.fit((g.x, g.y), steps=-3),
        ValueError, "steps: given -3"),
    "batches of nothing": (
        lambda g: g.fit((g.x, g.y), batch_size=0),
        ValueError, "batch_size: given 0, expected a whole number of at least 1"),
    "a negative batch size": (
        lambda g: g.trainer().evaluate((g.x, g.y), batch_size=-1),
        ValueError, "batch_size: given -1"),
    "no patience": (
        lambda g: g.fit((g.x, g.y), (g.x, g.y), early_stopping=0),
        ValueError, "early_stopping: given 0, expected a whole number of at least 1"),
    "early stopping without validation data": (
        lambda g: g.fit((g.x, g.y), early_stopping=3),
        ValueError, "early_stopping: given without validation data, expected both"),
    "a loss that becomes NaN": (
        lambda g: g.fit((g.x, g.y), loss=overflowing),
        NonFiniteLossError, "step 0: the loss is nan. The model keeps its parameters from before this step"),
    "a loss for every row": (
        lambda g: g.fit((g.x, g.y), loss=lambda out, t: F.cross_entropy(out, t, reduction="none")),
        ValueError, r"loss: it returns shape \(2,\), expected a scalar tensor, the mean over the batch"),
    "a loss that is not reduced": (
        lambda g: g.trainer(loss=nn.MSELoss(reduction="none")),
        ValueError, "loss: given reduction='none', expected 'mean' or 'sum'"),
    "a loss of the wrong sign": (
        lambda g: g.fit((g.x, g.y), loss=F.nll_loss, model=nn.Sequential(g.model, nn.Softmax(1))),
        ValueError, "loss: it is -.* for the first rows, expected 0 or more: nll_loss takes log-probab"),
    "a loss and a step": (
        lambda g: g.trainer(step=lambda model, batch: 0),
        TypeError, "step: given together with loss, expected one of the two"),
    "a model that gives a tuple": (
        lambda g: g.fit((g.x, g.y), model=Two(g.model)),
        TypeError, "model: it returns tuple, expected a tensor for loss=…; take what the loss needs in step"),
    "a model with lazy parameters": (
        lambda g: g.fit((g.x, g.y), model=nn.LazyLinear(CLASSES)),
        ValueError, "model: given one with lazy parameters, expected their shapes to be known: call it once"),
    "an optimiser that needs a closure": (
        lambda g: g.trainer(optimizer=torch.optim.LBFGS(g.model.parameters())),
        ValueError, "optimizer: given LBFGS, which evaluates the loss many times a step"),
    "a scheduler of another optimiser": (
        lambda g: g.trainer(schedule=torch.optim.lr_scheduler.StepLR(SGD(g.model.parameters(), 0.1), 1)),
        ValueError, "schedule: given StepLR of another optimizer, expected one of this Trainer's"),
    "a last batch of one row under batch norm": (
        lambda g: g.fit((g.x, g.y), batch_size=33, model=nn.Sequential(nn.BatchNorm1d(WIDTH), g.model)),
        ValueError, "batch_size: given 33 for 100 rows, so that the last batch has one row, expected"),
    "batches of one row under batch norm": (
        lambda g: g.fit((g.x, g.y), batch_size=1, model=nn.Sequential(nn.BatchNorm1d(WIDTH), g.model)),
        ValueError, "batch_size: given 1 for 100 rows, so that every batch has one row, expected another"),
    "a loader's last batch of one row under batch norm": (
        lambda g: g.fit(loader(g.x, g.y, 33), model=nn.Sequential(nn.BatchNorm1d(WIDTH), g.model)),
        ValueError, "batch_size: given 33 for 100 rows, so that the last batch has one row, expected"),
    "a Dataset's last batch of one row under batch norm": (
        lambda g: g.fit(Pairs(g.x, g.y), batch_size=33, model=nn.Sequential(nn.BatchNorm1d(WIDTH), g.model)),
        ValueError, "batch_size: given 33 for 100 rows, so that the last batch has one row, expected"),
    "a metric that fails": (
        lambda g: g.trainer(metrics={"f1": lambda outputs, targets: outputs.nonsense}).fit(
            (g.x, g.y), (g.x, g.y), epochs=1),
        ValueError, r"metrics\['f1'\]: it fails for outputs and targets of shapes \(100, 3\) and \(100,\)"),
    "a metric to stop by that there is not": (
        lambda g: g.fit((g.x, g.y), (g.x, g.y), early_stopping=EarlyStopping(3, "f1", "max")),
        ValueError, "early_stopping: given the metric 'f1', expected one of loss, accuracy"),
    "a metric to keep the best by that there is not": (
        lambda g: g.fit((g.x, g.y), (g.x, g.y), checkpoints=Checkpoints(g.folder, best="f1", mode="max")),
        ValueError, "best: given the metric 'f1', expected one of loss, accuracy"),
    "an accuracy to stop by where there are no classes": (
        lambda g: g.fit((g.x, g.x[:, :1]), (g.x, g.x[:, :1]), loss=F.mse_loss, model=nn.Linear(WIDTH, 1),
                        early_stopping=EarlyStopping(3, "accuracy")),
        ValueError, "early_stopping: given the metric 'accuracy', expected one of loss$"),
    "a number to stop by that the step does not report": (
        lambda g: g.steps(lambda model, batch: {"loss": model(batch["x"]).mean(), "size": 1.0},
                          early_stopping=EarlyStopping(3, "length", "min")),
        ValueError, "early_stopping: given the metric 'length', expected one of loss, size$"),
    "the best without validation data": (
        lambda g: g.fit((g.x, g.y), checkpoints=Checkpoints(g.folder, best="loss")),
        ValueError, "best: given without validation data, expected both"),
    "the best of a Run alone": (
        lambda g: Run({"model": g.model}, g.x, steps=1, checkpoints=Checkpoints(g.folder, best="loss")),
        ValueError, "best: given 'loss', expected None, since a Run alone validates nothing"),
    "a number to report that is none": (
        lambda g: g.steps(lambda model, batch: {"loss": model(batch["x"]).mean(), "size": batch["x"].sum(1)}),
        ValueError, r"step: it returns 'size' of shape \(64,\), expected a scalar, such as a mean"),
    "a word to report": (
        lambda g: g.steps(lambda model, batch: {"loss": model(batch["x"]).mean(), "size": "large"}),
        TypeError, "step: it returns 'size', a str, expected a scalar, such as a mean"),
    "a count for every row": (
        lambda g: g.steps(lambda model, batch: {"loss": model(batch["x"]).mean(), "count": batch["x"][:, 0]}),
        ValueError, r"step: it returns 'count' of shape \(64,\), expected a scalar"),
    "a report of what is counted already": (
        lambda g: g.steps(lambda model, batch: {"loss": model(batch["x"]).mean(), "epoch": 1}),
        ValueError, "step: it returns 'epoch', which is counted here already, expected another name"),
    "outputs for metrics that are no tensor": (
        lambda g: g.steps(lambda model, batch: {"loss": model(batch["x"]).mean(), "outputs": batch,
                                                "targets": batch["x"]}, metrics={"f1": max}),
        ValueError, "metrics: given f1, but the step's 'outputs' are dict, expected a tensor"),
    "metrics of a step without outputs": (
        lambda g: g.steps(lambda model, batch: model(batch["x"]).mean(), metrics={"f1": max}),
        ValueError, "metrics: given f1, but the step returns no 'outputs' and 'targets', expected both"),
    "a metric of which nobody knows which way is better": (
        lambda g: EarlyStopping(3, "f1"),
        ValueError, "early_stopping: given the metric 'f1' without a mode, expected mode='min'"),
    "a loss that was not made": (
        lambda g: g.trainer(loss=nn.MSELoss),
        TypeError, r"loss: given <class .*MSELoss'>, expected a function of \(outputs, targets\)"),
    "an optimizer in the loss's place": (
        lambda g: Trainer(g.model, SGD(g.model.parameters(), 0.1), F.cross_entropy),
        TypeError, r"loss: given the optimizer SGD, .*: the order is Trainer\(model, loss, optimizer\)$"),
    "a model in the optimizer's place": (
        lambda g: Trainer(g.model, F.cross_entropy, g.model),
        TypeError, "optimizer: given MLP, expected one such as SGD"),
    "a callback that is in no list": (
        lambda g: g.trainer(callbacks=Progress()),
        TypeError, r"callbacks: given .*Progress.*, expected a list, such as \[Progress\(\)\]$"),
    "metrics in a list": (
        lambda g: g.trainer(metrics=[max]),
        TypeError, r"metrics: given \[<built-in function max>\], expected a dictionary of names and"),
    "a metric without a name": (
        lambda g: g.trainer(metrics=max),
        TypeError, r"metrics: given <built-in function max>, expected a dictionary of names and"),
    "a model that is a word": (
        lambda g: Trainer("mlp", F.cross_entropy, SGD(g.model.parameters(), 0.1)),
        TypeError, "model: given str, expected a torch.nn.Module"),
    "an optimiser that was not made": (
        lambda g: g.trainer(optimizer=SGD),
        TypeError, "optimizer: given <class .*SGD'>, expected one such as SGD"),
    "an optimiser of another model": (
        lambda g: g.trainer(optimizer=SGD(nn.Linear(1, 1).parameters(), 0.1)),
        ValueError, "optimizer: given one without parameters of this model"),
    "a device that there is not": (
        lambda g: g.trainer(device="gpu"),
        ValueError, "device: given 'gpu', expected 'auto', 'cpu', 'cuda' or 'mps'"),
    "a precision that there is not": (
        lambda g: g.trainer(precision="fp8"),
        ValueError, "precision: given 'fp8', expected one of 'auto', 'fp32', 'tf32', 'bf16', 'fp16'"),
    "TF32 on a CPU": (
        lambda g: g.trainer(precision="tf32"),
        ValueError, "precision: given 'tf32' on cpu, expected 'fp32' there"),
    "a CUDA graph on a CPU": (
        lambda g: g.trainer(cuda_graph=True),
        DeviceUnavailableError, "cuda_graph: given True on cpu, expected False"),
    "a step of no batches": (
        lambda g: g.trainer(accumulate=0),
        ValueError, "accumulate: given 0"),
    "a gradient clipped to nothing": (
        lambda g: g.trainer(clip_norm=0),
        ValueError, "clip_norm: given 0, expected a finite number above 0"),
    "a negative seed": (
        lambda g: g.trainer(seed=-1),
        ValueError, "seed: given -1"),
    "a callback that was not made": (
        lambda g: g.trainer(callbacks=[Progress]),
        TypeError, "callbacks: given <class .*Progress'>, expected an object with on_step or on_"),
    "a callback without a method": (
        lambda g: g.trainer(callbacks=[print]),
        TypeError, "callbacks: given <built-in function print>"),
    "a metric that is a number": (
        lambda g: g.trainer(metrics={"f1": 0.5}),
        TypeError, "metrics: given 'f1': 0.5, expected a name that is free and a function"),
    "a schedule that is a number": (
        lambda g: g.trainer(schedule=0.5),
        TypeError, "schedule: given 0.5, expected a function of the step"),
    "a schedule that gives NaN": (
        lambda g: g.trainer(schedule=lambda step: NAN).fit((g.x, g.y), epochs=1),
        ValueError, r"schedule\(0\): given nan, expected a finite number at least 0"),
    "a schedule that ends before its warm-up": (
        lambda g: cosine(10, warmup_steps=10),
        ValueError, "warmup_steps: given 10, expected less than total_steps, 10"),
    "a range of learning rates that falls": (
        lambda g: range_test(g.model, F.cross_entropy, SGD, (g.x, g.y), low=2, high=1),
        ValueError, "high: given 1, expected a finite number above 2"),
    "a checkpoint of which a bit has changed": (
        lambda g: load(corrupt(g)),
        CheckpointError, "model.safetensors"),
    "a folder of which no checkpoint is good": (
        lambda g: (corrupt(g), g.fit((g.x, g.y), checkpoints=g.folder)),
        CheckpointError, "none of the checkpoints is good"),
    "a folder that is a number": (
        lambda g: g.fit((g.x, g.y), checkpoints=7),
        TypeError, "folder: given 7, expected a path"),
}

OPTIMISERS = {
    f"{name} with a learning rate of {rate}": (
        lambda g, make=make, rate=rate: make(g.model.parameters(), learning_rate=rate),
        error, f"learning_rate: given {rate!r}, expected a finite number above 0")
    for name, make in [("SGD", SGD), ("Momentum", Momentum), ("Adam", Adam)]
    for rate, error in [(0, ValueError), (-0.1, ValueError), (NAN, ValueError), (INF, ValueError),
                        ("0.1", TypeError)]
} | {
    "a sparse gradient": (
        lambda g: g.fit((torch.zeros(4, 1).long(), torch.zeros(4).long()), model=nn.Sequential(
            nn.Embedding(5, CLASSES, sparse=True), nn.Flatten())),
        TypeError, "SGD: given a sparse gradient, expected a dense one"),
    "a momentum that never forgets": (
        lambda g: Momentum(g.model.parameters(), 0.1, momentum=1.0),
        ValueError, "momentum: given 1.0, expected a finite number at least 0 and below 1"),
    "a setting of a group that there is not": (
        lambda g: optim.SGD([{"params": g.model.parameters(), "beta": 1}], 0.1),
        TypeError, "parameter group: given beta, expected params, learning_rate, weight_decay"),
}

MODELS = {
    "one layer size": (
        lambda g: MLPConfig((6,)),
        ValueError, r"sizes: given \(6,\), expected at least an input and an output size"),
    "a layer of nothing": (
        lambda g: MLPConfig((6, 0, 3)),
        ValueError, "sizes: given 0, expected a whole number of at least 1"),
    "an activation that there is not": (
        lambda g: MLPConfig((6, 3), "swish"),
        ValueError, "activation: given 'swish', expected one of 'relu', 'gelu'"),
    "a width of zero": (
        lambda g: LSTMConfig(vocabulary_size=5, hidden_size=0),
        ValueError, "hidden_size: given 0, expected a whole number of at least 1"),
    "a token id that the vocabulary lacks": (
        lambda g: LSTMLanguageModel(LSTMConfig(vocabulary_size=5))(torch.tensor([[1, 5]])),
        ValueError, "tokens: given id 5, expected 0…4, since the vocabulary has 5 tokens"),
}

CLASSIFIER = {
    "a text of padding alone": (
        lambda g: g.fit((at(TEXTS, 60, 0), g.y), model=g.classifier),
        ValueError, "train, x: given only padding in row 60, expected at least one token"),
    "a token id that the classifier's vocabulary lacks": (
        lambda g: g.fit((at(TEXTS, 60, 9), g.y), model=g.classifier),
        ValueError, "train, x: given id 9, expected 0…8, since the vocabulary has 9 tokens"),
    "a label that the classifier lacks": (
        lambda g: g.fit((TEXTS, at(g.y, 60, 3)), model=g.classifier),
        ValueError, "train, y: given label 3 in row 60, expected 0…2, since the model has 3 outputs"),
    "a negative label for the classifier": (
        lambda g: g.fit((TEXTS, at(g.y, 60, -1)), model=g.classifier),
        ValueError, "train, y: given label -1 in row 60"),
    "a classifier of one class": (
        lambda g: TextClassifierConfig(classes=1),
        ValueError, "classes: given 1, expected a whole number of at least 2"),
    "a cell that there is not": (
        lambda g: TextClassifierConfig(layers="transformer"),
        ValueError, "layers: given 'transformer', expected one of 'lstm', 'gru', 'rnn'"),
    "a sequence that a recurrent layer does not take": (
        lambda g: GRU(3, 4)(torch.zeros(2, 5, 4)),
        ValueError, r"x: given shape \(2, 5, 4\), expected \(B, T, 3\)"),
    "the gradient of what is no sequence": (
        lambda g: gradient_reach(GRU(3, 4), torch.zeros(5, 3)),
        ValueError, r"x: given shape \(5, 3\), expected \(B, T, I\)"),
}

TEXT = {
    "an empty corpus": (
        lambda g: Vocabulary.of_words([]),
        ValueError, "sentences: given an empty corpus, expected at least one token"),
    "a corpus of strings, whose letters would be words": (
        lambda g: Vocabulary.of_words(["the whale", "the sea"]),
        TypeError, "given 'the whale', expected a list of tokens"),
    "a token that is a number": (
        lambda g: Vocabulary.of_words([["the", 7]]),
        TypeError, r"sentences\[0\]: given the token 7, expected strings"),
    "all words rarer than asked": (
        lambda g: Vocabulary.of_words([["the", "the", "sea"]], min_count=3),
        ValueError, "min_count: given 3, expected at most 2"),
    "a word that is unknown": (
        lambda g: g.vocabulary.id("whales"),
        KeyError, "token: given 'whales', expected one of the vocabulary's 3; near spellings: 'whale'"),
    "an id that is unknown": (
        lambda g: g.vocabulary.decode([0, 3]),
        ValueError, "ids: given id 3, expected 0…2, since the vocabulary has 3 tokens"),
    "a tokenizer fitted on nothing": (
        lambda g: Tokenizer.fit([""]),
        ValueError, "texts: given an empty corpus, expected at least one token"),
    "a vocabulary without room for a word": (
        lambda g: Tokenizer.fit(["the sea"], 2),
        ValueError, "size: given 2, expected a whole number of at least 3"),
    "a text in bytes of another encoding": (
        lambda g: Tokenizer.fit(["鲸".encode("gb18030")]),
        TypeError, r"texts\[0\]: given bytes, expected a string; decode them first"),
    "one text where a list belongs": (
        lambda g: Tokenizer.fit("the sea"),
        TypeError, "texts: given str, expected a list of strings"),
    "a text without a word": (
        lambda g: Tokenizer.fit(["the sea"]).batch(["the sea", " "]),
        ValueError, r"texts\[1\]: given no token, expected at least one"),
    "texts of no length": (
        lambda g: Tokenizer.fit(["the sea"]).batch(["the sea"], 0),
        ValueError, "length: given 0, expected a whole number of at least 1"),
    "padding on a side that there is not": (
        lambda g: pad([[1]], 5, padding="left"),
        ValueError, "padding: given 'left', expected one of 'pre', 'post'"),
    "windows of nothing": (
        lambda g: windows(torch.arange(5), 0),
        ValueError, "length: given 0, expected a whole number of at least 1"),
    "windows longer than the text": (
        lambda g: windows(torch.arange(5), 5),
        ValueError, r"ids: given shape \(5,\), expected \(N,\) with N at least 6"),
}

ALL = DATA | TRAINING | OPTIMISERS | MODELS | CLASSIFIER | TEXT


@pytest.mark.parametrize("what", ALL)
def test_bad_input(what, given):
    attempt, error, says = ALL[what]
    before = [parameter.clone() for parameter in given.model.parameters()]
    with pytest.raises(error, match=says):
        attempt(given)
    assert all(map(torch.equal, given.model.parameters(), before))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none_says_what_to_do(given):
    with pytest.raises(DeviceUnavailableError, match=r"device: given 'cuda', which .*; use device='cpu'"):
        given.trainer(device="cuda")


def test_the_errors_are_of_one_line(given):
    for attempt, error, _ in [DATA["one row to predict"], TRAINING["an optimizer in the loss's place"],
                              TRAINING["a callback that is in no list"], DATA["x and y as two arguments"],
                              TRAINING["a model in the optimizer's place"], DATA["a list of ready batches"]]:
        with pytest.raises(error) as raised:
            attempt(given)
        assert "\n" not in str(raised.value)


def test_batch_norm_takes_a_last_batch_of_two_rows_and_any_that_a_loader_drops(given):
    def model():
        return nn.Sequential(nn.BatchNorm1d(WIDTH), given.model)

    given.fit((given.x, given.y), batch_size=98, model=model())
    given.fit((given.x, given.y), batch_size=50, model=model())
    given.fit(loader(given.x, given.y, 33, drop_last=True), model=model())
    given.fit(Pairs(given.x, given.y), batch_size=98, model=model())


def test_a_loss_of_the_readers_own_may_be_negative(given):
    def less(outputs, targets):
        return F.mse_loss(outputs, targets) - 50

    history = given.fit((given.x, given.x[:, :1] * 0), loss=less, model=nn.Linear(WIDTH, 1))
    assert history.train_loss[-1] < 0


def test_a_loss_of_values_that_can_not_be_negative_is_looked_at(given):
    with pytest.raises(ValueError, match=r"loss: it is -.*binary cross-entropy targets in 0…1"):
        given.fit((given.x, given.y[:, None] * 0 + 9.0), model=nn.Linear(WIDTH, 1),
                  loss=F.binary_cross_entropy_with_logits)


def test_other_shapes_that_a_loss_takes_are_let_through(given):
    x, y = given.x, given.y
    given.fit((x, at(y, 5, -1)), loss=nn.CrossEntropyLoss(ignore_index=-1))  # some labels ignored
    given.fit((x, F.one_hot(y, CLASSES).float()))  # class probabilities
    given.fit((x, y), loss=lambda out, t: F.cross_entropy(out, t, label_smoothing=0.1))
    given.fit((x, y.float()), model=nn.Linear(WIDTH, 1),
              loss=lambda out, t: (out.squeeze(1) - t).square().mean())


@pytest.mark.parametrize("targets", [
    (lambda y: y.float(), ValueError, r"given shape \(n,\), expected \(n, 1\) like the model's outputs"),
    (lambda y: y.float().expand(2, -1).T, ValueError, r"given shape \(n, 2\), expected \(n, 1\)"),
    (lambda y: y[:, None], TypeError, r"given int64, expected floats for this loss; use y.float\(\)"),
])
@pytest.mark.parametrize("loss", [F.mse_loss, nn.MSELoss(), F.binary_cross_entropy_with_logits, F.l1_loss])
def test_every_loss_of_values_looks_at_their_shape(targets, loss, given):
    make, error, says = targets
    with pytest.raises(error, match=says):
        given.fit((given.x, make(given.y)), model=nn.Linear(WIDTH, 1), loss=loss)


@pytest.mark.parametrize("multiplier", [NAN, -1, "half"])
def test_a_schedule_that_makes_no_sense_is_named_with_its_step(multiplier, given):
    trainer = given.trainer(schedule=lambda step: multiplier if step == 2 else 1)
    with pytest.raises((ValueError, TypeError), match=r"schedule\(2\): given"):
        trainer.fit((given.x, given.y), steps=5)
    assert trainer.step == 2


def test_a_schedule_may_reach_zero(given):
    before = [parameter.clone() for parameter in given.model.parameters()]
    given.trainer(schedule=lambda step: 0).fit((given.x, given.y), steps=3)
    assert all(map(torch.equal, given.model.parameters(), before))
