"""Says whether the reader's answer to an exercise is right, and asserts the numbers that the book prints.

The exercises of chapter 06 stand in `firstgrad/book/exercises/ch06.py`, in a table
`EXERCISES = {"06.1": Value(…), …}`. A judge is a `Value`, a `Function`, a `Choice`, or any function of the
answer that returns a `Verdict`.
"""

import copy
import difflib
import importlib
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firstgrad.arguments import is_real


@dataclass(frozen=True)
class Verdict:
    right: bool | None  # None: the reader has not answered yet
    message: str = ""  # one or two short sentences: why it is right, or what to look at again


@dataclass(frozen=True)
class Value:
    """A number, or a list of numbers of any nesting; tensors and arrays count as such."""

    expected: Any
    relative: float = 1e-3  # of the expected number
    absolute: float = 0.0
    explain: str = ""  # said when right
    hint: str = ""  # said when wrong
    mistakes: Mapping[float, str] = field(default_factory=dict)  # known wrong number -> what went wrong

    def __call__(self, answer: Any) -> Verdict:
        given = plain(answer)
        difference = differs(given, plain(self.expected), self.relative, self.absolute, tell=False)
        if not difference:
            return Verdict(True, self.explain)
        for mistake, reason in self.mistakes.items():
            if not differs(given, mistake, self.relative, self.absolute):
                return Verdict(False, reason)
        return Verdict(False, _join(difference, self.hint))


@dataclass(frozen=True)
class Function:
    """A function that must agree with `reference` on every one of `cases`, tuples of arguments."""

    reference: Callable
    cases: Iterable[tuple]
    relative: float = 1e-6
    absolute: float = 1e-9
    explain: str = ""
    hint: str = ""

    def __call__(self, answer: Any) -> Verdict:
        if not callable(answer):
            return Verdict(False, f"Expected a function, got {short(answer)}.")
        for case in self.cases:
            call = f"{getattr(answer, '__name__', 'f')}({', '.join(map(short, map(plain, case)))})"
            try:
                given = answer(*copy.deepcopy(case))  # a copy: the function may write into its arguments
            except NotImplementedError:
                return Verdict(None)
            except Exception as error:
                return Verdict(False, f"{call} stopped with {type(error).__name__}: {error}")
            if given is None or given is ...:
                return Verdict(None)
            expected = plain(self.reference(*copy.deepcopy(case)))
            difference = differs(plain(given), expected, self.relative, self.absolute)
            if difference:
                return Verdict(False, _join(f"For {call}: {difference}", self.hint))
        return Verdict(True, self.explain)


@dataclass(frozen=True)
class Choice:
    """One of a few words or letters; upper case and spaces around it do not matter."""

    expected: str
    why: Mapping[str, str]  # each choice -> why it is right or wrong

    def __call__(self, answer: Any) -> Verdict:
        given = answer.strip().lower() if isinstance(answer, str) else answer
        options = {option.lower(): reason for option, reason in self.why.items()}
        if not isinstance(given, str) or given not in options:
            allowed = ", ".join(map(repr, self.why))
            return Verdict(False, f"Answer with one of {allowed}; got {short(answer)}.")
        return Verdict(given == self.expected.lower(), options[given])


def check(exercise: str, answer: Any) -> None:
    """Say in one line whether `answer` is right, not yet, or awaited (`...`). Never raises for an answer.

    exercise: such as "06.1".
    Raises: KeyError with near ids when there is no such exercise, TypeError when the id is not a string.
    """
    grade(exercise, answer)  # its result is not returned: a notebook would print it


