"""A search index by section, one classic script per edition, so that it works from disk.

With it go the names of the terms, from zh/terms.yml, and the traditional characters in them. What the page
makes of both is in site/live/search.js.
"""
from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import bilingual
import formulas
import glossary
from docutils import nodes
from sphinx import addnodes

NOT_WORDS = (glossary.listing, nodes.raw, nodes.math_block, nodes.comment, nodes.system_message)
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
        parts.append(spoken(node.astext()))
    elif not left_out(node):
        for child in node.children:
            add_words(child, parts)
        if not isinstance(node, nodes.Inline):
            parts.append(" ")


UP, DOWN = (str.maketrans("0123456789nt", small) for small in ("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵗ", "₀₁₂₃₄₅₆₇₈₉ₙₜ"))
INDICES = {"msup": ("^", UP), "msub": ("_", DOWN)}


def spoken(latex: str) -> str:
    """A formula in one line of characters, without TeX: β₁, 1 − βᵗ, λ_max."""
    try:
        return in_line(ElementTree.fromstring(formulas.mathml(latex, False).replace("&nbsp;", " "))).strip()
    except (ValueError, ElementTree.ParseError):
        return ""


def in_line(node) -> str:
    parts = [in_line(child) for child in node]
    match node.tag:
        case "msup" | "msub":
            mark, raised = INDICES[node.tag]
            index = parts[1].translate(raised)
            return parts[0] + (index if index != parts[1] and len(parts[1]) == 1 else f"{mark}{parts[1]}")
        case "msubsup":
            return f"{parts[0]}_{parts[1]}^{parts[2]}"
        case "mfrac":
            return f"{parts[0]}/{parts[1]}"
        case "msqrt":
            return f"√{''.join(parts)}"
        case "annotation":
            return ""
    return (node.text or "").strip() + "".join(parts)


def words(title) -> str:
    """A title's words, its formulas as they are spoken."""
    parts: list[str] = []
    add_words(title, parts)
    return re.sub(r"\s+", " ", "".join(parts)).strip()


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
            title = words(next(iter(section.findall(nodes.title))))
            entries.append([section["ids"][0], title, section_text(section)])
    app.env.metadata[app.env.docname]["fg_search"] = entries


def write_index(app, error):
    if error or app.builder.name != "html":
        return
    env, rows = app.env, []
    for docname in sorted(env.found_docs):
        page = words(env.titles[docname])
        rows += [[f"{docname}.html" + (f"#{anchor}" if i else ""), page, title, text]
                 for i, (anchor, title, text) in enumerate(env.metadata[docname].get("fg_search", []))]
    found = {"fgSearchIndex": rows, "fgSearchTerms": glossary.for_search(app)}
    text = "".join(f"window.{name}={json.dumps(value, ensure_ascii=False, separators=(',', ':'))};\n"
                   for name, value in found.items())
    (app.outdir / "search-index.js").write_text(text, "utf8")


def setup(app):
    app.connect("doctree-read", collect, priority=300)
    app.connect("build-finished", write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


