#!/usr/bin/env python3
"""The judges' tables as the static page judges by them: site/judges.json, which the site's build reads.

    tools/judges.py write    write it anew from lib/firstgrad/book/exercises
    tools/judges.py check    fail when it is not what `write` would write

Texts are English; site/ext/answers.py puts the Chinese of firstgrad/book/exercises/zh.json in their place.
"""
from __future__ import annotations

import ast
import importlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE = ROOT / "site/judges.json"
BOOK = ROOT / "lib/firstgrad/book"

sys.path.insert(0, str(ROOT / "lib"))

from firstgrad.book.answers import Choice, Function, Lazily, Value, plain  # noqa: E402


def exported(judge) -> dict:
    """What a page needs to know of one judge."""
    if isinstance(judge, Value):
        expected = plain(judge.expected)
        return {"kind": "value", "expected": expected, "margin": margins(judge, expected),
                "within": judge.told(), "explain": judge.explain, "hint": judge.hint,
                "mistakes": [[float(m), judge.margin(m), why] for m, why in judge.mistakes.items()]}
    if isinstance(judge, Choice):
        return {"kind": "choice", "expected": judge.expected, "why": dict(judge.why)}
    function = isinstance(judge, Function) or judge(0).message.startswith("Expected a function")
    if function:
        return {"kind": "function", "packages": isinstance(getattr(judge, "cases", None), Lazily)}
    return {"kind": "written"}


def margins(judge, expected):
    if isinstance(expected, list):
        return [margins(judge, part) for part in expected]
    return judge.margin(expected)


def sentences(module: pathlib.Path, known) -> list[str]:
    """The sentences with values that a module says."""
    constants = (node.value for node in ast.walk(ast.parse(module.read_text("utf-8")))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return sorted({text for text in constants if text in known})


def tables() -> dict:
    """Chapter → its exercises and the sentences of its own judges; "" → what every judge says."""
    known = json.loads((BOOK / "exercises/zh.json").read_text("utf-8"))
    found = {"": {"words": sentences(BOOK / "answers.py", known)}}
    for file in sorted((BOOK / "exercises").glob("ch*.py")):
        table = importlib.import_module(f"firstgrad.book.exercises.{file.stem}").EXERCISES
        entries = {name: exported(judge) for name, judge in table.items()}
        shown = {text for entry in entries.values() for text in texts(entry)}
        shown |= {text for judge in table.values() if isinstance(judge, Function)
                  for text in (judge.explain, judge.hint)}
        words = [text for text in sentences(file, known) if text not in shown]
        found[file.stem.removeprefix("ch")] = {"words": words, "exercises": entries}
    return found


def texts(value) -> list[str]:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [text for part in parts for text in texts(part)]
    return [value] if isinstance(value, str) else []


def dumped() -> str:
    return json.dumps(tables(), ensure_ascii=False, indent=1) + "\n"


def main(argv) -> int:
    if argv == ["write"]:
        FILE.write_text(dumped(), "utf-8")
        return 0
    if argv == ["check"]:
        fresh = FILE.exists() and FILE.read_text("utf-8") == dumped()
        print("site/judges.json is fresh" if fresh else
              "site/judges.json is stale: run tools/judges.py write, and commit it")
        return not fresh
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
