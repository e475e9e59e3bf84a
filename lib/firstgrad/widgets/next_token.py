"""The explorable *next_token*: what comes next, and what temperature, top-k, top-p leave (chapter 10)."""

import traitlets

from firstgrad.widgets.base import Choice, Number, WithModels

SOURCES = ("text", "moby_dick", "neural", "tang")
SMOOTHINGS = ("modified", "add-k", "likelihood")


class NextToken(WithModels):
    """A language model of characters: its next character as bars, the bits of what is typed, a text drawn.

    source: counts in the reader's own text, in *Moby-Dick* or in Tang quatrains; or a neural 8-gram.
    text: to count in.  prompt: what is typed.  Both are None for the page's own.
    top_k: 100 keeps all.  made: what was drawn so far.  found: the parts of the goal, "one" and "many".
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    models = ("moby_dick_text", "neural_ngram", "tang_quatrains")

    source = Choice(SOURCES, "text").tag(sync=True)
    text = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    prompt = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    made = traitlets.Unicode("").tag(sync=True)
    order = Number(4, 1, 7, whole=True).tag(sync=True)  # n, of the models that count
    smoothing = Choice(SMOOTHINGS, "modified").tag(sync=True)
    temperature = Number(1.0, 0.01, 1000).tag(sync=True)  # T
    top_k = Number(100, 1, 100, whole=True).tag(sync=True)  # k
    top_p = Number(1.0, 0.01, 1).tag(sync=True)  # p
    seed = Number(0, 0, whole=True).tag(sync=True)  # of what is drawn
    found = traitlets.List(traitlets.Enum(("one", "many"))).tag(sync=True, output=True)
