"""The text classifier: what it says of a text does not depend on the padding around it; and it learns."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from firstgrad.data.texts import DEFINITION_CLASSES, definitions
from firstgrad.models.recurrent.text_classifier import LAYERS, TextClassifier, TextClassifierConfig, packed
from firstgrad.optim.rules import Adam, Momentum
from firstgrad.text.batches import lengths, pad
from firstgrad.text.vocabulary import Tokenizer
from firstgrad.training import Trainer

layers = pytest.mark.parametrize(("layers", "form"),
                                 [(name, form) for name, forms in LAYERS.items() for form in forms])
fixed = settings(max_examples=40, deadline=None, derandomize=True, database=None)
texts = st.lists(st.lists(st.integers(1, 10), min_size=1, max_size=9), min_size=1, max_size=6)


def classifier(**changes):
    small = {"vocabulary_size": 11, "classes": 3, "embedding_size": 5, "hidden_size": 6}
    torch.manual_seed(0)
    return TextClassifier(TextClassifierConfig(**small | changes)).double()


@layers
@fixed
@given(texts=texts, more=st.integers(0, 7))
def test_padding_changes_nothing_however_much_and_wherever(layers, form, texts, more):
    model, length = classifier(layers=layers, form=form), max(map(len, texts))
    expected = torch.cat([model(torch.tensor([ids])) for ids in texts])  # each alone, without padding
    for side in ("pre", "post"):
        found = model(pad(texts, length + more, padding=side))
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@fixed
@given(texts=texts, num_layers=st.integers(1, 2))
def test_it_is_what_pack_padded_sequence_computes(kind, texts, num_layers):
    model, tokens = classifier(layers=kind, num_layers=num_layers), pad(texts, 9)
    rows = pack_padded_sequence(model.embedding(tokens), lengths(tokens), True, enforce_sorted=False)
    state = model.recurrent(rows)[1]
    h = (state[0] if kind == "lstm" else state)[-1]
    found, expected = model(tokens), model.head(h)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    ours, theirs = (torch.autograd.grad(part.square().sum(), list(model.parameters()))
                    for part in (found, expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_without_the_mask_padding_is_read_like_a_word():
    """E22: what the source's project does; recipes/language/text_classifier.py measures what it costs."""
    model, masked = classifier(mask=False), classifier()
    assert torch.equal(*(part.head.weight for part in (model, masked)))
    text = [[3, 4, 5]]
    torch.testing.assert_close(model(pad(text, 3)), masked(pad(text, 3)))
    for side in ("pre", "post"):
        assert not torch.allclose(model(pad(text, 9, padding=side)), masked(pad(text, 9, padding=side)))
    model(torch.zeros(1, 4, dtype=torch.int64))  # even nothing but padding has an answer


@layers
def test_ours_and_torchs_layers_say_the_same(layers, form):
    tokens = pad([[1, 2, 3], [4]], 5)
    model, reference = classifier(layers=layers, form=form), classifier(layers=layers, form="torch")
    assert type(model.recurrent).__module__.startswith("torch" if form == "torch" else "firstgrad")
    reference.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(tokens), reference(tokens))


def test_the_embedding_of_padding_gets_no_gradient():
    model = classifier()
    F.cross_entropy(model(pad([[1, 2], [3]], 6)), torch.tensor([0, 1])).backward()
    assert not model.embedding.weight.grad[0].any()
    assert model.embedding.weight.grad[[1, 2, 3]].any(1).all()


def test_padding_goes_to_the_right_and_tokens_keep_their_order():
    tokens, count = packed(torch.tensor([[0, 0, 3, 1], [2, 0, 1, 0], [0, 0, 0, 0], [4, 3, 2, 1]]))
    assert tokens.tolist() == [[3, 1, 0, 0], [2, 1, 0, 0], [0, 0, 0, 0], [4, 3, 2, 1]]
    assert count.tolist() == [2, 2, 0, 4]


def test_it_counts_its_parameters():
    """The source's network: 10,000 words, 64 numbers each, 128 units, ten classes; torch has two biases."""
    assert TextClassifier().parameter_count == 10_000 * 64 + 4 * 128 * (64 + 128 + 2) + 10 * 129 == 740_618
    assert isinstance(TextClassifier().recurrent, nn.LSTM)


