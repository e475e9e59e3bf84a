"""Both editions have the same anchors, so that a link or the language switch keeps its place on the page.

Every English section's ids are noted while the English edition is read; the Chinese sections, in the same
order, get them in front of their own.
"""
from __future__ import annotations

import json
import pathlib

import book
from docutils import nodes
from sphinx.util import logging

log = logging.getLogger(__name__)
INNER = {"exercise-content", "solution-content", "proof-content"}


def is_heading(section: nodes.section) -> bool:
    """Exercises and theorems wrap their content in a section too; those are no headings."""
    return not INNER & set(section["ids"])


def sections(doctree) -> list[nodes.section]:
    return [s for s in doctree.findall(nodes.section) if is_heading(s)]


def anchors_file(app) -> pathlib.Path:
    return pathlib.Path(app.doctreedir).parent / "anchors.json"


def share_anchors(app, doctree):
    docname = app.env.docname
    if book.edition(app.config) == "en":
        app.env.metadata[docname]["fg_anchors"] = [list(s["ids"]) for s in sections(doctree)]
        return
    english = english_anchors(app).get(docname)
    mine = sections(doctree)
    if english is None:
        return
    app.env.note_dependency(str(anchors_file(app)))
    if len(english) != len(mine):
        log.warning("%d sections here, %d in the English page: the language switch loses the place",
                    len(mine), len(english), location=docname, type="bilingual", subtype="sections")
        return
    for section, ids in zip(mine, english, strict=True):
        section["ids"] = ids + [i for i in section["ids"] if i not in ids]
        for i in ids:
            doctree.ids.setdefault(i, section)


def english_anchors(app) -> dict:
    path = anchors_file(app)
    return json.loads(path.read_text("utf8")) if path.exists() else {}


def write_anchors(app, env):
    if book.edition(app.config) == "en":
        found = {d: env.metadata[d]["fg_anchors"] for d in sorted(env.all_docs)}
        text, path = json.dumps(found, indent=1), anchors_file(app)
        if not path.exists() or path.read_text("utf8") != text:  # or every Chinese page is read again
            path.write_text(text, "utf8")


def setup(app):
    app.connect("doctree-read", share_anchors, priority=100)  # before the table of contents is collected
    app.connect("env-updated", write_anchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
