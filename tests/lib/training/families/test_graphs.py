"""Graphs laid end to end: a batch is an object of its own that has `to` and a length."""

import pytest
import torch
from contracts import goes_on_exactly, learns
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from firstgrad.optim import Adam
from firstgrad.training import Trainer


class Graphs:
    """Nodes of all graphs, edges between them, and which graph each node is of."""

    def __init__(self, rows):
        sizes = torch.tensor([row["size"] for row in rows])
        starts = sizes.cumsum(0) - sizes
        self.edges = torch.cat([row["edges"] + start for row, start in zip(rows, starts, strict=True)], 1)
        self.of = torch.repeat_interleave(torch.arange(len(rows)), sizes)
        self.size = int(sizes.sum())
        self.labels = torch.tensor([row["label"] for row in rows])

    def __len__(self):
        return len(self.labels)

    def to(self, device):
        for name in ("edges", "of", "labels"):
            setattr(self, name, getattr(self, name).to(device))
        return self


def graph(number):
    """A ring of four to seven nodes, or a star: which is it?"""
    size, star = 4 + number % 4, number % 2
    others = torch.arange(1, size)
    edges = torch.stack([torch.zeros_like(others), others]) if star else torch.stack(
        [torch.arange(size), (torch.arange(size) + 1) % size])
    return {"size": size, "edges": torch.cat([edges, edges.flip(0)], 1), "label": star}


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.read, self.head = nn.Linear(2, 16), nn.Linear(16, 2)

    def forward(self, graphs):
        degree = torch.zeros(graphs.size).index_add_(0, graphs.edges[1], torch.ones(graphs.edges.shape[1]))
        near = torch.zeros(graphs.size).index_add_(0, graphs.edges[1], degree[graphs.edges[0]])
        hidden = self.read(torch.stack([degree, near], 1) / 4).relu()
        return self.head(torch.zeros(len(graphs), 16).index_add_(0, graphs.of, hidden))


def step(model, graphs):
    outputs = model(graphs)
    return {"loss": F.cross_entropy(outputs, graphs.labels), "outputs": outputs, "targets": graphs.labels}


def make(callbacks=()):
    torch.manual_seed(1)
    model = Network()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.02), device="cpu",
                   callbacks=callbacks)


def loader():
    return DataLoader([graph(number) for number in range(32)], 8, collate_fn=Graphs)


def test_it_learns_and_goes_on(tmp_path):
    trainer = learns(make, loader())
    assert trainer.evaluate(loader())["accuracy"] == 1
    goes_on_exactly(make, loader(), tmp_path)


def test_a_batch_without_graphs_is_refused():
    loader = DataLoader([graph(0)], 1, collate_fn=lambda rows: Empty())
    with pytest.raises(ValueError, match="train, batch 0: given an empty batch, expected at least one row"):
        make().fit(loader, epochs=1)


class Empty:
    def __len__(self):
        return 0

    def to(self, device):
        return self
