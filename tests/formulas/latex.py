"""Reads the book's LaTeX as arithmetic: what a formula says is computed from its own letters.

    holds(r"\\rho = \\frac{\\kappa - 1}{\\kappa + 1}", {r"\\rho": 0.5, r"\\kappa": 3.0})

`values` gives every letter its value under its LaTeX: a number; a matrix (two axes: products are matrix
products, vectors are columns); many numbers at once (one axis: products are entry by entry); a dict or an
array, which a subscript indexes; a function. The longest name that fits is taken, so `c(hw)` may be a name
too, or `\\frac{\\partial J}{\\partial W}`, and By("i", table) is a value that depends on the letter i.

Four names are orders: "value" is what a formula is equal to, said once more (a list: one for each part
without a relation); "over" says what a sum without bounds runs over, {"i": [1, 2]} or, with its letter,
{"i \\in S": ("i", [1, 2])}; "tight" reads ≤ and ≥ as =; "false" wants the formula untrue there.
"""

import itertools
import re
from typing import Any, NamedTuple

import numpy as np

SPACING = re.compile(r"(?<!\\)\\[,;!: ]|\\(?:left|right|[bB]igg?[lrm]?|textstyle|displaystyle)(?![a-zA-Z])|~")
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\S")
RELATIONS = {"=", "<", ">", r"\le", r"\ge", r"\approx", r"\propto"}
TIMES = {r"\cdot", r"\times", r"\odot", r"\circ", "/", r"\bmod"}
ENDS = RELATIONS | TIMES | {"+", "-", ")", "]", "}", ",", r"\mid", r"\rVert", r"\dots"}


class By(NamedTuple):
    """A value for each value of a letter."""

    letter: str
    table: Any


class Unreadable(Exception):
    """A formula that cannot be computed; the message says where and why."""


FUNCTIONS = {
    r"\ln": np.log, r"\log": np.log, r"\log_2": np.log2, r"\exp": np.exp, r"\tanh": np.tanh,
    r"\max": np.maximum, r"\min": np.minimum, r"\max_i": np.max,
    r"\operatorname{sign}": np.sign, r"\operatorname{diag}": lambda v: np.diag(np.ravel(v)),
}
KNOWN = {**FUNCTIONS, "e": np.e, r"\pi": np.pi, r"\mathbb{E}": lambda x: np.mean(x, axis=-1)}


def tokens(latex):
    return TOKEN.findall(SPACING.sub(" ", latex).replace(r"\tfrac", r"\frac").replace(r"\dfrac", r"\frac"))


def times(a, b, sign=""):
    """a times b, or what else `sign` says: as matrices; entry by entry for ∘, ⊙ and many numbers at once."""
    a, b = np.asarray(a), np.asarray(b)
    if sign in ("/", r"\bmod"):
        return a / b if sign == "/" else a % b
    if sign in (r"\odot", r"\circ"):
        return a * b
    if a.ndim == b.ndim == 2 and a.size > 1 and b.size > 1:
        try:
            return (a.T if sign == r"\cdot" and a.shape == b.shape and a.shape[1] == 1 else a) @ b
        except ValueError as error:
            raise Unreadable(f"shapes {a.shape} and {b.shape} do not multiply") from error
    return (a.item() if a.size == 1 else a) * (b.item() if b.size == 1 else b)