def test_it_learns_what_only_the_order_of_words_tells():
    """Is the whale before the ship? Both words are in every text, and other words around them."""
    generator = torch.Generator().manual_seed(0)
    rows = [torch.randint(4, 20, (int(n),), generator=generator)
            for n in torch.randint(2, 9, (400,), generator=generator)]
    labels = torch.arange(400) % 2
    for ids, label in zip(rows, labels.tolist(), strict=True):
        ids[0], ids[-1] = (2, 3) if label else (3, 2)
    tokens = pad(rows, 12)
    torch.manual_seed(0)
    model = TextClassifier(TextClassifierConfig(20, 2, 8, 16))
    trainer = Trainer(model, F.cross_entropy, Adam(model.parameters(), 0.01), device="cpu")
    trainer.fit((tokens[:300], labels[:300]), epochs=8, batch_size=20)
    assert trainer.evaluate((tokens[300:], labels[300:]))["accuracy"] > 0.97


def test_a_minute_of_real_definitions_beats_chance():
    train, held_out = definitions("train"), definitions("validation")
    tokenizer = Tokenizer.fit(train[0])
    data = [(tokenizer.batch(texts, 40), torch.tensor(labels)) for texts, labels, _ in (train, held_out)]
    torch.manual_seed(0)
    model = TextClassifier(TextClassifierConfig(len(tokenizer), len(DEFINITION_CLASSES), 16, 32))
    trainer = Trainer(model, F.cross_entropy, Adam(model.parameters(), 0.01), device="cpu")
    trainer.fit(data[0], epochs=1, batch_size=64)
    assert trainer.evaluate(data[1])["accuracy"] > 0.35


# --- what cannot be ---


def fit(tokens, labels, **changes):
    model = classifier(**changes)
    trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.1), device="cpu")
    before = [parameter.clone() for parameter in model.parameters()]
    try:
        trainer.fit((tokens, labels), epochs=1, batch_size=4)
    finally:
        assert all(map(torch.equal, model.parameters(), before))


TOKENS, LABELS = pad(20 * [[1, 2, 3]], 5), torch.arange(20) % 3


def changed(tensor, row, value):
    tensor = tensor.clone()
    tensor[row] = value
    return tensor


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: fit(changed(TOKENS, 17, 0), LABELS), ValueError,
     "train, x: given only padding in row 17, expected at least one token"),
    (lambda: fit(changed(TOKENS, 17, 11), LABELS), ValueError,
     "train, x: given id 11, expected 0…10, since the vocabulary has 11 tokens"),
    (lambda: fit(changed(TOKENS, 17, -1), LABELS), ValueError, "train, x: given id -1, expected 0…10"),
    (lambda: fit(TOKENS, changed(LABELS, 17, 3)), ValueError, "train, y: given label 3 in row 17, expected"),
    (lambda: fit(TOKENS, changed(LABELS, 17, -1)), ValueError, "train, y: given label -1 in row 17"),
    (lambda: fit(TOKENS.int(), LABELS), TypeError, "train, x: given torch.int32, expected torch.int64"),
    (lambda: fit(TOKENS[:, :, None], LABELS), ValueError, r"train, x: given shape \(20, 5, 1\), expected"),
    (lambda: classifier()(torch.zeros(2, 3, dtype=torch.int64)), ValueError,
     "tokens: given only padding in row 0"),
    (lambda: TextClassifierConfig(classes=1), ValueError, "classes: given 1, expected a whole number"),
    (lambda: TextClassifierConfig(vocabulary_size=1), ValueError, "vocabulary_size: given 1"),
    (lambda: TextClassifierConfig(hidden_size=0), ValueError, "hidden_size: given 0"),
    (lambda: TextClassifierConfig(layers="LSTM"), ValueError, "layers: given 'LSTM', expected one of 'lstm'"),
    (lambda: TextClassifierConfig(layers="gru", form="fast"), ValueError, "form: given 'fast', expected"),
    (lambda: TextClassifierConfig(mask="no"), ValueError, "mask: given 'no', expected one of True, False"),
])
def test_bad_input_is_named_before_the_first_step(make, error, says):
    with pytest.raises(error, match=says):
        make()


@pytest.mark.cuda
@layers
def test_on_a_gpu_it_says_the_same(layers, form):
    model, tokens = classifier(layers=layers, form=form), pad([[1, 2, 3], [4], [5, 6]], 9, padding="pre")
    expected = model(tokens)
    torch.testing.assert_close(model.cuda()(tokens.cuda()).cpu(), expected, rtol=1e-6, atol=1e-7)
