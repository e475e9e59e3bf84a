"""Formulas as MathML, written when the site is built: browsers set them themselves, without any script.

Their font is a part of STIX Two Math (see site/style/fonts.css and site/vendor). A formula that cannot be
converted is a warning with its place, and so an error of the build.
"""
from __future__ import annotations

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)
# Chromium sets a large bracket with an index or a power small and low, unless it stands in a row of its own.
LARGE = re.compile(r"(<m(?:sup|sub|subsup)>)(<mo [^>]*minsize[^>]*>[^<]*</mo>)")
BAR = re.compile(r"\\[bB]ig+[lrm]?\\\|")
NUMBERED = re.compile(r"\\begin\{(align|alignat|equation|gather|multline|eqnarray)\}")


def mathml(latex: str, display: bool) -> str:
    """`latex` as a <math> element.

    Raises: ValueError that holds the formula and says what is wrong with it.
    """
    if numbered := NUMBERED.search(latex):
        name = numbered[1]
        raise ValueError(f"\\begin{{{name}}} would number itself; write \\begin{{{name}*}}, or put "
                         f"\\begin{{aligned}} between dollar signs with a label: {latex.strip()}")
    if bar := BAR.search(latex):
        raise ValueError(f"{bar[0]} does not stretch in WebKit; write \\left\\| … \\right\\|: "
                         f"{latex.strip()}")
    if "\\\\" in latex and "\\begin" not in latex:
        latex = f"\\begin{{gathered}}{latex}\\end{{gathered}}"
    try:
        written = converter.convert_with_local_state(latex.strip(), displaystyle=display)
    except LatexError as error:
        raise ValueError(f"{error} in the formula: {latex.strip()}") from error
    written = LARGE.sub(r"\1<mrow>\2</mrow>", written)
    return written.replace("\ufe00", "")  # \\mathcal asks for a shape that the font lacks


def convert(self, node, display: bool) -> str:
    latex = node.astext()
    try:
        return mathml(latex, display)
    except ValueError as error:
        log.warning("formula: %s", error, location=node, type="formula")
        return f"<code>{self.encode(latex)}</code>"


def visit_inline(self, node):
    self.body.append(f'{self.starttag(node, "span", "", CLASS="math notranslate")}'
                     f"{convert(self, node, display=False)}</span>")
    raise nodes.SkipNode


def visit_block(self, node):
    self.body.append(f'{self.starttag(node, "div", "", CLASS="math notranslate")}'
                     f'<div class="formula">{convert(self, node, display=True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