class Reader:
    def __init__(self, latex, values, over=None):
        self.all, self.at, self.open = tokens(latex), 0, []
        self.values = {**KNOWN, **values}
        self.names = sorted(((tokens(name), name) for name in self.values), key=lambda n: -len(n[0]))
        self.over = {"".join(tokens(name)): what for name, what in (over or {}).items()}

    def where(self):
        return f"before {' '.join(self.all[self.at:self.at + 8]) or 'the end'}"

    def peek(self):
        return self.all[self.at] if self.at < len(self.all) else ""

    def take(self, wanted=None):
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise Unreadable(f"{wanted or 'something'} expected {self.where()}")
        self.at += 1
        return token

    def skip(self, token):
        found = self.peek() == token
        self.at += found
        return found

    def group(self):
        """The tokens of an argument: what stands in braces, or one token."""
        if self.peek() != "{":
            return [self.take()]
        start, depth = self.at, 0
        while True:
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
            if not depth:
                return self.all[start + 1:self.at - 1]

    def inside(self, part, reads="total"):
        """What the tokens `part` come to, by themselves."""
        inner = Reader("", {})
        inner.all, inner.values, inner.names, inner.over = part, self.values, self.names, self.over
        value = getattr(inner, reads)()
        if inner.peek():
            raise Unreadable(f"no meaning: {' '.join(inner.all[inner.at:])}")
        return value

    # --- sums, products, factors -------------------------------------------------------------
    def total(self):
        value = self.term()
        while self.peek() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self):
        if self.skip("-"):
            return -np.asarray(self.term())
        value = self.chain()
        while (sign := self.peek()) in TIMES:
            self.take()
            value = times(value, self.chain(), sign)
        return value

    def chain(self):
        value = self.factor()
        while self.goes_on():
            value = times(value, self.factor())
        return value

    def goes_on(self):
        token = self.peek()
        return bool(token) and token not in ENDS and not (token == "|" and self.open[-1:] == ["|"])

    def factor(self):
        value, name = self.primary()
        while True:
            token = self.peek()
            if token == "_":
                self.take()
                value = self.index(value, self.group())
            elif token == "^":
                self.take()
                value = self.power(value, self.group())
            elif callable(value) and token in ("(", "[", "{"):
                value = value(*self.arguments())
            elif callable(value) and name in FUNCTIONS:
                return value(self.chain())
            else:
                return value

    def primary(self):
        for part, name in self.names:
            if part and self.all[self.at:self.at + len(part)] == part:
                self.at += len(part)
                value = self.values[name]
                return (value.table[self.values[value.letter]] if isinstance(value, By) else value), name
        token = self.take()
        if token.isdigit():
            while self.peek().isdigit() or (self.peek() == "." and self.all[self.at + 1:self.at + 2][0:1]
                                            and self.all[self.at + 1].isdigit()):
                token += self.take()
            return float(token), None
        reads = {"(": self.bracket, "[": self.iverson, "|": self.bars, r"\lVert": self.norm, "{": self.braces,
                 r"\frac": self.fraction, r"\sqrt": lambda: np.sqrt(self.inside(self.group())),
                 r"\sum": lambda: self.big(np.add), r"\prod": lambda: self.big(times),
                 r"\underbrace": self.underbrace, r"\begin": self.cases}
        if token not in reads:
            raise Unreadable(f"{token} has no value, {self.where()}")
        return reads[token](), None

    # --- brackets and commands ---------------------------------------------------------------
    def within(self, opening, closing, read):
        self.open.append(opening)
        value = read()
        self.open.pop()
        self.take(closing)
        return value

    def bracket(self):
        return self.within("(", ")", self.total)

    def braces(self):
        self.at -= 1
        return self.inside(self.group())

    def bars(self):
        return np.abs(self.within("|", "|", self.total))

    def norm(self):
        value = np.asarray(self.within("‖", r"\rVert", self.total))
        return np.linalg.norm(value, 2) if value.ndim == 2 else np.abs(value)

    def iverson(self):
        """[k = y] is 1 or 0; brackets around a sum are brackets."""
        left = self.within("[", "]", self.statement)
        return float(left.true()) if left.signs else left.sides[0]

    def fraction(self):
        return self.inside(self.group()) / self.inside(self.group())

    def underbrace(self):
        """The words below are not read, but a relation is: \\underbrace{x}_{\\ge 0}."""
        value = self.inside(self.group())
        below = self.group() if self.skip("_") else []
        if below and below[0] in RELATIONS and not agree(value, below[0], self.inside(below[1:]), 1e-9, 0):
            raise AssertionError(f"not true: {' '.join(below)} below {value}")
        return value

    def cases(self):
        """The value of the row whose condition is true; of two such rows, if they agree."""
        self.group()
        end = next(i for i in range(self.at, len(self.all)) if self.all[i] == r"\end")
        part, self.at = self.all[self.at:end], end + 1
        self.group()
        rows = [split(row, {"&"}) for row in split(part, {r"\\"})]
        true = [value for value, condition in rows if self.condition([t for t in condition if t != ","])]
        true = true or [value for value, condition in rows if r"\text{otherwise}" in "".join(condition)]
        values = [self.inside(value) for value in true]
        if not values or any(value != values[0] for value in values):
            raise Unreadable(f"of the cases {len(values)} are true")
        return values[0]

    def condition(self, part):
        text = "".join(part)
        return r"\text{otherwise}" not in text and any(
            self.inside(tokens(either), "statement").true()
            for either in re.split(r"\\text\{or\}", text.removeprefix(r"\text{if}")))

    def arguments(self):
        closing = {"(": ")", "[": "]", "{": "}"}[self.take()]
        found = []
        while True:
            self.open.append("(")
            found.append(Ellipsis if self.skip(r"\dots") else self.total())
            self.open.pop()
            if not (self.skip(",") or self.skip(r"\mid")):
                self.take(closing)
                return found

    def index(self, value, part):
        pieces = split(part, {","})
        pair = (isinstance(value, np.ndarray) and value.ndim == 2) or (
            isinstance(value, dict) and isinstance(next(iter(value)), tuple))
        if pair and len(pieces) == 1 and len(part) == 2:
            pieces = [[token] for token in part]
        keys = [self.inside(piece) for piece in pieces]
        keys = [key if isinstance(key, str) else np.rint(key).astype(int) for key in keys]
        keys = [key.item() if np.ndim(key) == 0 and not isinstance(key, str) else key for key in keys]
        key = tuple(keys) if len(keys) > 1 else keys[0]
        try:
            return value[key]
        except (KeyError, IndexError, TypeError) as error:
            raise Unreadable(f"nothing has the index {key}") from error

    def power(self, value, part):
        if part == [r"\top"]:
            return np.asarray(value).T
        exponent = self.inside(part)
        if callable(value):
            return lambda *a: value(*a) ** exponent
        if np.ndim(value) == 2 and min(np.shape(value)) > 1:
            if exponent != -1:
                raise Unreadable("of a matrix only the transpose and the inverse are read")
            return np.linalg.inv(value)
        return np.asarray(value, float) ** exponent

    def big(self, join):
        """A sum or product: its index goes through the bounds, or through what `over` says."""
        self.take("_")
        below = self.group()
        letter = below[0]
        if below[1:2] == ["="]:
            self.take("^")
            first, last = self.inside(below[2:]), self.inside(self.group())
            run = range(round(float(first)), round(float(last)) + 1)
        elif "".join(below) in self.over:
            run = self.over["".join(below)]
            letter, run = run if isinstance(run, tuple) else (letter, run)
        else:
            raise Unreadable(f"over what does the sum run: {' '.join(below)}")
        return self.joined(letter, run, join)

    def joined(self, letter, run, join):
        start, kept, result = self.at, self.values.get(letter), None
        if ([letter], letter) not in self.names:
            self.names.append(([letter], letter))
        for position in run:
            self.at, self.values[letter] = start, position
            value = self.term()
            result = value if result is None else join(result, value)
        if result is None:
            raise Unreadable("a sum of nothing")
        if kept is not None:
            self.values[letter] = kept
        return result

    def statement(self):
        found = Statement([self.total()], [])
        while self.peek() in RELATIONS:
            found.signs.append(self.take())
            found.sides.append(self.total())
        return found


