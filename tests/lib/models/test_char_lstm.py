"""The character LSTM of a file: saving, loading, looking inside; and what the recipe measures on it."""

import hashlib
import json
import math
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from firstgrad.data.files import recording
from firstgrad.data.texts import moby_dick
from firstgrad.models.recurrent import char_lstm
from firstgrad.models.recurrent.lstm import LSTMConfig, LSTMLanguageModel

CHARACTERS = "ab c\n\"é鲸"


@pytest.fixture(scope="module")
def recipe():
    from parity.bridge import ROOT

    sys.path.insert(0, str(ROOT / "tools"))
    import recordings

    return recordings.load("char_lstm")


def small(seed=0, layers=1):
    torch.manual_seed(seed)
    return LSTMLanguageModel(LSTMConfig(len(CHARACTERS), 3, 5, layers)).eval()


# --- saving and loading ---


def test_rows_are_stored_to_half_a_step():
    torch.manual_seed(0)
    matrix = torch.randn(7, 50) * torch.logspace(-6, 3, 7)[:, None]
    whole, scale = char_lstm.quantise(matrix)
    assert whole.dtype == torch.int8
    assert whole.abs().amax(1).tolist() == [127] * 7
    assert ((whole * scale[:, None] - matrix).abs() <= 0.5001 * scale[:, None]).all()
    assert char_lstm.quantise(torch.zeros(2, 3))[0].tolist() == [[0, 0, 0]] * 2


def test_what_was_saved_is_loaded(tmp_path):
    model = small()
    path = char_lstm.save(tmp_path / "new/model.safetensors", model, CHARACTERS, made_by="me")
    loaded, vocabulary, metadata = char_lstm.load(path)
    assert "".join(vocabulary.tokens) == CHARACTERS
    assert metadata["made_by"] == "me"
    ids = vocabulary.encode('a鲸\n"é')
    assert vocabulary.decode(ids) == 'a鲸\n"é'
    torch.testing.assert_close(loaded(ids[None]), model(ids[None]), atol=0.02, rtol=0.02)
    again = char_lstm.load(char_lstm.save(tmp_path / "again.safetensors", loaded, CHARACTERS))[0]
    torch.testing.assert_close(again(ids[None]), loaded(ids[None]))


def test_what_does_not_fit_is_refused(tmp_path):
    for characters in (CHARACTERS[:-1], CHARACTERS[:-1] + "a", ""):
        with pytest.raises(ValueError, match="characters: given"):
            char_lstm.save(tmp_path / "x", small(), characters)
    with pytest.raises(ValueError, match="given 2 layers, expected 1"):
        char_lstm.save(tmp_path / "x", small(layers=2), CHARACTERS)
    with pytest.raises(FileNotFoundError, match="no model at"):
        char_lstm.load(tmp_path / "x")


def test_a_damaged_file_is_named(tmp_path):
    path = char_lstm.save(tmp_path / "m.safetensors", small(), CHARACTERS)
    tensors = load_file(path)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"broken\.safetensors is no whole safetensors file"):
        char_lstm.load(broken)
    lacking = {name: tensor for name, tensor in tensors.items() if name != "head.bias"}
    for given, metadata, words in [(lacking, {"characters": CHARACTERS}, "lacks head.bias"),
                                   (tensors, {}, "lacks characters"),
                                   (tensors, {"characters": "abc"}, "3 characters for 8 rows"),
                                   (tensors | {"lstm.bias_l0": torch.zeros(4)}, {"characters": CHARACTERS},
                                    "do not fit together")]:
        save_file(given, broken, metadata)
        with pytest.raises(ValueError, match=words):
            char_lstm.load(broken)
    with pytest.raises(ValueError, match="units as JSON"):
        char_lstm.units({})


# --- looking inside ---


