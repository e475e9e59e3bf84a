"""Long short-term memory: a recurrent layer whose state is added to, and so carries gradients far.

One step, σ the logistic function and ∘ the product of elements:

    z_t = W x_t + U h_{t−1} + b           (4H): the inputs of the gates i, f, g, o, one below the other
    i, f, o = σ(z_i), σ(z_f), σ(z_o)      input gate, forget gate, output gate
    g = tanh(z_g)                         what is new
    c_t = f ∘ c_{t−1} + i ∘ g             the cell: what is kept
    h_t = o ∘ tanh(c_t)                   the output

`plain` is these lines, differentiated by autograd. `Bptt` is faster, its gradient derived by hand. torch's
own nn.LSTM is the third, and on a GPU the fastest by far. All have the same weights under the same names, so
that a state dict of one loads into the others: W is weight_ih, U is weight_hh, b is bias_ih + bias_hh.
torch.compile unrolls the loop of the first two, which takes minutes; it takes nn.LSTM as it is.

Source: Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; the forget gate: Gers, Schmidhuber &
Cummins 2000, doi:10.1162/089976600300015015.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from firstgrad.arguments import choice, whole
from firstgrad.text.sampling import chances
from firstgrad.text.tokens import as_ids, check_ids

State = tuple[Tensor, Tensor]  # h, c

def plain(x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """A layer over a whole sequence. `x W` is one matrix product for all steps: only `U h` has to wait.

    Shapes: x (T, B, I); h, c (B, H), the state before; W (4H, I); U (4H, H); b (4H,).
    Returns: h_1…h_T (T, B, H) and c_T (B, H).
    """
    outputs = []
    for z in F.linear(x, W, b).unbind(0):  # (T, B, I) -> T times (B, 4H)
        i, f, g, o = torch.addmm(z, h, U.t()).chunk(4, dim=1)  # (B, 4H) -> 4 times (B, H)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return torch.stack(outputs), c


class Bptt(torch.autograd.Function):
    """`plain`, with the gradient derived by hand: backpropagation through time.

    Write δv for ∂L/∂v. The state h_t reaches the loss as an output and through z_{t+1}; c_t through h_t and
    through c_{t+1}. So, from the last step to the first,

        δh_t = δoutput_t + Uᵀ δz_{t+1}
        δc_t = δh_t ∘ o ∘ (1 − tanh² c_t) + δc_{t+1} ∘ f_{t+1}

    and with σ' = σ (1 − σ) and tanh' = 1 − tanh², inside step t,

        δz_i = δc_t ∘ g ∘ i (1 − i)               δz_f = δc_t ∘ c_{t−1} ∘ f (1 − f)
        δz_g = δc_t ∘ i ∘ (1 − g²)                δz_o = δh_t ∘ tanh c_t ∘ o (1 − o)

    What δc_t and δh_t are multiplied by is known before, and computed for all steps at once. When all δz
    are there, each of the others is one matrix product:

        δW = Σ δz_t x_tᵀ      δU = Σ δz_t h_{t−1}ᵀ      δb = Σ δz_t      δx_t = Wᵀ δz_t

    Memory: 7 T·B·H numbers are kept for the backward pass.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor,
                b: Tensor) -> tuple[Tensor, Tensor]:
        gates = F.linear(x, W, b)  # (T, B, I) -> (T, B, 4H): Wx + b, then z, then i, f, g, o in their place
        outputs, cells, tanh_c = (x.new_empty(len(x), *h.shape) for _ in range(3))  # (T, B, H)
        ctx.save_for_backward(x, h, c, W, U, gates, outputs, cells, tanh_c)
        H = h.shape[1]
        # Taken apart once: to index a tensor costs as much as to multiply one of this size.
        parts = (gates, gates[..., :2 * H], *gates.split(H, dim=2), outputs, cells, tanh_c)
        for z, i_f, i, f, g, o, h_next, c_next, tanh in zip(*(part.unbind(0) for part in parts), strict=True):
            z.addmm_(h, U.t())
            i_f.sigmoid_(), g.tanh_(), o.sigmoid_()
            torch.mul(f, c, out=c_next).addcmul_(i, g)
            torch.mul(o, torch.tanh(c_next, out=tanh), out=h_next)
            h, c = h_next, c_next
        return outputs, c

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor, d_c: Tensor) -> tuple[Tensor | None, ...]:
        x, h, c, W, U, gates, outputs, cells, tanh_c = ctx.saved_tensors
        h_before, c_before = torch.cat([h[None], outputs[:-1]]), torch.cat([c[None], cells[:-1]])
        i, f, g, o = gates.chunk(4, dim=2)
        factors = [g * i * (1 - i), c_before * f * (1 - f), i * (1 - g * g), tanh_c * o * (1 - o)]
        dz = torch.cat(factors, dim=2)  # (T, B, 4H); δc_t and δh_t come to it in the loop
        dh = torch.cat([torch.zeros_like(h[None]), d_outputs])  # (T + 1, B, H); and Uᵀ δz to this
        dc, H, dc_dh = d_c.clone(), d_c.shape[1], o * (1 - tanh_c * tanh_c)
        dz_ifg = dz.unflatten(2, (4, H))[:, :, :3]  # (T, B, 4H) -> (T, B, 3, H)
        parts = (dz, dz_ifg, dz[..., 3 * H:], dc_dh, f, dh[1:], dh[:-1])
        steps = zip(*(part.unbind(0) for part in parts), strict=True)
        for z, z_ifg, z_o, slope, f, dh_here, dh_before in reversed(list(steps)):
            dc.addcmul_(dh_here, slope)
            z_ifg.mul_(dc.unsqueeze(1))
            z_o.mul_(dh_here)
            dc.mul_(f)
            dh_before.addmm_(z, U)
        dx = dz @ W if ctx.needs_input_grad[0] else None
        dz, x, h_before = dz.flatten(0, 1), x.flatten(0, 1), h_before.flatten(0, 1)  # (T, B, …) -> (T·B, …)
        return dx, dh[0], dc, dz.t() @ x, dz.t() @ h_before, dz.sum(0)


