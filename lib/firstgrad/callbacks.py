"""What watches a training: the base class, and a progress bar."""


class Callback:
    """Watches a training, and changes nothing; at most it calls `trainer.stop()`. Override what is needed."""

    def on_step(self, trainer, step: int, loss: float) -> None:
        """After the update of `step`; `loss` is the batch's, before the update."""

    def on_epoch(self, trainer, epoch: int, metrics: dict) -> None:
        """After epoch 1, 2, …; `metrics` is its entry of `History.validation`, {} without validation data."""

    def on_end(self, trainer) -> None:
        """When fit ends, be it by an error."""


METHODS = ("on_step", "on_epoch", "on_end")


class Progress(Callback):
    """A bar of tqdm in the terminal or below the cell: steps, loss, and the last validation."""

    def __init__(self, label: str = "training"):
        self.label, self.bar, self.metrics = label, None, ""

    def on_step(self, trainer, step, loss):
        if self.bar is None:
            from tqdm import tqdm

            left = trainer.total_steps and trainer.total_steps - step
            self.bar = tqdm(desc=self.label, total=left, unit=" steps", mininterval=0.2)
        self.bar.postfix = f"loss {loss:.4f}{self.metrics}"  # shown when tqdm next draws, not at every step
        self.bar.update()

    def on_epoch(self, trainer, epoch, metrics):
        shown = [f"{name} {metrics[name]:.4f}" for name in ("loss", "accuracy") if name in metrics]
        self.metrics = ", validation " + " ".join(shown) if shown else ""

    def on_end(self, trainer):
        if self.bar is not None:
            self.bar.close()
            self.bar = None
