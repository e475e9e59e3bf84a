"""The book's explorables. `from firstgrad.widgets import Descent; Descent()` shows one."""

from firstgrad.widgets.adam import AdamLab
from firstgrad.widgets.base import Explorable
from firstgrad.widgets.broadcasting import Broadcasting
from firstgrad.widgets.computation_graph import ComputationGraph
from firstgrad.widgets.descent import Descent
from firstgrad.widgets.gradient_flow import GradientFlow
from firstgrad.widgets.learning_rate_lab import LearningRateLab
from firstgrad.widgets.model_sizer import ModelSizer
from firstgrad.widgets.model_timeline import ModelTimeline
from firstgrad.widgets.next_token import NextToken
from firstgrad.widgets.playground import Playground
from firstgrad.widgets.regularisation import Regularisation
from firstgrad.widgets.threshold import Threshold

__all__ = [
    "AdamLab",
    "Broadcasting",
    "ComputationGraph",
    "Descent",
    "Explorable",
    "GradientFlow",
    "LearningRateLab",
    "ModelSizer",
    "ModelTimeline",
    "NextToken",
    "Playground",
    "Regularisation",
    "Threshold",
]