class Statement:
    """Sides and the relations between them: a = b ≤ c."""

    def __init__(self, sides, signs):
        self.sides, self.signs = sides, signs

    def true(self, tolerance=1e-9, about=0.1):
        return all(agree(self.sides[i], sign, self.sides[i + 1], tolerance, about)
                   for i, sign in enumerate(self.signs))

    def __str__(self):
        words = [np.array2string(np.asarray(side), precision=6, threshold=6) for side in self.sides]
        return " ".join(word for pair in zip(words, [*self.signs, ""], strict=True) for word in pair).strip()


def agree(left, sign, right, tolerance, about):
    left, right = np.squeeze(np.asarray(left, float)), np.squeeze(np.asarray(right, float))
    if left.shape != right.shape and left.size > 1 < right.size:
        return False
    size = max(np.max(np.abs(left)), np.max(np.abs(right)), 1e-300)
    gap = np.max(left - right) if sign in ("<", r"\le") else np.max(right - left)
    if sign == r"\propto":
        ratio = left / right
        return np.ptp(ratio) <= tolerance * np.max(np.abs(ratio))
    if sign in ("=", r"\approx"):
        return np.max(np.abs(left - right)) <= (tolerance if sign == "=" else about) * size + 1e-14
    return gap < 0 if sign in "<>" else gap <= tolerance * size + 1e-14


