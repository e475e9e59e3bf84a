"""Gradient descent and its descendants, each written once, as a reader reads it.

θ are the parameters, g their gradient, α is `learning_rate`, λ is `weight_decay`, t counts a parameter's
updates from 1. Every average starts at zero. The results are `torch.optim`'s. Its words (`lr`, `betas`,
`eps`, `alpha`) are understood, too, and groups hold their settings by them: see words.py.

A rule moves one parameter after the other. Where speed is wanted, take torch's own:
`torch.optim.AdamW(parameters, fused=True)`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, overload

import torch
from torch import Tensor
from torch.autograd import profiler
from torch.optim import optimizer as torch_optimizer
from torch.optim.optimizer import ParamsT

from firstgrad.arguments import number
from firstgrad.optim import words
from firstgrad.optim.words import REQUIRED, Default, Settings

Group = Mapping[str, Any]  # a parameter group: its settings by torch's words, and its "params"
Loss = TypeVar("Loss")  # whatever a closure returns


class _Optimizer(torch.optim.Optimizer):
    """What all share: checks, groups, the loop. A subclass has `remembers`, `settled` and `rule`."""

    rule: Callable[..., None]  # (parameter, gradient, group, step, *averages): changes them
    remembers: tuple[str, ...] = ()  # names, torch's, of the averages that `rule` takes last
    settled: ClassVar[Mapping[str, float]] = {}  # settings of torch's class that this one decides

    def __init__(self, params: ParamsT, torchs: Settings, **settings: float):
        given = {name: value for name, value in settings.items() if not isinstance(value, Default)}
        given.update(torchs)
        super().__init__(params, words.checked(type(self).__name__, given, settings, self.settled))

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], Loss]) -> Loss: ...
    def step(self, closure: Callable[[], Loss] | None = None) -> Loss | None:
        """Move every parameter that has a gradient. Returns what `closure`, if given, returns."""
        return (self._watched_step if self._is_watched() else self._step)(closure)

    step.hooked = True  # type: ignore[attr-defined]  # torch then does not wrap it, which takes a third of a tiny step

    def _is_watched(self) -> bool:
        return bool(profiler._is_profiler_enabled
                    or self._optimizer_step_pre_hooks or torch_optimizer._global_optimizer_pre_hooks
                    or self._optimizer_step_post_hooks or torch_optimizer._global_optimizer_post_hooks)

    def _step(self, closure: Callable[[], Loss] | None) -> Loss | None:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._refuse_gradients()
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        self._move(parameter, group)
        return loss

    _watched_step = torch.optim.Optimizer.profile_hook_step(_step)

    def _move(self, parameter: Tensor, group: Group) -> None:
        state = self.state[parameter]
        state["step"] = state.get("step", 0) + 1
        for name in self.remembers:
            if name not in state:
                state[name] = torch.zeros_like(parameter)
        self.rule(parameter, parameter.grad, group, state["step"], *(state[name] for name in self.remembers))

    def _refuse_gradients(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                if gradient.layout != torch.strided:
                    raise TypeError(f"{type(self).__name__}: given a sparse gradient, expected a dense one; "
                                    "make the embedding with sparse=False")
                if gradient.is_complex():
                    raise TypeError(f"{type(self).__name__}: given a complex gradient, expected a real one")

    # --- settings ---

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own, `{"params": […], "learning_rate": 0.1}` (or "lr")."""
        super().add_param_group(
            words.checked_group(type(self).__name__, param_group, self.defaults, self.settled))

    @property
    def learning_rate(self) -> float:
        """α of the first parameter group. Setting it sets every group; a schedule may go down to 0."""
        return self.param_groups[0]["lr"]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        value = number("learning_rate", value, least=0)
        for group in self.param_groups:
            group["lr"] = value

    # --- saving ---

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on. torch's class of the same rule can load it, too."""
        saved = super().state_dict()
        for group in saved["param_groups"]:
            group.update(self.settled)
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where the optimiser was that gave `state_dict`: one of this class, or torch's of its rule.

        Raises: ValueError when it is another class's, of other groups, or did what this one cannot.
        """
        name = type(self).__name__
        groups = [words.loaded_group(name, group, self.defaults, self.settled)
                  for group in state_dict["param_groups"]]
        state = {key: words.loaded_state(name, saved, self.remembers)
                 for key, saved in state_dict["state"].items()}
        super().load_state_dict({**state_dict, "state": state, "param_groups": groups})


# --- the words that rules are written in ---


def plus(tensor: Tensor, factor: float, other: Tensor) -> Tensor:
    """tensor + factor · other, in one pass over memory."""
    return tensor.add(other, alpha=factor) if factor else tensor


def mix(average: Tensor, share: float, new: Tensor) -> None:
    """average ← (1 − share) · average + share · new."""
    average.lerp_(new, share)


def descend(parameter: Tensor, rate: float, direction: Tensor, divisor: Tensor | None = None) -> None:
    """parameter ← parameter − rate · direction / divisor."""
    if divisor is None:
        parameter.add_(direction, alpha=-rate)
    else:
        parameter.addcdiv_(direction, divisor, value=-rate)


def corrected(group: Group, step: int) -> tuple[float, float]:
    """α and ε with Adam's corrections in them: α m̂ / (√v̂ + ε) = rate · m / (√v + epsilon)."""
    beta1, beta2 = group["betas"]
    root = math.sqrt(1 - beta2**step)
    return group["lr"] * root / (1 - beta1**step), root * group["eps"]


