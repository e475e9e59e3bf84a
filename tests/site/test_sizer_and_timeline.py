"""The explorables of chapter 01, beyond what all must do: the numbers shown, the table, the pointer."""

import pytest
from explorable import all_on
from site_checks import axe, none

pytestmark = pytest.mark.browser
PAGES = ["chapters/01_what_a_large_model_is.html", "zh/chapters/01_what_a_large_model_is.html"]


def named(page, name):
    return next(one for one in all_on(page) if one.name == name)


@pytest.mark.parametrize(("preset", "said"), [
    ("GPT-3", "175 B"), ("BERT-base", "109 M"), ("BERT-large", "335 M"), ("GPT-2", "1.56 B"),
    ("LLaMA-65B", "65.3 B"),
])
def test_published_models_have_their_size(visit, preset, said):
    page = visit(PAGES[0])
    one = named(page, "model_sizer")
    one.root.locator("[data-trait=preset] select").select_option(preset)
    one.settle()
    assert one.says().startswith(f"{said} parameters")
    assert one.drawn(said)
    none(page.watch.complaints)


def test_a_changed_model_is_nobody_s(visit):
    page = visit(PAGES[0])
    one = named(page, "model_sizer")
    one.type("layers", "95")
    assert one.root.locator("[data-trait=preset] select").input_value() == ""
    one.type("heads", "95")  # does not divide the width
    assert "95" in one.says()
    assert "64 do" in one.says()
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_the_table_view(visit, path):
    """All models, the largest of what is chosen first; it scrolls by keyboard and is sound."""
    page = visit(path)
    one = named(page, "model_timeline")
    one.root.locator("[data-trait=y] select").select_option("ratio")
    one.root.locator("[data-trait=table] input").check()
    one.settle()
    rows = one.root.locator(".fg-models tbody tr")
    assert rows.count() == 90
    assert rows.first.locator("th").inner_text() == "SmolLM3"
    region = one.root.locator(".fg-models")
    region.focus()
    page.keyboard.press("End")
    page.wait_for_timeout(400)
    assert region.evaluate("(el) => el.scrollTop") > 500
    none(axe(page, within=".fg-live"))
    one.root.locator("[data-trait=kind] select").select_option("speech")
    one.settle()
    assert rows.count() == 4
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_the_pointer_names_and_a_click_selects(visit, path):
    page = visit(path)
    one = named(page, "model_timeline")
    plot = one.root.locator(".fg-timeline")
    plot.scroll_into_view_if_needed()
    # ADALINE is alone at the lower left.
    dot = plot.evaluate("""(el) => { const path = [...el.querySelectorAll(".fg-dots")]
        .map((dots) => dots.getAttribute("d") ?? "").join("").match(/M([\\d.]+) ([\\d.]+)h0/g)
        .map((d) => d.match(/[\\d.]+/g).map(Number)).sort((a, b) => a[0] - b[0])[0];
        const box = el.getBoundingClientRect();
        return [box.left + path[0], box.top + path[1]]; }""")
    page.mouse.move(dot[0] + 5, dot[1] + 5)
    one.settle()
    assert "ADALINE" in plot.locator(".fg-label:visible").all_text_contents()
    page.mouse.click(dot[0] + 5, dot[1] + 5)
    one.settle()
    assert one.root.locator("[data-trait=model] select").input_value() == "ADALINE"
    assert one.says().startswith("ADALINE")
    none(page.watch.complaints)


def test_the_lines_that_are_moved(visit):
    """Years have a line of growth, parameters against data a line of equal tokens a parameter."""
    page = visit(PAGES[0])
    one = named(page, "model_timeline")
    one.root.locator("[data-trait=y] select").select_option("flops")
    one.settle()
    one.type("doubling", "5.9")
    assert "fits as well as a line can" in one.says()
    one.root.locator("[data-trait=x] select").select_option("parameters")
    one.root.locator("[data-trait=y] select").select_option("data")
    one.settle()
    before = one.state()
    one.type("per", "20")
    assert "above 20 tokens" in one.says()
    assert one.state()["picture"] != before["picture"]
    none(page.watch.complaints)
