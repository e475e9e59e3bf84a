"""What a GPU is asked for: nests of every form, bf16, compiled models, CUDA graphs, and Run alone."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from firstgrad.training import Checkpoints, Run, Trainer

pytestmark = pytest.mark.cuda

torch.manual_seed(0)
X = torch.randn(96, 8)
DATA = {"x": X, "more": [torch.randn(96, 3), ((X[:, 0] > 0).long(),)]}


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right, self.head = nn.Linear(8, 32), nn.Linear(3, 32), nn.Linear(32, 2)

    def forward(self, x, z):
        return self.head((self.left(x) + self.right(z)).relu())


def step(model, batch):
    outputs, labels = model(batch["x"], batch["more"][0]), batch["more"][1][0]
    return {"loss": F.cross_entropy(outputs, labels), "count": (labels >= 0).sum(), "outputs": outputs,
            "targets": labels}


def trained(folder=None, steps=30, **settings):
    torch.manual_seed(1)
    model = Two()
    trainer = Trainer(model, step=step, optimizer=torch.optim.AdamW(model.parameters(), 0.01, fused=True),
                      device="cuda", accumulate=2, **settings)
    history = trainer.fit(DATA, DATA, steps=steps, batch_size=16, checkpoints=folder)
    return trainer, history


@pytest.mark.parametrize("settings", [{"precision": "fp32"}, {"precision": "bf16"}, {"precision": "fp16"},
                                      {"precision": "bf16", "compile": True},
                                      {"precision": "fp32", "cuda_graph": True}], ids=str)
@pytest.mark.parametrize("resident", [True, False])
def test_a_nest_is_trained_on_a_gpu(settings, resident, monkeypatch):
    if not resident:
        monkeypatch.setattr("firstgrad.training.device.room", lambda device: 0)
    trainer, history = trained(**settings)
    assert all(torch.isfinite(torch.tensor(history.train_loss)))
    assert history.train_loss[-1] < history.train_loss[0]
    assert trainer.predict(DATA).device.type == "cpu"


@pytest.mark.parametrize("compile", [False, True])
def test_a_graph_adds_the_gradients_of_many_batches_up(compile):
    usual = trained(precision="fp32", steps=10)[1].train_loss
    graphed = trained(precision="fp32", steps=10, cuda_graph=True, compile=compile)[1].train_loss
    assert graphed == pytest.approx(usual, rel=1e-4)


def test_a_run_on_a_gpu_goes_on_where_it_was(tmp_path):
    whole = trained(precision="fp32")[1].train_loss
    trained(tmp_path, steps=7, precision="fp32")
    assert trained(tmp_path, precision="fp32")[1].train_loss == pytest.approx(whole, rel=1e-5)


def test_run_alone_puts_batches_on_the_gpu(tmp_path):
    model = nn.Linear(8, 1)
    run = None
    for steps in (5, 9):
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        run = Run({"model": model, "optimizer": optimizer}, DATA["x"], steps=steps, batch_size=32,
                  device="cuda", checkpoints=tmp_path)
        for x in run:
            assert x.device.type == "cuda"
            optimizer.zero_grad()
            loss = (model(x) - x[:, :1]).square().mean()
            loss.backward()
            optimizer.step()
            run.record(loss.item())
    assert len(run.history.train_loss) == 9
    assert Checkpoints(tmp_path).latest().step == 9
