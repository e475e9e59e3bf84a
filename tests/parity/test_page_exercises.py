"""The page judges as Python does: the same verdict in the same words, in both languages, for any answer."""

import base64
import importlib
import json
import math
import random
import sys
from contextlib import redirect_stdout
from io import StringIO

import pytest
from bridge import ROOT, Core

from firstgrad.book.answers import Choice, Value, grade, leaves, plain
from firstgrad.book.words import speaking

sys.path.insert(0, str(ROOT / "site/ext"))
import answers as page

CHAPTERS = page.chapters()
ANSWERS = 220  # for each exercise


@pytest.fixture(scope="module")
def core():
    core = Core(ROOT / "widgets/exercises/core.js")
    yield core
    core.close()


def recorded(chapter):
    found = {"shirts": json.loads(page.shirts().partition("=")[2].rstrip(";\n"))}
    if chapter == "09":
        vectors = (ROOT / "data/models/word_vectors.safetensors").read_bytes()
        found["vectors"] = base64.b64encode(vectors).decode()
    return found


# --- answers ---------------------------------------------------------------------------------------

WORDS = ("", "x", "2/11", "nonsense of no kind", "it's", "长" * 50, " spaces  in\tit ", "0" * 100)
HUGE = (math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e308, 5e-324, 2**53 + 2, 123456789.5, 1e15, 1e16)
ODD = (None, True, False, [], [[]], [[1, 2], 3], [1, [2, [3, [4, [5]]]]], [None, "x"], list(range(100)))


def tried(exercise, judge, rng):
    """Answers of all kinds: right, nearly, wrong, mistaken, malformed, huge."""
    found = [*WORDS, *HUGE, *ODD, *([value] * 3 for value in (*HUGE, "x", None, -1, 0))]
    if isinstance(judge, Value):
        found += near(judge, rng)
    elif isinstance(judge, Choice):
        found += [change(option) for option in (*judge.why, "e", "ab") for change in
                  (str, str.upper, str.lower, lambda s: f"  {s} ", lambda s: [s], lambda s: s + s)]
    else:
        found += OWN[exercise](rng)
    while len(found) < ANSWERS:
        found.append(scattered(rng))
    return found


def near(judge, rng):
    """The answer rounded to 1 to 12 digits, a margin and a bit off, in another order, too short, too long."""
    expected = plain(judge.expected)
    numbers, single = list(leaves(expected)), not isinstance(expected, list)
    rows = [numbers, [float(n) for n in numbers], numbers[::-1], numbers[1:], [*numbers, 0], [numbers]]
    rows += [[float(f"{n:.{digits}g}") for n in numbers] for digits in range(1, 13)]
    for _ in range(60):
        off = rng.choice((0, 0.5, 0.99, 1.01, 2, 10, 1e3))
        rows.append([n + rng.choice((-1, 0, 1)) * off * judge.margin(n) for n in numbers])
        rows.append([n * rng.choice((1, 1, 2, 0.5, -1, 10, 100, 0.01)) for n in numbers])
    for mistake in judge.mistakes:
        rows += [[float(mistake) if i == j else n for i, n in enumerate(numbers)]
                 for j in range(len(numbers))]
        rows.append([mistake + 0.9 * judge.margin(mistake)] * len(numbers))
    rows += [[rng.choice((n, "x", None, True, math.nan)) for n in numbers] for _ in range(10)]
    return [row[0] if single and len(row) == 1 else row for row in rows]


def scattered(rng):
    number = rng.choice((rng.uniform(-2, 2), rng.randrange(-100, 100), 10 ** rng.uniform(-12, 18)))
    return rng.choice((number, [number, rng.uniform(0, 1)], [[number], number], str(number)))


def shapes(rng):
    sizes = (1, 1, 1, 3, 32, 2, 0)
    rows = [[[rng.choice(sizes) for _ in range(rng.randrange(6))] for _ in range(2)] for _ in range(100)]
    return [*rows, [[32, 1, 1, 1], [3, 1, 1]], [[32.0, 1, 1, 1], [1, 1, 3, 1, 1]], [[32, 1], [3, 1, 1]],
            [[32, 1, 1, 1], [3]], [[32, 1, 1, 1, 1], [3, 1, 1]], [["a"], [3]], 5]


def gpus(rng):
    rows = [[rng.randrange(1, 100), 64 * rng.randrange(1, 120), rng.choice((1, 8, 16, 25, 64))]
            for _ in range(120)]
    return [*rows, [36, 3200, 25], [40, 3072, 24], [36.5, 3200, 25], [0, 1, 1], [1e6, 1e6, 1],
            [1e6 + 1, 1, 1], [36.0, 3200, 25], ["a", "b", "c"], [None, 1, 1]]