def split(part, marks):
    """`part` cut at the marks that stand outside all brackets."""
    pieces, depth, cases = [[]], 0, 0
    for token in part:
        depth += (token in ("{", "(", "[", r"\lVert")) - (token in ("}", ")", "]", r"\rVert"))
        cases += {r"\begin": 1, r"\end": -1}.get(token, 0)
        if token in marks and not depth and not cases:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces


def statements(latex):
    """A formula's parts, cut at lines, columns, wide spaces and commas; what begins with a sign goes on."""
    latex = re.sub(r"\\(begin|end)\{(aligned|gathered)\}", "", latex.strip().rstrip(".,; \n"))
    found = []
    for piece in split(tokens(latex), {r"\\", r"\qquad", r"\quad", ",", ";", "&"}):
        while piece and piece[-1] in (".", ";"):
            piece.pop()
        if piece[:1] == ["("] and piece[-1:] == [")"] and len(split(piece[1:-1], RELATIONS)) > 1:
            piece = piece[1:-1]
        if found and piece and piece[0] in RELATIONS | {"+", "-"}:
            found[-1] += piece
        elif piece:
            found.append(piece)
    return found


def read(part, values, over):
    try:
        return Reader("", values, over).inside(part, "statement")
    except (ValueError, ZeroDivisionError, IndexError, TypeError) as error:  # shapes, indices
        raise Unreadable(f"{' '.join(part)}: {error}") from error


def holds(latex, values, tolerance=1e-9, about=0.1):
    """Raises AssertionError that says both sides, unless all that the formula says is true of `values`.

    = is true within `tolerance` of the larger side, ≈ within `about`. Raises Unreadable: see there.
    """
    values = dict(values)
    over, tight, false = (values.pop(order, None) for order in ("over", "tight", "false"))
    expected, verdicts = values.pop("value", None), []
    expected = iter(expected) if isinstance(expected, list) else itertools.repeat(expected)
    for part in statements(latex):
        found = read(part, values, over)
        if tight:
            found.signs = ["=" if sign in (r"\le", r"\ge") else sign for sign in found.signs]
        wanted = next(expected, None)
        if wanted is None and not found.signs:
            raise Unreadable(f"nothing to compare with: {' '.join(part)}")
        if wanted is not None:
            found.sides.insert(0, wanted)
            found.signs.insert(0, "=")
        verdicts.append(found.true(tolerance, about))
        if not false and not verdicts[-1]:
            raise AssertionError(f"not true: {' '.join(part)}\n    {found}")
    if false and all(verdicts):
        raise AssertionError(f"true where it should not be: {latex.strip()}")
