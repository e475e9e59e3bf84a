"""Says whether the reader's answer to an exercise is right, and asserts the numbers that the book prints.

The exercises of chapter 06 stand in `firstgrad/book/exercises/ch06.py`, in a table
`EXERCISES = {"06.1": Value(…), …}`. A judge is a `Value`, a `Function`, a `Choice`, or any function of the
answer that returns a `Verdict`.
"""

import copy
import difflib
import dis
import importlib
import inspect
import math
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firstgrad.arguments import is_real
from firstgrad.book.words import join, say


@dataclass(frozen=True)
class Verdict:
    right: bool | None  # None: the reader has not answered yet
    message: str = ""  # one or two short sentences: why it is right, or what to look at again


@dataclass(frozen=True)
class Value:
    """A number, or a list of numbers of any nesting; tensors and arrays count as such.

    An int must be met exactly, a float when it is rounded to `digits` significant digits; where an answer is
    read off a picture, `relative` or `absolute` says how far it may be off.
    """

    expected: Any
    digits: int = 3
    relative: float | None = None  # of the expected number
    absolute: float | None = None
    explain: str = ""  # said when right
    hint: str = ""  # said when wrong
    mistakes: Mapping[float, str] = field(default_factory=dict)  # known wrong number -> what went wrong

    def __call__(self, answer: Any) -> Verdict:
        given, expected = plain(answer), plain(self.expected)
        if problem := misfit(given, expected):
            return Verdict(False, join(problem, say(self.hint)))
        pairs = [(float(a), b) for a, b in zip(leaves(given), leaves(expected), strict=True)]
        right = [self._same(a, b) for a, b in pairs]
        if all(right):
            return Verdict(True, say(self.explain))
        wrong = [a for (a, _), fine in zip(pairs, right, strict=True) if not fine]
        known = (reason for mistake, reason in self.mistakes.items()
                 if any(self._same(given, mistake) for given in wrong))
        reason = next(known, "")
        diagnosis = "" if reason and len(pairs) == 1 else self._diagnosis(pairs, right, wrong)
        return Verdict(False, join(diagnosis, say(reason or self.hint)))

    def margin(self, expected: float) -> float:
        """How far from it an answer may be."""
        if self.relative is not None or self.absolute is not None:
            return max((self.relative or 0) * abs(expected), self.absolute or 0) * (1 + 1e-9)
        if isinstance(expected, int):
            return 1e-9 * abs(expected)  # what is computed may be off by a rounding
        if expected == 0:
            return 1e-9
        return 0.5000005 * 10.0 ** (math.floor(math.log10(abs(expected))) - self.digits + 1)

    def told(self) -> tuple[str, dict]:
        """The same for the reader: a few words, and the values in them."""
        if self.relative:
            return "within {percent} %", {"percent": f"{100 * self.relative:.3g}"}
        if self.absolute:
            return "within {absolute}", {"absolute": f"{self.absolute:g}"}
        exact = all(isinstance(part, int) for part in leaves(plain(self.expected)))
        return ("exactly", {}) if exact else ("to {digits} digits", {"digits": self.digits})

    def within(self) -> str:
        text, values = self.told()
        return say(text, **values)

    def _same(self, given: float, expected: float) -> bool:
        return abs(given - expected) <= self.margin(expected)

    def _diagnosis(self, pairs, right, wrong) -> str:
        """Which of several numbers are right; that their order is not."""
        if len(pairs) == 1:
            return say("{given} is not it ({within}).", given=short(wrong[0]), within=self.within())
        in_order = zip(sorted(a for a, _ in pairs), sorted(b for _, b in pairs), strict=True)
        if all(self._same(a, b) for a, b in in_order):
            return say("The numbers are right, their order is not.")
        marks = " ".join("✓" if fine else "✗" for fine in right)
        if len(wrong) > 1:
            return say("{marks} ({within}).", marks=marks, within=self.within())
        return say("{marks}: {given} is not it ({within}).", marks=marks, given=short(wrong[0]),
                   within=self.within())

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
            return Verdict(False, say("Expected a function, got {given}.", given=short(answer)))
        for case in self.cases:
            call = f"{getattr(answer, '__name__', 'f')}({', '.join(map(short, map(plain, case)))})"
            given, verdict = called(call, answer, *copy.deepcopy(case))  # a copy: it may write into it
            if verdict:
                return verdict
            expected = plain(self.reference(*copy.deepcopy(case)))
            if difference := differs(plain(given), expected, self.relative, self.absolute):
                said = say("For {call}: {difference}", call=call, difference=difference)
                return Verdict(False, join(said, say(self.hint)))
        return Verdict(True, say(self.explain))


class Lazily:
    """Cases that are made when they are asked for: to list the exercises needs no NumPy and no torch."""

    def __init__(self, make: Callable[[], Iterable[tuple]]):
        self.make = make

    def __iter__(self) -> Iterator[tuple]:
        return iter(self.make())


