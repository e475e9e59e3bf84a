"""What a Trainer has that changes on the way, beside the model: as one part of its Run."""

from typing import TYPE_CHECKING, Any

from torch import nn

from firstgrad.training.restoring import check_optimizer, load_optimizer, optimizer_state

if TYPE_CHECKING:
    from firstgrad.training.trainer import Trainer


class TrainerState:
    """What a Trainer has that changes, beside the model: a part of its Run."""

    def __init__(self, trainer: "Trainer"):
        self.trainer = trainer

    def state_dict(self) -> dict:
        trainer = self.trainer
        return {"optimizer": optimizer_state(trainer.optimizer), "rates": trainer.rates.state_dict(),
                "scaler": trainer.scaler.state_dict(),
                "loss": trainer.loss.state_dict() if isinstance(trainer.loss, nn.Module) else {},
                "callbacks": {str(place): callback.state_dict() for place, callback in self._stateful()}}

    def _stateful(self) -> list[tuple[int, Any]]:
        return [(place, callback) for place, callback in enumerate(self.trainer.callbacks)
                if hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict")]

    def check_state(self, state: dict) -> None:
        """Raises: CheckpointError where it is of another optimiser."""
        check_optimizer(self.trainer.optimizer, state["optimizer"])

    def load_state_dict(self, state: dict) -> None:
        trainer = self.trainer
        load_optimizer(trainer.optimizer, state["optimizer"])
        trainer.rates.load_state_dict(state["rates"])
        if trainer.scaler.is_enabled() and state["scaler"]:
            trainer.scaler.load_state_dict(state["scaler"])
        if isinstance(trainer.loss, nn.Module):
            trainer.loss.load_state_dict(state["loss"])
        for place, callback in self._stateful():
            if str(place) in state["callbacks"]:
                callback.load_state_dict(state["callbacks"][str(place)])
