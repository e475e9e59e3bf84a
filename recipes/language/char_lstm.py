"""A small LSTM reads *Moby-Dick* character by character; the page runs it (explorable *lstm_gates*).

    python tools/recordings.py all char_lstm

trains it and writes the recording and data/models/char_lstm.safetensors.

Truncated back-propagation through time: the text is cut into 16 streams that are read side by side, 100
characters a step, and the state is carried on from step to step, so that what lasts longer than a window
(a quotation, a line) can still be remembered. Now and then a stream forgets everything, so that the model
also knows how to begin.
"""

import math
import os
import tempfile
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from firstgrad.data import moby_dick
from firstgrad.models.recurrent import LSTMConfig, LSTMLanguageModel, char_lstm
from firstgrad.optim import AdamW, cosine
from firstgrad.text import Vocabulary
from firstgrad.training.run import Run

NAME = "char_lstm"
TOLERANCE = 1e-2
SPLITS = ("train", "validation", "test")
SETTINGS = {"embedding": 32, "hidden": 128, "streams": 16, "length": 100, "epochs": 18, "learning_rate": 5e-3,
            "warmup": 0.05, "weight_decay": 0.01, "dropout": 0.05, "clip": 1.0, "forget_bias": 1.0,
            "fresh_start": 0.05, "seed": 0}
FIRST = 12  # steps that a check trains again
MODEL = Path(__file__).resolve().parents[2] / "data/models/char_lstm.safetensors"


def texts():
    """The three parts of the novel, and the vocabulary of all their characters."""
    parts = {split: moby_dick(split) for split in SPLITS}
    return parts, Vocabulary.of_characters("".join(parts.values()))


