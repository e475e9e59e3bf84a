"""What a reader is told: right, not yet and why, or waiting; and the numbers that the book asserts."""

import configparser
import importlib
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import firstgrad
from firstgrad.book import answers as module
from firstgrad.book.answers import Choice, Function, Value, Verdict, measured
from firstgrad.book.answers import check as shown
from firstgrad.book.answers import grade as check

CHAPTERS = sorted(file.stem for file in (Path(firstgrad.__file__).parent / "book/exercises").glob("ch*.py"))


@pytest.fixture
def ask(monkeypatch, capsys):
    """Judge an answer and return (what check returned, the line that it printed)."""
    def judge_and_print(judge, answer):
        monkeypatch.setattr(module, "_find", lambda exercise: judge)
        result = check("99.1", answer)
        printed = capsys.readouterr().out
        assert printed.count("\n") == 1  # one line, always
        return result, printed.strip()
    return judge_and_print


RATE = Value(2 / 11, explain="It is 2/(λ_min + λ_max).", hint="Both ends must shrink equally fast.",
             mistakes={2 / 10: "That is where it just diverges."})


@pytest.mark.parametrize(("answer", "right", "says"), [
    (2 / 11, True, "✓ 99.1 Right. It is 2/(λ_min + λ_max)."),
    (0.18182, True, "✓ 99.1 Right."),
    (torch.tensor(2 / 11), True, "✓ 99.1 Right."),
    (np.float64(2 / 11), True, "✓ 99.1 Right."),
    (0.183, False, "✗ 99.1 Not yet. 0.183 is not it (to 3 digits). Both ends must shrink equally fast."),
    (0.2, False, "✗ 99.1 Not yet. That is where it just diverges."),
    (float("nan"), False, "✗ 99.1 Not yet. nan is not it (to 3 digits)."),
    ("2/11", False, "✗ 99.1 Not yet. expected a number, got '2/11'."),
    (True, False, "✗ 99.1 Not yet. expected a number, got True."),
    (None, False, "✗ 99.1 Not yet. expected a number, got None."),
    ([2 / 11], False, "✗ 99.1 Not yet. expected a number, got [0.18"),
    (..., None, "○ 99.1 Waiting for your answer."),
])
def test_a_number(ask, answer, right, says):
    result, line = ask(RATE, answer)
    assert result is right
    assert line.startswith(says)


@pytest.mark.parametrize(("answer", "right", "says"), [
    ([1, 2.0], True, "✓"), ((1, 2), True, "✓"), (np.array([1, 2]), True, "✓"),
    (torch.tensor([1, 2]), True, "✓"),
    ([1, 2.5], False, "✓ ✗: 2.5 is not it (exactly)."), ([1], False, "expected 2 values, got 1."),
    (1, False, "expected 2 values, got 1."), ([3, 4], False, "✗ ✗ (exactly)."),
    ([2, 1], False, "The numbers are right, their order is not."),
    ([1, "2"], False, "[1] expected a number, got '2'."), ([10**400, 2], False, "✗ ✓: inf is not it"),
    ([math.nan, 2], False, "✗ ✓: nan is not it"),
])
def test_several_numbers(ask, answer, right, says):
    result, line = ask(Value([1, 2]), answer)
    assert result is right
    assert says in line


@pytest.mark.parametrize(("value", "right", "wrong"), [
    (Value(49), [49, 49.0, 7**2 * 1.0000000000000002], [48, 50, 49.4, 48.999]),
    (Value(24.5325), [24.5, 24.53, 24.5325], [24.4, 24.6, 24]),
    (Value(0.4325), [0.432, 0.433, 0.4325], [0.431, 0.434]),
    (Value(1.34929, digits=4), [1.349, 1.3493], [1.35, 1.348]),
    (Value(-9.537e-7), [-9.54e-7], [9.54e-7, -9.5e-7, 0]),
])
def test_whole_numbers_are_exact_and_others_may_be_rounded_to_three_digits(value, right, wrong):
    assert all(value(answer).right for answer in right)
    assert not any(value(answer).right for answer in wrong)


@pytest.mark.parametrize(("value", "says"), [
    (Value([1, 2]), "exactly"), (Value([1, 2.0]), "to 3 digits"), (Value(1.0, digits=4), "to 4 digits"),
    (Value(1.0, relative=0.02), "within 2 %"), (Value(1.0, absolute=0.1), "within 0.1"),
])
def test_the_reader_is_told_how_exact_an_answer_must_be(value, says):
    assert f"({says})" in value([5.0, 2] if isinstance(value.expected, list) else 5.0).message


def test_a_known_mistake_is_found_among_several_numbers():
    said = Value([0.25, 0.5], hint="?", mistakes={0.9: "That is the recall."})((0.9, 0.5)).message
    assert said == "✗ ✓: 0.9 is not it (to 3 digits). That is the recall."


def test_tolerances_are_what_they_say():
    assert Value(100, relative=0.01)(100.9).right
    assert not Value(100, relative=0.01)(101.1).right
    assert Value(0, absolute=0.1)(0.09).right
    assert not Value(0)(1e-12).right


def step(theta, gradient, rate=0.1):
    return theta - rate * gradient


STEP = Function(step, [(1.0, 2.0), (0.0, -1.0), (3.0, 1.0, 0.5)], explain="Down the slope.",
                hint="Mind the sign.")


def forgot(theta, gradient, rate=0.1):
    return theta + rate * gradient


def breaks(theta, gradient, rate=0.1):
    return [][0]


def breaks_in_two_lines(theta, gradient, rate=0.1):
    raise ValueError("one\ntwo")


def empty(theta, gradient, rate=0.1):
    ...


