"""Put what a checkpoint holds back into models and optimisers, after it was seen to fit."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import nn

from firstgrad.training.checkpoint_files import CheckpointError
from firstgrad.training.distributed import like, together


class Stateful(Protocol):
    """What can be saved and taken up: a module, an optimiser, a scheduler, anything with these two."""

    def state_dict(self) -> dict: ...

    def load_state_dict(self, state: dict, /) -> Any: ...


def unwrapped(module: nn.Module) -> nn.Module:
    """The module itself, where torch.compile has wrapped it: its tensors keep their names."""
    return getattr(module, "_orig_mod", module)


def weights_of(modules: Mapping[str, nn.Module]) -> tuple[dict, dict]:
    """The tensors of modules, by prefix and name; and whatever else their state is (`get_extra_state`)."""
    found = {prefix + name: value for prefix, module in modules.items()
             for name, value in together(dict(unwrapped(module).state_dict())).items()}
    tensors = {name: value for name, value in found.items() if torch.is_tensor(value)}
    return tensors, {name: value for name, value in found.items() if name not in tensors}


def check_weights(modules: Mapping[str, nn.Module], weights: dict) -> None:
    """Raises: CheckpointError that names the first tensor which is not as in the modules."""
    expected, _ = weights_of(modules)
    for name in [*expected, *weights]:
        given, wanted = _kind(weights.get(name)), _kind(expected.get(name))
        if given != wanted:
            raise CheckpointError(f"{name}: the checkpoint has {given}, the model {wanted}; make the model "
                                  "that was trained, or begin in another folder")


def load_weights(modules: Mapping[str, nn.Module], weights: dict, extra: dict | None = None) -> None:
    """Put `weights` into the modules, in parts where these are in parts."""
    both = weights | (extra or {})
    for prefix, module in modules.items():
        own = unwrapped(module)
        own.load_state_dict({name: like(both[prefix + name], value)
                             for name, value in own.state_dict().items()})


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict) -> None:
    """Put `state` into the optimiser, in parts where its parameters are."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    parts = {index: {name: like(value, parameters[index]) for name, value in of_one.items()}
             for index, of_one in state["state"].items()}
    optimizer.load_state_dict({"state": parts, "param_groups": state["param_groups"]})


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict:
    """Its state, whole, and what kind it is."""
    return {"class": type(optimizer).__name__, **together(optimizer.state_dict())}


def check_optimizer(optimizer: torch.optim.Optimizer, state: dict) -> None:
    """Raises: CheckpointError where `state` is of another optimiser, or of other parameter groups."""
    def kind(name, groups):
        return f"{name} over groups of {', '.join(str(len(group['params'])) for group in groups)} tensors"

    given = kind(state["class"], state["param_groups"])
    wanted = kind(type(optimizer).__name__, optimizer.param_groups)
    if given != wanted:
        raise CheckpointError(f"optimizer: the checkpoint has {given}, given is {wanted}; go on with that of "
                              "the checkpoint, or begin in another folder")


def state_of(part: Stateful) -> dict:
    """The state of a part that is no module."""
    return optimizer_state(part) if isinstance(part, torch.optim.Optimizer) else part.state_dict()


def check_part(name: str, part: Stateful, states: Mapping[str, dict]) -> None:
    """Raises: CheckpointError where there is no state of that name, or one of another optimiser."""
    if name not in states:
        raise CheckpointError(f"parts[{name!r}]: the checkpoint has none of that name, it has "
                              f"{', '.join(states)}; go on with those, or begin in another folder")
    if isinstance(part, torch.optim.Optimizer):
        check_optimizer(part, states[name])
    elif hasattr(part, "check_state"):
        part.check_state(states[name])


def load_part(part: Stateful, state: dict) -> None:
    """Put `state` into a part that is no module."""
    if isinstance(part, torch.optim.Optimizer):
        load_optimizer(part, state)
    else:
        part.load_state_dict(state)


def _kind(tensor) -> str:
    if tensor is None:
        return "nothing"
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
