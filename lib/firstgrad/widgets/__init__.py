"""The book's explorables. `from firstgrad.widgets import Descent; Descent()` shows one."""

try:
    import anywidget as _anywidget  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(f'explorables need {error.name}: pip install "firstgrad[book]"') from None

from firstgrad.widgets.adam import AdamLab
from firstgrad.widgets.base import Explorable
from firstgrad.widgets.broadcasting import Broadcasting
from firstgrad.widgets.computation_graph import ComputationGraph
from firstgrad.widgets.descent import Descent
from firstgrad.widgets.gradient_flow import GradientFlow
from firstgrad.widgets.gradient_reach import GradientReach
from firstgrad.widgets.learning_rate_lab import LearningRateLab
from firstgrad.widgets.lstm_gates import LSTMGates
from firstgrad.widgets.model_sizer import ModelSizer
from firstgrad.widgets.model_timeline import ModelTimeline
from firstgrad.widgets.next_token import NextToken
from firstgrad.widgets.playground import Playground
from firstgrad.widgets.regularisation import Regularisation
from firstgrad.widgets.skip_gram import SkipGramLab
from firstgrad.widgets.threshold import Threshold
from firstgrad.widgets.word_map import WordMap

__all__ = [
    "AdamLab",
    "Broadcasting",
    "ComputationGraph",
    "Descent",
    "Explorable",
    "GradientFlow",
    "GradientReach",
    "LSTMGates",
    "LearningRateLab",
    "ModelSizer",
    "ModelTimeline",
    "NextToken",
    "Playground",
    "Regularisation",
    "SkipGramLab",
    "Threshold",
    "WordMap",
]
