"""The explorable's surfaces, written again in torch, in another form: one slip is not made twice."""

import json
import math

import torch

from firstgrad import data

torch.set_num_threads(1)


def quadratic(p, condition, angle):
    c, s = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    hessian = turn @ torch.diag(torch.tensor([1.0, condition], dtype=torch.float64)) @ turn.T
    return 0.5 * p @ hessian @ p


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def beale(p):
    x, y = p
    terms = torch.stack([c - x + x * y**k for k, c in enumerate((1.5, 2.25, 2.625), start=1)])
    return terms.pow(2).sum()


def saddle(p):
    x, y = p
    return x**2 / 2 + (y**2 - 1) ** 2 / 4


_RECORDING = json.loads(data.path("recordings/mlp_slice.json").read_text("utf-8"))
_GRID = torch.tensor(_RECORDING["loss"], dtype=torch.float64).reshape(_RECORDING["points"], -1)
# Catmull and Rom's cubic: row = power of t, column = which of the four neighbours.
_CUBIC = torch.tensor([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]], dtype=torch.float64) / 2


def mlp(p):
    """Between the recorded points: bicubic."""
    points, reach = _RECORDING["points"], _RECORDING["reach"]
    place = (p + reach) / (2 * reach / (points - 1))
    cell = place.detach().floor().clamp(1, points - 3)
    t = place - cell
    weights = torch.stack([torch.ones_like(t), t, t**2, t**3], dim=1) @ _CUBIC  # (2, 4): of x, of y
    i, j = (int(k) for k in cell)
    return weights[1] @ _GRID[j - 1 : j + 3, i - 1 : i + 3] @ weights[0]


SURFACES = {"quadratic": quadratic, "rosenbrock": rosenbrock, "beale": beale, "saddle": saddle, "mlp": mlp}


def evaluate(surface, point):
    """Value and autograd's gradient."""
    p = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    value = surface(p)
    (gradient,) = torch.autograd.grad(value, p)
    return [value.item(), *gradient.tolist()]


def optimiser(name, parameters, learning_rate, momentum):
    """torch's own, under the explorable's name; it refuses Nesterov with momentum 0: plain descent."""
    used = 0.0 if name == "sgd" else momentum
    nesterov = name == "nesterov" and momentum > 0
    return torch.optim.SGD(parameters, lr=learning_rate, momentum=used, nesterov=nesterov, foreach=False)


def run(surface, name, start, learning_rate, momentum, steps):
    """The path and the losses of torch's optimiser: steps + 1 of each."""
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    torch_optimiser = optimiser(name, [p], learning_rate, momentum)
    path, losses = [], []
    for _ in range(steps + 1):
        loss = surface(p)
        path.append(p.tolist())
        losses.append(loss.item())
        (p.grad,) = torch.autograd.grad(loss, p)
        torch_optimiser.step()
    return path, losses
