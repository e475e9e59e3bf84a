"""The JavaScript core of *lstm_gates* gives what torch gives, the book's model included; mutants caught."""

import base64
import json
import math
import subprocess

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError, node
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, prove
from torch import nn

from firstgrad.data.files import path
from firstgrad.models.recurrent import char_lstm

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = ["Call me Ishmael.", 'The whale! "Aye," said Ahab; (he turned) and\nwent below.', "x", "$ 1851 zzzq"]
NAMES = ("embedding.weight", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "head.weight")


def tensors_of(rng, size, embedding, hidden, scaled):
    """Random weights of a character model, as a file gives them; matrices as whole numbers with scales."""
    shapes = dict(zip(NAMES, [(size, embedding), (4 * hidden, embedding), (4 * hidden, hidden),
                              (size, hidden)], strict=True))
    tensors = {}
    for name, shape in shapes.items():
        data = rng.integers(-127, 128, shape) if scaled else rng.normal(size=shape)
        tensors[name] = {"shape": list(shape), "data": data.ravel().tolist()}
        if scaled:
            scale = rng.uniform(0.001, 0.02, shape[0])
            tensors[f"{name}.scale"] = {"shape": [shape[0]], "data": scale.tolist()}
    for name, length in {"lstm.bias_l0": 4 * hidden, "head.bias": size}.items():
        tensors[name] = {"shape": [length], "data": rng.normal(size=length).tolist()}
    return tensors


def matrix(tensors, name):
    found = torch.tensor(tensors[name]["data"], dtype=torch.float64).reshape(tensors[name]["shape"])
    scale = tensors.get(f"{name}.scale")
    return found if scale is None else found * torch.tensor(scale["data"], dtype=torch.float64)[:, None]


def torch_reading(tensors, ids):
    """h, c of every step, and the log₂ chances after it, by torch's own layers."""
    embedding, W, U, head = (matrix(tensors, name) for name in NAMES)
    cell = nn.LSTMCell(W.shape[1], U.shape[1], dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(W)
        cell.weight_hh.copy_(U)
        cell.bias_ih.copy_(torch.tensor(tensors["lstm.bias_l0"]["data"], dtype=torch.float64))
        cell.bias_hh.zero_()
        h = c = torch.zeros(U.shape[1], dtype=torch.float64)
        outputs, cells = [], []
        for id in ids:
            h, c = cell(embedding[id], (h, c))
            outputs.append(h)
            cells.append(c)
        bias = torch.tensor(tensors["head.bias"]["data"], dtype=torch.float64)
        logits = torch.stack(outputs) @ head.T + bias
    return torch.stack(outputs), torch.stack(cells), logits.log_softmax(1) / math.log(2)


def reading_is_torchs(core, scaled):
    def check(seed, size, embedding, hidden, length, kept):
        rng = np.random.default_rng(seed)
        tensors = tensors_of(rng, size, embedding, hidden, scaled)
        ids = rng.integers(0, size, length).tolist()
        model = core("modelOf", tensors, LETTERS[:size])
        # The beginning was read before, with another end: it must not be read again, nor disturb.
        before = core("read", model, [*ids[:kept], *rng.integers(0, size, 2).tolist()])
        found = core("read", model, ids, before)
        h, c, chances = torch_reading(tensors, ids)
        close = {"rtol": RTOL, "atol": 1e-13}
        np.testing.assert_allclose(found["h"][1:], h, **close)
        np.testing.assert_allclose(found["c"][1:], c, **close)
        np.testing.assert_allclose(found["chances"], chances, rtol=RTOL, atol=1e-12)
        expected = [-chances[t, ids[t + 1]].item() for t in range(length - 1)]
        np.testing.assert_allclose(found["bits"][1:], expected, rtol=RTOL, atol=1e-12)
        assert math.isnan(found["bits"][0])
        gates = np.array(found["gates"]).reshape(length, 4, hidden)
        again = gates[:, 1] * found["c"][:-1] + gates[:, 0] * gates[:, 2]
        np.testing.assert_allclose(again, c, **close)

    prove(check, cases=300, seed=st.integers(0, 2**32), size=st.integers(1, 9), embedding=st.integers(1, 5),
          hidden=st.integers(1, 6), length=st.integers(1, 10), kept=st.integers(0, 10))


def likeliest_are_sorted(core, _):
    def check(chances, count):
        found = core("likeliest", chances, count)
        order = sorted(range(len(chances)), key=lambda id: (-chances[id], id))[:count]
        assert [id for id, _ in found] == order
        shares = [2.0 ** chances[id] for id in order]
        np.testing.assert_allclose([chance for _, chance in found], shares, rtol=RTOL)

    prove(check, chances=st.lists(st.floats(-20, 0), min_size=1, max_size=12), count=st.integers(1, 8))


def what_is_unknown_is_named(core, _):
    model = {"characters": list("abc é")}
    found = core("encode", model, "a鲸b鲸🐋 c")
    assert found == {"ids": [0, 1, 3, 2], "places": [0, 2, 5, 6], "unknown": ["鲸", "🐋"]}


def handset_follows(core, _):
    """What the four units are said to follow, on a text that has all of it."""
    text = 'Oh "Aye, (McB) it\'s" no (x). "So"'
    model = core("handset", text)
    ids = core("encode", model, text)["ids"]
    cells = np.array(core("read", model, ids)["c"])[1:]
    letters, quote, bracket, capital, wanted = 0, 0, 0, 0, []
    for character in text:
        letter = character.isalpha() or character == "'"
        capital = (character.isupper() if letters == 0 else capital) if letter else 0
        letters = letters + 1 if letter else 0
        quote = 1 - quote if character == '"' else quote
        bracket = 1 if character == "(" else 0 if character == ")" else bracket
        wanted.append([0.2 * letters, 0.995 * quote, 0.995 * bracket, 0.995 * capital])
    np.testing.assert_allclose(cells, wanted, atol=5e-3)


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "lstm_gates.js")
    yield made
    made.close()


