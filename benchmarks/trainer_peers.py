"""The trainers of others, each as its documentation uses it, with all that is not training switched off.

Each takes a task of benchmarks/trainer.py and returns the trained model. requirements/bench.txt has them.
"""

import importlib.util
import logging
import os
import tempfile
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, default_collate


def available() -> tuple[dict, list[str]]:
    """Those that are installed, by name, and their distributions; a line is printed for each that is not."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    logging.disable(logging.WARNING)  # what they say of devices, workers and tips
    warnings.filterwarnings("ignore", module="lightning|accelerate|transformers|skorch")
    runs, distributions = {}, []
    for name, (distribution, run) in PEERS.items():
        if importlib.util.find_spec(distribution):
            runs[name] = run
            distributions.append(distribution)
        else:
            print(f"skipped: {name}, for {distribution} is not installed; make bench-trainer installs it")
    return runs, distributions


def loader(task) -> DataLoader:
    return DataLoader(TensorDataset(*task.data), task.batch_size, shuffle=True)


def loop(task, model, optimizer, batches, backward) -> None:
    """The tutorial loop, but for what `backward` does."""
    total = 0.0
    for _ in range(task.epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = task.loss(model(x), y)
            backward(loss)
            optimizer.step()
            total += loss.item()


def fabric(task) -> nn.Module:
    from lightning.fabric import Fabric

    made, helper = task.make(), Fabric(accelerator="cpu", devices=1)
    model, optimizer = helper.setup(made, torch.optim.Adam(made.parameters()))
    loop(task, model, optimizer, helper.setup_dataloaders(loader(task)), helper.backward)
    return made


def accelerate(task) -> nn.Module:
    from accelerate import Accelerator

    made, helper = task.make(), Accelerator(cpu=True)
    model, optimizer, batches = helper.prepare(made, torch.optim.Adam(made.parameters()), loader(task))
    loop(task, model, optimizer, batches, helper.backward)
    return made


def skorch(task) -> nn.Module:
    from skorch import NeuralNet

    net = NeuralNet(task.make(), Loss, criterion__function=task.loss, optimizer=torch.optim.Adam, lr=1e-3,
                    max_epochs=task.epochs, batch_size=task.batch_size, iterator_train__shuffle=True,
                    train_split=None, callbacks="disable", verbose=0)
    return net.fit(*task.data).module_


class Loss(nn.Module):
    """skorch wants a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, outputs, targets):
        return self.function(outputs, targets)


def lightning(task, **options) -> nn.Module:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = task.make()

        def training_step(self, batch, index):
            x, y = batch
            return task.loss(self.model(x), y)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    options = options or {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
                          "enable_model_summary": False}
    module = Module()
    trainer = lightning.Trainer(accelerator="cpu", devices=1, max_epochs=task.epochs, **options)
    trainer.fit(module, loader(task))
    return module.model


def barebones(task) -> nn.Module:
    """Lightning as it is meant for measuring its own overhead."""
    return lightning(task, barebones=True)


def transformers(task) -> nn.Module:
    from transformers import PrinterCallback, Trainer, TrainingArguments

    model = WithLoss(task.make(), task.loss)
    optimizer = torch.optim.Adam(model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, use_cpu=True, num_train_epochs=task.epochs, per_device_train_batch_size=task.batch_size,
            max_grad_norm=0.0, logging_strategy="no", logging_nan_inf_filter=False, save_strategy="no",
            report_to=[], disable_tqdm=True, dataloader_pin_memory=False)
        trainer = Trainer(model, arguments, train_dataset=TensorDataset(*task.data), data_collator=named,
                          optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)))
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return model.model


class WithLoss(nn.Module):
    """transformers wants a model that computes its loss."""

    def __init__(self, model, loss):
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, x, labels):
        outputs = self.model(x)
        return {"loss": self.loss(outputs, labels), "logits": outputs}


def named(rows) -> dict:
    return dict(zip(("x", "labels"), default_collate(rows), strict=True))


PEERS = {
    "Fabric": ("lightning", fabric),
    "accelerate": ("accelerate", accelerate),
    "skorch": ("skorch", skorch),
    "Lightning": ("lightning", lightning),
    "Lightning barebones": ("lightning", barebones),
    "HF Trainer": ("transformers", transformers),
}
