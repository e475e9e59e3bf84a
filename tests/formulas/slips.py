"""Slips of the pen: every formula with one sign, number or command changed."""

import re

SWAPS = {"+": "-", "-": "+", "<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le",
         r"\max": r"\min", r"\min": r"\max",
         r"\sum": r"\prod", r"\prod": r"\sum", r"\top": "1", r"\sqrt": "", r"\ln": r"\exp", r"\log": r"\exp",
         r"\exp": r"\log", r"\tanh": r"\sigma", r"\odot": "+", r"\circ": "+", r"\cdot": "+", "/": r"\cdot"}
PLACE = re.compile(r"\\[a-zA-Z]+|\d|[-+<>/]|\^2")
WORDS = re.compile(r"\\text\{[^{}]*\}|N_\{1\+\}|\\begin\{\w+\}|\\end\{\w+\}|\\l?dots")


def braces(text, start):
    """Where the group that opens at `start` ends."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    raise ValueError(f"no end: {text[start:]}")


def upside_down(text, at):
    """The fraction at `at`, turned over; None where its parts are no groups."""
    start = at + len(r"\frac")
    if text[start:start + 1] != "{":
        return None
    middle = braces(text, start)
    if text[middle:middle + 1] != "{":
        return None
    end = braces(text, middle)
    return text[:start] + text[middle:end] + text[start:middle] + text[end:]


def slips(text):
    """(what was done, the formula after it) for every place where one can slip."""
    quiet = [span for match in WORDS.finditer(text) for span in range(*match.span())]
    for match in PLACE.finditer(text):
        at, old = match.start(), match[0]
        if at in quiet:
            continue
        if old == r"\frac":
            changed = upside_down(text, at)
        else:
            new = "" if old == "^2" else str((int(old) + 1) % 10) if old.isdigit() else SWAPS.get(old)
            changed = None if new is None else text[:at] + new + text[match.end():]
        if changed:
            yield f"{old} at {at}", changed