def hats(rng):
    right = [[1, 1, 1], [0, -1, -2], [1, -2, 1]]
    rows = [[[n * rng.choice((1, 1, 1, 2, -1)) + rng.choice((0, 0, 0, 1e-4, 1)) for n in row]
             for row in right] for _ in range(110)]
    return [right, [[2, 1, 1], [0, -1, -2], [0.5, -2, 1]], [[1e308] * 3] * 3, *rows]


def fences(rng):
    angles = [math.pi / 2 + k * 2 * math.pi / 3 for k in range(3)]
    right = [f(angle) for angle in angles for f in (math.cos, math.sin)] + [1.5] * 3 + [1.0] * 3 + [-2.0]
    rows = [[n * rng.uniform(0.3, 1.7) for n in right] for _ in range(60)]
    rows += [[rng.gauss(0, 2) for _ in range(13)] for _ in range(40)]
    return [right, *rows, right[:12], [1e308] * 13]


def thresholds(rng):
    edges = [0, 1, 1 / 31, 0.5, 1.5, -0.1, 0.04]
    return [rng.random() * rng.choice((1, 0.1, 0.1)) for _ in range(120)] + edges


def momenta(rng):
    return [[rng.uniform(0, 0.1), rng.uniform(0, 1)] for _ in range(120)] + [
        [0.06, 0.6], [0.04, 0], [0.2, 0.5], [-1, 0], [0.1, 1], ["a", "b"], [math.nan, 0.5]]


def adams(rng):
    return [[10 ** rng.uniform(-3, 1), rng.uniform(0, 1), rng.uniform(0.9, 1)] for _ in range(120)] + [
        [2.5, 0.7, 0.999], [1e308, 0.7, 0.999], [1e200, 0, 0], [math.inf, 0, 0], [1, 1, 0], [2.5, 0.7]]


def analogies(rng):
    words = ("walk", "walked", "talk", "talked", "king", "queen", "man", "woman", "bird", "wing", "fish",
             "fin", "paris", "france", "rome", "italy", "good", "better", "bad", "worse")
    rows = [rng.sample(words, 4) for _ in range(100)] + [rng.choices(words, k=4) for _ in range(20)]
    pairs = [words[i:i + 2] for i in range(0, len(words), 2)]
    return rows + [[*p, *q] for p in pairs for q in pairs] + [
        [" Walk", "WALKED ", "talk", "talked"], ["walk", "walked", "talk", "talkwards"], ["a", "b", "c", 1]]


OWN = {"01.9": gpus, "02.8": shapes, "03.7": hats, "03.8": fences, "04.9": thresholds, "06.8": momenta,
       "07.8": adams, "09.9": analogies}


# --- the tests -------------------------------------------------------------------------------------

def judged(exercise, answer, language):
    printed = StringIO()
    with redirect_stdout(printed), speaking(language):
        right = grade(exercise, answer)
    return [right, printed.getvalue().rstrip("\n")]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_page_says_what_python_says(core, chapter, language):
    core("open", page.table(chapter, language), recorded(chapter))
    module = importlib.import_module(f"firstgrad.book.exercises.ch{chapter}")
    for exercise in page.table(chapter, "en")["exercises"]:
        rng = random.Random(exercise)
        answers = tried(exercise, module.EXERCISES[exercise], rng)
        assert len(answers) >= 200
        verdicts = [judged(exercise, answer, language) for answer in answers]
        for answer, ours, theirs in zip(answers, verdicts, core("judge", exercise, answers), strict=True):
            assert theirs == ours, (exercise, answer)
        assert {right for right, _ in verdicts} == {True, False}, exercise


def test_every_value_and_choice_is_judged_in_the_page():
    assert sum(map(page.count, CHAPTERS)) == 74


def test_numbers_are_written_as_python_writes_them(core):
    rng = random.Random(0)
    ties = [n / 2**k for n in range(1, 200, 7) for k in range(8)]
    spread = [rng.gauss(0, 1) * 10 ** rng.uniform(-8, 20) for _ in range(500)]
    for x in [*ties, *spread, 0.0, math.nan, math.inf, -math.inf]:
        for digits in (2, 3, 4, 6):
            assert core("general", x, digits) == f"{x:.{digits}g}", x
        if 0 <= x < 1e15:
            assert core("whole", x) == f"{x:.0f}", x


def test_the_table_in_the_page_does_not_show_its_answers():
    script = page.script("10", "en")
    assert "perplexity" not in script
    assert "24.5" not in script
    hidden = json.loads(script.splitlines()[0].partition("=")[2].rstrip(";"))
    assert json.loads("".join(chr(ord(c) ^ page.KEY) for c in hidden)) == page.table("10", "en")
