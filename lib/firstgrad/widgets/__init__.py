"""The book's explorables. `from firstgrad.widgets import Descent; Descent()` shows one."""

from firstgrad.widgets.adam import AdamLab
from firstgrad.widgets.base import Explorable
from firstgrad.widgets.descent import Descent
from firstgrad.widgets.learning_rate_lab import LearningRateLab

__all__ = ["AdamLab", "Descent", "Explorable", "LearningRateLab"]