def test_trace_is_what_torchs_cell_computes():
    model = small().double()
    ids = torch.randint(0, 8, (3, 9), generator=torch.Generator().manual_seed(1))
    inside = char_lstm.trace(model, ids)
    cell = nn.LSTMCell(3, 5, dtype=torch.float64)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in model.lstm.state_dict().items()})
    h, c = torch.zeros(3, 5, dtype=torch.float64), torch.zeros(3, 5, dtype=torch.float64)
    for t in range(9):
        before = c
        h, c = cell(model.embedding(ids[:, t]), (h, c))
        torch.testing.assert_close(inside["h"][:, t], h)
        torch.testing.assert_close(inside["c"][:, t], c)
        now = {name: inside[name][:, t] for name in "ifgo"}
        torch.testing.assert_close(now["f"] * before + now["i"] * now["g"], c)
        torch.testing.assert_close(now["o"] * c.tanh(), h)
    torch.testing.assert_close(inside["logits"], model.read(ids)[0])
    chances = inside["logits"].softmax(-1)
    assert inside["bits"][1, 4].item() == pytest.approx(-math.log2(chances[1, 3, ids[1, 4]].item()))
    assert inside["bits"][:, 0].isnan().all()
    one = char_lstm.trace(model, ids[1])
    for name in one:
        torch.testing.assert_close(one[name], inside[name][1], equal_nan=True)


# --- what the recipe measures ---


def test_features_are_what_their_names_say(recipe):
    found = recipe.features('He (I) sat; "No!"\nYe')
    assert found["word"].tolist() == [1, 2, 0, 0, 1, 0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 0, 0, 0, 1, 2]
    assert found["in_word"].tolist() == [float(n > 0) for n in found["word"].tolist()]
    assert found["brackets"].tolist() == [0, 0, 0, 1, 1] + [0] * 15
    assert found["quotes"].tolist() == [0] * 12 + [1] * 4 + [0] * 4
    assert found["capital"].tolist() == [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert found["line"].exp().round().tolist()[-4:] == [18, 1, 2, 3]
    assert found["sentence"].exp().round().tolist()[14:] == [16, 1, 2, 1, 2, 3]
    assert found["comma"].exp().round().tolist()[9:12] == [11, 1, 2]


def test_correlation_is_pearsons(recipe):
    torch.manual_seed(0)
    states, wanted = torch.randn(50, 3).double(), torch.randn(50).double()
    states[:, 1] = 4 - 2 * wanted
    states[:, 2] = 7
    found = recipe.correlations(states, wanted)
    assert found[0].item() == pytest.approx(torch.corrcoef(torch.stack([states[:, 0], wanted]))[0, 1].item())
    assert found[1:].tolist() == pytest.approx([-1, 0])


def test_bits_are_those_of_a_model_that_knows_the_frequencies_alone(recipe):
    """A head of log frequencies and nothing else: the bits are the cross-entropy with them."""
    model = small()
    ids = torch.randint(0, 8, (8 * 700,), generator=torch.Generator().manual_seed(3))
    shares = torch.bincount(ids, minlength=8) / len(ids)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(shares.log())
    expected = -(shares * shares.log2()).sum().item()
    assert recipe.bits(model, ids, rows=8, length=500) == pytest.approx(expected, rel=5e-3)


def test_the_book_s_model_is_small_and_quantising_costs_nothing():
    recorded, found = recording("char_lstm"), char_lstm.data.path(char_lstm.FILE)
    assert found.stat().st_size == recorded["bytes"] <= 150_000
    said = (char_lstm.data.path("README.md")).read_text("utf-8").split("## models/char_lstm.safetensors")[1]
    assert f"`{hashlib.sha256(found.read_bytes()).hexdigest()}`" in said.split("\n## ")[0]
    for split in ("validation", "test"):
        before, after = (recorded["bits"][kind][split] for kind in ("float32", "int8"))
        assert abs(before - after) < 0.01
        assert after < 2.45
    assert recorded["curve"][-1]["validation"] < recorded["curve"][0]["validation"] - 0.4


def test_a_forget_gate_closes_where_words_end():
    """What the explorable asks the reader to find, and what its words claim, is true of the stored model."""
    model, vocabulary, metadata = char_lstm.load()
    gate = json.loads(metadata["gate"])
    text = moby_dick("test")[:4000]
    inside = char_lstm.trace(model, vocabulary.encode(text))
    forget = inside["f"][:, gate["unit"]]
    space = torch.tensor([character == " " for character in text])
    letter = torch.tensor([character.isalpha() for character in text])
    assert forget[space].mean() < 0.1
    assert forget[letter].mean() > forget[space].mean() + 0.4
    word = next(unit for unit in char_lstm.units(metadata) if unit["follows"] == "word")
    assert abs(word["test"]) > 0.5