# --- the rules ---


class SGD(_Optimizer):
    """Gradient descent: θ ← θ − α (g + λθ). Stochastic when g comes from a mini-batch.

    learning_rate (torch: lr): α > 0.  weight_decay: λ ≥ 0.  momentum: with one, this makes a `Momentum`; with
        nesterov=True as well, a `Nesterov`.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Robbins & Monro 1951, doi:10.1214/aoms/1177729586.
    """

    settled: ClassVar = {"momentum": 0, "dampening": 0, "nesterov": False}

    def __init__(self, params: ParamsT, learning_rate: float = REQUIRED, momentum: float = 0.0, *,
                 weight_decay: float = 0.0, nesterov: bool = False, **torchs: Any):
        if nesterov and not momentum:  # Nesterov would take a default that nobody gave
            raise ValueError("momentum: given none with nesterov=True, expected a number above 0")
        if momentum and type(self) is SGD:
            self.__class__ = Nesterov if nesterov else Momentum  # not __new__, whose signature help() shows
            type(self).__init__(self, params, learning_rate, momentum, weight_decay=weight_decay, **torchs)
        else:
            super().__init__(params, {"momentum": momentum, "nesterov": nesterov, **torchs},
                             learning_rate=learning_rate, weight_decay=weight_decay)

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int) -> None:
        descend(parameter, group["lr"], plus(gradient, group["weight_decay"], parameter))


class Momentum(SGD):
    """The heavy ball: v ← μv + g + λθ, then θ ← θ − αv.

    learning_rate (torch: lr): α > 0.  momentum: 0 ≤ μ < 1.  weight_decay: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Polyak 1964, doi:10.1016/0041-5553(64)90137-5.  Differs: α multiplies v, not g, as in torch, so
    that a change of α acts at once on the whole velocity.
    """

    remembers: tuple[str, ...] = ("momentum_buffer",)
    settled: ClassVar = {"dampening": 0, "nesterov": False}

    def __init__(self, params: ParamsT, learning_rate: float = REQUIRED, momentum: float = 0.9, *,
                 weight_decay: float = 0.0, **torchs: Any):
        _Optimizer.__init__(self, params, torchs, learning_rate=learning_rate, momentum=momentum,
                            weight_decay=weight_decay)

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int,  # type: ignore[override]  # its own averages
             velocity: Tensor) -> None:
        velocity.mul_(group["momentum"]).add_(plus(gradient, group["weight_decay"], parameter))
        descend(parameter, group["lr"], velocity)


