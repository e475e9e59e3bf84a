"""Modules that are loaded when they are first asked for: `import firstgrad` costs nothing."""

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType


def modules(package: str, names: Sequence[str]) -> Callable[[str], ModuleType]:
    """The `__getattr__` of a package whose public names are its modules `names`."""

    def load(name: str) -> ModuleType:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(names)}")
        return import_module(f"{package}.{name}")

    return load
