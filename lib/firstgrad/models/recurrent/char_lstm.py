"""A character language model in a file small enough for a page: `load` the book's, or `save` one's own.

`recipes/language/char_lstm.py` trained the book's on *Moby-Dick*. Each row of a weight matrix is stored as
whole numbers from −127 to 127 and one scale: a quarter of the bytes, for a hundredth of a bit a character or
less (the recording says how much). A file has

    embedding.weight   int8 (V, E)     and .scale, float32 (V,): a row is its numbers times its scale
    lstm.weight_ih_l0  int8 (4H, E)    gates i, f, g, o, one below the other; and .scale (4H,)
    lstm.weight_hh_l0  int8 (4H, H)    and .scale (4H,)
    lstm.bias_l0       float32 (4H,)   both of torch's biases added up
    head.weight        int8 (V, H)     and .scale (V,)
    head.bias          float32 (V,)

and in its metadata `characters`: all V of them as one string, in the order of their ids.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.nn import functional as F

from firstgrad import data
from firstgrad.models.recurrent.lstm import LSTMConfig, LSTMLanguageModel
from firstgrad.text.vocabulary import Vocabulary

FILE = "models/char_lstm.safetensors"
MATRICES = ("embedding.weight", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "head.weight")
BIASES = {"lstm.bias_l0": ("lstm.bias_ih_l0", "lstm.bias_hh_l0"), "head.bias": ("head.bias",)}
STATES = ("i", "f", "g", "o", "c", "h")  # what `trace` gives: the four gates, the cell, the output


def quantise(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each row as whole numbers from −127 to 127 and a scale, the nearest there is.

    Shapes: matrix (rows, columns).  Returns: int8 (rows, columns) and float32 (rows,).
    """
    scale = matrix.abs().amax(1).clamp(min=1e-12) / 127
    return (matrix / scale[:, None]).round().to(torch.int8), scale.float()


def save(path: str | Path, model: LSTMLanguageModel, characters: str, **metadata: str) -> Path:
    """Write the model of one layer, and the characters that its ids stand for.

    metadata: further strings, kept in the file.
    Raises: ValueError when there are not as many characters as the model has, or more layers than one.
    """
    size = model.config.vocabulary_size
    if len(characters) != size or len(set(characters)) != size:
        raise ValueError(f"characters: given {len(set(characters))} different ones in {len(characters)}, "
                         f"expected {size}, each once")
    if model.config.num_layers != 1:
        raise ValueError(f"model: given {model.config.num_layers} layers, expected 1")
    weights, tensors = model.state_dict(), {}
    for name in MATRICES:
        tensors[name], tensors[f"{name}.scale"] = quantise(weights[name].detach().cpu())
    for name, parts in BIASES.items():
        tensors[name] = sum(weights[part].detach().cpu().float() for part in parts)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"characters": characters, **metadata})
    return path


def load(path: str | Path | None = None) -> tuple[LSTMLanguageModel, Vocabulary, dict[str, str]]:
    """The model of a file that `save` wrote (None: the book's), its vocabulary, and the file's metadata.

    Returns: LSTMLanguageModel in float32 and evaluation mode; Vocabulary; dict of strings.
    Raises: FileNotFoundError; ValueError that names the file and what is wrong with it.
    """
    path = data.path(FILE) if path is None else Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no model at {path}")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except SafetensorError as error:
        raise ValueError(f"{path.name} is no whole safetensors file: {error}") from None
    missing = [name for name in (*MATRICES, *(f"{name}.scale" for name in MATRICES), *BIASES)
               if name not in tensors] + (["characters"] if "characters" not in metadata else [])
    if missing:
        raise ValueError(f"{path.name} is no character model: it lacks {', '.join(missing)}")
    return _model(path.name, tensors, metadata["characters"]), _vocabulary(metadata["characters"]), metadata


def _model(name, tensors, characters):
    """The model whose rows these are. Raises: ValueError when their shapes do not fit together."""
    weights = {}
    for matrix in MATRICES:
        weights[matrix] = tensors[matrix].float() * tensors[f"{matrix}.scale"][:, None]
    for bias, parts in BIASES.items():
        weights[parts[0]] = tensors[bias].float()
        weights |= {part: torch.zeros_like(weights[parts[0]]) for part in parts[1:]}
    (size, embedding), hidden = weights["embedding.weight"].shape, weights["head.weight"].shape[1]
    if len(characters) != size:
        raise ValueError(f"{name}: {len(characters)} characters for {size} rows of embedding.weight")
    model = LSTMLanguageModel(LSTMConfig(size, embedding, hidden))
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{name}: the shapes do not fit together: {error}") from None
    return model.eval()


def _vocabulary(characters):
    """A vocabulary with these tokens in this order."""
    return Vocabulary({character: len(characters) - id for id, character in enumerate(characters)})


@torch.no_grad()
def trace(model: LSTMLanguageModel, ids: torch.Tensor) -> dict[str, torch.Tensor]:
    """Everything inside a model of one layer while it reads: the gates, the cell, the output, the chances.

    Shapes: ids (T,) or (B, T) int64.
    Returns: a dictionary: i, f, g, o, c, h (…, T, H), as the head of lstm.py names them; logits (…, T, V);
    bits (…, T): log₂ 1/chance of each character before it was read; NaN for the first, which none guessed.
    """
    batched = ids if ids.ndim == 2 else ids[None]
    lstm = model.lstm
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    W, U, b, b_too = (lstm.get_parameter(f"{name}_l0") for name in names)
    h = c = torch.zeros(len(batched), model.config.hidden_size, dtype=W.dtype)
    steps = []
    for z in F.linear(model.embedding(batched.T), W, b + b_too):  # (T, B, 4H) -> T times (B, 4H)
        i, f, g, o = torch.addmm(z, h, U.t()).chunk(4, dim=1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        steps.append(torch.stack([i, f, g, o, c, h]))  # (6, B, H)
    found = torch.stack(steps, dim=2)  # (6, B, T, H)
    logits = model.head(found[-1])
    chances = logits.log_softmax(-1)[:, :-1].gather(-1, batched[:, 1:, None])[..., 0]
    bits = torch.cat([torch.full((len(batched), 1), torch.nan, dtype=W.dtype), -chances / torch.log(
        torch.tensor(2.0, dtype=W.dtype))], dim=1)
    result = dict(zip(STATES, found, strict=True)) | {"logits": logits, "bits": bits}
    return result if ids.ndim == 2 else {name: value[0] for name, value in result.items()}


def units(metadata: dict) -> list[dict]:
    """What the recipe found single units to follow: unit, follows, correlation. Raises: ValueError."""
    try:
        return json.loads(metadata["units"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"metadata: expected units as JSON, given {error}") from None
