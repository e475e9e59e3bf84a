"""Chapter 10: probabilities of a small language, counted one by one."""

import collections
import itertools
import math

import numpy as np
import torch
from entries import Chapter
from latex import By
from scipy.optimize import brentq, minimize_scalar

from firstgrad.models.ngram import NGram

formula = Chapter("10")
RANDOM = np.random.default_rng(10)
TEXT = "abacabadabacabcabdaabbacad"


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def language(joint):
    """P(x₁, …, xₙ) and P(xᵢ | xₐ, …, xᵦ) of places, from the table of all texts."""

    def share(places):
        return sum(p for text, p in joint.items() if all(text[i - 1] == token for i, token in places))

    def p(*given):
        ahead, (first, last) = given[:-3], (given[-3], given[-1])
        between = [PLACES[i] for i in range(first[0], last[0] + 1)]
        return share([*ahead, *between]) / (share(between) if ahead else 1)

    return p


PLACES = {i: (i, "ab"[i % 3 == 1]) for i in range(-3, 8)}  # (place, token): the text bbabb… read from place 1
ANY = dict(zip(map("".join, itertools.product("ab", repeat=4)), RANDOM.dirichlet(np.ones(16)), strict=True))


@formula("lm-chain-rule", r"P(x_1, \dots, x_N) = \prod_{i=1}^{N} P(x_i \mid x_1, \dots, x_{i-1}) .")
def _():
    return {"P": language(ANY), "x": PLACES, "N": 4, "value": ANY["".join(PLACES[i][1] for i in range(1, 5))]}


@formula(
    "lm-markov",
    r"P(x_i \mid x_1, \dots, x_{i-1}) \approx P(x_i \mid x_{i-n+1}, \dots, x_{i-1}) .",
    about=1e-9,
)
def _():
    """Equal where only the last two tokens count."""
    chance = dict(
        zip(map("".join, itertools.product("ab", repeat=2)), RANDOM.uniform(0.1, 0.9, 4), strict=True)
    )

    def p(text):
        return 0.25 * math.prod(
            chance[text[i - 2 : i]] if text[i] == "a" else 1 - chance[text[i - 2 : i]]
            for i in range(2, len(text))
        )

    joint = {text: p(text) for text in map("".join, itertools.product("ab", repeat=5))}
    return [{"P": language(joint), "x": PLACES, "n": 3, "i": i} for i in (3, 4, 5)]


@formula("lm-cross-entropy", r"H = -\frac1N \sum_{i=1}^{N} \log P(x_i \mid x_1, \dots, x_{i-1}) .")
def _():
    """Per token, the logarithm of the whole text's probability."""
    whole = ANY["".join(PLACES[i][1] for i in range(1, 5))]
    return {"P": language(ANY), "x": PLACES, "N": 4, "H": -math.log(whole) / 4}


@formula(
    "~gibbs",
    r"""
-\sum_x p(x) \log_2 q(x) = \underbrace{-\sum_x p(x) \log_2 p(x)}_{\text{entropy of } p} + \underbrace{\sum_x
p(x) \log_2 \frac{p(x)}{q(x)}}_{\ge 0} .
""",
)
def _():
    p, q = RANDOM.dirichlet(np.ones(4), size=2)

    def table(row):
        return lambda x: row[x]

    bits = torch.nn.functional.cross_entropy(tensor(q).log(), tensor(p)).item() / math.log(2)
    return {"p": table(p), "q": table(q), "over": {"x": range(4)}, "value": bits}


def counts(h, tokens):
    return {"c(h)": TEXT[:-1].count(h), "c(hw)": TEXT.count(h + tokens)}


@formula("lm-add-k", r"P(w \mid h) = \frac{c(hw) + k}{c(h) + kV} .")
def _():
    """Each token is written three times more after the context, and then counted."""
    followers = [b for a, b in itertools.pairwise(TEXT) if a == "a"] + list("abcd") * 3
    return {r"P(w \mid h)": followers.count("c") / len(followers), "k": 3, "V": 4, **counts("a", "c")}


