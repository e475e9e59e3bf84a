"""Layers in NumPy that know their own gradients, written as chapter 05 derives them.

A layer's `forward` keeps what `backward` will need; `backward` takes ∂J/∂(output), stores ∂J/∂(parameter)
and returns ∂J/∂(input). Rows are examples: x is (B, inputs). torch is used nowhere; tests hold it equal.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from firstgrad.arguments import choice, number, whole

# Name -> (φ, φ′ as a function of z and of φ(z): whichever is cheaper).
ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "relu": (lambda z: np.maximum(z, 0.0), lambda z, h: (z > 0).astype(float)),
    "tanh": (np.tanh, lambda z, h: 1 - h**2),
    "sigmoid": (lambda z: 0.5 * (1 + np.tanh(z / 2)), lambda z, h: h * (1 - h)),
    "identity": (lambda z: z, lambda z, h: np.ones_like(z)),
}
INITIALISATIONS = {  # name -> variance of a weight
    "xavier": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2 / fan_in,
}


def weights(rng: np.random.Generator, fan_in: int, fan_out: int,
            initialisation: str | float = "he") -> np.ndarray:
    """A matrix (fan_out, fan_in) of independent normal weights, mean 0.

    initialisation: "xavier", "he", or a number, the standard deviation itself.
    Source: Glorot & Bengio 2010, §4.2.1; He et al. 2015, §2.2.
    Raises: ValueError or TypeError that names the argument.
    """
    whole("fan_in", fan_in)
    whole("fan_out", fan_out)
    if isinstance(initialisation, str):
        variance = INITIALISATIONS[choice("initialisation", initialisation, INITIALISATIONS)]
        deviation = math.sqrt(variance(fan_in, fan_out))
    else:
        deviation = number("initialisation", initialisation, least=0)
    return deviation * rng.standard_normal((fan_out, fan_in))


class Affine:
    """z = x Wᵀ + b. Shapes: x (B, I), W (O, I), b (O,), z (B, O). Raises: ValueError for another width."""

    dz: np.ndarray  # (B, O), the gradient that reached it: a Network writes it down

    def __init__(self, W: ArrayLike, b: ArrayLike | None = None):
        self.W = _finite("W", W, 2)
        self.b = np.zeros(len(self.W)) if b is None else _finite("b", b, 1)
        if self.b.shape != self.W.shape[:1]:
            raise ValueError(f"b: given shape {self.b.shape}, expected {self.W.shape[:1]}, one a row of W")

    def forward(self, x: np.ndarray) -> np.ndarray:
        if x.ndim != 2 or x.shape[1] != self.W.shape[1]:
            raise ValueError(f"x: given shape {x.shape}, expected (B, {self.W.shape[1]})")
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self.dW = dz.T @ self.x  # (O, B) @ (B, I): the sum over examples of δ xᵀ
        self.db = dz.sum(axis=0)
        return dz @ self.W  # (B, O) @ (O, I)


class Activation:
    """h = φ(z), number by number. name: relu, tanh, sigmoid or identity."""

    def __init__(self, name: str):
        self.function, self.slope = ACTIVATIONS[choice("name", name, ACTIVATIONS)]

    def forward(self, z: np.ndarray) -> np.ndarray:
        self.z, self.h = z, self.function(z)
        return self.h

    def backward(self, dh: np.ndarray) -> np.ndarray:
        return dh * self.slope(self.z, self.h)


class SoftmaxCrossEntropy:
    """J = mean over examples of −log softmax(z)[label]. Shapes: z (B, C), labels (B,) whole numbers < C."""

    def forward(self, z: np.ndarray, labels: ArrayLike) -> float:
        labels = np.asarray(labels)
        if labels.shape != z.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"labels: given {labels.dtype} of shape {labels.shape}, expected whole numbers "
                             f"of shape {z.shape[:1]}")
        if labels.size == 0 or labels.min() < 0 or labels.max() >= z.shape[1]:
            raise ValueError(f"labels: expected at least one, each from 0 to {z.shape[1] - 1}")
        shifted = z - z.max(axis=1, keepdims=True)  # softmax does not change, and exp cannot overflow
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        self.p, self.labels = np.exp(shifted - log_sum[:, None]), labels
        return float((log_sum - shifted[np.arange(len(z)), labels]).mean())

    def backward(self) -> np.ndarray:
        dz = self.p.copy()
        dz[np.arange(len(dz)), self.labels] -= 1.0  # p − y
        return dz / len(dz)


class Network:
    """Affine maps with an activation between them, then softmax cross-entropy: a classifier.

    sizes: units of the input, of each hidden layer, of the output.  initialisation: as in `weights`.
    `gradients` fills dW and db of every affine layer and returns the loss.
    Raises: ValueError or TypeError that names the argument.
    """

    def __init__(self, sizes: Sequence[int], activation: str = "relu", initialisation: str | float = "he",
                 seed: int = 0):
        if len(sizes) < 2:
            raise ValueError(f"sizes: given {sizes}, expected at least an input and an output size")
        rng = np.random.default_rng(seed)
        self.layers: list[Affine | Activation] = []
        for fan_in, fan_out in pairwise(sizes):
            self.layers += [Affine(weights(rng, fan_in, fan_out, initialisation)), Activation(activation)]
        self.layers.pop()  # no activation after the last: its outputs are logits
        self.loss = SoftmaxCrossEntropy()

    @property
    def affine(self) -> list[Affine]:
        return [layer for layer in self.layers if isinstance(layer, Affine)]

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def gradients(self, x: ArrayLike, labels: ArrayLike) -> float:
        """The loss; afterwards `affine[i].dW`, `.db`, and `.dz`, the gradient that reached it."""
        loss = self.loss.forward(self.forward(_finite("x", x, 2)), labels)
        gradient = self.loss.backward()
        for layer in reversed(self.layers):
            if isinstance(layer, Affine):
                layer.dz = gradient
            gradient = layer.backward(gradient)
        return loss


def numerical_gradient(function: Callable[[np.ndarray], float], x: ArrayLike, h: float = 1e-5) -> np.ndarray:
    """∂function/∂x by central differences, (f(x + h) − f(x − h)) / 2h in one coordinate after the other.

    function: of an array like x, returns a number.  Cost: two calls for each entry of x.
    Raises: ValueError when h is not above 0 or x not finite.
    """
    number("h", h, above=0)
    x = _finite("x", x, np.ndim(x)).copy()
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        here = x[i]
        x[i] = here + h
        above = function(x)
        x[i] = here - h
        gradient[i] = (above - function(x)) / (2 * h)
        x[i] = here
    return gradient


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """‖a − b‖ / (‖a‖ + ‖b‖): 0 where both are 0, at most 1. Shapes: the same. Raises: ValueError if not."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"b: given shape {b.shape}, expected a's, {a.shape}")
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / size) if size > 0 else 0.0


def _finite(name: str, array: ArrayLike, dimensions: int) -> np.ndarray:
    array = np.asarray(array, dtype=float)
    if array.ndim != dimensions or array.size == 0:
        raise ValueError(f"{name}: given shape {array.shape}, expected {dimensions} dimensions, none empty")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: it holds numbers that are not finite")
    return array
