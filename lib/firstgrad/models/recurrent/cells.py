"""Recurrent networks without a cell: the plain one, the gated one; and how far back a gradient reaches.

The plain network has one line. What it knows of the past is h, and every step multiplies h by U anew:

    h_t = tanh(W x_t + b + U h_{t−1} + b')

The gated recurrent unit keeps a share z of each number of h, and may leave h out when it makes what is new
(σ the logistic function, ∘ the product of elements; the rows of W, U, b, b' are those of r, z, n):

    r = σ(W_r x_t + b_r + U_r h_{t−1} + b'_r)        reset gate
    z = σ(W_z x_t + b_z + U_z h_{t−1} + b'_z)        update gate: the share that is kept
    n = tanh(W_n x_t + b_n + r ∘ (U_n h_{t−1} + b'_n))
    h_t = (1 − z) ∘ n + z ∘ h_{t−1}

These are nn.GRU's equations, and those of the first version of Cho et al. 2014: the reset gate comes after
the product. In its last version (v3) it comes before, U_n (r ∘ h_{t−1}), and then U_n h can no longer be
computed with U_r h and U_z h as one product. Both are called GRU; weights of one do not fit the other (Keras
has both, as reset_after). It is why b' stands inside the bracket, so that b and b' are two.

`rnn` and `gru` are these lines, differentiated by autograd. The classes have torch's weights under torch's
names: a state dict of nn.RNN loads into RNN, one of nn.GRU into GRU, and the other way round.

Source: Elman 1990, doi:10.1207/s15516709cog1402_1; Cho et al. 2014, arXiv:1406.1078v1.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from firstgrad.arguments import whole
from firstgrad.models.recurrent.lstm import check_sequence


def rnn(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, b_too: Tensor) -> Tensor:
    """A plain layer over a whole sequence. `W x` is one matrix product for all steps: only `U h` has to wait.

    Shapes: x (T, B, I); h (B, H), the state before; W (H, I); U (H, H); b, b_too (H,).
    Returns: h_1…h_T (T, B, H).
    """
    outputs = []
    for z in F.linear(x, W, b + b_too).unbind(0):  # (T, B, I) -> T times (B, H)
        h = torch.addmm(z, h, U.t()).tanh()
        outputs.append(h)
    return torch.stack(outputs)


def gru(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, b_too: Tensor) -> Tensor:
    """A gated layer over a whole sequence.

    Shapes: x (T, B, I); h (B, H), the state before; W (3H, I); U (3H, H); b, b_too (3H,).
    Returns: h_1…h_T (T, B, H).
    """
    outputs = []
    for a in F.linear(x, W, b).unbind(0):  # (T, B, I) -> T times (B, 3H)
        (a_r, a_z, a_n), (u_r, u_z, u_n) = (part.chunk(3, dim=1) for part in (a, F.linear(h, U, b_too)))
        r, z = (a_r + u_r).sigmoid(), (a_z + u_z).sigmoid()
        n = (a_n + r * u_n).tanh()
        h = n + z * (h - n)  # (1 − z) n + z h
        outputs.append(h)
    return torch.stack(outputs)


class _Recurrent(nn.Module):
    """Layers of one kind of cell; what is said of RNN and GRU holds."""

    run: Callable  # over a sequence: (x, h, W, U, b, b_too) -> outputs
    parts: int  # row blocks of the weights
    weight_ih_l0: nn.Parameter  # and so on: see `__init__`

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1):
        super().__init__()
        self.input_size, self.hidden_size = whole("input_size", input_size), whole("hidden_size", hidden_size)
        self.num_layers = whole("num_layers", num_layers)
        rows, bound = self.parts * hidden_size, hidden_size**-0.5
        for layer in range(num_layers):
            width = hidden_size if layer else input_size
            shapes = {"weight_ih": (rows, width), "weight_hh": (rows, hidden_size), "bias_ih": (rows,),
                      "bias_hh": (rows,)}
            for name, shape in shapes.items():
                weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
                self.register_parameter(f"{name}_l{layer}", weight)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        dtype = self.weight_ih_l0.dtype
        check_sequence("x", x, dtype, ("B", "T", self.input_size))
        shape = (self.num_layers, len(x), self.hidden_size)
        h = x.new_zeros(shape) if state is None else state
        check_sequence("state", h, dtype, shape)
        x, last = x.transpose(0, 1), []  # (B, T, I) -> (T, B, I), so that x[t] is contiguous
        for layer in range(self.num_layers):
            weights = (getattr(self, f"{name}_l{layer}")
                       for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            x = self.run(x, h[layer], *weights)
            last.append(x[-1])
        return x.transpose(0, 1), torch.stack(last)  # (T, B, H) -> (B, T, H)


class RNN(_Recurrent):
    """One or more plain layers, like nn.RNN(input_size, hidden_size, num_layers, batch_first=True).

    Shapes: x (B, T, input_size); state (num_layers, B, hidden_size), zeros if not given.
    Returns: the last layer's h_1…h_T (B, T, hidden_size), and the state after step T.
    Initialisation: as in torch, uniform in ±1/√hidden_size.
    Raises: TypeError or ValueError that names the argument.
    """

    run, parts = staticmethod(rnn), 1


class GRU(_Recurrent):
    """One or more gated layers, like nn.GRU(input_size, hidden_size, num_layers, batch_first=True).

    Shapes: x (B, T, input_size); state (num_layers, B, hidden_size), zeros if not given.
    Returns: the last layer's h_1…h_T (B, T, hidden_size), and the state after step T.
    Initialisation: as in torch, uniform in ±1/√hidden_size.
    Raises: TypeError or ValueError that names the argument.
    """

    run, parts = staticmethod(gru), 3


def gradient_reach(layer: nn.Module, x: Tensor, of: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """How much the end still feels of what was read d steps before: ‖∂h_T/∂x_{T−d}‖ for d = 0…T−1.

    layer: any recurrent layer, batch first: RNN, GRU, LSTM, ours or torch's.
    of: a scalar function of h_T (B, H), such as a loss; None: all of h_T, and the norm is the Jacobian's
        (Frobenius: the root of the sum of the squares of all H·I slopes).
    Shapes: x (B, T, I).  Returns: (T,) float64, the mean over the B sequences; [0] is the last step itself.
    Cost: H backward passes over the sequence, one where `of` is given.
    Raises: TypeError or ValueError for an x that is no sequence of floats, or that `layer` does not take.
    """
    if not torch.is_tensor(x) or not x.is_floating_point():
        raise TypeError(f"x: given {getattr(x, 'dtype', type(x).__name__)}, expected a tensor of floats")
    if x.ndim != 3 or not x.numel():
        raise ValueError(f"x: given shape {tuple(x.shape)}, expected (B, T, I)")
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        last = layer(x)[0][:, -1]  # (B, T, H) -> (B, H)
        ends = last.sum(0).unbind() if of is None else [of(last)]  # scalars; sequences do not see each other
    squares = torch.zeros(x.shape[:2], dtype=torch.float64)  # (B, T); float32 would lose what is below 1e-19
    for end in ends:
        (slope,) = torch.autograd.grad(end, x, retain_graph=True)
        squares += slope.cpu().double().square().sum(2)  # (B, T, I) -> (B, T)
    return squares.sqrt().mean(0).flip(0)
