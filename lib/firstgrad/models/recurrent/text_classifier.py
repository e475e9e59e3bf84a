"""What is a text about? An embedding, a recurrent layer, and a score for each class from its last state.

Texts have different lengths, a tensor has one: the shorter rows are filled with padding. A layer that reads
the padding as words goes on changing its state after the text has ended (or has changed it before the text
began). Here padding is taken off: each row is moved to the left, the batch is cut at its longest row, and the
state is read at each row's last token. So the result for a text does not depend on how much padding there is,
on which side of it, or in which batch; it is what pack_padded_sequence computes, without sorting or packing.

`mask=False` reads padding as words, as the source's project does, in order to measure what that costs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from firstgrad.arguments import choice, whole
from firstgrad.models.recurrent import lstm
from firstgrad.models.recurrent.cells import GRU, RNN
from firstgrad.text.batches import PADDING, lengths
from firstgrad.text.tokens import check_ids

# Name -> form -> a class of (input_size, hidden_size, num_layers). Ours have torch's weights, and are slower.
LAYERS: dict[str, dict[str, Callable[[int, int, int], nn.Module]]] = {
    "lstm": lstm.FORMS,
    "gru": {"plain": GRU, "torch": partial(nn.GRU, batch_first=True)},
    "rnn": {"plain": RNN, "torch": partial(nn.RNN, batch_first=True)},
}


@dataclass(frozen=True)
class TextClassifierConfig:
    """What a classifier is made of. Raises: ValueError or TypeError that names the field."""

    vocabulary_size: int = 10_000  # ids, those of padding and of the unknown included
    classes: int = 10
    embedding_size: int = 64  # numbers that stand for a token
    hidden_size: int = 128  # units of each recurrent layer
    num_layers: int = 1
    layers: str = "lstm"  # a name of LAYERS
    form: str = "torch"  # of the layers; ours are "plain", the LSTM "fast" too
    mask: bool = True  # take padding off; False: read it like a word

    def __post_init__(self):
        for name in ("vocabulary_size", "classes"):
            whole(name, getattr(self, name), least=2)
        for name in ("embedding_size", "hidden_size", "num_layers"):
            whole(name, getattr(self, name))
        choice("form", self.form, LAYERS[choice("layers", self.layers, LAYERS)])
        choice("mask", self.mask, (True, False))


class TextClassifier(nn.Module):
    """Logits (B, C) of texts, tokens (B, T) int64 with padding (id 0) on either side; softmax is the loss's.

    Raises: TypeError or ValueError when tokens are no ids of the vocabulary, or a row is padding alone; on a
    CPU, for a GPU would wait. A Trainer asks `check_inputs` about all rows before the first step.
    """

    def __init__(self, config: TextClassifierConfig | None = None):
        super().__init__()
        self.config = config = config or TextClassifierConfig()
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        make = LAYERS[config.layers][config.form]
        self.recurrent = make(config.embedding_size, config.hidden_size, config.num_layers)
        self.head = nn.Linear(config.hidden_size, config.classes)

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(parameter.numel() for parameter in self.parameters())

    def check_inputs(self, name: str, tokens: Tensor) -> None:
        """Raise TypeError or ValueError that says what is wrong with tokens (n, T), and in which row."""
        if tokens.ndim != 2 or not tokens.numel():
            raise ValueError(f"{name}: given shape {tuple(tokens.shape)}, expected (B, T)")
        check_ids(name, tokens, self.config.vocabulary_size)
        empty = lengths(tokens) == 0
        if self.config.mask and empty.any():
            row = int(empty.nonzero()[0])
            raise ValueError(f"{name}: given only padding in row {row}, expected at least one token")

    def forward(self, tokens: Tensor) -> Tensor:
        on_cpu = tokens.device.type == "cpu" and not torch.compiler.is_compiling()
        if on_cpu:
            self.check_inputs("tokens", tokens)
        if not self.config.mask:
            return self.head(self.recurrent(self.embedding(tokens))[0][:, -1])  # (B, T, H) -> (B, H)
        tokens, count = packed(tokens)
        if on_cpu:
            tokens = tokens[:, :int(count.max())]  # later steps would be thrown away
        outputs = self.recurrent(self.embedding(tokens))[0]  # (B, T, H)
        return self.head(last(outputs, count))


def packed(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Each row's tokens moved to the left, its padding to the right, and how many tokens it has.

    Shapes: tokens (B, T).  Returns: (B, T) and (B,).
    """
    order = (tokens == PADDING).byte().argsort(dim=1, stable=True)  # tokens keep their order
    return tokens.gather(1, order), lengths(tokens)


def last(outputs: Tensor, count: Tensor) -> Tensor:
    """The state after each row's last token. Shapes: outputs (B, T, H), count (B,).  Returns: (B, H)."""
    return outputs[torch.arange(len(outputs), device=outputs.device), (count - 1).clamp(min=0)]
