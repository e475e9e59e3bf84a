"""Token ids as tensors to train on: windows of one text, texts as rows of one length, batches by length."""

from collections.abc import Iterator, Sequence

import torch

from firstgrad.arguments import choice, whole

PADDING, UNKNOWN = 0, 1  # ids that a Tokenizer keeps free
_SIDES = ("pre", "post")


def windows(ids: torch.Tensor, length: int, stride: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut a text into windows: what is read, and, at each place, the token that comes next.

    Shapes: ids (N,) int64.  Returns: x (n, length) and y (n, length), y one token further; views, not copies.
    stride: tokens from the start of one window to the next; None: `length`, so that each token is read once.
    The tokens after the last whole window are left out.
    Raises: TypeError or ValueError for arguments that make no window.
    """
    whole("length", length)
    stride = length if stride is None else whole("stride", stride)
    if not torch.is_tensor(ids) or ids.dtype != torch.int64:
        raise TypeError(f"ids: given {getattr(ids, 'dtype', type(ids).__name__)}, expected an int64 tensor")
    if ids.ndim != 1 or len(ids) <= length:
        raise ValueError(f"ids: given shape {tuple(ids.shape)}, expected (N,) with N at least {length + 1}, "
                         "one more than length")
    both = ids.unfold(0, length + 1, stride)  # (N,) -> (n, length + 1)
    return both[:, :-1], both[:, 1:]


def pad(sequences: Sequence, length: int, *, padding: str = "post", truncation: str = "post") -> torch.Tensor:
    """Sequences of ids, each int64 (n,) with an n of its own, as rows of one tensor (N, length).

    padding, truncation: the side that is filled with PADDING, and the side that is cut: "pre" or "post".
    Raises: TypeError or ValueError that names the argument.
    """
    whole("length", length)
    choice("padding", padding, _SIDES)
    choice("truncation", truncation, _SIDES)
    rows = torch.full((len(sequences), length), PADDING, dtype=torch.int64)
    for number, ids in enumerate(sequences):
        ids = torch.as_tensor(ids, dtype=None if len(ids) else torch.int64)
        if ids.dtype != torch.int64 or ids.ndim != 1:
            raise TypeError(f"sequences[{number}]: given {ids.dtype} of shape {tuple(ids.shape)}, expected "
                            "torch.int64 of shape (n,)")
        ids = ids[:length] if truncation == "post" else ids[-length:]
        rows[number, slice(0, len(ids)) if padding == "post" else slice(length - len(ids), None)] = ids
    return rows


def lengths(tokens: torch.Tensor) -> torch.Tensor:
    """How many of each row's tokens are not padding: int64 (n,).  tokens: int64 (n, T)."""
    return (tokens != PADDING).sum(1)


class ByLength(torch.utils.data.Sampler):
    """Batches of texts of about the same length, in random order: little padding is computed for nothing.

    DataLoader(TensorDataset(tokens, labels), batch_sampler=ByLength(lengths(tokens), 32, seed)) draws them.
    count: how long each row is, int64 (n,).
    blocks: batches among whose rows lengths are compared. Many give batches that are all alike in length and
        in what goes with it, which trains worse.
    """

    def __init__(self, count: torch.Tensor, batch_size: int, seed: int = 0, *, blocks: int = 8):
        self.count, self.batch_size = count, whole("batch_size", batch_size)
        self.generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
        self.rows = batch_size * whole("blocks", blocks)

    def __len__(self) -> int:
        return -(-len(self.count) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        batches = []
        for block in torch.randperm(len(self.count), generator=self.generator).split(self.rows):
            batches += block[self.count[block].argsort(stable=True)].split(self.batch_size)
        for number in torch.randperm(len(batches), generator=self.generator).tolist():
            yield batches[number].tolist()
