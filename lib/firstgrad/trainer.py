"""The training loop: one visible `for`, on CPU or GPU; it stops cleanly, and at a loss that is not finite."""

import contextlib
import copy
import itertools
import math
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import torch

from . import callbacks as watching
from . import device as devices
from .arguments import number, whole
from .callbacks import Callback, Progress
from .inputs import batches, check_dtype, check_finite, check_parts, check_targets, gives_classes

__all__ = ["Callback", "History", "NonFiniteLossError", "Progress", "Trainer", "range_test"]

_EVALUATION_BATCH = 1024  # rows; without gradients there is room for more than in training


class NonFiniteLossError(ArithmeticError):
    """The loss or its gradient became NaN or infinite; that step was not taken.

    On a GPU without fp16 a gradient that is not finite shows only in the next step's loss, when the
    parameters are NaN already: the message then says so.
    step: counted from 0.  history: what was recorded before it.
    """

    def __init__(self, step: int, what: str = "the loss is not finite", history: "History | None" = None,
                 spoilt: bool = False):
        kept = "The parameters are not finite either: make the model anew" if spoilt else \
            "The model keeps its parameters from before this step"
        super().__init__(f"step {step}: {what}. {kept}. Try a smaller learning rate, or clip_norm=1.0")
        self.step, self.history = step, history


@dataclass(repr=False)
class History:
    """What a call of `fit` saw."""

    steps: list[int] = field(default_factory=list)  # 0, 1, 2, …; a second fit goes on counting
    train_loss: list[float] = field(default_factory=list)  # of each step's batch, before the step's update
    validation: list[dict] = field(default_factory=list)  # after each epoch: epoch, step, loss, accuracy
    seconds: float = 0.0
    stopped: str | None = None  # why it ended early: "stop" or "Ctrl-C"

    def __repr__(self) -> str:
        early = f", stopped early ({self.stopped})" if self.stopped else ""
        return f"History({len(self.steps)} steps, {len(self.validation)} validations{early})"


