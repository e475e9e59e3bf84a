"""Broadcasting on its page: typed, dragged, explained, pointed at."""

import pytest
from explorable import all_on, centre
from site_checks import contents, edition, in_language, none, paths

pytestmark = pytest.mark.browser
PAGES = [path for path in paths(contents()) if "02_tools" in path]


@pytest.mark.parametrize("path", PAGES)
def test_shapes_are_typed_dragged_and_explained(visit, path):
    page = visit(path)
    (one,) = [one for one in all_on(page) if one.name == "broadcasting"]
    one.type("a", "4")  # against (3,)
    assert one.root.get_attribute("data-tone") == "bad"
    assert "The size of tensor a (4) must match the size of tensor b (3)" in one.says()
    assert one.root.locator(".fg-chip-clash").count() == 3  # both sizes, and no result
    one.type("a", "[4, 1]")
    assert one.root.get_attribute("data-tone") == "plain"
    x, y = centre(one.root.locator(".fg-chip-drag[data-of=b]"))
    one.drag((x, y), (x + 33, y))  # two steps of 16 px
    assert one.root.locator(".fg-control[data-trait=b] .fg-number").input_value() == "(5,)"
    one.drag((x, y), (x - 900, y))
    assert one.root.locator(".fg-control[data-trait=b] .fg-number").input_value() == "(0,)"
    for shape in ("()", "(1000000, 1000000)", "0", "1, 1, 1, 1", "50257 768"):
        one.type("a", shape)
        assert one.root.get_attribute("data-error") == "no"
        assert in_language(one.says(), edition(path))
        assert not one.drawn("NaN")
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_an_element_of_the_result_is_pointed_at(visit, path):
    """By mouse, by finger, by the slider: the words name what it reads, and both operands show it."""
    page = visit(path, has_touch=True)
    (one,) = [one for one in all_on(page) if one.name == "broadcasting"]
    cell = one.root.locator(".fg-cells .fg-cell-out")
    for index, words in ((7, "out[2, 1] = a[2, 0] + b[1]"), (0, "out[0, 0] = a[0, 0] + b[0]")):
        cell.nth(index).click()
        one.settle()
        assert words in one.says()
        assert one.root.locator(".fg-cell-now").count() == 3
        assert one.root.locator(".fg-cell-source").count() == 2
    cell.nth(11).tap()
    one.settle()
    assert "out[3, 2] = a[3, 0] + b[2]" in one.says()
    one.type("cell", "4")
    assert "out[1, 1] = a[1, 0] + b[1]" in one.says()
    none(page.watch.complaints)
