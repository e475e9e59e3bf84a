"""The exercises of chapter 01, What a large model is."""

import math

from firstgrad.book.answers import Function, Value, Verdict, is_real, plain, short
from firstgrad.book.sizes import Shape, memory, parameters
from firstgrad.book.words import say
from firstgrad.data.timeline import models

_CHINCHILLA = 20  # tokens a parameter
_KNOWN = [row for row in models() if row["unit"] == "tokens" and row["parameters"]]


def _best_size(flops):
    count = math.sqrt(flops / (6 * _CHINCHILLA))
    return count, _CHINCHILLA * count


def _above():
    return sum(row["data"] / row["parameters"] > _CHINCHILLA for row in _KNOWN)


def _one_gpu(answer) -> Verdict:
    """A shape of a GPT, 2,048 tokens at a time, all activations computed again: does it fit, is it large?"""
    given = plain(answer)
    if not isinstance(given, list) or len(given) != 3:
        text = "Expected three numbers (layers, width, heads), got {given}."
        return Verdict(False, say(text, given=short(given)))
    wrong = [n for n in given if not is_real(n) or not 1 <= n <= 1e6 or n != int(n)]
    if wrong:
        text = "Layers, width and heads are whole numbers from 1 to a million; got {given}."
        return Verdict(False, say(text, given=short(wrong[0])))
    layers, width, heads = map(int, given)
    if width % heads:
        text = "The {heads} heads share the width out: {width} cannot be divided by {heads}."
        return Verdict(False, say(text, heads=heads, width=width))
    shape = Shape(layers, width, heads, 50257, 2048)
    count, total = sum(parameters(shape).values()), sum(memory(shape, recompute="full").values())
    text = "{count} billion parameters take {total} GB. " \
           "At 16 bytes a parameter there is no room for many more."
    if total > 80e9:
        text = "{count} billion parameters take {total} GB: more than 80. Fewer layers, or a smaller width?"
    elif count < 4.5e9:
        text = "{count} billion parameters take {total} GB: it fits, but it is smaller than 4.5 billion."
    said = say(text, count=f"{count / 1e9:.3g}", total=f"{total / 1e9:.3g}")
    return Verdict(count >= 4.5e9 and total <= 80e9, said)


EXERCISES = {
    "01.1": Value(
        60_200,
        explain="300 · 200 weights, and one bias for each of the 200 outputs.",
        hint="How many weights has one output? How many outputs are there?",
        mistakes={60_000: "Those are the weights. Each output has a bias, too.",
                  60_300: "A bias belongs to an output, not to an input.",
                  500: "Every input is connected to every output."},
    ),
    "01.2": Value(
        [4, 2, 1],
        explain="The matrices are h by h or h by 4h; twice the layers are twice the blocks; "
                "heads only share the width out.",
        hint="Look at 12·L·h². Which of the three is squared, and which is not there?",
    ),
    "01.3": Value(
        8 / 3,
        explain="4h² + 3hf = 12h² gives f = 8h/3; LLaMA rounds up to a multiple of 256.",
        hint="Set 4h² + 3hf equal to 12h² and solve for f/h.",
        mistakes={4: "With f = 4h the gated block has 4 + 12 = 16 h².",
                  2: "Three matrices of h·f, and the attention still has 4h².",
                  1.5: "The other way round: f by h."},
    ),
    "01.4": Value(
        [14, 2],
        explain="70 · 16 = 1120 GB against 70 · 2 = 140 GB.",
        hint="Bytes a parameter, times parameters, divided by 80 · 10⁹, rounded up.",
    ),
    "01.5": Value(
        3.55e23 / (6 * 137e9),
        relative=0.02,
        explain="0.43 trillion tokens; the data set has 1.56 trillion words, so it was not read to the end.",
        hint="Solve C = 6·N·D for D.",
        mistakes={1.56e12: "That is the size of the data set. What do the FLOPs say?",
                  3.55e23 / 137e9: "Six FLOPs for each parameter and token."},
    ),
    "01.6": Function(
        _best_size,
        [(5.76e23,), (1e18,), (3.8e25,), (120.0,)],
        relative=1e-4,
        explain="N = √(C/120), D = 20·N; four budgets agree. For Chinchilla's it gives 69 billion.",
        hint="Put D = 20·N into C = 6·N·D. Return (N, D).",
    ),
    "01.7": Value(
        [6, 73_728],
        explain="12·L·h·s equals 6 · 12·L·h² at s = 6h.",
        hint="Set the two costs of a token equal: L and one h go away.",
    ),
    "01.8": Value(
        _above(),
        explain="Most of them: since 2023 models are trained for longer than the rule says.",
        hint="Rows whose unit is 'tokens' and whose parameters are known; data / parameters > 20.",
        mistakes={len(_KNOWN): "Those are all the rows with both figures. How many have a ratio above 20?"},
    ),
    "01.9": _one_gpu,
}