class LSTM(nn.Module):
    """One or more LSTM layers, like nn.LSTM(input_size, hidden_size, num_layers, batch_first=True).

    Shapes: x (B, T, input_size); state, the pair h, c, each (num_layers, B, hidden_size), zeros if not given.
    Returns: the last layer's h_1…h_T (B, T, hidden_size), and the state after step T.
    form: "fast", the gradient by hand (`Bptt`); "plain", by autograd, which can be differentiated twice.
    Initialisation: as in torch, uniform in ±1/√hidden_size.
    Under autocast the layer computes in its weights' type: the cell is a sum over all steps.
    Raises: TypeError or ValueError that names the argument.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, *, form: str = "fast"):
        super().__init__()
        self.input_size, self.hidden_size = whole("input_size", input_size), whole("hidden_size", hidden_size)
        self.num_layers, self.form = whole("num_layers", num_layers), choice("form", form, ("plain", "fast"))
        rows, bound = 4 * hidden_size, hidden_size**-0.5
        for layer in range(num_layers):
            width = hidden_size if layer else input_size
            shapes = {"weight_ih": (rows, width), "weight_hh": (rows, hidden_size), "bias_ih": (rows,),
                      "bias_hh": (rows,)}
            for name, shape in shapes.items():
                weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
                self.register_parameter(f"{name}_l{layer}", weight)

    weight_ih_l0: nn.Parameter  # and so on: see `__init__`

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        device, dtype = x.device.type, self.weight_ih_l0.dtype
        if torch.is_autocast_enabled(device):
            x = x.to(dtype)
        check_sequence("x", x, dtype, ("B", "T", self.input_size))
        shape = (self.num_layers, len(x), self.hidden_size)
        h, c = state if state is not None else 2 * [x.new_zeros(shape)]
        check_sequence("state[0]", h, dtype, shape)
        check_sequence("state[1]", c, dtype, shape)
        with torch.autocast(device, enabled=False):
            return self._layers(x.transpose(0, 1), h, c)  # (B, T, I) -> (T, B, I), so that x[t] is contiguous

    def _layers(self, x, h, c):
        run = Bptt.apply if self.form == "fast" else plain
        last_h, last_c = [], []
        for layer in range(self.num_layers):
            W, U, b, b_too = (getattr(self, f"{name}_l{layer}")
                              for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            x, c_end = run(x, h[layer], c[layer], W, U, b + b_too)  # torch has two biases, for cuDNN's sake
            last_h.append(x[-1])
            last_c.append(c_end)
        return x.transpose(0, 1), (torch.stack(last_h), torch.stack(last_c))  # (T, B, H) -> (B, T, H)


def check_sequence(name: str, tensor: Tensor, dtype: torch.dtype, shape: tuple[int | str, ...]) -> None:
    """Raise unless `tensor` has this type and shape; a letter in `shape` stands for any size but 0."""
    if tensor.dtype != dtype:
        raise TypeError(f"{name}: given {tensor.dtype}, expected {dtype} like the weights")
    fits = tensor.ndim == len(shape) and all(
        given > 0 if isinstance(size, str) else given == size
        for given, size in zip(tensor.shape, shape, strict=True))
    if not fits:
        expected = ", ".join(map(str, shape))
        raise ValueError(f"{name}: given shape {tuple(tensor.shape)}, expected ({expected})")


# Form -> a class of (input_size, hidden_size, num_layers); any of them loads the weights of the others.
FORMS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "fast": LSTM,
    "plain": partial(LSTM, form="plain"),
    "torch": partial(nn.LSTM, batch_first=True),  # cuDNN on a GPU
}


@dataclass(frozen=True)
class LSTMConfig:
    """What a language model is made of. Raises: ValueError or TypeError that names the field."""

    vocabulary_size: int = 80  # tokens
    embedding_size: int = 64  # numbers that stand for a token
    hidden_size: int = 128  # units of each LSTM layer
    num_layers: int = 1
    form: str = "fast"  # of the layers: one of FORMS

    def __post_init__(self):
        for name in ("vocabulary_size", "embedding_size", "hidden_size", "num_layers"):
            whole(name, getattr(self, name))
        choice("form", self.form, FORMS)


class LSTMLanguageModel(nn.Module):
    """Which token comes next? An embedding, LSTM layers, an affine map to a score for each token.

    Shapes: tokens (B, T) int64.  Returns: logits (B, V, T), the classes second as F.cross_entropy takes them,
    for the targets (B, T): at each place the token that follows.
    Raises: TypeError or ValueError when tokens are no ids of the vocabulary; on a CPU, for a GPU would wait.
    A Trainer asks `check_inputs` about all rows before the first step.
    """

    def __init__(self, config: LSTMConfig | None = None):
        super().__init__()
        self.config = config = config or LSTMConfig()
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        self.lstm = FORMS[config.form](config.embedding_size, config.hidden_size, config.num_layers)
        self.head = nn.Linear(config.hidden_size, config.vocabulary_size)

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(parameter.numel() for parameter in self.parameters())

    def check_inputs(self, name: str, tokens: Tensor) -> None:
        """Raise TypeError or ValueError that says what is wrong with tokens (B, T)."""
        if tokens.ndim != 2 or not tokens.numel():
            raise ValueError(f"{name}: given shape {tuple(tokens.shape)}, expected (B, T)")
        check_ids(name, tokens, self.config.vocabulary_size)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.read(tokens)[0].transpose(1, 2)  # (B, T, V) -> (B, V, T)

    def read(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read on from `state` (None: from the beginning). Returns: logits (B, T, V) and the state after."""
        if tokens.device.type == "cpu" and not torch.compiler.is_compiling():
            self.check_inputs("tokens", tokens)
        x, state = self.lstm(self.embedding(tokens), state)
        return self.head(x), state

    @torch.no_grad()
    def generate(self, tokens: Tensor | Sequence[int], count: int, *, temperature: float = 1.0,
                 top_k: int | None = None, top_p: float | None = None,
                 generator: torch.Generator | None = None) -> Tensor | list[int]:
        """Write on after `tokens` (T,) or (B, T), T ≥ 1: `count` ids, each drawn from `text.chances`.

        temperature: near 0 the likeliest token always, 1 as learnt, large at random.
        Returns: a list of `count` ids; for a batch, int64 (B, count).
        Raises: TypeError, ValueError that name the argument.
        Differs from `text.sample` in the draw: one for all rows of a batch, by torch.multinomial.
        """
        tokens = as_ids("tokens", tokens)
        rows = tokens[None] if tokens.ndim == 1 else tokens  # (T,) -> (1, T)
        self.check_inputs("tokens", rows)
        whole("count", count)
        logits, state = self.read(rows.to(self.head.weight.device))
        written = []
        for _ in range(count):
            p = chances(logits[:, -1].float(), temperature=temperature, top_k=top_k, top_p=top_p)  # (B, V)
            written.append(torch.multinomial(p, 1, generator=generator))  # (B, 1)
            logits, state = self.read(written[-1], state)
        ids = torch.cat(written, dim=1)
        return ids if tokens.ndim == 2 else ids[0].tolist()