def no_return(theta, gradient, rate=0.1):
    theta - rate * gradient


def documented(theta, gradient, rate=0.1):
    """One step."""


def later(theta, gradient, rate=0.1):
    raise NotImplementedError


@pytest.mark.parametrize(("answer", "right", "says"), [
    (step, True, "✓ 99.1 Right. Down the slope."),
    (forgot, False, "✗ 99.1 Not yet. For forgot(1, 2): expected 0.8, got 1.2. Mind the sign."),
    (breaks, False, "✗ 99.1 Not yet. breaks(1, 2) stopped with IndexError: list index out of range"),
    (breaks_in_two_lines, False, "stopped with ValueError: one two"),
    (lambda theta: theta, False, "stopped with TypeError: "),
    (lambda *a: "0.8", False, "expected a number, got '0.8'."),
    (0.8, False, "✗ 99.1 Not yet. Expected a function, got 0.8."),
    (empty, None, "○ 99.1 Waiting for your answer."),
    (no_return, False, "✗ 99.1 Not yet. no_return(1, 2) gave None: is a return missing?"),
    (documented, None, "○ 99.1 Waiting for your answer."),
    (lambda *a: ..., None, "○ 99.1 Waiting for your answer."),
    (later, None, "○ 99.1 Waiting for your answer."),
    (..., None, "○ 99.1 Waiting for your answer."),
])
def test_a_function(ask, answer, right, says):
    result, line = ask(STEP, answer)
    assert result is right
    assert says in line


def test_a_function_of_tensors_that_writes_into_its_arguments(ask):
    def double(x):
        x *= 2
        return x

    case = torch.tensor([1.0, 2.0])
    result, _ = ask(Function(lambda x: x * 2, [(case,), (case,)]), double)
    assert result is True
    assert case.tolist() == [1, 2]


@pytest.mark.parametrize(("answer", "right", "says"), [
    ("b", True, "✓ 99.1 Right. It halves."), (" B ", True, "✓"),
    ("a", False, "✗ 99.1 Not yet. No: it falls."),
    ("z", False, "Answer with one of 'a', 'b'; got 'z'."), (2, False, "Answer with one of 'a', 'b'; got 2."),
    (..., None, "○"),
])
def test_a_choice(ask, answer, right, says):
    result, line = ask(Choice("b", {"a": "No: it falls.", "b": "It halves."}), answer)
    assert result is right
    assert says in line


def test_a_judge_that_stumbles_blames_nobody_and_does_not_raise(ask):
    result, line = ask(lambda answer: Verdict(answer > 3), "four")
    assert result is False
    assert line.startswith("✗ 99.1 Not yet. 'four' could not be judged (TypeError")


def test_a_long_answer_is_cut_short(ask):
    _, line = ask(Value(1), "x" * 10_000)
    assert len(line) < 120


@pytest.mark.parametrize(("exercise", "error", "says"), [
    ("06.99", KeyError, "no exercise '06.99'; did you mean 06."),
    ("6.1", KeyError, "no exercise '6.1'; chapters with exercises: "),
    ("77.1", KeyError, "no exercise '77.1'"),
    (6.1, TypeError, "exercise: given 6.1, expected its number as a string"),
])
def test_an_exercise_that_does_not_exist(exercise, error, says):
    with pytest.raises(error, match=says):
        check(exercise, 1)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_of_a_chapter_waits_and_refuses_nonsense(chapter, capsys):
    table = importlib.import_module(f"firstgrad.book.exercises.{chapter}").EXERCISES
    assert table
    for exercise in table:
        assert exercise.startswith(chapter.removeprefix("ch") + ".")
        assert check(exercise, ...) is None
        assert check(exercise, "nonsense of no kind") is False
        assert check(exercise, object()) is False
    assert "Waiting" in capsys.readouterr().out


# --- measured ---


def test_measured_prints_what_was_measured_beside_the_reference(capsys):
    assert measured("accuracy", 0.8512, 0.85, 0.01) is None  # a notebook would print what it returns
    measured("loss", torch.tensor(0.502), 0.5, 0.01, "nats")
    assert capsys.readouterr().out == ("accuracy: 0.85 (within ± 0.01; measured 0.8512)\n"
                                       "loss: 0.5 nats (within ± 0.01; measured 0.502)\n")


def test_the_comparison_of_notebooks_passes_over_that_field_and_no_other(capsys):
    rules = configparser.ConfigParser(interpolation=None)
    rules.read(Path(__file__).parents[1] / "notebooks.cfg", "utf-8")

    def compared(value, reference, unit=""):
        measured("accuracy", value, reference, 0.01, unit)
        return re.sub(rules["measured"]["regex"], rules["measured"]["replace"], capsys.readouterr().out)

    assert compared(0.8512, 0.85) == compared(0.8488, 0.85) == "accuracy: 0.85 (within ± 0.01; measured)\n"
    assert compared(0.8512, 0.85) != compared(0.8512, 0.851)
    assert compared(1e-17, 0.0, "nats") == compared(-3.25e-3, 0.0, "nats")


@pytest.mark.parametrize("value", [0.861, 0.839, math.nan, math.inf])
def test_measured_says_a_value_that_is_outside(value, capsys):
    with pytest.raises(AssertionError, match=r"accuracy: measured .*, expected 0.85 \(within ± 0.01\)"):
        measured("accuracy", value, 0.85, 0.01)
    assert capsys.readouterr().out == ""


def test_measured_includes_its_edges():
    measured("n", 2, 1, 1)


def test_check_says_and_returns_nothing(capsys):
    assert shown("00.1", 2.4) is None  # a notebook would print what it returns
    assert capsys.readouterr().out.startswith("✓ 00.1 Right.")
