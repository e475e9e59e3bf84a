"""```{terms}```: the glossary, from zh/terms.yml, with a link to where each term is introduced."""
from __future__ import annotations

import functools
import sys
import unicodedata

import book
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

sys.path.append(str(book.ROOT / "tools"))
import i18n_terms

log = logging.getLogger(__name__)
TABLE = book.ROOT / "zh/terms.yml"


class listing(nodes.General, nodes.Element):
    """The whole list: search has the terms themselves, and does not read it again."""


@functools.cache
def table() -> dict:
    return i18n_terms.read(book.ROOT)


def place(env, term) -> tuple[str, str]:
    """(page, anchor) of where a term is introduced; no page while its chapter is not written."""
    number, _, anchor = term["at"].partition("#")
    page = next((name for name in sorted(env.found_docs) if f"/{number}_" in f"/{name}"), "")
    return page, anchor


def address(env, term) -> str:
    page, anchor = place(env, term)
    return page and f"{page}.html" + (f"#{anchor}" if anchor else "")


def for_search(app) -> dict:
    """[address, the edition's name, the other's, aliases …] of each term, and the traditional characters."""
    first, second = ("zh", "en") if book.edition(app.config) == "zh" else ("en", "zh")
    rows = [[address(app.env, t), t[first], t[second], *t.get("also", ())] for t in table()["terms"]]
    return {"terms": rows, "traditional": table()["traditional"].replace(" ", "")}


class Terms(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(TABLE))
        zh = book.edition(self.config) == "zh"
        # By the alphabet of the English names: both editions have one order, and so share their anchors.
        terms = sorted(table()["terms"], key=lambda t: unicodedata.normalize("NFKD", t["en"]).casefold())
        found = nodes.definition_list(classes=["fg-terms"])
        for term in terms:
            found += self.entry(term, zh)
        return [listing("", found)]

    def entry(self, term, zh):
        name = nodes.term("", term["zh"] if zh else term["en"], ids=[f"term-{nodes.make_id(term['en'])}"])
        if term["en"] != term["zh"]:
            name += nodes.inline("", f" {term['en'] if zh else term['zh']}", classes=["fg-other"],
                                 **{"lang": "en" if zh else "zh-CN"})
        line = nodes.paragraph("", term["zh_line" if zh else "en_line"] + ("" if zh else " "))
        line += self.link(term, zh)
        return nodes.definition_list_item("", name, nodes.definition("", line, *self.others(term, zh)))

    def link(self, term, zh):
        number = int(term["at"][:2])
        words = f"第 {number} 章" if zh else f"Chapter {number}"
        page, anchor = place(self.env, term)
        if not page:
            return nodes.inline("", words, classes=["fg-later"])
        here = self.env.docname.count("/")
        target = "../" * here + f"{page}.html" + (f"#{anchor}" if anchor else "")
        return nodes.reference("", words, refuri=target, internal=True)

    def others(self, term, zh):
        names = [name for name in map(str, term.get("also", ())) if zh or name.isascii()]
        if not names:
            return []
        said = f"又称：{'、'.join(names)}。" if zh else f"Also: {', '.join(names)}."
        return [nodes.paragraph("", said, classes=["fg-also"])]


def known_places(app, env):
    """A term that points to a section which is not there is a warning, and so an error."""
    for term in table()["terms"]:
        page, anchor = place(env, term)
        there = {row[0] for row in env.metadata.get(page, {}).get("fg_search", ())}
        if page and anchor and anchor not in there:
            log.warning("zh/terms.yml: “%s” is introduced at %s, which is no section of %s", term["en"],
                        term["at"], page, type="glossary", subtype="place")


def passed(self, node):
    """The list is drawn as any other."""


def setup(app):
    app.add_node(listing, html=(passed, passed))
    app.add_directive("terms", Terms)
    app.connect("env-updated", known_places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
