"""Train: the loop, its checkpoints, what watches it, and where it runs."""

from firstgrad.recipe import Recipe, RecipeError
from firstgrad.training.callbacks import Callback, CSVLog, JSONLLog, Progress, TensorBoardLog
from firstgrad.training.checkpoint import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
    CorruptCheckpointError,
    CorruptCheckpointWarning,
)
from firstgrad.training.device import DeviceUnavailableError, choose_device
from firstgrad.training.distributed import LostProcessError
from firstgrad.training.early_stopping import EarlyStopping
from firstgrad.training.history import History, NonFiniteLossError
from firstgrad.training.range_test import range_test
from firstgrad.training.run import Run
from firstgrad.training.trainer import Trainer

__all__ = ["CSVLog", "Callback", "Checkpoint", "CheckpointError", "Checkpoints", "CorruptCheckpointError",
           "CorruptCheckpointWarning", "DeviceUnavailableError", "EarlyStopping", "History", "JSONLLog",
           "LostProcessError",
           "NonFiniteLossError", "Progress", "Recipe", "RecipeError", "Run", "TensorBoardLog", "Trainer",
           "choose_device", "range_test"]
