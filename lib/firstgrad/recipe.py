"""A training recipe: a file with one function `recipe` that builds all that `firstgrad train` needs.

    def recipe(epochs=10, batch_size=64, hidden=256):
        model = …
        return Recipe(model, loss, optimizer, train, validation, batch_size=batch_size, epochs=epochs)

Its parameters become options of the command line, `--hidden 512`. Their annotations say of which kind they
are, such as `clip_norm: float | None = None`, and where there is none their defaults.
recipes/README.md has the whole story.
"""

import importlib.util
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WORDS = {"true": True, "false": False}  # case does not matter, nor in "none"
# Kind -> how it is read; the first that takes a word has it, so "3" is an int where int | float is allowed.
_READ: dict[type, Callable[[str], Any]] = {
    bool: lambda word: _WORDS[word.lower()], int: int, float: float, str: str}


class RecipeError(ValueError):
    """A file cannot be used as a recipe; the message says which and why."""


@dataclass(frozen=True)
class Recipe:
    """What to train, and how: the arguments of Trainer and of its `fit` that do not depend on the machine."""

    model: Any  # a torch.nn.Module
    loss: Callable | None  # of (outputs, targets); None where there is a step
    optimizer: Any  # over the model's parameters
    train: Any  # tensors (x, y), a Dataset or a DataLoader; with a step, any nest of tensors
    validation: Any = None  # as `train`; looked at after every epoch
    test: Any = None  # as `train`; looked at once, at the end
    batch_size: int = 64  # rows a forward pass, of all processes together
    accumulate: int = 1  # batches a step
    epochs: int = 10  # passes over `train`
    schedule: Callable | None = None  # step -> what to multiply the learning rate by
    clip_norm: float | None = None  # the longest gradient; None for any
    clip_value: float | None = None  # the largest number of a gradient; None for any
    step: Callable | None = None  # of (model, batch), in place of a loss: see Trainer
    metrics: Mapping[str, Callable] = field(default_factory=dict)  # name -> function of (outputs, targets)
    early_stopping: Any = None  # patience in validations, or an EarlyStopping; None for never
    validate_every: int | None = None  # steps; None for after every epoch
    best: str | None = None  # a metric: in the end, take the model that validated best by it
    mode: str | None = None  # "min" or "max", the best of that metric; None for loss and accuracy
    report: Callable[[Any], str] | None = None  # of the trained model, in evaluation mode: what is printed


def load(path: str | Path) -> Callable[..., Recipe]:
    """The function `recipe` of the file; other modules beside the file can be imported by it.

    Raises: RecipeError that says what the file lacks; whatever the file itself raises.
    """
    path = Path(path)
    if not path.is_file():
        raise RecipeError(f"{path}: there is no such file")
    if path.suffix != ".py":
        raise RecipeError(f"{path}: it is no Python file (.py)")
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))  # last, so that it hides nothing
    name = f"recipe_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # as for every name that ends in .py
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # for pickle
    spec.loader.exec_module(module)
    build = getattr(module, "recipe", None)
    if not inspect.isfunction(build):
        raise RecipeError(f"{path}: it has no function recipe(), so there is nothing to train; "
                          "recipes/README.md says what a recipe is")
    return build


@dataclass(frozen=True)
class Setting:
    """A parameter that a command line can set."""

    default: Any
    kinds: tuple[type, ...]  # of bool, int, float, str, in this order
    optional: bool  # None is a value of it, too

    def __str__(self) -> str:
        """In words: "int or none"."""
        return " or ".join([*(kind.__name__ for kind in self.kinds), *(["none"] if self.optional else [])])

    def read(self, word: str) -> Any:
        """The value that a word of the command line stands for. Raises: ValueError."""
        if self.optional and word.lower() == "none":
            return None
        for kind in self.kinds:
            try:
                return _READ[kind](word)
            except (ValueError, KeyError):
                continue
        raise ValueError(f"given {word!r}, expected {self}")


def settings(build: Callable[..., Recipe]) -> dict[str, Setting]:
    """The parameters that a command line can set: those of which a kind is known that it can say.

    Raises: RecipeError for a parameter without a default.
    """
    found = {}
    for name, parameter in inspect.signature(build).parameters.items():
        default = parameter.default
        if default is parameter.empty:
            raise RecipeError(f"recipe(): its parameter {name} has no default, and a recipe must run without "
                              "options")
        allowed = _allowed(build, parameter.annotation)
        kinds = (tuple(kind for kind in _READ if kind in allowed)
                 or tuple(kind for kind in _READ if isinstance(default, kind))[:1])  # True is an int, too
        if kinds:
            found[name] = Setting(default, kinds, default is None or types.NoneType in allowed)
    return found


def _allowed(build: Callable, annotation: Any) -> tuple:
    """The types that an annotation names; an annotation that cannot be understood names none."""
    while isinstance(annotation, str):  # in quotes, or from __future__ import annotations
        try:
            annotation = eval(annotation, build.__globals__)
        except Exception:
            return ()
    union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    return typing.get_args(annotation) if union else (annotation,)


def make(build: Callable[..., Recipe], chosen: Mapping[str, Any], seed: int = 0) -> Recipe:
    """Call the recipe with `chosen` settings, so seeded that the same seed gives the same model.

    Raises: RecipeError when what comes is no Recipe; whatever the function raises.
    """
    from firstgrad.training import randomness

    randomness.seed_all(seed)
    recipe = build(**chosen)
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"recipe(): it returns {type(recipe).__name__}, expected a Recipe")
    return recipe