def grade(exercise: str, answer: Any) -> bool | None:
    """Print one line: is `answer` right, not yet, or awaited (`...`)? Never raises for an answer.

    exercise: such as "06.1".  Returns: True, False, or None while the answer is awaited.
    Raises: KeyError with near ids when there is no such exercise, TypeError when the id is not a string.
    """
    judge = _find(exercise)
    try:
        verdict = Verdict(None) if _awaited(answer) else judge(answer)
    except Exception as error:  # a judge met an answer of a kind that its author did not think of
        verdict = Verdict(False, f"{short(answer)} could not be judged ({type(error).__name__}: {error}).")
    sign, word = {True: ("✓", "Right."), False: ("✗", "Not yet."), None: ("○", "")}[verdict.right]
    message = " ".join(verdict.message.split())
    if verdict.right is None:
        message = message or "Waiting for your answer."
    print(" ".join(part for part in (sign, exercise, word, message) if part))
    return verdict.right


def measured(name: str, value: Any, reference: float, within: float, unit: str = "") -> None:
    """Assert |value − reference| ≤ within, and print both: a line that is the same on every machine but for
    what stands behind "measured", which the comparison of notebooks passes over (tests/notebooks.cfg).

    Raises: AssertionError that says the value.
    """
    value = float(value)
    unit = f" {unit}" if unit else ""
    expected = f"{reference:.6g}{unit} (within ± {within:.3g}"
    if not abs(value - reference) <= within:  # so written, a NaN fails
        raise AssertionError(f"{name}: measured {value:.6g}{unit}, expected {expected})")
    print(f"{name}: {expected}; measured {value:.4g})")


def plain(value: Any) -> Any:
    """Tensors and arrays as (nested) lists of numbers, tuples as lists, the rest as it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def differs(given: Any, expected: Any, relative: float, absolute: float, tell: bool = True) -> str:
    """What is different between two plain values, in a sentence; empty when nothing is.

    tell: whether the sentence may say the expected number.
    """
    if isinstance(expected, list):
        if not isinstance(given, list):
            return f"expected {len(expected)} values, got {short(given)}."
        if len(given) != len(expected):
            return f"expected {len(expected)} values, got {len(given)}."
        pairs = enumerate(zip(given, expected, strict=True))
        parts = ((i, differs(a, b, relative, absolute, tell)) for i, (a, b) in pairs)
        return next((f"[{i}]{'' if part.startswith('[') else ' '}{part}" for i, part in parts if part), "")
    if is_real(expected):
        if not is_real(given):
            return f"expected a number, got {short(given)}."
        same = math.isclose(given, expected, rel_tol=relative, abs_tol=absolute)
        if same:
            return ""
        return f"expected {expected:.6g}, got {given:.6g}." if tell else f"{short(given)} is not it."
    return "" if given == expected else f"expected {short(expected)}, got {short(given)}."


def short(value: Any) -> str:
    """repr, cut to what fits in a line."""
    return f"{value:.6g}" if isinstance(value, float) else _shortener.repr(value)


_shortener = reprlib.Repr()
_shortener.maxlist = _shortener.maxtuple = 4
_shortener.maxstring = _shortener.maxother = 40


def _awaited(answer) -> bool:
    """Whether the dots still stand in the answer, alone or in a list."""
    return answer is ... or (isinstance(answer, list | tuple) and any(map(_awaited, answer)))


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _find(exercise: str) -> Callable[[Any], Verdict]:
    if not isinstance(exercise, str):
        raise TypeError(f"exercise: given {exercise!r}, expected its number as a string, such as '06.1'")
    chapters = sorted(file.stem for file in (Path(__file__).parent / "exercises").glob("ch*.py"))
    chapter = f"ch{exercise.split('.')[0]}"
    if chapter not in chapters:
        have = ", ".join(name.removeprefix("ch") for name in chapters)
        raise KeyError(f"no exercise {exercise!r}; chapters with exercises: {have}")
    table = importlib.import_module(f"firstgrad.book.exercises.{chapter}").EXERCISES
    if exercise not in table:
        near = difflib.get_close_matches(exercise, table, 3, 0.5) or list(table)
        raise KeyError(f"no exercise {exercise!r}; did you mean {', '.join(near)}?")
    return table[exercise]