@formula(
    "lm-absolute",
    r"""
P(w \mid h) = \frac{\max(c(hw) - D, 0)}{c(h)} + \lambda(h)\, P(w \mid h'), \qquad \lambda(h) = \frac{D\,
N_{1+}(h\,\cdot)}{c(h)} .
""",
)
def _():
    """A heap for each token that came; D is taken from each, and dealt out by the shorter model."""
    shorter, d, found = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.05, "e": 0.05}, 0.7, []
    heaps = collections.Counter(b for a, b in itertools.pairwise(TEXT) if a == "b")
    taken = sum(min(d, heap) for heap in heaps.values())
    for w in ("a", "c", "e"):
        left = heaps[w] - d if heaps[w] else 0
        found.append(
            {
                r"P(w \mid h)": (left + taken * shorter[w]) / heaps.total(),
                r"P(w \mid h')": shorter[w],
                "D": d,
                r"\lambda(h)": taken / heaps.total(),
                r"N_{1+}(h\,\cdot)": len(heaps),
                **counts("b", w),
            }
        )
    return found


def left_out(d):
    """Each place of the text left out in its turn: what the counts of the rest, less d, give its pair."""
    pairs = collections.Counter(itertools.pairwise(TEXT))
    return sum(math.log(pairs[pair] - 1 - d if pairs[pair] > 1 else d) for pair in itertools.pairwise(TEXT))


@formula("~leave-one-out", r"n_1 \log D + \sum_{r \ge 2} r\, n_r \log(r - 1 - D) + \text{const},")
def _():
    often = collections.Counter(collections.Counter(itertools.pairwise(TEXT)).values())
    return [
        {
            "D": d,
            "n": often,
            "over": {r"r \ge 2": [r for r in often if r > 1]},
            r"\text{const}": 3.0,
            "value": left_out(d) + 3,
        }
        for d in (0.3, 0.6)
    ]


@formula("lm-discount", r"D = \frac{n_1}{n_1 + 2 n_2} ;")
def _():
    """Where the slope of n₁ log D + 2 n₂ log(1 - D) is zero."""
    return {"D": brentq(lambda d: 9 / d - 2 * 7 / (1 - d), 1e-6, 1 - 1e-6, xtol=1e-14), "n": {1: 9, 2: 7}}


@formula("lm-continuation", r"P_{\text{cont}}(w) = \frac{N_{1+}(\cdot\, w)}{\sum_{v} N_{1+}(\cdot\, v)} .")
def _():
    """The share of the different pairs that end in w."""
    pairs = set(itertools.pairwise(TEXT))
    before = {v: len({a for a, b in pairs if b == v}) for v in "abcd"}
    return {
        r"P_{\text{cont}}(w)": np.mean([b == "c" for _, b in pairs]),
        r"N_{1+}(\cdot\, w)": before["c"],
        r"N_{1+}(\cdot\, v)": By("v", before),
        "over": {"v": "abcd"},
    }


def dealt(heaps, discount, shorter):
    """Each heap gives up its discount, and what was given up is dealt out by the shorter model."""
    taken = discount * len(heaps)
    return {w: (max(heaps[w] - discount, 0) + taken * shorter[w]) / heaps.total() for w in shorter}


@formula(
    "lm-kneser-ney",
    r"""
P_m(w \mid h) = \frac{\max(c_m(hw) - D_m, 0)}{\sum_v c_m(hv)}
+ \frac{D_m\,N_{1+}(h\,\cdot)}{\sum_v c_m(hv)}\,P_{m-1}(w \mid h') ,
""",
)
def _():
    """At order 3 against the library; what is handed down is dealt from different triples and pairs."""
    letters = sorted(set(TEXT))
    model = NGram([letters.index(c) for c in TEXT], len(letters), 3, smoothing="kneser-ney")
    first, second, third = (level[0] for level in model.discounts)
    triples = [TEXT[i : i + 3] for i in range(len(TEXT) - 2)]
    pairs = {TEXT[i : i + 2] for i in range(len(TEXT) - 1)}
    uniform = dict.fromkeys(letters, 1 / len(letters))
    one = dealt(collections.Counter(pair[1] for pair in pairs), first, uniform)
    two = dealt(collections.Counter(t[2] for t in set(triples) if t[1] == "a"), second, one)
    heaps = collections.Counter(t[2] for t in triples if t[:2] == "ba")
    three = model.probabilities([letters.index(c) for c in "ba"]).tolist()
    return [
        {
            r"P_m(w \mid h)": three[letters.index(w)],
            r"P_{m-1}(w \mid h')": two[w],
            "c_m(hw)": heaps[w],
            "c_m(hv)": By("v", heaps),
            "D_m": third,
            r"N_{1+}(h\,\cdot)": len(heaps),
            "over": {"v": letters},
        }
        for w in letters
    ]


