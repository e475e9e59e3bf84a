"""Gradient descent, momentum and Nesterov's variant, written as a reader reads them.

θ are the parameters, g their gradient, α is `learning_rate`, μ is `momentum`, λ is `weight_decay`, v a
velocity that starts at zero. The conventions, and the numbers, are those of `torch.optim.SGD`.
"""

import torch

from .arguments import number


class _Descent(torch.optim.Optimizer):
    """What the three share: checks, the loop over parameters, weight decay. A subclass moves one tensor."""

    def __init__(self, params, learning_rate: float, **settings: float):
        number("learning_rate", learning_rate, above=0)
        super().__init__(params, {"lr": learning_rate, **settings})

    def add_param_group(self, param_group: dict) -> None:
        """Add parameters with settings of their own, `{"params": […], "learning_rate": 0.1}` (or "lr")."""
        group = dict(param_group)
        if "learning_rate" in group:
            group["lr"] = group.pop("learning_rate")
        unknown = sorted(set(group) - {"params", *self.defaults})
        if unknown:
            raise ValueError(f"parameter group: given {', '.join(unknown)}, expected params, learning_rate, "
                             + ", ".join(sorted(set(self.defaults) - {"lr"})))
        settings = self.defaults | group
        number("learning_rate", settings["lr"], above=0)
        number("weight_decay", settings["weight_decay"], least=0)
        if "momentum" in settings:
            number("momentum", settings["momentum"], least=0, below=1)
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

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient. Returns what `closure`, if given, returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, self._gradient(parameter, group["weight_decay"]), group)
        return loss

    def _gradient(self, parameter, weight_decay):
        """g + λθ, the gradient of loss + λ/2 ‖θ‖²."""
        gradient = parameter.grad
        if gradient.is_sparse:
            raise TypeError(f"{type(self).__name__}: given a sparse gradient, expected a dense one; "
                            "make the embedding with sparse=False")
        return gradient.add(parameter, alpha=weight_decay) if weight_decay else gradient

    def _velocity(self, parameter, gradient, momentum):
        """v ← μv + g, kept in the optimiser's state."""
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        return state["velocity"].mul_(momentum).add_(gradient)


class SGD(_Descent):
    """Gradient descent: θ ← θ − α (g + λθ). Stochastic when g comes from a mini-batch.

    learning_rate: α > 0.  weight_decay: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Robbins & Monro 1951, doi:10.1214/aoms/1177729586.
    """

    def __init__(self, params, learning_rate: float, weight_decay: float = 0.0):
        super().__init__(params, learning_rate, weight_decay=weight_decay)

    def _move(self, parameter, gradient, group):
        parameter.add_(gradient, alpha=-group["lr"])


class Momentum(_Descent):
    """The heavy ball: v ← μv + g + λθ, then θ ← θ − αv.

    learning_rate: α > 0.  momentum: 0 ≤ μ < 1.  weight_decay: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Polyak 1964, doi:10.1016/0041-5553(64)90137-5.  Differs: α multiplies v, not g, as in torch, so
    that a change of α acts at once on the whole velocity.
    """

    def __init__(self, params, learning_rate: float, momentum: float = 0.9, weight_decay: float = 0.0):
        super().__init__(params, learning_rate, momentum=momentum, weight_decay=weight_decay)

    def _move(self, parameter, gradient, group):
        velocity = self._velocity(parameter, gradient, group["momentum"])
        parameter.add_(velocity, alpha=-group["lr"])


class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μv + g, then θ ← θ − α (g + μv), with g + λθ for g.

    learning_rate: α > 0.  momentum: 0 ≤ μ < 1.  weight_decay: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; TypeError on a sparse gradient.
    Source: Nesterov 1983, Doklady Akademii Nauk SSSR 269(3), 543-547; as momentum: Sutskever et al. 2013,
    ICML, PMLR 28(3), 1139-1147.  Differs: θ here is Sutskever's look-ahead point θ + μv, so that the gradient
    is taken where the parameters are.
    """

    def _move(self, parameter, gradient, group):
        momentum = group["momentum"]
        velocity = self._velocity(parameter, gradient, momentum)
        parameter.add_(gradient.add(velocity, alpha=momentum), alpha=-group["lr"])