class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μv + g, then θ ← θ − α (g + μv), with g + λθ for g.

    learning_rate (torch: lr): α > 0.  momentum: 0 ≤ μ < 1.  weight_decay: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Nesterov 1983, Doklady Akademii Nauk SSSR 269(3), 543-547; as momentum: Sutskever et al. 2013,
    ICML, PMLR 28(3), 1139-1147.  Differs: θ here is Sutskever's look-ahead point θ + μv, so that the gradient
    is taken where the parameters are.
    """

    settled: ClassVar = {"dampening": 0, "nesterov": True}

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int,  # type: ignore[override]  # its own averages
             velocity: Tensor) -> None:
        gradient = plus(gradient, group["weight_decay"], parameter)
        velocity.mul_(group["momentum"]).add_(gradient)
        descend(parameter, group["lr"], plus(gradient, group["momentum"], velocity))


class RMSProp(_Optimizer):
    """Each weight's gradient over its own recent size: v ← βv + (1−β)g², then θ ← θ − α g / (√v + ε).

    learning_rate (torch: lr): α > 0.  beta (torch: alpha): 0 ≤ β < 1.  epsilon (torch: eps): ε > 0.
    weight_decay: λ ≥ 0, g + λθ for g.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Tieleman & Hinton 2012, Neural Networks for Machine Learning (Coursera), lecture 6e.  Differs: ε,
    as in torch, whose defaults are others (α = 0.01, β = 0.99).
    """

    remembers: tuple[str, ...] = ("square_avg",)
    settled: ClassVar = {"momentum": 0, "centered": False}

    def __init__(self, params: ParamsT, learning_rate: float = Default(1e-3), beta: float = Default(0.9),
                 epsilon: float = Default(1e-8), weight_decay: float = 0.0, **torchs: Any):
        super().__init__(params, torchs, learning_rate=learning_rate, beta=beta, epsilon=epsilon,
                         weight_decay=weight_decay)

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int,
             square: Tensor) -> None:
        gradient = plus(gradient, group["weight_decay"], parameter)
        mix(square, 1 - group["alpha"], gradient.square())
        descend(parameter, group["lr"], gradient, square.sqrt().add_(group["eps"]))


RMSprop = RMSProp  # as torch spells it


class Adam(_Optimizer):
    """RMSProp of a momentum, both without the bias of their start at zero:

        m ← β₁m + (1−β₁)g        m̂ = m / (1−β₁ᵗ)
        v ← β₂v + (1−β₂)g²       v̂ = v / (1−β₂ᵗ)       θ ← θ − α m̂ / (√v̂ + ε)

    learning_rate (torch: lr): α > 0.  beta1, beta2 (torch: betas=(β₁, β₂)): 0 ≤ β < 1.
    epsilon (torch: eps): ε > 0.  weight_decay: λ ≥ 0, g + λθ for g.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980.  The corrections stand before the tensors, as at
    the end of its §2; ε̂ = ε √(1−β₂ᵗ) there makes the two the same.
    """

    remembers: tuple[str, ...] = ("exp_avg", "exp_avg_sq")
    settled: ClassVar = {"amsgrad": False, "decoupled_weight_decay": False}

    def __init__(self, params: ParamsT, learning_rate: float = Default(1e-3), beta1: float = Default(0.9),
                 beta2: float = Default(0.999), epsilon: float = Default(1e-8),
                 weight_decay: float = 0.0, **torchs: Any):
        super().__init__(params, torchs, learning_rate=learning_rate, beta1=beta1, beta2=beta2,
                         epsilon=epsilon, weight_decay=weight_decay)

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int,
             mean: Tensor, square: Tensor) -> None:
        beta1, beta2 = group["betas"]
        gradient = plus(gradient, group["weight_decay"], parameter)
        mix(mean, 1 - beta1, gradient)
        mix(square, 1 - beta2, gradient.square())
        rate, epsilon = corrected(group, step)
        descend(parameter, rate, mean, square.sqrt().add_(epsilon))


class AdamW(Adam):
    """Adam whose weight decay passes the averages by: θ ← (1 − αλ)θ, then Adam's step with λ = 0.

    learning_rate (torch: lr): α > 0.  beta1, beta2 (torch: betas=(β₁, β₂)): 0 ≤ β < 1.
    epsilon (torch: eps): ε > 0.  weight_decay: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Loshchilov & Hutter 2019, Algorithm 2, arXiv:1711.05101.  Differs: λ is multiplied by α and not
    only by its schedule, as in torch.
    """

    settled: ClassVar = {"amsgrad": False, "decoupled_weight_decay": True}

    def __init__(self, params: ParamsT, learning_rate: float = Default(1e-3), beta1: float = Default(0.9),
                 beta2: float = Default(0.999), epsilon: float = Default(1e-8),
                 weight_decay: float = 0.01, **torchs: Any):
        super().__init__(params, learning_rate, beta1, beta2, epsilon, weight_decay, **torchs)

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int,
             mean: Tensor, square: Tensor) -> None:
        beta1, beta2 = group["betas"]
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        mix(mean, 1 - beta1, gradient)
        mix(square, 1 - beta2, gradient.square())
        rate, epsilon = corrected(group, step)
        descend(parameter, rate, mean, square.sqrt().add_(epsilon))


class AMSGrad(Adam):
    """Adam that divides by the largest v so far, so that no step size grows again: u ← max(u, v), u for v.

    learning_rate (torch: lr): α > 0.  beta1, beta2 (torch: betas=(β₁, β₂)): 0 ≤ β < 1.
    epsilon (torch: eps): ε > 0.  weight_decay: λ ≥ 0, g + λθ for g.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Reddi, Kale & Kumar 2018, Algorithm 2, arXiv:1904.09237.  Differs: Adam's corrections and ε, which
    the paper leaves out, as in torch: û = u / (1−β₂ᵗ), where u is the largest of the uncorrected v.
    """

    remembers: tuple[str, ...] = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    settled: ClassVar = {"amsgrad": True, "decoupled_weight_decay": False}

    @staticmethod
    def rule(parameter: Tensor, gradient: Tensor, group: Group, step: int,  # type: ignore[override]  # its own averages
             mean: Tensor, square: Tensor, largest: Tensor) -> None:
        beta1, beta2 = group["betas"]
        gradient = plus(gradient, group["weight_decay"], parameter)
        mix(mean, 1 - beta1, gradient)
        mix(square, 1 - beta2, gradient.square())
        largest.clamp_(min=square)
        rate, epsilon = corrected(group, step)
        descend(parameter, rate, mean, largest.sqrt().add_(epsilon))
