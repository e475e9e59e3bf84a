"""The explorable *model sizer*: from a Transformer's measures to memory, time and money (chapter 01)."""

from firstgrad.widgets.base import Choice, Explorable, Number


class ModelSizer(Explorable):
    """Parameters of a Transformer, and what its training takes, by the formulas of `firstgrad.book.sizes`.

    Where `heads` do not divide the width, the next smaller number that does is used.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    family = Choice(("gpt", "bert", "llama"), "gpt").tag(sync=True)
    layers = Number(96, 1, 160, whole=True).tag(sync=True)
    width = Number(12288, 64, 32768, whole=True).tag(sync=True)
    heads = Number(96, 1, 128, whole=True).tag(sync=True)
    vocabulary = Number(50257, 2, 1e7, whole=True).tag(sync=True)  # different tokens
    context = Number(2048, 1, 1e7, whole=True).tag(sync=True)  # tokens
    ratio = Number(4, 0.1, 16).tag(sync=True)  # feed-forward units, in widths
    tokens = Number(3e11, 1e6, 1e14).tag(sync=True)  # of the training
    batch = Number(1, 1, 4096, whole=True).tag(sync=True)  # sequences
    precision = Choice(("mixed", "fp32"), "mixed").tag(sync=True)
    recompute = Choice(("none", "selective", "full"), "none").tag(sync=True)
    gpu = Choice(("H100", "H200", "A100", "V100"), "H100").tag(sync=True)
    gpus = Number(1024, 1, 1e7, whole=True).tag(sync=True)
    utilisation = Number(0.4, 0.001, 1).tag(sync=True)  # share of the peak
    price = Number(2, 0, 1e6).tag(sync=True)  # of a processor for an hour, in the reader's currency
