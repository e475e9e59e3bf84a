"""The multilayer perceptron: affine maps with a non-linearity between them."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from firstgrad.arguments import choice, whole

# Name -> (the function, the variance factor of its initialisation). A ReLU passes on half of the second
# moment, so the weights make up for it by 2; GELU is like a ReLU; the others pass small signals as they are.
ACTIVATIONS = {
    "relu": (torch.relu, 2.0),
    "gelu": (nn.functional.gelu, 2.0),
    "tanh": (torch.tanh, 1.0),
    "sigmoid": (torch.sigmoid, 1.0),
    "identity": (lambda x: x, 1.0),
}


@dataclass(frozen=True)
class MLPConfig:
    """What an MLP is made of. Raises: ValueError or TypeError that names the field."""

    sizes: tuple[int, ...] = (196, 64, 10)  # units of the input, of each hidden layer, of the output
    activation: str = "relu"  # a name of ACTIVATIONS, used after every layer but the last

    def __post_init__(self):
        object.__setattr__(self, "sizes", tuple(self.sizes))
        if len(self.sizes) < 2:
            raise ValueError(f"sizes: given {self.sizes}, expected at least an input and an output size")
        for size in self.sizes:
            whole("sizes", size)
        choice("activation", self.activation, ACTIVATIONS)


class MLP(nn.Module):
    """h ← activation(W h + b) for every layer but the last, which stays affine (logits, or values).

    Shapes: x (B, sizes[0]), or (B, …) that flattens to it.  Returns: (B, sizes[-1]).
    Initialisation: biases 0, weights normal with variance 2 / fan-in (ReLU, GELU) or 1 / fan-in (the others).
    Raises: ValueError when x has another width.
    Source: He et al. 2015, eq. 10 and §2.2, arXiv:1502.01852.
    """

    def __init__(self, config: MLPConfig | None = None):
        super().__init__()
        self.config = config = config or MLPConfig()
        layers = [nn.Linear(*widths) for widths in pairwise(config.sizes)]
        self.layers = nn.ModuleList(layers)
        self.activation, factor = ACTIVATIONS[config.activation]
        for layer in layers:
            nn.init.normal_(layer.weight, std=(factor / layer.in_features) ** 0.5)
            nn.init.zeros_(layer.bias)

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)  # (B, …) -> (B, sizes[0])
        if x.shape[1] != self.config.sizes[0]:
            raise ValueError(f"x: given width {x.shape[1]}, expected {self.config.sizes[0]} (sizes[0])")
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))  # (B, sizes[i]) -> (B, sizes[i + 1])
        return last(x)