@formula(
    "lm-bpc",
    r"""
\text{bits a character} = \frac{\text{nats a token}}{\ln 2} \cdot \frac{\text{tokens}}{\text{characters}} .
""",
)
def _():
    chances = RANDOM.uniform(0.1, 0.9, size=12)
    return {
        r"\text{bits a character}": -np.sum(np.log2(chances)) / 70,
        r"\text{nats a token}": -np.mean(np.log(chances)),
        r"\text{tokens}": 12,
        r"\text{characters}": 70,
    }


@formula("lm-neural", r"\text{logits} = U \tanh(W e + d) + b .")
def _():
    hidden, out = torch.nn.Linear(6, 4, dtype=torch.float64), torch.nn.Linear(4, 5, dtype=torch.float64)
    e = RANDOM.normal(size=6)

    def column(t):
        return t.detach().numpy()[:, None]

    return {
        r"\text{logits}": column(torch.nn.Sequential(hidden, torch.nn.Tanh(), out)(tensor(e))),
        "e": e[:, None],
        "U": out.weight.detach().numpy(),
        "W": hidden.weight.detach().numpy(),
        "d": column(hidden.bias),
        "b": column(out.bias),
    }


@formula("lm-temperature", r"p_T(w) = \frac{e^{z_w / T}}{\sum_v e^{z_v / T}} \;\propto\; p(w)^{1/T} .")
def _():
    z, every = RANDOM.normal(size=5), np.arange(5)
    return [
        {
            "p_T(w)": torch.softmax(tensor(z) / t, 0).numpy(),
            "p(w)": torch.softmax(tensor(z), 0).numpy(),
            "z": z,
            "w": every,
            "T": t,
            "over": {"v": every},
        }
        for t in (0.5, 2.0)
    ]


@formula("~warm", r"\frac{dS}{dT} = \frac{\operatorname{Var}_{p_T}(z)}{T^3} \ge 0 .", tolerance=1e-6)
def _():
    z, t, h = RANDOM.normal(size=5), 1.7, 1e-5

    def entropy(temperature):
        return torch.distributions.Categorical(logits=tensor(z) / temperature).entropy().item()

    variance = np.cov(z, aweights=torch.softmax(tensor(z) / t, 0).numpy(), ddof=0).item()
    return {
        r"\frac{dS}{dT}": (entropy(t + h) - entropy(t - h)) / (2 * h),
        r"\operatorname{Var}_{p_T}(z)": variance,
        "T": t,
    }


@formula("$kraft", r"\sum_x 2^{-\ell(x)} \le 1")
def _():
    """Code words of which none begins another; tight where no further one fits."""
    return [
        {r"\ell": len, "over": {"x": code}, "tight": full}
        for code, full in ((["0", "10", "11"], True), (["00", "01", "10"], False))
    ]


@formula(
    "$no-slope",
    r"\frac{n_1}{D} = \frac{2 n_2}{1 - D} + \sum_{r\ge3} \frac{r\,n_r}{r - 1 - D}",
    tolerance=1e-5,
)
def _():
    """At the best of all D, found by trying, with every place of the text left out in its turn."""
    often = collections.Counter(collections.Counter(itertools.pairwise(TEXT)).values())
    best = minimize_scalar(
        lambda d: -left_out(d), bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-12}
    ).x
    return {"D": best, "n": often, "over": {r"r \ge 3": ("r", [r for r in often if r > 2])}}


@formula("$keeps-frequencies", r"\sum_v c(v)\, P(w \mid v) = c(w)")
def _():
    """The text as a ring; what is handed down is dealt by the number of different tokens before."""
    ring = collections.Counter(zip(TEXT, TEXT[1:] + TEXT[0], strict=True))
    before = collections.Counter(b for _, b in ring)
    lower = {w: before[w] / len(ring) for w in sorted(before)}
    says = {
        v: dealt(collections.Counter({b: n for (a, b), n in ring.items() if a == v}), 0.6, lower)
        for v in lower
    }
    return [
        {
            "c(v)": By("v", {v: TEXT.count(v) for v in says}),
            "c(w)": TEXT.count(w),
            "over": {"v": list(says)},
            r"P(w \mid v)": By("v", {v: says[v][w] for v in says}),
        }
        for w in lower
    ]
