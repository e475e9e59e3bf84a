"""The book's explorables. `from firstgrad.widgets import Descent; Descent()` shows one."""

from firstgrad.widgets.adam import AdamLab
from firstgrad.widgets.base import Explorable
from firstgrad.widgets.computation_graph import ComputationGraph
from firstgrad.widgets.descent import Descent
from firstgrad.widgets.gradient_flow import GradientFlow
from firstgrad.widgets.learning_rate_lab import LearningRateLab
from firstgrad.widgets.regularisation import Regularisation

__all__ = ["AdamLab", "ComputationGraph", "Descent", "Explorable", "GradientFlow", "LearningRateLab",
           "Regularisation"]
