"""A plane through the loss of a real network: three networks, trained from three seeds, span it.

The explorable *descent* interpolates the recorded grid, so that one of its surfaces is a network's.
"""

import itertools
import math

import torch
from torch.utils.data import DataLoader

from firstgrad.data import fashion_mnist
from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.optim import Momentum
from firstgrad.training import Trainer

NAME = "mlp_slice"
TOLERANCE = 1e-3
SIZES = (196, 32, 10)
SEEDS = (1, 2, 3)
IMAGES = 1500  # enough for a smooth loss, few enough for seconds
BATCH = 100
STEPS = 300
REACH = 2.0  # half the side of the square; the networks lie at distance 1 from its centre
POINTS = 25  # along one side; between them the bicubic errs by at most 0.4 %


def images():
    x, y = fashion_mnist("train")
    return x[:IMAGES].double(), y[:IMAGES]


def train(seed, x, y, steps=STEPS):
    """One network's weights as a vector, and the loss of its every step."""
    generator = torch.Generator().manual_seed(seed)
    model = MLP(MLPConfig(SIZES)).double()
    for parameter in model.parameters():  # seeded here, so that no global state matters
        deviation = math.sqrt(2 / parameter.shape[1]) if parameter.ndim == 2 else 0.0
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * deviation
    optimizer = Momentum(model.parameters(), learning_rate=0.05)
    trainer = Trainer(model, torch.nn.functional.cross_entropy, optimizer, device="cpu", precision="fp32")
    drawn = torch.randint(0, len(x), (steps, BATCH), generator=generator)  # a row may come again
    batches = DataLoader([(x[rows], y[rows]) for rows in drawn], batch_size=None)
    losses = trainer.fit(batches, epochs=1).train_loss
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach(), losses


def plane(weights):
    """Centre, two axes and the three networks' coordinates: the nearest equilateral triangle has radius 1."""
    centre = torch.stack(weights).mean(0)
    arms = [w - centre for w in weights]
    radius = sum(arm.norm() for arm in arms) / len(arms)
    first = arms[0] / arms[0].norm()
    second = arms[1] - (arms[1] @ first) * first
    axes = (radius * first, radius * second / second.norm())
    corners = [[round((arm @ axis / radius**2).item(), 4) for axis in axes] for arm in arms]
    return centre, axes, corners, radius.item()


def grid(centre, axes, x, y, ticks):
    """The mean loss over all images at every point; rows go up, columns go right."""
    model = MLP(MLPConfig(SIZES)).double()
    rows = []
    with torch.no_grad():
        for v in ticks:
            rows.append([])
            for u in ticks:
                torch.nn.utils.vector_to_parameters(centre + u * axes[0] + v * axes[1], model.parameters())
                rows[-1].append(torch.nn.functional.cross_entropy(model(x), y).item())
    return rows


def ticks(points=POINTS):
    return [REACH * (2 * i / (points - 1) - 1) for i in range(points)]


def run(steps=None):
    x, y = images()
    trained = [train(seed, x, y, steps or STEPS) for seed in SEEDS]
    centre, axes, corners, radius = plane([weights for weights, _ in trained])
    losses = grid(centre, axes, x, y, ticks())
    return {
        "sizes": list(SIZES),
        "seeds": list(SEEDS),
        "images": IMAGES,
        "steps": steps or STEPS,
        "reach": REACH,
        "points": POINTS,
        "radius": radius,
        "networks": corners,
        "first_losses": [losses[:10] for _, losses in trained],
        # Four digits: the picture needs no more, and the bundle carries them.
        "loss": [float(f"{v:.4g}") for v in itertools.chain.from_iterable(losses)],
    }


def first_steps(recording):
    """The first ten losses of each network, and after the whole training a few points of the plane."""
    x, y = images()
    trained = [train(seed, x, y, recording["steps"]) for seed in recording["seeds"]]
    centre, axes, corners, _ = plane([weights for weights, _ in trained])
    n, every = recording["points"], 6
    measured = grid(centre, axes, x, y, ticks(n)[::every])
    recorded = [recording["loss"][row * n : (row + 1) * n : every] for row in range(0, n, every)]
    return (
        {"first": [losses[:10] for _, losses in trained], "networks": corners, "plane": measured},
        {"first": recording["first_losses"], "networks": recording["networks"], "plane": recorded},
    )
