"""How good are the predictions? Each metric in a few lines of NumPy, equal to scikit-learn's (chapter 04).

Arguments may be lists, arrays or tensors. `labels` are what is true, `predictions` are classes 0…C−1,
`scores` are any numbers that are larger for class 1, `probabilities` are of class 1 (or of each class).
Every function raises a ValueError that names the argument. A share of nothing (0/0) is NaN, not a warning.
"""

from firstgrad.metrics.calibration import brier_score, calibration_curve, expected_calibration_error, log_loss
from firstgrad.metrics.classes import accuracy, confusion_matrix, f1, precision, recall
from firstgrad.metrics.intervals import bootstrap_interval
from firstgrad.metrics.ranking import (
    average_precision,
    precision_recall_curve,
    ranked_right,
    roc_auc,
    roc_curve,
)

__all__ = ["accuracy", "average_precision", "bootstrap_interval", "brier_score", "calibration_curve",
           "confusion_matrix", "expected_calibration_error", "f1", "log_loss", "precision",
           "precision_recall_curve", "ranked_right", "recall", "roc_auc", "roc_curve"]
