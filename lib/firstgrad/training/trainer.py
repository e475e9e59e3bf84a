"""The training loop: one visible `for`, on CPU or GPU; it stops cleanly, and at a loss that is not finite."""

import functools
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from firstgrad.arguments import number, whole
from firstgrad.training import acceleration, randomness
from firstgrad.training import device as devices
from firstgrad.training.batches import Batch, Batches
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.distributed import Replicated, World
from firstgrad.training.early_stopping import EarlyStopping
from firstgrad.training.fit import Fit
from firstgrad.training.history import History, NonFiniteLossError
from firstgrad.training.inference import Inference
from firstgrad.training.ingredients import check_parts
from firstgrad.training.inputs import refuse_two
from firstgrad.training.learning_rates import LearningRates
from firstgrad.training.listeners import Listeners
from firstgrad.training.restoring import load_weights, weights_of
from firstgrad.training.run import check_limits
from firstgrad.training.steps import LossStep
from firstgrad.training.trainer_state import TrainerState
from firstgrad.training.trial import Trial, check_numbers, chosen, settings

_EVALUATION_BATCH = 1024  # rows that `evaluate` and `predict` take at once, where nothing else is said


class Trainer:
    """Fits `model` by `optimizer` so that the mean of `loss` over the data falls.

    model: nn.Module; it is moved to the device.
    loss: called as loss(outputs, targets), such as F.cross_entropy, where batches are (inputs, targets) and
        outputs = model(inputs). What it divides by (labels that are not ignored, weights of classes, nothing)
        is taken into account.
    step: for any other training, in place of `loss`: called as step(model, batch), returns the loss, or a
        dictionary with "loss"; it may have "count", what that is the mean of (else: the rows), "outputs" and
        "targets" for metrics, and other numbers to report, means over the same (under torchrun, of the first
        process's rows). It is tried before step 1: a generator or counter that it holds has moved then.
    optimizer: of torch.optim or firstgrad.optim, over parameters of the model.
    device: "auto" (the first there is of cuda, mps and cpu), "cpu", "cuda", "cuda:1", "mps".
    precision: "fp32" (the model's own type), "tf32" (its products, on CUDA), "bf16" or "fp16" (autocast; fp16
        scales the loss), or "auto": on CUDA bf16 where the GPU has it and fp16 where not, elsewhere fp32.
    accumulate: batches whose gradients make one step, equal to one batch as large as all of them.
    clip_norm: a gradient longer than this (Euclidean norm over all parameters) is scaled down to it.
    clip_value: each number of the gradient is cut to between −clip_value and clip_value.
    schedule: step -> what to multiply the learning rate by (see firstgrad.optim), or a scheduler of
        torch.optim.lr_scheduler, which is stepped after every update (ReduceLROnPlateau: every validation).
    seed: of the order of the data and of all that is drawn during training (dropout, augmentation); the
        generators of torch, NumPy and Python are left as they were found.
    callbacks: they watch (see firstgrad.training.callbacks).
    metrics: name -> function of (outputs, targets) of a whole data set, or an object with update(outputs,
        targets), compute() and reset(); for validation and `evaluate`.
    compile: train through torch.compile; pays off for large models on a GPU.
    cuda_graph: replay the forward and backward pass as CUDA graphs; pays off where kernels are small. For
        one process.
    shard: under torchrun, leave to each process a part of the parameters (FSDP2), not a copy of all (DDP).
    Raises: ValueError, TypeError or DeviceUnavailableError that names the argument; nothing is changed then.
    """

    def __init__(self, model: nn.Module, loss: Callable | None = None,
                 optimizer: torch.optim.Optimizer | None = None, *, step: Callable | None = None,
                 device: str | torch.device = "auto", precision: str = "auto", accumulate: int = 1,
                 clip_norm: float | None = None, clip_value: float | None = None, schedule: Any = None,
                 seed: int = 0, callbacks: Sequence[Any] = (), metrics: Mapping[str, Any] | None = None,
                 compile: bool = False, cuda_graph: bool = False, shard: bool = False):
        check_parts(model, loss, step, optimizer, schedule, callbacks, metrics)
        self.world = World.join()
        self.device = self.world.place(devices.choose_device(device))
        self.precision = devices.choose_precision(precision, self.device)
        acceleration.check_options(compile, cuda_graph, shard, self.device, self.world)
        self.accumulate = whole("accumulate", accumulate)
        self.clip_norm = None if clip_norm is None else number("clip_norm", clip_norm, above=0)
        self.clip_value = None if clip_value is None else number("clip_value", clip_value, above=0)
        self.seed = whole("seed", seed, least=0)
        self.schedule, self.callbacks, self.metrics = schedule, list(callbacks), dict(metrics or {})
        assert optimizer is not None  # or check_parts had refused it
        self.model, self.loss = model.to(self.device), loss
        self.optimizer: torch.optim.Optimizer = optimizer
        if isinstance(loss, nn.Module):
            loss.to(self.device)
        if optimizer.state:
            optimizer.load_state_dict(optimizer.state_dict())  # moves the state to where its parameters went
        self.pair = None if loss is None else LossStep(loss)  # batches are (x, y)
        self.adds_up = self.pair is not None and self.pair.reduction == "sum"
        self.step_of: Callable = self.pair or step  # type: ignore[assignment]  # one of them there is
        self._options = {"compiled": compile, "CUDA graph": cuda_graph, "sharded": shard}
        self.inference = Inference(self)
        self._forward = self._made_ready(compile, cuda_graph, shard)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        self.looks = self.device.type == "cpu" and self.precision != "fp16"  # at gradients
        self.generator = torch.Generator().manual_seed(self.seed)
        self.run: Fit | None = None  # the present `fit`, or the last
        self.reported: Mapping[str, Any] = {}  # what else the last step returned
        self.listeners = Listeners(self.callbacks, self.world)
        self.rates = LearningRates(optimizer, schedule)
        self._loaded: dict | None = None  # by load_state_dict; the next fit goes on from there

    def _made_ready(self, compile: bool, cuda_graph: bool, shard: bool) -> Callable:
        """The model as training calls it, over all processes."""
        if shard:
            self.world.shard(self.model, self.optimizer, self.device)
        forward = acceleration.forward(self.model, self.device, compile, cuda_graph)
        own_step = None if self.pair else self.step_of
        return self.world.wrap(self.model, forward, self.device, own_step)

    def fit(self, train: Any, validation: Any = None, *, epochs: int | None = None, steps: int | None = None,
            batch_size: int = 64, checkpoints: Checkpoints | str | os.PathLike | None = None,
            early_stopping: EarlyStopping | int | None = None, validate_every: int | None = None,
            validation_batch_size: int | None = None) -> History:
        """Train for so many epochs or so many steps (updates), whichever ends first.

        train, validation: tensors or arrays (x, y), a Dataset, or a DataLoader (whose batch size and order
            then count; of ready batches, a list or a stream, with batch_size=None). With `step`, any nest of
            tensors: see firstgrad.training.nests.
        batch_size: rows a batch; more than there are rows means all of them.
        checkpoints: a Checkpoints, or its folder. Where that holds one already, the run goes on from there,
            and `epochs` and `steps` count from the run's beginning: one that was killed and is started again
            by the same command ends with the same parameters, bit for bit, and the same History. With other
            settings or other data it is refused (of a Dataset a few rows are read to see: fingerprints.py).
        early_stopping: an EarlyStopping; a number is its patience, by the loss.
        validate_every: validate after so many steps and in the end, not after each epoch.
        validation_batch_size: rows a batch of the validation; None: as in training.
        Ctrl-C, SIGTERM, and `stop()` from a callback or another thread, end it after the step or the batch of
        the validation in progress, and everything is saved; a second Ctrl-C ends it at once, and SIGTERM then
        ends the process. An exception is raised after what was reached is saved.
        Without checkpoints a second call trains so much more from where the first ended.
        Raises: NonFiniteLossError, CheckpointError; ValueError, TypeError before a parameter changes.
        """
        run, validation = self._prepare(
            train, validation, epochs, steps, batch_size, checkpoints, EarlyStopping.of(early_stopping),
            validate_every, validation_batch_size)
        compute, one_by_one = self._compute(run.train), self._one_by_one()
        with acceleration.matmul_precision(self.precision), run.under_way():
            for epoch in run.left():
                if run.validation_due:
                    self._validate(epoch, validation, run)
                for group in run.groups():
                    self.rates.before_step(run.step)
                    self.gradients.clear()
                    for batch in one_by_one(group):
                        outcome = compute(batch.nest)
                        self.scaler.scale(self.sums.part(outcome, batch, group)).backward()
                    loss = self.sums.take(run.agree, self.gradients)
                    self._guard(loss, run.history)
                    self.gradients.clip(self.scaler)
                    run.move(self._update, loss, group)
                    self._after_step(loss, run)
                    if run.validation_due:
                        self._validate(epoch, validation, run)
                self._end_epoch(epoch, validation, run)
        if run.best is not None and run.over:
            load_weights(run.modules, run.best, weights_of(run.modules)[1])
        return run.history

    def evaluate(self, data: Any, batch_size: int = _EVALUATION_BATCH) -> dict[str, float]:
        """The mean loss over `data`, the `metrics`, and with class numbers the accuracy: {"loss": …, …}.

        data: whatever `fit` takes.
        """
        refuse_two("evaluate", data, batch_size)
        whole("batch_size", batch_size)
        self.listeners.refuse_one("evaluate")
        with randomness.kept(self.device):  # as in a callback: what is trained does not notice
            return self.inference.evaluate(Trial(self).data("data", data, batch_size))

    def predict(self, x: Any, batch_size: int = _EVALUATION_BATCH) -> Any:
        """The model's outputs (logits, values) for the rows of `x`, without gradients, on the CPU.

        x: inputs (n, …), a tensor or an array; or whatever `fit` takes, whose targets are not looked at. With
            `step`, outputs are its "outputs", but for a tensor, which the model is given as it is.
        Returns: (n, …), floats of at least 32 bits; where the model gives a dictionary or another nest, the
        same of such tensors.
        """
        whole("batch_size", batch_size)
        return self.inference.predict(x, batch_size)

    @property
    def step(self) -> int:
        """Updates made so far, by every fit."""
        if self.run:
            return self.run.step
        return self._loaded["run"]["step"] if self._loaded and self._loaded["run"] else 0

    @property
    def asked(self) -> str | None:
        """Why the present `fit` is to stop, None if it is not."""
        return self.run.asked if self.run else None

    @property
    def total_steps(self) -> int | None:
        """What `step` will be when the present `fit` ends, if that is known."""
        return int(self.run.last_step) if self.run and math.isfinite(self.run.last_step) else None

    def stop(self, reason: str = "stop") -> None:
        """End the present `fit` after the step in progress. May be called from any thread, with any reason.

        Under torchrun any process may call it; all stop, after the next step at the latest.
        """
        if self.run:
            self.run.stop(reason)

    def state_dict(self) -> dict:
        """All that `fit` needs to go on exactly where it is, but for the model: also inside a callback.

        The tensors are the optimiser's own: copy.deepcopy keeps them as they are now. Under torchrun all
        processes have to call it.
        """
        self.listeners.refuse_one("state_dict")
        if self.run:
            return self.run.state_dict()
        return {"parts": {"trainer": TrainerState(self).state_dict()}, "run": None, "random": None}

    def load_state_dict(self, state: dict) -> None:
        """Take up what `state_dict` gave: the next `fit`, called as that one was, goes on with its run.

        Raises: CheckpointError where it is of another optimiser; nothing is changed then.
        """
        own = TrainerState(self)
        own.check_state(state["parts"]["trainer"])
        own.load_state_dict(state["parts"]["trainer"])
        self.run, self._loaded = None, state

    def describe(self) -> str:
        """What was chosen, in one line for a reader."""
        count = sum(tensor.numel() for tensor in self.model.parameters())
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

    def _prepare(self, train: Any, validation: Any, epochs: int | None, steps: int | None, batch_size: int,
                 checkpoints: Any, early_stopping: EarlyStopping | None, validate_every: int | None,
                 validation_batch_size: int | None) -> tuple[Fit, Batches | None]:
        """Check everything and bring the data to the device; nothing has changed if this raises."""
        check_limits(epochs, steps)
        check_numbers(batch_size, validate_every, validation_batch_size)
        checkpoints = Checkpoints.of(checkpoints)
        chosen_by = chosen(early_stopping, checkpoints, validate_every, validation)
        train, validation = Trial(self).data_of_fit(train, validation, batch_size, validation_batch_size,
                                                    chosen_by)
        self.gradients = acceleration.Gradients(self.optimizer, self.clip_norm, self.clip_value)
        self.sums = acceleration.StepLoss(self.device, self.world, self.adds_up)
        self.listeners = Listeners(self.callbacks, self.world)
        run = Fit({"": self.model, "trainer": TrainerState(self)}, train, epochs=epochs, steps=steps,
                  device=self.device, world=self.world, seed=self.seed, checkpoints=checkpoints,
                  settings=settings(self), generators=[self.generator], step=self.step,
                  accumulate=self.accumulate, validation=validation, chosen_by=chosen_by,
                  early_stopping=early_stopping, validate_every=validate_every,
                  on_save=lambda: self.listeners.tell("on_save", self), on_end=self._end)
        run.loaded = self._loaded if self._loaded and self._loaded["run"] else None
        self.run = run
        self._modes = [(module, module.training) for module in self.model.modules()]
        if not self.model.training:  # a part that is frozen in evaluation stays so, where the whole is not
            self.model.train()
        if checkpoints:
            self.listeners.warn_of_what_is_lost()
        return run, validation

    def _end(self) -> None:
        self._loaded = None  # it was taken up
        for module, mode in self._modes:
            module.training = mode
        self.listeners.tell("on_end", self)

    # --- the parts of a step ---

    def _compute(self, train: Batches) -> Callable:
        """What the loop calls with a batch."""
        compute: Callable = functools.partial(self.step_of, self._forward)
        if self.pair and train.counts and not self.adds_up:
            compute = functools.partial(self.pair.counted, self._forward)
        elif not self.pair and isinstance(self._forward, Replicated):
            compute = self._forward
        return acceleration.autocasting(compute, self.precision, self.device)

    def _one_by_one(self) -> Callable[[list[Batch]], Iterable[Batch]]:
        """How the loop goes through the batches of a step."""
        if self._options["CUDA graph"]:
            return functools.partial(acceleration.kept_apart, gradients=self.gradients)
        return self._forward.last_reduces if isinstance(self._forward, Replicated) else iter

    def _guard(self, loss: float, history: History) -> None:
        """Refuse a loss or gradient that is not finite, while the parameters are those of the last step."""
        if not math.isfinite(loss):
            spoilt = not all(p.isfinite().all() for p in self.gradients.parameters)
            raise NonFiniteLossError(self.step, f"the loss is {loss}", history, spoilt)
        # A GPU would have to wait for the gradient: there the next loss tells. In fp16 the scaler looks.
        if self.looks and self.gradients.any_bad(self.world):
            raise NonFiniteLossError(self.step, "the gradient is not finite", history)

    def _update(self) -> None:
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.rates.after_step()

    def _after_step(self, loss: float, run: Fit) -> None:
        self.reported = self.sums.reports
        self.listeners.tell("on_step", self, run.step - 1, loss)
        if run.due():
            run.save()

    def _validate(self, epoch: int, validation: Batches, run: Fit) -> dict:
        """Returns: the results; {} where it was stopped: then it is made when the run is taken up again."""
        if run.stopped:
            return {}
        with randomness.kept(self.device):  # so that training draws the same with and without it
            results = self.inference.evaluate(validation, run.goes_on)
        if run.stopped:
            return {}
        metrics = {"epoch": epoch, "step": self.step} | results | {"epoch": epoch, "step": self.step}
        run.validated(metrics)
        self.rates.after_validation(metrics)
        self.listeners.tell("on_validation", self, epoch, metrics)
        if run.validate_every and run.checkpoints and run.checkpoints.metric in metrics:
            run.save()
        return metrics

    def _end_epoch(self, epoch: int, validation: Batches | None, run: Fit) -> None:
        """Validate, if it is time; the epoch is then over, and who watches knows."""
        metrics = {}
        if validation is not None and run.unvalidated and (not run.validate_every or run.over):
            metrics = self._validate(epoch, validation, run)
        if run.stopped:
            return
        run.close_epoch()
        self.listeners.tell("on_epoch", self, epoch, metrics)
        if run.checkpoints and run.checkpoints.metric in metrics:
            run.save()
