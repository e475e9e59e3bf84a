"""What a control shows is the state that the picture was drawn from, for all pairs of chosen values.

The pairs are tried inside the page, in one go (same_state.js); of an explorable with more than `MOST` pairs,
evenly chosen ones. Of a select with more than six options four are taken.
"""

import re
from pathlib import Path

import pytest
from explorable import all_on
from site_checks import contents, none

from firstgrad import widgets

pytestmark = pytest.mark.browser
LOOK = Path(__file__).with_name("same_state.js").read_text("utf8")
MOST = 60
BUNDLES = {path.stem for path in (Path(widgets.__file__).parent / "static").glob("*.js")}


@pytest.mark.parametrize("name", contents())
def test_controls_and_picture_show_one_state(visit, name):
    page = visit(f"{name}.html")
    page.evaluate(f"{LOOK}; 0")
    for one in all_on(page):
        found = one.live.evaluate("(live, most) => fgSameState(live, most)", MOST)
        none([f"{one.name}: {line}" for line in found["complaints"]])
        assert found["tried"] or found["values"] < 2, one.name
    none(page.watch.complaints)


def test_every_explorable_is_on_a_page_that_was_tried(site):
    pages = [(site / f"{name}.html").read_text("utf8") for name in contents()]
    assert {name for page in pages for name in re.findall(r'data-widget="(\w+)"', page)} == BUNDLES
