"""Style sheets work in the oldest browsers that we support: Chrome 109, Firefox 115, Safari 16.4.

An unknown value in a declaration that holds var() is not skipped: it is found wrong only when it is computed,
and takes the declaration before it along. An unknown selector takes its whole rule along. So what is newer
stands inside an @supports that asks for it. What an old browser merely leaves out (text-wrap,
hanging-punctuation) may stand anywhere.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = ["site/style/*.css", "widgets/ui/*.css", "widgets/explorables/*/*.css"]
SHEETS = [sheet for place in PLACES for sheet in sorted(ROOT.glob(place))]
# What is newer than one of the three, and what @supports must ask before it; None: nothing helps.
NEWER = {
    r"color-mix\(": "color-mix(",           # Chrome 111
    r":has\(": "selector(:has(",            # Firefox 121
    r"light-dark\(": "light-dark(",         # Chrome 123
    r"\bokl(ab|ch)\(": "okl",               # Chrome 111
    r"(rgb|hsl)\(from\b": "(from",          # Chrome 119
    r"\d(lh|rlh)\b": "lh)",                 # Firefox 120
    r"::details-content": "selector(::details-content",  # Chrome 131
    r":dir\(": "selector(:dir(",            # Chrome 120
    r"@(scope|starting-style|view-transition)\b": None,  # Chrome 118, 117, 126
    r"(?<![\w-])(field-sizing|interpolate-size|anchor-name|position-anchor)\s*:": None,
    r"(^|\s)mask(-image)?:": "-webkit-mask",  # Chrome 120: the prefixed one first
    r"(^|\s)&": None,                       # nesting: Chrome 112, Firefox 117
}


def complaints(css):
    """Lines with something newer than the oldest browsers, outside an @supports that asks for it."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    asked, found, start = [], [], 0  # the conditions of the blocks that we are in
    for mark in re.finditer(r"[{};]", css):
        text = css[start:mark.end()]
        start = mark.end()
        head = text.strip()
        condition = head if mark[0] == "{" and head.startswith("@supports") else ""
        for pattern, question in NEWER.items():
            if condition or not re.search(pattern, text):
                continue
            rule = css[css.rfind("{", 0, mark.start()) + 1:mark.start()]
            places = rule if question and question.startswith("-") else " ".join(asked).replace(": ", ":")
            guarded = question is not None and question in places
            if not guarded:
                found.append(head)
        if mark[0] == "{":
            asked.append(condition)
        elif mark[0] == "}":
            asked.pop()
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_newer_is_asked_for(sheet):
    assert complaints(sheet.read_text("utf8")) == []


@pytest.mark.parametrize("css", [
    "a{color:var(--b);color:color-mix(in srgb,var(--b),red)}", ".x:has(a){top:0}", "a{height:2lh}",
    "a{& b{top:0}}",
    "@supports (color:light-dark(red,blue)){a{color:color-mix(in srgb,red,blue)}}", "a{mask:none}",
    "@supports (color:color-mix(in srgb,red,blue)){a{top:0}}b{color:color-mix(in srgb,red,blue)}",
])
def test_the_check_sees_what_is_newer(css):
    assert complaints(css)


@pytest.mark.parametrize("css", [
    "@supports (color: color-mix(in srgb, red, blue)) { a { color: color-mix(in srgb, red, blue) } }",
    "@supports selector(:has(a)){.x:has(a){top:0}}", "p{text-wrap:pretty}", "a{-webkit-mask:none;mask:none}",
    "@media print{@supports (color:color-mix(in srgb,red,blue)){a{color:color-mix(in srgb,red,blue)}}}",
])
def test_the_check_lets_the_rest_pass(css):
    assert complaints(css) == []