def streams(ids, count):
    """The text cut into `count` pieces of equal length, one a row: (count, n)."""
    return ids[:len(ids) // count * count].view(count, -1)


def begin(size, settings):
    """The model before training. The forget gates begin open, at a bias of 1."""
    torch.manual_seed(settings["seed"])
    model = LSTMLanguageModel(LSTMConfig(size, settings["embedding"], settings["hidden"]))
    hidden = settings["hidden"]
    with torch.no_grad():
        model.lstm.bias_ih_l0[hidden:2 * hidden] += settings["forget_bias"]
    return model


def train(settings, steps=None):
    """The trained model, its vocabulary, the loss in bits of every step, and bits after every epoch."""
    parts, vocabulary = texts()
    model = begin(len(vocabulary), settings)
    rows, length = streams(vocabulary.encode(parts["train"]), settings["streams"]), settings["length"]
    held = vocabulary.encode(parts["validation"])
    windows = [(rows[:, at:at + length], rows[:, at + 1:at + 1 + length])
               for at in range(0, rows.shape[1] - length, length)]
    total = settings["epochs"] * len(windows)
    optimizer = AdamW(model.parameters(), settings["learning_rate"], weight_decay=settings["weight_decay"])
    schedule = LambdaLR(optimizer, cosine(total, warmup_steps=round(settings["warmup"] * total)))
    generator = torch.Generator().manual_seed(settings["seed"])
    run = Run({"model": model, "optimizer": optimizer, "schedule": schedule},
              DataLoader(windows, batch_size=None), epochs=settings["epochs"], steps=steps, device="cpu")
    curve = []
    for x, y in run:  # a Run, since the state goes on from one step to the next
        if run.batches == 0:
            state = 2 * [torch.zeros(1, len(rows), settings["hidden"])]
        kept = (torch.rand(len(rows), 1, generator=generator) >= settings["fresh_start"]).float()
        outputs, state = model.lstm(model.embedding(x), [part.detach() * kept for part in state])
        mask = torch.rand(outputs.shape, generator=generator) >= settings["dropout"]
        logits = model.head(outputs * mask / (1 - settings["dropout"]))
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        optimizer.step()
        schedule.step()
        now = loss.item() / math.log(2)
        run.record(now)
        if run.batches + 1 == len(windows):
            seen = [*run.history.train_loss, now][-len(windows):]
            curve.append({"epoch": run.epoch, "train": sum(seen) / len(seen),
                          "validation": bits(model, held)})
            print(f"epoch {run.epoch}: {curve[-1]['train']:.3f} bits in training, "
                  f"{curve[-1]['validation']:.3f} on validation", flush=True)
    return model, vocabulary, run.history.train_loss, curve


@torch.no_grad()
def bits(model, ids, rows=8, length=500):
    """Bits a character over a whole text, read as `rows` streams, each from the empty state."""
    text, state, total, count = streams(ids, rows), None, 0.0, 0
    for at in range(0, text.shape[1] - 1, length):
        x, y = text[:, at:at + length][:, :text.shape[1] - 1 - at], text[:, at + 1:at + 1 + length]
        logits, state = model.read(x, state)
        total += F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum").item()
        count += y.numel()
    return total / count / math.log(2)


# --- what single units follow ---

def features(text):
    """What could be remembered at each character of a text: name -> a number a character (n,)."""
    names = ("word", "in_word", "line", "quotes", "brackets", "sentence", "comma", "capital")
    found = {name: [] for name in names}
    now = dict.fromkeys(names, 0)
    for before, character in zip(" " + text, text, strict=False):
        letter = character.isalpha() or character == "'"
        now["word"] = now["word"] + 1 if letter else 0  # letters of the word so far
        now["in_word"] = int(letter)
        now["line"] = 0 if character == "\n" else now["line"] + 1
        now["sentence"] = 0 if character in ".!?\n" else now["sentence"] + 1
        now["comma"] = 0 if character in ",;:—.!?\n" else now["comma"] + 1
        if character == "\n":
            now["quotes"] = now["brackets"] = 0
        elif character == '"':
            now["quotes"] = 1 - now["quotes"]
        elif character in "()":
            now["brackets"] = int(character == "(")
        if letter and not (before.isalpha() or before == "'"):
            now["capital"] = int(character.isupper())  # the word began with one
        elif not letter:
            now["capital"] = 0
        for name in names:
            found[name].append(now[name])
    result = {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}
    for name in ("line", "sentence", "comma"):  # far counts are told apart by their ratio
        result[name] = torch.log1p(result[name])
    return result


def correlations(states, wanted):
    """Pearson's r of each column of states (n, H) with wanted (n,): (H,); 0 for a unit that never moves."""
    a, b = states - states.mean(0), wanted - wanted.mean()
    norm = a.norm(dim=0) * b.norm()
    return torch.where(norm > 0, (a * b[:, None]).sum(0) / norm.clamp(min=1e-30), 0.0)


def watch(model, vocabulary, text, rows=8, skip=100):
    """Cells (n, H) and forget gates over a text, and its features; the first of each stream are left out."""
    ids = streams(vocabulary.encode(text), rows)
    inside = char_lstm.trace(model, ids)
    wanted = {name: streams(values, rows)[:, skip:].flatten() for name, values in features(text).items()}
    pick = {name: inside[name][:, skip:].flatten(0, 1).double() for name in ("c", "f")}
    return pick["c"].tanh(), pick["f"], ids[:, skip:].flatten(), wanted


def find_units(model, vocabulary, parts):
    """For each feature the unit whose tanh c follows it best on validation; r there, and on test."""
    cells, forget, ids, wanted = watch(model, vocabulary, parts["validation"])
    cells_t, _, _, wanted_t = watch(model, vocabulary, parts["test"])
    units = []
    for name, values in wanted.items():
        r = correlations(cells, values)
        unit = int(r.abs().argmax())
        test = correlations(cells_t[:, unit:unit + 1], wanted_t[name])[0]
        units.append({"unit": unit, "follows": name, "validation": r[unit].item(), "test": test.item()})
    space = ids == vocabulary.id(" ")
    letters = wanted["in_word"] > 0
    closes = (forget[letters].mean(0) - forget[space].mean(0))
    unit = int(closes.argmax())
    gate = {"unit": unit, "letters": forget[letters][:, unit].mean().item(),
            "space": forget[space][:, unit].mean().item()}
    everywhere = {"letters": forget[letters].mean().item(), "space": forget[space].mean().item(),
                  "newline": forget[ids == vocabulary.id("\n")].mean().item()}
    return units, gate, everywhere


def sample(model, vocabulary, start="\n\nCall me ", count=400, temperature=0.6):
    """What the model writes after `start`."""
    generator = torch.Generator().manual_seed(0)
    tokens = vocabulary.encode(start)[None]
    written = model.generate(tokens, count, temperature=temperature, generator=generator)
    return start.lstrip("\n") + vocabulary.decode(written[0])


def run(steps=None):
    settings = SETTINGS
    model, vocabulary, losses, curve = train(settings, steps)
    parts, characters = texts()[0], "".join(vocabulary.tokens)
    held = {split: vocabulary.encode(parts[split]) for split in SPLITS[1:]}
    before = {split: bits(model, ids) for split, ids in held.items()}
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        small = char_lstm.load(char_lstm.save(Path(folder) / "x.safetensors", model, characters))[0]
    after = {split: bits(small, ids) for split, ids in held.items()}
    units, gate, everywhere = find_units(small, vocabulary, parts)
    result = {
        "settings": settings, "parameters": model.parameter_count, "steps": len(losses),
        "first_losses": losses[:FIRST], "losses": losses[::40], "curve": curve,
        "bits": {"float32": before, "int8": after}, "units": units, "closing_gate": gate,
        "forget": everywhere, "sample": sample(small, vocabulary),
    }
    if steps is None or os.environ.get("CHAR_LSTM_OUT"):
        result["bytes"] = write(model, characters, result)
    return result


def write(model, characters, result):
    """The file that the page loads. Returns: its size in bytes."""
    import json

    notes = {"units": json.dumps(result["units"]), "gate": json.dumps(result["closing_gate"]),
             "bits": f"{result['bits']['int8']['test']:.3f}",
             "text": "Herman Melville, Moby-Dick (1851), chapters 1 to 51: public domain",
             "made_by": "firstgrad, recipes/language/char_lstm.py"}
    path = Path(os.environ.get("CHAR_LSTM_OUT", MODEL))
    return char_lstm.save(path, model, characters, **notes).stat().st_size


def first_steps(recording):
    """The first steps of the training, and what the stored file is worth on part of the test text."""
    _, _, losses, _ = train(recording["settings"], FIRST)
    model, vocabulary, metadata = char_lstm.load(MODEL)
    test = bits(model, vocabulary.encode(moby_dick("test")))
    return ({"first": losses, "test": test, "units": char_lstm.units(metadata)},
            {"first": recording["first_losses"], "test": recording["bits"]["int8"]["test"],
             "units": recording["units"]})
