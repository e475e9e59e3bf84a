"""torch's words: what a torch user types is understood, and groups and states are kept in torch's names.

Our signatures say `learning_rate`, `beta1` and `epsilon`; parameter groups, and what is saved, say `lr`,
`betas` and `eps`, as torch's do. So torch's schedulers find what they read and write, and either optimiser
loads what the other saved.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from firstgrad.arguments import number

Settings = Mapping[str, Any]  # a setting's name -> its value

OURS = {"lr": ("learning_rate",), "betas": ("beta1", "beta2"), "alpha": ("beta",), "eps": ("epsilon",)}

_SHARE = {"least": 0, "below": 1}
_BOUNDS = {"learning_rate": {"above": 0}, "weight_decay": {"least": 0}, "momentum": _SHARE, "beta": _SHARE,
           "beta1": _SHARE, "beta2": _SHARE, "epsilon": {"above": 0}}  # ε = 0 is 0/0 where g is 0

_ONLY_TORCHS = {"maximize": False, "differentiable": False}  # and the one value that ours have
_HOW = ("foreach", "fused", "capturable")  # how torch computes, not what
_OF_SCHEDULERS = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr")
_ADVICE = {"momentum": "see Momentum", "nesterov": "see Nesterov", "amsgrad": "see AMSGrad",
           "decoupled_weight_decay": "see AdamW"}


class Default(float):
    """A setting that nobody gave: so it is told from the same number, given."""

    def __repr__(self) -> str:
        return "required" if self is REQUIRED else super().__repr__()


REQUIRED = Default("nan")


# --- what is given to a constructor, or in a parameter group ---


def checked(who: str, given: Settings, base: Settings, settled: Settings) -> dict[str, Any]:
    """All settings by torch's names: those `given`, by our names or torch's, and the others from `base`.

    base: our names -> values.  settled: torch's settings that the class `who` decides -> how.
    Raises: TypeError on a name that there is not, two names for one setting, none given, or no number;
    ValueError on a number out of bounds, or on what only a class of torch's can do.
    """
    given = _without_torchs_own(who, given, settled, refused=_HOW)
    _refuse_unknown(who, given, base)
    found = {**base, **ours(given)}
    if any(value is REQUIRED for value in found.values()):
        raise TypeError(f"{who}: given no learning_rate, expected a number above 0")
    return _torchs({name: float(number(name, value, **_BOUNDS[name])) for name, value in found.items()})


def checked_group(who: str, given: Settings, defaults: Settings, settled: Settings) -> dict[str, Any]:
    """A parameter group by torch's names; `params` and what schedulers put there stay as they are."""
    kept = {name: given[name] for name in ("params", "param_names", *_OF_SCHEDULERS) if name in given}
    own = {name: value for name, value in given.items() if name not in kept}
    return kept | checked(f"{who}, parameter group", own, ours(_settings(defaults)), settled)


def ours(settings: Settings) -> dict[str, Any]:
    """Settings by our names. Raises: TypeError where one has two names, or `betas` are not two."""
    found: dict[str, Any] = {}
    for word, value in settings.items():
        names = OURS.get(word, (word,))
        twice = [name for name in names if name in settings and name != word]
        if twice:
            raise TypeError(f"{twice[0]}: given also as {word}, expected one of the two")
        if len(names) > 1 and not (isinstance(value, tuple | list) and len(value) == len(names)):
            raise TypeError(f"{word}: given {value!r}, expected ({', '.join(names)})")
        found.update(zip(names, value if len(names) > 1 else [value], strict=True))
    return found


def _torchs(settings: Settings) -> dict[str, Any]:
    """Settings by torch's names, from ours."""
    found = {}
    for name, value in settings.items():
        word = next((word for word, names in OURS.items() if name in names), name)
        found[word] = (settings["beta1"], settings["beta2"]) if word == "betas" else value
    return found


def _settings(defaults: Settings) -> dict[str, Any]:
    """Of an optimiser's defaults, those that are ours; torch adds some of its own."""
    return {name: value for name, value in defaults.items() if name in OURS or name in _BOUNDS}


def _refuse_unknown(who: str, given: Iterable[str], base: Iterable[str]) -> None:
    allowed = [*base, *(word for word, names in OURS.items() if names[0] in base)]
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(name.lower(), allowed, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"{who}: given {name}, expected params, {', '.join(base)}{hint}")


def _without_torchs_own(who: str, given: Settings, settled: Settings,
                        refused: Iterable[str] = ()) -> dict[str, Any]:
    """`given` without torch's settings that we lack; a value that would change something is refused."""
    only = _ONLY_TORCHS | dict(settled)
    for name, value in given.items():
        if name in refused and value:
            raise ValueError(f"{name}: given {value!r}, expected none: {who} has one form; see torch.optim")
        if name in only and value != only[name]:
            advice = _ADVICE.get(name, "see torch.optim") if value else "see its parent"
            raise ValueError(f"{name}: given {value!r}, expected {only[name]!r} for {who}; {advice}")
    return {name: value for name, value in given.items() if name not in only and name not in _HOW}


# --- what was saved, by ours or by torch's ---


def loaded_group(who: str, saved: Settings, defaults: Settings, settled: Settings) -> dict[str, Any]:
    """A saved group as ours hold it. Raises: ValueError where it is another optimiser's."""
    needed = {*_settings(defaults), *settled} - {"decoupled_weight_decay"}  # which older torch does not save
    missing = sorted(needed - set(saved))
    if missing:
        raise ValueError(f"state_dict: given one without {', '.join(missing)}, expected one of {who}")
    kept = _without_torchs_own(who, saved, settled)
    return {name: value.item() if hasattr(value, "item") else value for name, value in kept.items()}


def loaded_state(who: str, saved: Settings, remembers: tuple[str, ...]) -> dict[str, Any]:
    """What was saved of one parameter, as ours hold it; torch counts steps in tensors, SGD's not at all."""
    found = {name: value for name, value in saved.items() if value is not None}
    step = int(found.pop("step", 0))
    if (found or step) and set(found) != set(remembers):
        given, expected = (", ".join(names) or "nothing" for names in (sorted(found), remembers))
        raise ValueError(f"state_dict: given {given} of a parameter, expected {expected}, as {who} keeps")
    return {"step": step, **found}
