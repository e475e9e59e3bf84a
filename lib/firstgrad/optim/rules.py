"""Gradient descent and its descendants, each written once, as a reader reads it.

θ are the parameters, g their gradient, α is `learning_rate`, λ is `weight_decay`, t counts a parameter's
updates from 1. Every average starts at zero. The results are `torch.optim`'s.

A class says its rule in two parts: `numbers` computes, once a step, what follows from the settings and t, and
`rule` changes tensors, of any shape, by it. So one rule serves both forms: the plain one, which goes from
parameter to parameter, and the fast one (`fast=True`), which lays small parameters side by side and compiles
the rule: see fast.py, which also has the three words that the rules are written in.
"""

import math

import torch
from torch.autograd import profiler
from torch.optim import optimizer as torch_optimizer

from firstgrad.arguments import number
from firstgrad.optim import fast as fast_form
from firstgrad.optim.fast import descend, mix, plus

_SHARE = {"least": 0, "below": 1}
_BOUNDS = {"lr": {"above": 0}, "weight_decay": {"least": 0}, "epsilon": {"above": 0},  # 0/0 where g is 0
           "momentum": _SHARE, "beta": _SHARE, "beta1": _SHARE, "beta2": _SHARE}


class _Optimizer(torch.optim.Optimizer):
    """What all share: checks, groups, the loop. A subclass has `remembers`, `numbers` and `rule`."""

    remembers: tuple[str, ...] = ()  # names of the tensors kept for each parameter, in the order of `rule`
    _layout: "fast_form.Layout | None" = None  # of the fast form; made when first needed

    def __init__(self, params, learning_rate: float, *, fast: bool, **settings: float):
        self.fast = fast
        super().__init__(params, {"lr": learning_rate, **settings})

    def step(self, closure=None):
        """Move every parameter that has a gradient. Returns what `closure`, if given, returns."""
        return (self._watched_step if self._is_watched() else self._step)(closure)

    step.hooked = True  # torch then does not wrap it, which takes a third of a tiny step

    def _is_watched(self) -> bool:
        return bool(profiler._is_profiler_enabled
                    or self._optimizer_step_pre_hooks or torch_optimizer._global_optimizer_pre_hooks
                    or self._optimizer_step_post_hooks or torch_optimizer._global_optimizer_post_hooks)

    def _step(self, closure):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._refuse_gradients()
        with torch.no_grad():
            if self.fast:
                fast_form.step(self)
            else:
                self._step_plainly()
        return loss

    _watched_step = torch.optim.Optimizer.profile_hook_step(_step)

    def _step_plainly(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    state = self.remembered(parameter)
                    state["step"] += 1
                    self.rule(parameter, parameter.grad, *(state[name] for name in self.remembers),
                              self.numbers(group, state["step"]))

    def remembered(self, parameter) -> dict:
        """The state of `parameter`: its step count and averages, zeros if it has none yet."""
        state = self.state[parameter]
        if "step" not in state:
            state["step"] = 0
            state.update((name, torch.zeros_like(parameter)) for name in self.remembers)
        return state

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

    def add_param_group(self, param_group: dict) -> None:
        """Add parameters with settings of their own, `{"params": […], "learning_rate": 0.1}` (or "lr")."""
        group = dict(param_group)
        if "learning_rate" in group:
            group["lr"] = group.pop("learning_rate")
        unknown = sorted(set(group) - {"params", *self.defaults})
        if unknown:
            raise ValueError(f"parameter group: given {', '.join(unknown)}, expected params, learning_rate, "
                             + ", ".join(sorted(set(self.defaults) - {"lr"})))
        for name, value in (self.defaults | group).items():
            if name != "params":
                number("learning_rate" if name == "lr" else name, value, **_BOUNDS[name])
        self._layout = None
        super().add_param_group(group)

    @property
    def learning_rate(self) -> float:
        """α of the first parameter group. Setting it sets every group; a schedule may go down to 0."""
        return self.param_groups[0]["lr"]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        number("learning_rate", value, least=0)
        for group in self.param_groups:
            group["lr"] = value

    # --- saving ---

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on where the optimiser that gave `state_dict` was; whether that was fast or plain is no matter.

        Raises: ValueError when it is another class's, or of other groups.
        """
        for group in state_dict["param_groups"]:
            missing = sorted(set(self.defaults) - set(group))
            if missing:
                raise ValueError(f"state_dict: given one without {', '.join(missing)}, "
                                 f"expected one of {type(self).__name__}")
        super().load_state_dict(state_dict)

    def __getstate__(self) -> dict:
        return super().__getstate__() | {"fast": self.fast}

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self._layout = None  # the state now lies elsewhere


class SGD(_Optimizer):
    """Gradient descent: θ ← θ − α (g + λθ). Stochastic when g comes from a mini-batch.

    learning_rate: α > 0.  weight_decay: λ ≥ 0.  fast: see fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Robbins & Monro 1951, doi:10.1214/aoms/1177729586.
    """

    def __init__(self, params, learning_rate: float, weight_decay: float = 0.0, *, fast: bool = False):
        super().__init__(params, learning_rate, weight_decay=weight_decay, fast=fast)

    def numbers(self, group, step):
        return group["lr"], group["weight_decay"]

    @staticmethod
    def rule(parameter, gradient, numbers):
        rate, decay = numbers
        descend(parameter, rate, plus(gradient, decay, parameter))


class Momentum(_Optimizer):
    """The heavy ball: v ← μv + g + λθ, then θ ← θ − αv.

    learning_rate: α > 0.  momentum: 0 ≤ μ < 1.  weight_decay: λ ≥ 0.  fast: see fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Polyak 1964, doi:10.1016/0041-5553(64)90137-5.  Differs: α multiplies v, not g, as in torch, so
    that a change of α acts at once on the whole velocity.
    """

    remembers = ("velocity",)

    def __init__(self, params, learning_rate: float, momentum: float = 0.9, weight_decay: float = 0.0, *,
                 fast: bool = False):
        super().__init__(params, learning_rate, momentum=momentum, weight_decay=weight_decay, fast=fast)

    def numbers(self, group, step):
        return group["lr"], group["momentum"], group["weight_decay"]

    @staticmethod
    def rule(parameter, gradient, velocity, numbers):
        rate, momentum, decay = numbers
        velocity.mul_(momentum).add_(plus(gradient, decay, parameter))
        descend(parameter, rate, velocity)


class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μv + g, then θ ← θ − α (g + μv), with g + λθ for g.

    learning_rate: α > 0.  momentum: 0 ≤ μ < 1.  weight_decay: λ ≥ 0.  fast: see fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Nesterov 1983, Doklady Akademii Nauk SSSR 269(3), 543-547; as momentum: Sutskever et al. 2013,
    ICML, PMLR 28(3), 1139-1147.  Differs: θ here is Sutskever's look-ahead point θ + μv, so that the gradient
    is taken where the parameters are.
    """

    @staticmethod
    def rule(parameter, gradient, velocity, numbers):
        rate, momentum, decay = numbers
        gradient = plus(gradient, decay, parameter)
        velocity.mul_(momentum).add_(gradient)
        descend(parameter, rate, plus(gradient, momentum, velocity))


class RMSProp(_Optimizer):
    """Each weight's gradient over its own recent size: v ← βv + (1−β)g², then θ ← θ − α g / (√v + ε).

    learning_rate: α > 0.  beta: 0 ≤ β < 1.  epsilon: ε > 0.  weight_decay: λ ≥ 0, g + λθ for g.  fast: see
        fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Tieleman & Hinton 2012, Neural Networks for Machine Learning (Coursera), lecture 6e.  Differs: ε,
    as in torch, whose defaults are others (α = 0.01, β, there called alpha, = 0.99).
    """

    remembers = ("square",)

    def __init__(self, params, learning_rate: float = 1e-3, beta: float = 0.9, epsilon: float = 1e-8,
                 weight_decay: float = 0.0, *, fast: bool = False):
        super().__init__(params, learning_rate, beta=beta, epsilon=epsilon, weight_decay=weight_decay,
                         fast=fast)

    def numbers(self, group, step):
        return group["lr"], 1 - group["beta"], group["epsilon"], group["weight_decay"]

    @staticmethod
    def rule(parameter, gradient, square, numbers):
        rate, share, epsilon, decay = numbers
        gradient = plus(gradient, decay, parameter)
        mix(square, share, gradient.square())
        descend(parameter, rate, gradient, square.sqrt().add_(epsilon))


class Adam(_Optimizer):
    """RMSProp of a momentum, both without the bias of their start at zero:

        m ← β₁m + (1−β₁)g        m̂ = m / (1−β₁ᵗ)
        v ← β₂v + (1−β₂)g²       v̂ = v / (1−β₂ᵗ)       θ ← θ − α m̂ / (√v̂ + ε)

    learning_rate: α > 0.  beta1, beta2: 0 ≤ β < 1.  epsilon: ε > 0.  weight_decay: λ ≥ 0, g + λθ for g.
        fast: see fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980.  The corrections stand before the tensors, as at
    the end of its §2; ε̂ = ε √(1−β₂ᵗ) there makes the two the same.
    """

    remembers = ("mean", "square")

    def __init__(self, params, learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999,
                 epsilon: float = 1e-8, weight_decay: float = 0.0, *, fast: bool = False):
        super().__init__(params, learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon,
                         weight_decay=weight_decay, fast=fast)

    def numbers(self, group, step):
        beta1, beta2 = group["beta1"], group["beta2"]
        root = math.sqrt(1 - beta2**step)
        rate = group["lr"] * root / (1 - beta1**step)  # α m̂ / (√v̂ + ε) = rate · m / (√v + root · ε)
        return rate, 1 - beta1, 1 - beta2, root * group["epsilon"], group["weight_decay"]

    @staticmethod
    def rule(parameter, gradient, mean, square, numbers):
        rate, share1, share2, epsilon, decay = numbers
        gradient = plus(gradient, decay, parameter)
        mix(mean, share1, gradient)
        mix(square, share2, gradient.square())
        descend(parameter, rate, mean, square.sqrt().add_(epsilon))


class AdamW(Adam):
    """Adam whose weight decay passes the averages by: θ ← (1 − αλ)θ, then Adam's step with λ = 0.

    learning_rate: α > 0.  beta1, beta2: 0 ≤ β < 1.  epsilon: ε > 0.  weight_decay: λ ≥ 0.  fast: see
        fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Loshchilov & Hutter 2019, Algorithm 2, arXiv:1711.05101.  Differs: λ is multiplied by α and not
    only by its schedule, as in torch.
    """

    def __init__(self, params, learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999,
                 epsilon: float = 1e-8, weight_decay: float = 0.01, *, fast: bool = False):
        super().__init__(params, learning_rate, beta1, beta2, epsilon, weight_decay, fast=fast)

    def numbers(self, group, step):
        return *super().numbers(group, step)[:-1], group["lr"] * group["weight_decay"]

    @staticmethod
    def rule(parameter, gradient, mean, square, numbers):
        rate, share1, share2, epsilon, decay = numbers
        parameter.mul_(1 - decay)
        mix(mean, share1, gradient)
        mix(square, share2, gradient.square())
        descend(parameter, rate, mean, square.sqrt().add_(epsilon))


class AMSGrad(Adam):
    """Adam that divides by the largest v so far, so that no step size grows again: u ← max(u, v), u for v.

    learning_rate: α > 0.  beta1, beta2: 0 ≤ β < 1.  epsilon: ε > 0.  weight_decay: λ ≥ 0, g + λθ for g.
        fast: see fast.py.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Reddi, Kale & Kumar 2018, Algorithm 2, arXiv:1904.09237.  Differs: Adam's corrections and ε, which
    the paper leaves out, as in torch: û = u / (1−β₂ᵗ), where u is the largest of the uncorrected v.
    """

    remembers = ("mean", "square", "largest")

    @staticmethod
    def rule(parameter, gradient, mean, square, largest, numbers):
        rate, share1, share2, epsilon, decay = numbers
        gradient = plus(gradient, decay, parameter)
        mix(mean, share1, gradient)
        mix(square, share2, gradient.square())
        largest.clamp_(min=square)
        descend(parameter, rate, mean, largest.sqrt().add_(epsilon))
