"""The book's explorables. `from firstgrad.widgets import Descent; Descent()` shows one."""

from firstgrad.widgets.base import Explorable

__all__ = ["Explorable"]
