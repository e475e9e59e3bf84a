"""Admonitions, exercises, theorems and proofs as one family; what folds is a native <details>."""
from __future__ import annotations

import html
from typing import ClassVar

import book
from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole


class fold(nodes.General, nodes.Element):
    """A folded block: its first child is the visible line."""


class fold_title(nodes.General, nodes.TextElement):
    """The line that is always visible."""


def visit_fold(self, node):
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node):
    self.body.append("</details>\n")


def visit_fold_title(self, node):
    self.body.append(self.starttag(node, "summary", CLASS="admonition-title"))


def depart_fold_title(self, node):
    self.body.append("</summary>\n")


class FoldDropdowns(SphinxPostTransform):
    """`:class: dropdown`, after titles and references have got their numbers."""
    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        if book.edition(self.config) == "zh":
            self.widen_brackets()
            self.keep_marks()
        for node in list(self.document.findall(nodes.Admonition)):
            if "dropdown" in node["classes"] and node.children:
                self.replace(node)
        for node in list(self.document.findall(self.anonymous_section)):
            content = nodes.container("", *node.children)
            node.replace_self(content)
            content["ids"] = []  # replace_self hands them on

    def widen_brackets(self):
        """An exercise's subtitle stands in brackets; in Chinese they are as wide as the characters."""
        for node in self.document.findall(nodes.Admonition):
            if not {"exercise", "solution"} & set(node["classes"]):
                continue
            for text in list(node[0].findall(nodes.Text)):
                wide = str(text).replace(" (", "（").replace("(", "（").replace(")", "）")
                text.parent.replace(text, nodes.Text(wide))

    def keep_marks(self):
        """A colon or semicolon stays with the formula before it: a browser would begin a line with it."""
        for formula in self.document.findall(nodes.math):
            text = formula.next_node(descend=False, siblings=True)
            if isinstance(text, nodes.Text) and text.startswith(("：", "；")):
                text.parent.replace(text, nodes.Text("\N{WORD JOINER}" + text))

    def replace(self, node):
        title, *rest = node.children
        classes = [c for c in node["classes"] if c != "dropdown"]
        if isinstance(title, nodes.title):
            inner = self.words(title)
        else:  # a ready-made kind such as {hint}: its name is its title
            from sphinx.locale import admonitionlabels
            inner, rest = [nodes.Text(admonitionlabels.get(node.tagname, node.tagname))], node.children
            classes.append(node.tagname)
        node.replace_self(fold("", fold_title("", "", *inner), *rest, ids=node["ids"],
                               classes=["admonition", *classes]))

    @staticmethod
    def words(title):
        """A title without its links: the line is a control already, and a link in it could not be reached."""
        for link in list(title.findall(nodes.reference)):
            link.replace_self(link.children)
        return title.children

    @staticmethod
    def anonymous_section(node):
        """Exercises and theorems wrap their content in a section whose id repeats on the page."""
        return isinstance(node, nodes.section) and bool(
            {"exercise-content", "solution-content", "proof-content"} & set(node["ids"]))


class Proof(SphinxDirective):
    """`{prf:proof}` with a title in the page's language (the stock one writes English into the text)."""
    has_content, optional_arguments, final_argument_whitespace = True, 1, True
    option_spec: ClassVar = {"class": directives.class_option, "label": directives.unchanged}

    def run(self):
        node = nodes.admonition(classes=["proof", *self.options.get("class", [])])
        words, messages = self.state.inline_text(self.arguments[0] if self.arguments else "", self.lineno)
        node += nodes.title("", "", nodes.Text(book.texts(self.config)["proof"]),
                            *([nodes.Text(" "), *words] if words else []))
        self.state.nested_parse(self.content, self.content_offset, node)
        if label := self.options.get("label"):
            node["names"].append(nodes.fully_normalize_name(label))
            self.state.document.note_explicit_target(node, node)
        return [node, *messages]


def visit_hidden_code(self, node):
    """myst-nb's folded code, without the aria-label that says something else than the words on it."""
    classes = " ".join(["admonition", "hide", *node["classes"]])
    words = "".join(f'<span class="{state}">{html.escape(node[prompt])}</span>'
                    for state, prompt in (("collapsed", "prompt_show"), ("expanded", "prompt_hide")))
    self.body.append(f'<details class="{classes}"><summary class="admonition-title">{words}</summary>\n')


def visit_citation(self, node):
    """A bibliography is a plain list: docutils' ARIA roles for it are deprecated, and wrongly nested."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        self.body.append('<ul class="citation-list">\n')
    self.body.append(self.starttag(node, "li", CLASS="citation"))


def depart_citation(self, node):
    last = not isinstance(node.next_node(descend=False, siblings=True), nodes.citation)
    self.body.append("</li>\n" + ("</ul>\n" if last else ""))


# --- the first page ---------------------------------------------------------------------------------

class chapter_grid(nodes.General, nodes.Element):
    """What is inside the book: made from the table of contents, so that it is never out of date."""


class ChapterGrid(SphinxDirective):
    def run(self):
        return [chapter_grid()]


def fill_grid(app, doctree, docname):
    from page import navigation
    for node in list(doctree.findall(chapter_grid)):
        parts = [_part(app, docname, part) for part in navigation(app)]
        node.replace_self(nodes.container("", *parts, classes=["grid-parts"]))


def _part(app, docname, part):
    block = nodes.container(classes=["grid-part"], part=part["slug"])
    block += nodes.rubric("", part["caption"], classes=["grid-caption"])
    cards = nodes.bullet_list(classes=["grid-pages"])
    for page in part["pages"]:
        uri = app.builder.get_relative_uri(docname, page["docname"])
        link = nodes.reference("", "", nodes.inline("", page["title"]), refuri=uri, internal=True)
        number = nodes.inline("", str(page["number"]), classes=["grid-number"])
        about = nodes.paragraph("", app.env.metadata[page["docname"]].get("fg_description", ""))
        body = nodes.paragraph("", "", *([number] if page["number"] else []), link)
        cards += nodes.list_item("", body, about, classes=[f"part-{part['slug'] or 'none'}"])
    block += cards
    return block


class Button(SphinxRole):
    """{start}`Start reading <chapters/00_how_to_use>` opens a page, {colab}`…` its notebook in Colab."""

    def run(self):
        words, _, target = self.text.rstrip(">").rpartition("<")
        if target.strip() not in self.env.found_docs:
            text = f"{{{self.name}}}: there is no page {target.strip()!r}"
            return [], [self.inliner.reporter.warning(text, line=self.lineno)]
        classes = ["button", "button-main"] if self.name == "start" else ["button"]
        return [page_button("", words.strip(), page=target.strip(), classes=classes, kind=self.name)], []


class page_button(nodes.Inline, nodes.TextElement):
    """A link that looks like a button; its address depends on the page it stands on."""


def visit_page_button(self, node):
    if node["kind"] == "colab":
        address = book.launch(self.config, node["page"])["colab"]
    else:
        address = self.builder.get_relative_uri(self.builder.current_docname, node["page"])
    self.body.append(self.starttag(node, "a", "", href=address))


def depart_page_button(self, node):
    self.body.append("</a>")


def setup(app):
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_fold_title, depart_fold_title))
    app.add_node(chapter_grid)
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    app.add_node(page_button, html=(visit_page_button, depart_page_button))
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_code, depart_fold))
    app.add_post_transform(FoldDropdowns)
    app.add_directive("chapters", ChapterGrid)
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
    app.add_role("start", Button())
    app.add_role("colab", Button())
    app.connect("doctree-resolved", fill_grid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
