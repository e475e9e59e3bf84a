"""The exercises of a page: where they are, their judges' tables for the page, what checks printed in Chinese.

A cell that waits for an answer prints "○ 06.1 Waiting for your answer."; on the page this line is where a
script puts a box for the answer. Without JavaScript it reads as in the notebook.
"""
from __future__ import annotations

import functools
import gzip
import html
import json
import os
import re

import book
from docutils import nodes

TABLES = book.ROOT / "site/judges.json"  # by tools/judges.py
CHINESE = book.ROOT / "lib/firstgrad/book/exercises/zh.json"
BUNDLES = book.ROOT / "site/bundles"  # by widgets/build.mjs
NEEDS = {"04.9": "exercises/shirts.js", "09.9": "models/word_vectors.js"}  # under assets/, on demand
PYTHON = os.environ.get("FG_PYODIDE_MB", "")  # by tools/site.py: how large Python is, where it is built in
LINE = re.compile(r"([✓✗○]) (\d\d\.\d+) (Right\.|Not yet\.|Waiting for your answer\.) ?(.*)")
KEY = 21  # an answer in the page's source should not be read by accident; nobody is kept from it


class answer_place(nodes.General, nodes.Element):
    """Where an exercise waits for its answer."""


@functools.cache
def tables() -> dict:
    return json.loads(TABLES.read_text("utf8"))


@functools.cache
def chinese() -> dict[str, str]:
    return json.loads(CHINESE.read_text("utf8"))


@functools.cache
def boxes() -> dict[str, dict]:
    """What the boxes say themselves, by language."""
    return json.loads((book.ROOT / "widgets/exercises/words.json").read_text("utf8"))


def count(chapter: str) -> int:
    """How many exercises of a chapter the page can judge."""
    return sum(map(judged, tables().get(chapter, {}).get("exercises", {}).values()))


def judged(entry: dict) -> bool:
    """Can the page judge it? A function only where Python is built in, and none that needs NumPy or torch."""
    return entry["kind"] != "function" or bool(PYTHON and not entry["packages"])


def chapters() -> list[str]:
    """Those that have exercises which the page can judge."""
    return [chapter for chapter in tables() if count(chapter)]


def table(chapter: str, language: str) -> dict:
    """What a chapter's page needs to judge: entries, and the other sentences that judges say."""
    entries = {name: entry for name, entry in tables()[chapter]["exercises"].items()
               if entry["kind"] != "function"}
    found = {"language": language, "box": boxes()[language], "words": {}, "exercises": entries}
    if language == "en":
        return found
    words = {text: chinese()[text] for part in ("", chapter) for text in tables()[part]["words"]}
    return found | {"words": words, "exercises": translated(entries)}


def translated(value):
    """The same with each sentence in Chinese; what `say` still has to fill in stays, and is in the words."""
    if isinstance(value, dict):
        return {key: translated(part) for key, part in value.items()}
    if isinstance(value, list):
        return [translated(part) for part in value]
    known = isinstance(value, str) and value not in tables()[""]["words"]
    return chinese().get(value, value) if known else value


def script(chapter: str, language: str) -> str:
    """The table as a classic script, and the chapter's own judges."""
    text = json.dumps(table(chapter, language), ensure_ascii=False, separators=(",", ":"))
    hidden = "".join(chr(ord(letter) ^ KEY) for letter in text)
    own = BUNDLES / f"written_{chapter}.js"
    judges = own.read_text("utf8") if own.exists() else ""
    return f"globalThis.fgExercises={json.dumps(hidden, ensure_ascii=False)};\n{judges}"


def shirts() -> str:
    """The recorded scores that exercise 04.9 is judged by, as a script that loads on demand."""
    recorded = json.loads((book.ROOT / "data/recordings/shirt_detector.json").read_text("utf8"))
    kept = {split: {key: recorded[split][key] for key in ("labels", "logits")}
            for split in ("validation", "test")}
    return f"globalThis.fgShirts={json.dumps(kept, separators=(',', ':'))};\n"


# --- the page --------------------------------------------------------------------------------------

def mark(app, doctree):
    """Each waiting line becomes a place; in the Chinese edition checks have spoken Chinese."""
    for block in list(doctree.findall(nodes.literal_block)):
        text = block.astext()
        waiting = LINE.fullmatch(text.strip())
        if app.config.language.startswith("zh") and LINE.search(text):
            said = LINE.sub(in_chinese, text)
            block.rawsource, block.children = said, []
            block += nodes.Text(said)
        if not waiting or waiting[1] != "○":
            continue
        chapter, _, _ = waiting[2].partition(".")
        entry = tables().get(chapter, {}).get("exercises", {}).get(waiting[2])
        if entry:
            place = answer_place(exercise=waiting[2], function=entry["kind"] == "function",
                                 python=entry["kind"] == "function" and judged(entry))
            block.replace_self(place)
            place += block


def in_chinese(line: re.Match) -> str:
    sign, exercise, word, message = line.groups()
    return f"{sign} {exercise} {chinese()[word]}{sentence(message)}"


def sentence(message: str) -> str:
    """A sentence in Chinese, the values in it kept."""
    for english, translation in chinese().items():
        names = re.findall(r"{(\w+)}", english)
        pattern = re.sub(r"\\{\w+\\}", "(.+)", re.escape(english))
        if found := re.fullmatch(pattern, message):
            values = dict(zip(names, found.groups(), strict=True))
            return translation.format(**values) if names else translation
    return message


@functools.cache
def kilobytes(name: str) -> int:
    """What loads on demand, as it travels."""
    import assets

    return round(len(gzip.compress(assets.generated()[name].encode(), 6)) / 1000)


def visit_place(self, node):
    if node["function"]:
        python = f' class="fg-python" data-exercise="{node["exercise"]}" data-megabytes="{PYTHON}"'
        self.body.append(f"<div{python if node['python'] else ''}>")
        return
    name, needs = node["exercise"], NEEDS.get(node["exercise"])
    more = f' data-needs="{needs}" data-kilobytes="{kilobytes(needs)}"' if needs else ""
    self.body.append(f'<div class="fg-exercise" data-exercise="{html.escape(name)}"{more}>')


def depart_place(self, node):
    if node["function"]:  # the page cannot run Python: where it can be written and checked
        colab = book.launch(self.config, self.builder.current_docname)["colab"]
        words = book.texts(self.config)
        self.body.append(f'<p class="fg-colab"><a class="reference external" href="{html.escape(colab)}">'
                         f"{words['write_function']}</a></p>")
    self.body.append("</div>\n")


def setup(app):
    app.add_node(answer_place, html=(visit_place, depart_place))
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