@pytest.mark.parametrize("scaled", [False, True], ids=["floats", "int8"])
def test_reading(core, scaled):
    reading_is_torchs(core, scaled)


@pytest.mark.parametrize("check", [likeliest_are_sorted, what_is_unknown_is_named, handset_follows],
                         ids=lambda check: check.__name__)
def test_rest(core, check):
    check(core, None)


def test_the_shipped_model_reads_in_the_page_as_in_torch():
    """From the bytes of the file: every gate, cell, output and chance of some texts."""
    model, vocabulary, _ = char_lstm.load()
    file = base64.b64encode(path(char_lstm.FILE).read_bytes()).decode()
    script = f"""import {{ core }} from {(STATIC / 'lstm_gates.js').as_uri()!r};
const {{ tensors, metadata }} = core.parse(Uint8Array.from(atob("{file}"), (c) => c.charCodeAt(0)).buffer);
const model = core.modelOf(tensors, metadata.characters);
console.log(JSON.stringify({TEXTS!r}.map((text) => {{
  const read = core.read(model, core.encode(model, text).ids);
  return {{ gates: read.gates.map((z) => [...z]), c: read.c.map((v) => [...v]), h: read.h.map((v) => [...v]),
    chances: read.chances.map((v) => [...v]) }};
}})));"""
    done = subprocess.run([node(), "--input-type=module", "-"], input=script, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    model = model.double()
    for text, found in zip(TEXTS, json.loads(done.stdout), strict=True):
        inside = char_lstm.trace(model, vocabulary.encode(text))
        gates = torch.cat([inside[name] for name in "ifgo"], dim=-1)
        for name, expected in {"gates": gates, "c": inside["c"], "h": inside["h"],
                               "chances": inside["logits"].log_softmax(-1) / math.log(2)}.items():
            measured = found[name][1:] if name in "ch" else found[name]
            # The scales travel as float32, and so do Python's weights: rounded once, at 1e-7.
            np.testing.assert_allclose(measured, expected, rtol=2e-5, atol=2e-5, err_msg=name)


@pytest.mark.parametrize(("drop", "word"), [("head.bias", "head.bias"), ("lstm.weight_hh_l0", "_hh_l0")])
def test_a_model_that_lacks_something_is_refused(core, drop, word):
    tensors = tensors_of(np.random.default_rng(0), 3, 2, 2, scaled=False)
    with pytest.raises(CoreError, match="do not fit"):
        core("modelOf", tensors, "abcd")
    tensors.pop(drop)
    with pytest.raises(CoreError, match=word):
        core("modelOf", tensors, "abc")


def test_an_id_beyond_the_vocabulary_is_refused(core):
    model = core("modelOf", tensors_of(np.random.default_rng(0), 3, 2, 2, scaled=False), "abc")
    with pytest.raises(CoreError, match="character"):
        core("read", model, [3])


MUTANTS = {  # what is changed, into what, and the property that must notice
    "input": ("lstm.js", "z[k] * z[2 * H + k]", "z[k] * z[3 * H + k]", reading_is_torchs),
    "output": ("lstm.js", "z[3 * H + k] * Math.tanh(nextC[k])", "z[3 * H + k] * nextC[k]", reading_is_torchs),
    "squash": ("lstm.js", "row >= 2 * H && row < 3 * H", "row >= 3 * H", reading_is_torchs),
    "scale": ("lstm.js", "Math.floor(i / columns)", "i % columns", reading_is_torchs),
    "bias": ("lstm.js", "let sum = b[row];", "let sum = 0;", reading_is_torchs),
    "head": ("lstm.js", "let sum = bias[v];", "let sum = 0;", reading_is_torchs),
    "bits": ("lstm.js", "(score - log) / LN2", "score - log", reading_is_torchs),
    "shift": ("lstm.js", "reading.chances[t - 1][ids[t]]", "reading.chances[t][ids[t]]", reading_is_torchs),
    "prefix": ("lstm.js", "ids[same] === before.ids[same]", "true", reading_is_torchs),
    "kept": ("lstm.js", "kept(before?.c, same + 1)", "kept(before?.c, same)", reading_is_torchs),
    "order": ("lstm.js", "chances[b] - chances[a] || a - b", "chances[a] - chances[b]", likeliest_are_sorted),
    "places": ("lstm.js", "places.push(place)", "places.push(ids.length)", what_is_unknown_is_named),
    "toggle": ("core.js", "U[1 * H + 1] = -3 * OPEN", "U[1 * H + 1] = 0", handset_follows),
    "inside": ("core.js", "U[3 * H + 0] = -12 * OPEN", "U[3 * H + 0] = 0", handset_follows),
    "closing": ("core.js", "letter ? OPEN : SHUT,\n    quote ? SHUT", "OPEN,\n    quote ? SHUT",
                handset_follows),
}


def both(core, prove_it):
    for given in (False, True):
        prove_it(core, given)


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name, tmp_path):
    file, old, new, prove_it = MUTANTS[name]
    entry = "core/lstm.js" if file == "lstm.js" else "explorables/lstm_gates/core.js"
    with mutated(entry, [(file, old, new)], tmp_path) as made, \
            pytest.raises((AssertionError, CoreError)):
        both(made, prove_it)