class Trainer:
    """Fits `model` by `optimizer` so that the mean of `loss` over the data falls.

    model: nn.Module; it is moved to the device.
    loss: called as loss(outputs, targets), returns the mean over the batch, such as F.cross_entropy.
    optimizer: of torch.optim or firstgrad.optim, over parameters of the model.
    device: "auto" (the first there is of cuda, mps and cpu), "cpu", "cuda", "cuda:1", "mps".
    precision: "fp32" (the model's own type), "bf16" or "fp16" (autocast; fp16 scales the loss), or "auto":
        on CUDA bf16 where the GPU has it and fp16 where not, elsewhere fp32.
    accumulate: batches whose gradients make one step, equal to one batch as large as all of them.
    clip_norm: a gradient longer than this (Euclidean norm over all parameters) is scaled down to it.
    schedule: step -> what to multiply the learning rate by (see firstgrad.schedules).
    seed: of the order of the data and of the model's own randomness (dropout); torch's global generator is
        left as it was found.
    callbacks: they watch (see firstgrad.callbacks).
    Raises: ValueError, TypeError or DeviceUnavailableError that names the argument; nothing is changed then.
    """

    def __init__(self, model, loss, optimizer, *, device="auto", precision="auto", accumulate=1,
                 clip_norm=None, schedule=None, seed=0, callbacks=()):
        check_parts(model, loss, optimizer, schedule, callbacks)
        self.device = devices.choose_device(device)
        self.precision = devices.choose_precision(precision, self.device)
        self.accumulate = whole("accumulate", accumulate)
        self.clip_norm = None if clip_norm is None else number("clip_norm", clip_norm, above=0)
        self.seed = whole("seed", seed, least=0)
        self.schedule, self.callbacks = schedule, list(callbacks)
        self.model, self.loss, self.optimizer = model.to(self.device), loss, optimizer
        if isinstance(loss, torch.nn.Module):
            loss.to(self.device)
        if optimizer.state:
            optimizer.load_state_dict(optimizer.state_dict())  # moves the state to where its parameters went
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        self.step = 0  # updates made so far, by every fit
        self.total_steps: int | None = None  # `step` when the present fit will end, if known
        self._base_rates = [group["lr"] for group in optimizer.param_groups]
        self._generator = torch.Generator().manual_seed(self.seed)
        self._stopped: str | None = None

    def fit(self, train, validation=None, *, epochs: int | None = None, steps: int | None = None,
            batch_size: int = 64) -> History:
        """Train for so many epochs or so many steps (updates), whichever ends first.

        train, validation: tensors (x, y), a Dataset, or a DataLoader (whose batch size and order then count).
        batch_size: rows a batch; more than there are rows means all of them.
        Ctrl-C, and `stop()` from a callback or another thread, end it after the step in progress; a second
        Ctrl-C at once. A second call goes on from where the first ended.
        Raises: NonFiniteLossError; ValueError or TypeError on bad data, before a parameter changes.
        """
        train, validation, last_epoch, last_step = self._prepare(train, validation, epochs, steps, batch_size)
        history, host_loss = History(), _HostLoss(self.device)
        with self._running(history):
            for epoch in range(1, last_epoch + 1):
                self.model.train()
                for group in _groups(train, self.accumulate):
                    self._set_learning_rate()
                    self.optimizer.zero_grad()
                    rows = sum(len(y) for _, y in group)
                    for x, y in group:
                        with self._autocast():
                            loss = self.loss(self.model(x), y)
                        if len(group) > 1:
                            loss = loss * (len(y) / rows)  # the mean over the group, a short batch included
                        host_loss.add(loss)
                        self.scaler.scale(loss).backward()
                    value = host_loss.take()
                    self._guard(value, history)
                    self._clip()
                    self.scaler.step(self.optimizer)
                    self.scaler.update()
                    self._record(value, history)
                    if self._stopped or self.step >= last_step:
                        break
                self._end_epoch(epoch, validation, history)
                if self._stopped or self.step >= last_step:
                    break
        return history

    def evaluate(self, data, batch_size: int = _EVALUATION_BATCH) -> dict:
        """The mean loss over `data`, and with class numbers the accuracy: {"loss": …, "accuracy": …}."""
        whole("batch_size", batch_size)
        return self._evaluate(batches("data", data, batch_size, self.device, self._check))

    def predict(self, x) -> torch.Tensor:
        """The model's outputs (logits, values) for the rows of `x`, without gradients, on the CPU.

        Shapes: x (n, …).  Returns: (n, …), floats of at least 32 bits.
        """
        if not torch.is_tensor(x):
            raise TypeError(f"x: given {type(x).__name__}, expected a tensor")
        if x.ndim == 0 or len(x) == 0:
            raise ValueError(f"x: given shape {tuple(x.shape)}, expected at least one row")
        check_dtype("x", x, self.model)
        check_finite("x", x)
        with self._inference():
            parts = x.split(_EVALUATION_BATCH)
            outputs = torch.cat([self.model(part.to(self.device)).cpu() for part in parts])
        return outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs

    def stop(self) -> None:
        """End the present `fit` after the step in progress. May be called from any thread."""
        self._stopped = self._stopped or "stop"

    def describe(self) -> str:
        """What was chosen, in one line for a reader."""
        count = sum(parameter.numel() for parameter in self.model.parameters())
        parts = [f"{type(self.model).__name__} of {count:,} parameters", type(self.optimizer).__name__,
                 devices.describe(self.device), self.precision]
        if self.accumulate > 1:
            parts.append(f"{self.accumulate} batches a step")
        if self.clip_norm:
            parts.append(f"gradient clipped to norm {self.clip_norm:g}")
        return " · ".join(parts)

    def __repr__(self) -> str:
        return (f"Trainer({type(self.model).__name__}, {type(self.optimizer).__name__}, "
                f"device='{self.device}', precision='{self.precision}', accumulate={self.accumulate}, "
                f"clip_norm={self.clip_norm}, seed={self.seed})")

    # --- before the loop ---

    def _prepare(self, train, validation, epochs, steps, batch_size):
        """Check everything and bring the data to the device; nothing has changed if this raises."""
        if epochs is None and steps is None:
            raise ValueError("epochs, steps: given neither, expected at least one of them")
        last_epoch = sys.maxsize - 1 if epochs is None else whole("epochs", epochs)
        last_step = math.inf if steps is None else self.step + whole("steps", steps)
        whole("batch_size", batch_size)
        train = batches("train", train, batch_size, self.device, self._check, self._generator)
        if validation is not None:
            size = max(batch_size, _EVALUATION_BATCH)
            validation = batches("validation", validation, size, self.device, self._check)
        with contextlib.suppress(TypeError):  # a stream has no length
            last_step = min(last_step, self.step + last_epoch * -(-len(train) // self.accumulate))
        self.total_steps = None if math.isinf(last_step) else last_step
        return train, validation, last_epoch, last_step

    def _check(self, name: str, x, y) -> None:
        """Try two rows: do inputs, model, targets and loss fit together? Targets are checked in every row."""
        check_dtype(f"{name}, x", x, self.model)
        with self._inference():
            few, labels = x[:2].to(self.device), y[:2].to(self.device)
            try:
                outputs = self.model(few)
            except RuntimeError as error:
                shape = ", ".join(["n", *map(str, x.shape[1:])])
                raise ValueError(f"{name}: the model refuses x of shape ({shape}): {error}") from error
            check_targets(name, outputs, y, self.loss)
            loss = self.loss(outputs, labels)
        if not torch.is_tensor(loss) or loss.ndim:
            given = f"shape {tuple(loss.shape)}" if torch.is_tensor(loss) else type(loss).__name__
            raise ValueError(f"loss: it returns {given}, expected a scalar tensor, the mean over the batch")

    @contextlib.contextmanager
    def _running(self, history: History) -> Iterator[None]:
        """Around the loop: Ctrl-C, randomness, and whatever happens time, the model's mode and `on_end`."""
        training, started, self._stopped = self.model.training, time.perf_counter(), None
        self._listeners = {name: [getattr(callback, name) for callback in self.callbacks
                                  if hasattr(callback, name)] for name in watching.METHODS}
        try:
            with _on_ctrl_c(self), _seeded(self.seed + self.step, self.device):
                yield
        finally:
            history.seconds, history.stopped = time.perf_counter() - started, self._stopped
            self.model.train(training)
            for listen in self._listeners["on_end"]:
                listen(self)

    # --- the parts of a step ---

    def _set_learning_rate(self) -> None:
        if self.schedule is None:
            return
        multiplier = number(f"schedule({self.step})", self.schedule(self.step), least=0)
        for group, rate in zip(self.optimizer.param_groups, self._base_rates, strict=True):
            group["lr"] = rate * multiplier

    def _autocast(self):
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16 if self.precision == "bf16" else torch.float16)

    def _guard(self, loss: float, history: History) -> None:
        """Refuse a loss or gradient that is not finite, while the parameters are those of the last step."""
        if not math.isfinite(loss):
            spoilt = not all(p.isfinite().all() for p in _parameters(self.optimizer))
            raise NonFiniteLossError(self.step, f"the loss is {loss}", history, spoilt)
        # A GPU would have to wait for the gradient: there the next loss tells. In fp16 the scaler looks.
        looks = self.device.type == "cpu" and not self.scaler.is_enabled()
        if looks and not _finite_gradients(self.optimizer):
            raise NonFiniteLossError(self.step, "the gradient is not finite", history)

    def _clip(self) -> None:
        if self.clip_norm:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(_parameters(self.optimizer), self.clip_norm)

    def _record(self, loss: float, history: History) -> None:
        step, self.step = self.step, self.step + 1
        history.steps.append(step)
        history.train_loss.append(loss)
        for listen in self._listeners["on_step"]:
            listen(self, step, loss)

    def _end_epoch(self, epoch: int, validation, history: History) -> None:
        if self._stopped:
            return  # whoever stops does not want to wait
        metrics = {}
        if validation is not None:
            metrics = {"epoch": epoch, "step": self.step, **self._evaluate(validation)}
            history.validation.append(metrics)
        for listen in self._listeners["on_epoch"]:
            listen(self, epoch, metrics)

    # --- without gradients ---

    @contextlib.contextmanager
    def _inference(self) -> Iterator[None]:
        training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad(), self._autocast():
                yield
        finally:
            self.model.train(training)

    def _evaluate(self, data) -> dict:
        loss, right, labels, rows = 0.0, 0, 0, 0  # sums stay on the device until the end
        with self._inference():
            for x, y in data:
                outputs = self.model(x)
                loss = loss + self.loss(outputs, y).detach() * len(y)
                rows += len(y)
                if gives_classes(outputs, y):
                    right = right + (outputs.argmax(1) == y).sum()  # (n, C, …) against (n, …)
                    labels += y.numel()
        metrics = {"loss": float(loss) / rows}
        return metrics | {"accuracy": int(right) / labels} if labels else metrics


def range_test(model, loss, optimizer_class, data, *, low: float = 1e-5, high: float = 10.0, steps: int = 100,
               batch_size: int = 64, seed: int = 0, device="auto") -> tuple[list[float], list[float]]:
    """Train a copy of `model` while the learning rate grows from `low` to `high`: where does the loss fall?

    optimizer_class: called as optimizer_class(parameters, learning_rate).
    Returns: the learning rates, each larger by the same factor, and the loss of the batch at each. Both end
    early where the loss exceeds four times the first or is not finite. `model` is left as it is.
    Source: Smith 2017, §3.3, arXiv:1506.01186.  Differs: geometric growth, to see orders of magnitude.
    """
    number("low", low, above=0)
    number("high", high, above=low)
    whole("steps", steps, least=2)
    rates = [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]
    model = copy.deepcopy(model)
    trainer = Trainer(model, loss, optimizer_class(model.parameters(), high), device=device, seed=seed,
                      schedule=lambda step: rates[step] / high, callbacks=[_StopWhenWorse()])
    try:
        losses = trainer.fit(data, steps=steps, batch_size=batch_size).train_loss
    except NonFiniteLossError as error:
        losses = error.history.train_loss
    return rates[:len(losses)], losses


class _StopWhenWorse(Callback):
    first: float | None = None

    def on_step(self, trainer, step, loss):
        self.first = loss if self.first is None else self.first
        if loss > 4 * self.first:
            trainer.stop()


class _HostLoss:
    """Sums a step's losses and brings the sum to the host without keeping a GPU waiting.

    The copy to pinned memory is queued before the backward pass and awaited after that is queued: the GPU has
    work while the host reads, so that every loss is recorded and checked at no cost.
    """

    def __init__(self, device: torch.device):
        self.sum, self.cuda = None, device.type == "cuda"
        if self.cuda:
            self.host, self.arrived = torch.empty((), pin_memory=True), torch.cuda.Event()

    def add(self, loss) -> None:
        loss = loss.detach().float() if self.cuda else loss.item()
        self.sum = loss if self.sum is None else self.sum + loss
        if self.cuda:
            self.host.copy_(self.sum, non_blocking=True)
            self.arrived.record()

    def take(self) -> float:
        if self.cuda:
            self.arrived.synchronize()
        value, self.sum = self.host.item() if self.cuda else self.sum, None
        return value


def _groups(batches: Iterable, size: int) -> Iterator[list]:
    """Lists of `size` batches; the last may be shorter."""
    iterator = iter(batches)
    return iter(lambda: list(itertools.islice(iterator, size)), [])


def _parameters(optimizer) -> list:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _finite_gradients(optimizer) -> bool:
    """Whether every gradient is finite: a sum is finite only if its terms are, and it makes no temporary."""
    return all(math.isfinite(parameter.grad.sum().item()) for parameter in _parameters(optimizer)
               if parameter.grad is not None)


@contextlib.contextmanager
def _on_ctrl_c(trainer: Trainer) -> Iterator[None]:
    """The first Ctrl-C ends the training after the step in progress, a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return

    def stop(number, frame):
        trainer._stopped = "Ctrl-C"
        signal.signal(signal.SIGINT, previous)

    previous = signal.getsignal(signal.SIGINT) or signal.default_int_handler
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """torch's global generators: seeded inside, outside as they were."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
