"""The threshold on its page: what moves with the prevalence, and clicks into the pictures."""

import pytest
from explorable import all_on
from site_checks import contents, none, paths

pytestmark = pytest.mark.browser
PAGES = [path for path in paths(contents()) if "04_losses" in path]


def threshold_on(page):
    return next(one for one in all_on(page) if one.name == "threshold")


def drawn(one):
    """The ROC curve with its point, and the precision-recall curve with its: what the last two plots hold."""
    return one.root.evaluate("""(root) => [...root.querySelectorAll(".fg-plot")].slice(1).map((plot) =>
        [plot.querySelector("path.fg-line[style*=accent]").getAttribute("d"),
         plot.querySelector("path.fg-dots").getAttribute("d")].join(" "))""")


@pytest.mark.parametrize("path", PAGES)
def test_the_roc_curve_does_not_move_with_the_prevalence_and_precision_does(visit, path):
    page = visit(path)
    one = threshold_on(page)
    roc, precision = drawn(one)
    one.type("prevalence", "0.01")
    assert drawn(one)[0] == roc
    assert drawn(one)[1] != precision
    assert one.goal() == "no"  # what is best for another mixture is not what was asked
    one.type("threshold", "0.9")
    assert drawn(one)[0] != roc
    assert one.goal() == "no"
    mark = one.root.locator(".fg-control[data-trait=prevalence] .fg-mark")
    mark.click()  # back to the recorded share
    one.settle()
    assert mark.count() == 0
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_a_click_into_a_picture_sets_the_threshold(visit, path):
    page = visit(path)
    one = threshold_on(page)
    box = one.root.locator(".fg-control[data-trait=threshold] .fg-number")
    seen = [box.input_value()]
    for plot in one.root.locator(".fg-plot").all():
        plot.scroll_into_view_if_needed()
        where = plot.bounding_box()
        page.mouse.click(where["x"] + 0.6 * where["width"], where["y"] + 0.4 * where["height"])
        one.settle()
        seen.append(box.input_value())
        assert 0 < float(seen[-1]) < 1
    assert len(set(seen)) == 4
    one.type("threshold", "1")  # nothing is called a shirt, and there is no precision
    assert "–" in one.root.locator(".fg-th-panel").inner_text()
    assert not one.drawn("NaN")
    none(page.watch.complaints)