@dataclass(frozen=True)
class Choice:
    """One of a few words or letters; upper case and spaces around it do not matter."""

    expected: str
    why: Mapping[str, str]  # each choice -> why it is right or wrong

    def __call__(self, answer: Any) -> Verdict:
        given = answer.strip().lower() if isinstance(answer, str) else answer
        options = {option.lower(): reason for option, reason in self.why.items()}
        if not isinstance(given, str) or given not in options:
            return Verdict(False, say("Answer with one of {allowed}; got {given}.",
                                      allowed=", ".join(map(short, self.why)), given=short(answer)))
        return Verdict(given == self.expected.lower(), say(options[given]))


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
        verdict = Verdict(False, say("{given} could not be judged ({error}).", given=short(answer),
                                     error=f"{type(error).__name__}: {error}"))
    print(line(exercise, verdict))
    return verdict.right


def line(exercise: str, verdict: Verdict) -> str:
    """The verdict as the reader sees it."""
    sign, word = {True: ("✓", "Right."), False: ("✗", "Not yet."),
                  None: ("○", "Waiting for your answer.")}[verdict.right]
    message = " ".join(verdict.message.split())
    return f"{sign} {exercise} {join(say(word), message)}"


def called(call: str, function: Callable, *arguments: Any) -> tuple[Any, Verdict | None]:
    """What the reader's function returns, and a verdict when that is nothing or an error.

    call: what the reader is told was called.
    """
    try:
        given = function(*arguments)
    except NotImplementedError:
        return None, Verdict(None)
    except Exception as error:
        said = say("{call} stopped with {error}", call=call, error=f"{type(error).__name__}: {error}")
        return None, Verdict(False, said)
    if given is ... or (given is None and _unwritten(function)):
        return None, Verdict(None)
    if given is None:
        return None, Verdict(False, say("{call} gave None: is a return missing?", call=call))
    return given, None


_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "LOAD_COMMON_CONSTANT"}


def _unwritten(function: Callable) -> bool:
    """Whether its body is only dots, `pass` or a docstring: it does nothing but return."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is not None and {step.opname for step in dis.get_instructions(code)} <= _NOTHING


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
    if isinstance(value, int) and abs(value) > 2**1023:
        return math.inf if value > 0 else -math.inf  # what no float can hold
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def leaves(value: Any) -> Iterator[Any]:
    """The numbers of a nested list, from first to last."""
    if isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def misfit(given: Any, expected: Any) -> str:
    """Where a plain value has another form than expected, in a sentence; empty when it has the same."""
    if not isinstance(expected, list):
        return "" if is_real(given) else say("expected a number, got {given}.", given=short(given))
    if not isinstance(given, list):
        return say("expected {count} values, got {given}.", count=len(expected), given=short(given))
    if len(given) != len(expected):
        return say("expected {count} values, got {given}.", count=len(expected), given=len(given))
    parts = enumerate(map(misfit, given, expected))
    return next((_at(i, part) for i, part in parts if part), "")


def differs(given: Any, expected: Any, relative: float, absolute: float) -> str:
    """What is different between two plain values, in a sentence; empty when nothing is."""
    if isinstance(expected, list):
        if not isinstance(given, list) or len(given) != len(expected):
            got = len(given) if isinstance(given, list) else short(given)
            return say("expected {count} values, got {given}.", count=len(expected), given=got)
        pairs = enumerate(zip(given, expected, strict=True))
        parts = ((i, differs(a, b, relative, absolute)) for i, (a, b) in pairs)
        return next((_at(i, part) for i, part in parts if part), "")
    if is_real(expected):
        if not is_real(given):
            return say("expected a number, got {given}.", given=short(given))
        same = math.isclose(given, expected, rel_tol=relative, abs_tol=absolute)
    else:
        same = given == expected
    text = "expected {expected}, got {given}."
    return "" if same else say(text, expected=short(expected), given=short(given))


def _at(place: int, problem: str) -> str:
    return f"[{place}]{'' if problem.startswith('[') else ' '}{problem}"


def short(value: Any, level: int = 3) -> str:
    """A value in what fits in a line. The page's judge/format.js writes numbers, words and lists alike."""
    if is_real(value):
        return str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{plain(value):.6g}"
    if isinstance(value, str):
        words = " ".join(value.split())
        return f"'{words if len(words) <= 40 else f'{words[:18]}...{words[-19:]}'}'"
    if isinstance(value, list | tuple):
        parts = [short(part, level - 1) for part in value[:4]] if level else []
        inner = ", ".join(parts + ["..."] * (len(value) > len(parts)))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return _shortener.repr(value)


_shortener = reprlib.Repr()
_shortener.maxother = 40


def _awaited(answer) -> bool:
    """Whether the dots still stand in the answer, alone or in a list."""
    return answer is ... or (isinstance(answer, list | tuple) and any(map(_awaited, answer)))


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
