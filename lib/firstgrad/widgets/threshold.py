"""The explorable *threshold*: from which probability on is it a shirt? (chapter 04)

The scores of two data sets are a dictionary (by default, the one that `recipes/learning/shirt_detector.py`
recorded):

    validation, test   each with
        logits         the log-odds of "shirt", one a picture
        labels         as many characters, "1" for a shirt and "0" for another thing
"""

import json
import math
from pathlib import Path
from typing import Any

import traitlets

from firstgrad import data
from firstgrad.arguments import is_real
from firstgrad.widgets.base import Choice, Explorable, Number

RECORDING = "recordings/shirt_detector.json"
SETS = ("validation", "test")


def read_scores(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """The recorded scores of both data sets, the book's by default. Raises: FileNotFoundError, ValueError."""
    path = path or data.path(RECORDING)
    try:
        recording = json.loads(path.read_text("utf-8"))
        return check_scores({name: recording[name] for name in SETS})
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is damaged: {error}. Reinstall firstgrad, or make it again "
                         "with `python tools/recordings.py all shirt_detector`") from None


def check_scores(scores: Any) -> dict[str, dict[str, Any]]:
    """Return `scores` if it has the form that the head of this file describes. Raises: ValueError."""
    if not isinstance(scores, dict) or set(scores) != set(SETS):
        raise ValueError(f"scores must be a dictionary with validation and test, not {scores!r:.60}")
    for name in SETS:
        part = scores[name]
        if not isinstance(part, dict) or set(part) != {"logits", "labels"}:
            raise ValueError(f"scores[{name!r}] must have logits and labels, not {part!r:.60}")
        logits, labels = part["logits"], part["labels"]
        if not isinstance(logits, list) or not all(_is_finite(z) for z in logits):
            raise ValueError(f"scores[{name!r}]: logits must be a list of finite numbers, not {logits!r:.60}")
        if not isinstance(labels, str) or set(labels) != {"0", "1"} or len(labels) != len(logits):
            raise ValueError(f"scores[{name!r}]: labels must be a string of both 0 and 1, one for each of "
                             f"the {len(logits)} logits, not {labels!r:.60}")
    return scores


def _is_finite(value: Any) -> bool:
    return is_real(value) and math.isfinite(value)


class Scores(traitlets.TraitType):
    """The scores of both data sets. Raises: ValueError that says what is wrong with them."""

    def validate(self, obj: Any, value: Any) -> dict[str, dict[str, Any]]:
        return check_scores(value)


class Threshold(Explorable):
    """A classifier's scores, cut at a threshold: confusion matrix, ROC and precision-recall curve, F1, cost.

    prevalence: the share of shirts in the mixture that is judged; that of the data by default.
    cost: how many false alarms a missed shirt is worth.
    found: what the reader has found, "f1" and "cost".
    scores: of the reader's own classifier (see the head of this file); the book's by default.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    data = Choice(SETS, "validation").tag(sync=True)
    threshold = Number(0.5, 0, 1).tag(sync=True)
    prevalence = Number(0.107, 0.001, 0.999).tag(sync=True)  # π
    cost = Number(1.0, 0.01, 1000).tag(sync=True)  # c
    found = traitlets.List(traitlets.Enum(("f1", "cost"))).tag(sync=True, output=True)
    scores = Scores().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        scores = settings.get("scores") or read_scores()
        name = settings.get("data", "validation")
        if "prevalence" not in settings and isinstance(scores, dict) and name in scores:
            labels = check_scores(scores)[name]["labels"]
            settings = {**settings, "prevalence": labels.count("1") / len(labels)}
        super().__init__(**settings)

    @traitlets.default("scores")
    def _book_scores(self):
        return read_scores()

    def __repr__(self) -> str:
        words = f"data={self.data!r}, threshold={self.threshold:g}, prevalence={self.prevalence:g}"
        return f"Threshold({words}, cost={self.cost:g})"
