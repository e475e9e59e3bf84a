"""A search index by section, one classic script per edition, so that it works from disk.

The page looks up Latin words by their beginning and Chinese by pairs of characters, so that a phrase is found
without a dictionary and without spaces.
"""
from __future__ import annotations

import json
import re

import bilingual
from docutils import nodes
from sphinx import addnodes

NOT_WORDS = (nodes.raw, nodes.math_block, nodes.comment, nodes.system_message)
HAN = "\u3400-\u9fff\uf900-\ufaff"


def section_text(section) -> str:
    """The words of a section without those of its subsections, and without outputs, formulas and raw HTML."""
    parts: list[str] = []
    for child in section.children[1:]:
        add_words(child, parts)
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def add_words(node, parts) -> None:
    if isinstance(node, nodes.Text):
        parts.append(str(node))
    elif isinstance(node, nodes.math):
        parts.append(re.sub(r"\\|[{}$]", "", node.astext()))  # λ_max is found as lambda_max
    elif not left_out(node):
        for child in node.children:
            add_words(child, parts)
        if not isinstance(node, nodes.Inline):
            parts.append(" ")


def left_out(node) -> bool:
    """Subsections have their own entry; a reference without words of its own would show its label."""
    if isinstance(node, nodes.section):
        return bilingual.is_heading(node)
    silent = isinstance(node, addnodes.pending_xref) and not node.get("refexplicit")
    return silent or isinstance(node, NOT_WORDS) or "cell_output" in node.get("classes", [])


def collect(app, doctree):
    entries = []
    for section in doctree.findall(nodes.section):
        if section["ids"] and section.children and isinstance(section[0], nodes.title):
            title = next(iter(section.findall(nodes.title))).astext()
            entries.append([section["ids"][0], title, section_text(section)])
    app.env.metadata[app.env.docname]["fg_search"] = entries


def write_index(app, error):
    if error or app.builder.name != "html":
        return
    env, rows = app.env, []
    for docname in sorted(env.found_docs):
        page = env.titles[docname].astext()
        rows += [[f"{docname}.html" + (f"#{anchor}" if i else ""), page, title, text]
                 for i, (anchor, title, text) in enumerate(env.metadata[docname].get("fg_search", []))]
    text = "window.fgSearchIndex=" + json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + ";\n"
    (app.outdir / "search-index.js").write_text(text, "utf8")


def setup(app):
    app.connect("doctree-read", collect, priority=300)
    app.connect("build-finished", write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


