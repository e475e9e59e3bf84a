"""```{diagram} name: Mermaid source in the page, drawn once to SVG by `make figures`, light and dark."""
from __future__ import annotations

import hashlib
import html
import re
from typing import ClassVar

import book
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)
FOLDER = book.ROOT / "site/diagrams"
THEMES = ("light", "dark")


def body(content: str) -> str:
    """The Mermaid source inside the directive, without the directive's own options."""
    return re.sub(r"\A(?::[\w-]+:.*\n|\s*\n)+", "", content).strip("\n")


def source_hash(source: str) -> str:
    lines = [line.rstrip() for line in source.strip().split("\n")]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def drawn_from(svg: str) -> str:
    """The hash of the source that a committed drawing was made from."""
    found = re.search(r'data-source="([0-9a-f]+)"', svg)
    return found[1] if found else ""


def size(svg: str) -> tuple[int, int]:
    found = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', svg)
    return (round(float(found[1])), round(float(found[2]))) if found else (640, 360)


class drawing(nodes.General, nodes.Element):
    """One diagram in two colour schemes; the stylesheet shows the one that fits."""


class Diagram(SphinxDirective):
    required_arguments, has_content = 1, True
    option_spec: ClassVar = {"alt": directives.unchanged_required, "caption": directives.unchanged}

    def run(self):
        name, language = self.arguments[0], book.edition(self.config)
        if "alt" not in self.options:
            raise self.error(f"the diagram {name} needs an :alt: that says what it shows")
        wanted = source_hash("\n".join(self.content))
        for theme in THEMES:
            path = FOLDER / f"{name}.{language}.{theme}.svg"
            self.env.note_dependency(str(path))
            if not path.exists() or drawn_from(path.read_text("utf8")) != wanted:
                log.warning("the drawing %s is missing or older than its source: run `make figures`",
                            path.relative_to(book.ROOT).as_posix(), location=self.get_location(),
                            type="diagram", subtype="stale")
        figure = nodes.figure("", drawing(name=name, alt=self.options["alt"]), classes=["fg-diagram"])
        if caption := self.options.get("caption"):
            words, _ = self.state.inline_text(caption, self.lineno)
            figure += nodes.caption("", "", *words)
        return [figure]


def visit_drawing(self, node):
    stem = f"{node['name']}.{book.edition(self.config)}"
    for theme in THEMES:
        path = FOLDER / f"{stem}.{theme}.svg"
        width, height = size(path.read_text("utf8")) if path.exists() else (640, 360)
        source = book.asset(self.config, self.builder.current_docname, f"diagrams/{stem}.{theme}.svg")
        self.body.append(f'<img class="only-{theme}" src="{source}" alt="{html.escape(node["alt"])}" '
                         f'width="{width}" height="{height}" loading="lazy">')
    raise nodes.SkipNode


def setup(app):
    app.add_node(drawing, html=(visit_drawing, None))
    app.add_directive("diagram", Diagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
