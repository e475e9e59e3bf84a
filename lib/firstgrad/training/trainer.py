"""The training loop: one visible `for`, on CPU or GPU; it stops cleanly, and at a loss that is not finite."""

import contextlib
import copy
import functools
import itertools
import math
import os
from collections.abc import Iterator

import torch

from firstgrad.arguments import number, whole
from firstgrad.training import acceleration, randomness
from firstgrad.training import device as devices
from firstgrad.training.callbacks import METHODS, Callback, Progress
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.distributed import World, together
from firstgrad.training.history import History, NonFiniteLossError
from firstgrad.training.inputs import (
    batches,
    check_by_model,
    check_dtype,
    check_loss,
    check_model,
    check_parts,
    check_rows,
    check_targets,
    gives_classes,
)
from firstgrad.training.run import Run, check_optimizer, load_optimizer

__all__ = ["Callback", "History", "NonFiniteLossError", "Progress", "Trainer", "range_test"]

_EVALUATION_BATCH = 1024  # rows; without gradients there is room for more than in training


class Trainer:
    """Fits `model` by `optimizer` so that the mean of `loss` over the data falls.

    model: nn.Module; it is moved to the device.
    loss: called as loss(outputs, targets), returns the mean over the batch, such as F.cross_entropy.
    optimizer: of torch.optim or firstgrad.optim, over parameters of the model.
    device: "auto" (the first there is of cuda, mps and cpu), "cpu", "cuda", "cuda:1", "mps".
    precision: "fp32" (the model's own type), "tf32" (its products, on CUDA), "bf16" or "fp16" (autocast; fp16
        scales the loss), or "auto": on CUDA bf16 where the GPU has it and fp16 where not, elsewhere fp32.
    accumulate: batches whose gradients make one step, equal to one batch as large as all of them.
    clip_norm: a gradient longer than this (Euclidean norm over all parameters) is scaled down to it.
    schedule: step -> what to multiply the learning rate by (see firstgrad.optim).
    seed: of the order of the data and of all that is drawn during training (dropout, augmentation); the
        generators of torch, NumPy and Python are left as they were found.
    callbacks: they watch (see firstgrad.training.callbacks).
    metrics: name -> function of (outputs, targets), the mean over the batch; for validation and `evaluate`.
    compile: train through torch.compile; pays off for large models on a GPU.
    cuda_graph: replay the forward and backward pass as CUDA graphs; pays off where kernels are small. For
        one process.
    shard: under torchrun, leave to each process a part of the parameters (FSDP2), not a copy of all (DDP).
    Raises: ValueError, TypeError or DeviceUnavailableError that names the argument; nothing is changed then.
    """

    def __init__(self, model, loss, optimizer, *, device="auto", precision="auto", accumulate=1,
                 clip_norm=None, schedule=None, seed=0, callbacks=(), metrics=None, compile=False,
                 cuda_graph=False, shard=False):
        check_parts(model, loss, optimizer, schedule, callbacks, metrics)
        self.world = World.join()
        self.device = self.world.place(devices.choose_device(device))
        self.precision = devices.choose_precision(precision, self.device)
        acceleration.check_options(compile, cuda_graph, shard, self.device, self.world)
        self.accumulate = whole("accumulate", accumulate)
        self.clip_norm = None if clip_norm is None else number("clip_norm", clip_norm, above=0)
        self.seed = whole("seed", seed, least=0)
        self.schedule, self.callbacks, self.metrics = schedule, list(callbacks), dict(metrics or {})
        self.model, self.loss, self.optimizer = model.to(self.device), loss, optimizer
        if isinstance(loss, torch.nn.Module):
            loss.to(self.device)
        if optimizer.state:
            optimizer.load_state_dict(optimizer.state_dict())  # moves the state to where its parameters went
        self._options = {"compiled": compile, "CUDA graph": cuda_graph, "sharded": shard}
        if shard:
            self.world.shard(model, optimizer, self.device)
        forward = acceleration.forward(model, self.device, compile, cuda_graph)
        self._forward = self.world.wrap(model, forward, self.device)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        self.step = 0  # updates made so far, by every fit
        self._base_rates = [group["lr"] for group in optimizer.param_groups]
        self.generator = torch.Generator().manual_seed(self.seed)
        self.asked: str | None = None  # to stop, by "stop", "Ctrl-C" or "SIGTERM"
        self.run: Run | None = None
        self.loaded: dict | None = None  # by load_state_dict; the next fit goes on from there

    def fit(self, train, validation=None, *, epochs: int | None = None, steps: int | None = None,
            batch_size: int = 64, checkpoints: Checkpoints | str | os.PathLike | None = None,
            early_stopping: int | None = None) -> History:
        """Train for so many epochs or so many steps (updates), whichever ends first.

        train, validation: tensors (x, y), a Dataset, or a DataLoader (whose batch size and order then count).
        batch_size: rows a batch; more than there are rows means all of them.
        checkpoints: a Checkpoints, or its folder. Where that holds one already, the run goes on from there,
            and `epochs` and `steps` count from the run's beginning: one that was killed and is started again
            by the same command ends with the same parameters, bit for bit, and the same History.
        early_stopping: it ends after so many validations in a row without a smaller loss.
        Ctrl-C, SIGTERM, and `stop()` from a callback or another thread, end it after the step or the batch of
        the validation in progress, and everything is saved; a second Ctrl-C ends it at once, and SIGTERM then
        ends the process. Without checkpoints a second call trains so much more from where the first ended.
        Raises: NonFiniteLossError; ValueError or TypeError on bad data, before a parameter changes;
        CheckpointError.
        """
        run, validation = self._prepare(train, validation, epochs, steps, batch_size, checkpoints,
                                        early_stopping)
        host_loss = acceleration.HostLoss(self.device)
        with run.under_way():
            for epoch in run.left():
                self.model.train()
                for group in run.groups():
                    self._set_learning_rate()
                    self.gradients.clear()
                    total = sum(batch.total for batch in group)
                    for x, y, rows, _ in self.world.last_reduces(group, self._forward):
                        with self._autocast():
                            loss = self.loss(self._forward(x), y)
                        share = rows * self.world.size / total
                        if share != 1:
                            loss = loss * share  # the mean over the rows of the group and of all processes
                        host_loss.add(loss)
                        self.scaler.scale(loss).backward()
                    value = run.agree(host_loss.take())
                    self._guard(value, run.history)
                    self._clip()
                    self.scaler.step(self.optimizer)
                    self.scaler.update()
                    self._record(value, total, len(group), run)
                self._end_epoch(epoch, validation, run)
        return run.history

    def evaluate(self, data, batch_size: int = _EVALUATION_BATCH) -> dict:
        """The mean loss over `data`, the `metrics`, and with class numbers the accuracy: {"loss": …, …}."""
        whole("batch_size", batch_size)
        return self._evaluate(self._checked("data", data, batch_size))

    def predict(self, x) -> torch.Tensor:
        """The model's outputs (logits, values) for the rows of `x`, without gradients, on the CPU.

        Shapes: x (n, …).  Returns: (n, …), floats of at least 32 bits.
        """
        check_rows("x", x, self.model)
        with self._inference():
            parts = x.split(_EVALUATION_BATCH)
            outputs = torch.cat([self.model(part.to(self.device)).cpu() for part in parts])
        return outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs

    @property
    def total_steps(self) -> int | None:
        """What `step` will be when the present `fit` ends, if that is known."""
        return self.run.last_step if self.run and math.isfinite(self.run.last_step) else None

    def stop(self, reason: str = "stop") -> None:
        """End the present `fit` after the step in progress. May be called from any thread.

        Under torchrun any process may call it; all stop, after the next step at the latest.
        """
        self.asked = self.asked or reason

    def state_dict(self) -> dict:
        """All that `fit` needs to go on exactly where it is, but for the model: also inside a callback.

        The tensors are the optimiser's own: copy.deepcopy keeps them as they are now. Under torchrun all
        processes have to call it.
        """
        generators = self.run.generators if self.run else [self.generator]
        return {
            "step": self.step,
            "optimizer": {"class": type(self.optimizer).__name__, **together(self.optimizer.state_dict())},
            "rates": list(self._base_rates),
            "scaler": self.scaler.state_dict(),
            "loss": self.loss.state_dict() if isinstance(self.loss, torch.nn.Module) else {},
            "run": self.run.state_dict() if self.run else None,
            "random": self.world.gather({"now": randomness.snapshot(self.device, generators),
                                         "epoch_start": self.run.epoch_start if self.run else None}),
        }

    def load_state_dict(self, state: dict) -> None:
        """Take up what `state_dict` gave: the next `fit`, called as that one was, goes on with its run.

        Raises: CheckpointError where it is of another optimiser; nothing is changed then.
        """
        check_optimizer(self.optimizer, state["optimizer"])
        load_optimizer(self.optimizer, state["optimizer"])
        self.step, self._base_rates = state["step"], list(state["rates"])
        if self.scaler.is_enabled() and state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        if isinstance(self.loss, torch.nn.Module):
            self.loss.load_state_dict(state["loss"])
        self.loaded = state

    def describe(self) -> str:
        """What was chosen, in one line for a reader."""
        count = sum(parameter.numel() for parameter in self.model.parameters())
        parts = [f"{type(self.model).__name__} of {count:,} parameters", type(self.optimizer).__name__,
                 devices.describe(self.device), self.precision]
        if self.device.type == "cuda":
            parts.append(f"data stay on the GPU up to {devices.room(self.device) / 2**30:.1f} GiB")
        if self.world.size > 1:
            parts.append(f"{self.world.size} processes")
        if self.accumulate > 1:
            parts.append(f"{self.accumulate} batches a step")
        if self.clip_norm:
            parts.append(f"gradient clipped to norm {self.clip_norm:g}")
        parts += [words for words, chosen in self._options.items() if chosen]
        return " · ".join(parts)

    def __repr__(self) -> str:
        return (f"Trainer({type(self.model).__name__}, {type(self.optimizer).__name__}, "
                f"device='{self.device}', precision='{self.precision}', accumulate={self.accumulate}, "
                f"clip_norm={self.clip_norm}, seed={self.seed})")

    # --- before and after the loop ---

    def _prepare(self, train, validation, epochs, steps, batch_size, checkpoints, patience):
        """Check everything and bring the data to the device; nothing has changed if this raises."""
        if epochs is None and steps is None:
            raise ValueError("epochs, steps: given neither, expected at least one of them")
        for name, value in {"epochs": epochs, "steps": steps, "early_stopping": patience}.items():
            if value is not None:
                whole(name, value)
        if patience is not None and validation is None:
            raise ValueError("early_stopping: given without validation data, expected both")
        whole("batch_size", batch_size)
        if checkpoints is not None and not isinstance(checkpoints, Checkpoints):
            checkpoints = Checkpoints(checkpoints)
        train = self._checked("train", train, batch_size, self.generator)
        if validation is not None:
            validation = self._checked("validation", validation, max(batch_size, _EVALUATION_BATCH))
        self.asked, self.gradients = None, acceleration.Gradients(self.optimizer)
        watching = self.callbacks if self.world.is_first else []
        self.listeners = {name: [getattr(callback, name) for callback in watching if hasattr(callback, name)]
                          for name in METHODS}
        return Run(self, train, epochs, steps, patience, checkpoints), validation

    def _checked(self, name, data, batch_size, generator=None):
        """Batches of the data, found to fit the model and the loss: now, or a loader's one by one."""
        check = functools.partial(self._check, seen={})
        return batches(name, data, batch_size, self.device, check, generator, self.world)

    def _check(self, name: str, x, y, seen: dict) -> None:
        """Do inputs, model, targets and loss fit together? Targets are checked in every row.

        seen: shape of x -> the model's outputs (their shape only) for two rows of it, tried when first seen.
        """
        check_dtype(f"{name}, x", x, self.model)
        check_by_model(f"{name}, x", x, self.model)
        few, labels, shape = x[:2].to(self.device), y[:2].to(self.device), x.shape[1:]
        with self._inference():
            outputs = None if shape in seen else check_model(name, self.model, few)
            check_targets(name, seen[shape] if outputs is None else outputs, y, self.loss)
            if outputs is not None:
                check_loss(self.loss, outputs, labels)
                seen[shape] = outputs.to("meta")

    # --- the parts of a step ---

    def _set_learning_rate(self) -> None:
        if self.schedule is None:
            return
        multiplier = number(f"schedule({self.step})", self.schedule(self.step), least=0)
        for group, rate in zip(self.optimizer.param_groups, self._base_rates, strict=True):
            group["lr"] = rate * multiplier

    def _autocast(self):
        if self.precision in ("fp32", "tf32"):
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16 if self.precision == "bf16" else torch.float16)

    def _guard(self, loss: float, history: History) -> None:
        """Refuse a loss or gradient that is not finite, while the parameters are those of the last step."""
        if not math.isfinite(loss):
            spoilt = not all(p.isfinite().all() for p in self.gradients.parameters)
            raise NonFiniteLossError(self.step, f"the loss is {loss}", history, spoilt)
        # A GPU would have to wait for the gradient: there the next loss tells. In fp16 the scaler looks.
        looks = self.device.type == "cpu" and not self.scaler.is_enabled()
        if looks and self.gradients.any_bad(self.world):
            raise NonFiniteLossError(self.step, "the gradient is not finite", history)

    def _clip(self) -> None:
        if self.clip_norm:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.gradients.parameters, self.clip_norm)

    def _record(self, loss: float, rows: int, batches: int, run: Run) -> None:
        step, self.step = self.step, self.step + 1
        run.count_step(step, loss, rows, batches)
        for listen in self.listeners["on_step"]:
            listen(self, step, loss)
        if run.due():
            run.save()

    def _end_epoch(self, epoch: int, validation, run: Run) -> None:
        """Validate, unless it was stopped: then that is done when the run is taken up again."""
        metrics = {}
        if validation is not None and not run.stopped:
            with randomness.kept(self.device):  # so that training draws the same with and without it
                metrics = {"epoch": epoch, "step": self.step, **self._evaluate(validation, run.goes_on)}
        if run.stopped:
            return
        run.close_epoch(metrics)
        for listen in self.listeners["on_epoch"]:
            listen(self, epoch, metrics)
        if run.checkpoints and run.checkpoints.metric in metrics:
            run.save()

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

    def _evaluate(self, data, goes_on=lambda: True) -> dict:
        """Means over the rows of `data`, as long as it `goes_on`; sums stay on the device until the end."""
        self.world.spread(self.model.buffers())  # each has seen its own rows, batch norms' averages differ
        sums, right, labels, rows = dict.fromkeys(["loss", *self.metrics], 0.0), 0, 0, 0
        with self._inference():
            for x, y, own, _ in itertools.takewhile(lambda _: goes_on(), data.epoch()):
                outputs = self.model(x)
                for name, function in {"loss": self.loss, **self.metrics}.items():
                    sums[name] = sums[name] + torch.as_tensor(function(outputs, y)).detach() * own
                rows += own
                if own and gives_classes(outputs, y):
                    right = right + (outputs.argmax(1) == y).sum()  # (n, C, …) against (n, …)
                    labels += y.numel()
        *totals, right, labels, rows = self.world.sum([*map(float, sums.values()), int(right), labels, rows])
        metrics = {name: total / max(rows, 1) for name, total in zip(sums, totals, strict=True)}
        return metrics | {"accuracy": right / labels} if labels else metrics


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
