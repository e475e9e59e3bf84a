"""Figures: the same bytes every time, small, plain SVG that a page can show, and clear about bad input."""

import hashlib
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import firstgrad
from firstgrad.book import plots

DESIGN = json.loads((Path(firstgrad.__file__).parent / "design.json").read_text(encoding="utf-8"))["light"]
SVG = "{http://www.w3.org/2000/svg}"


def noisy(rows, seed=0):
    return np.exp(-np.arange(rows) / rows * 5) + np.random.default_rng(seed).normal(0, 0.02, rows)


def bowl(x, y):
    return x**2 + 10 * y**2


PLOTS = {
    "lines": lambda: plots.lines({"α = 0.19": noisy(50), "β": noisy(50, 1)}, xlabel="step", ylabel="loss"),
    "long": lambda: plots.lines({str(i): noisy(100_000, i) for i in range(4)}),
    "many": lambda: plots.lines({f"run {i}": noisy(30, i) for i in range(8)}),
    "log": lambda: plots.lines((np.geomspace(1e-5, 1, 40), noisy(40)), xlog=True, ylog=True,
                               marks={"2/λ": 0.1}, levels={"goal": 0.5}),
    "contours": lambda: plots.contours(bowl, xlim=(-2, 2), ylim=(-1, 1), minimum=(0, 0),
                                       paths={"descent": [(1.5, 0.8), (1, -0.5), (0.5, 0.2)]}),
    "histogram": lambda: plots.histogram({"B = 1": noisy(900), "B = 4": noisy(900, 2)}, marks={"mean": 0}),
}
svgs = pytest.mark.parametrize("name", PLOTS)


def texts(plot):
    return [element.text for element in ElementTree.fromstring(plot.svg).iter(f"{SVG}text")]


@svgs
def test_the_same_call_gives_the_same_bytes(name):
    assert PLOTS[name]().svg == PLOTS[name]().svg


def test_another_process_gives_the_same_bytes():
    code = ("import hashlib, test_plots as t; "
            "print(*[hashlib.sha256(make().svg.encode()).hexdigest() for make in t.PLOTS.values()])")
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                         cwd=Path(__file__).parent)
    here = [hashlib.sha256(make().svg.encode()).hexdigest() for make in PLOTS.values()]
    assert run.stdout.split() == here


@svgs
def test_it_is_small_plain_and_transparent(name):
    svg = PLOTS[name]().svg
    root = ElementTree.fromstring(svg)
    assert len(svg.encode()) < 60_000
    assert root.get("width") == str(plots.WIDTH)
    for unwanted in ("<style", "<script", "<image", "<!--", "date", "DejaVu", "matplotlib", "#ffffff"):
        assert unwanted not in svg
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    used = {value.split("#")[1].rstrip(")") for element in root.iter() for value in element.attrib.values()
            if value.startswith(("#m", "url(#"))}
    assert used <= set(ids)


@svgs
def test_only_colours_of_the_design_are_used(name):
    assert set(re.findall(r"#[0-9a-f]{6}\b", PLOTS[name]().svg)) <= set(DESIGN.values())


def test_numbers_in_words_are_left_as_they_are():
    assert "α = 0.19" in texts(PLOTS["lines"]())
    assert {"10⁻⁵", "10⁻²", "1", "2/λ", "goal"} <= set(texts(PLOTS["log"]()))
    assert {"0.02", "0.03"} <= {text.rstrip("0") for text in texts(plots.lines([0.01, 0.05])) if text}


def test_steps_are_whole_numbers():
    assert {"2.5", "7.5"} <= set(texts(plots.lines((np.arange(40) / 2, noisy(40)))))
    assert not {"2.5", "7.5"} & set(texts(plots.lines(noisy(20))))


def test_four_lines_are_named_at_their_ends_and_more_in_a_legend():
    def places(plot, word):
        return [float(element.get("x")) for element in ElementTree.fromstring(plot.svg).iter(f"{SVG}text")
                if element.text == word]

    assert places(plots.lines({"a": [1, 2], "b": [2, 1]}), "b")[0] > 380  # of 420: right of the axes
    assert places(PLOTS["many"](), "run 0")[0] < 380


def test_names_at_the_ends_do_not_touch():
    plot = plots.lines({name: [0, 1 + i / 1000] for i, name in enumerate("abcd")})
    elements = ElementTree.fromstring(plot.svg).iter(f"{SVG}text")
    heights = sorted(float(element.get("y")) for element in elements if element.text in set("abcd"))
    assert len(heights) == 4
    assert min(b - a for a, b in pairwise(heights)) > 12  # points; the letters have 12


def test_a_long_line_keeps_its_extremes():
    values = np.zeros(100_000)
    values[[37_123, 81_456]] = 5, -3
    xs, ys = plots._thin(np.arange(100_000.0), values)
    assert len(ys) < 700
    assert (xs[ys == 5], xs[ys == -3]) == (37_123, 81_456)
    assert (xs[0], xs[-1]) == (0, 99_999)


def test_what_is_not_finite_leaves_a_gap():
    whole, torn = (plots.lines([1, 2, 1, 2, 3, 4, 3]), plots.lines([1, 2, 1, np.nan, 3, 4, 3]))
    colour = DESIGN["blue"]

    def pieces(plot):
        return [path.get("d").count("M") for path in ElementTree.fromstring(plot.svg).iter(f"{SVG}path")
                if colour in path.get("style", "")]

    assert pieces(whole) == [1]
    assert pieces(torn) == [2]
    assert plots.lines({"diverged": [1, 10, np.inf, np.nan]}).svg
    assert plots.lines({"zero": [1, 0, -1, 2]}, ylog=True).svg
    assert plots.lines({"nothing": [np.nan, np.nan]}).svg


def test_tensors_are_drawn_and_pyplot_is_left_alone():
    import torch  # here, so that the other process above does without

    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    assert plots.lines({"w": weight, "pair": ([0, 2], weight * 2)}).svg
    assert plots.images(torch.zeros(2, 4)).png == plots.images(np.zeros((2, 4))).png
    assert "matplotlib.pyplot" not in sys.modules


def test_pictures_are_png_at_twice_the_size():
    pixels = np.random.default_rng(0).random((10, 196))
    plot = plots.images(pixels, [f"class {i}" for i in range(10)], columns=5, good=[True] * 10)
    data, size = plot._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert [int.from_bytes(data[start:start + 4], "big") for start in (16, 20)] == [
        2 * size["width"], 2 * size["height"]]
    assert plot._repr_svg_() is None
    assert len(data) < 60_000
    assert b"Software" not in data
    again = plots.images(np.zeros((3, 5, 7)))
    assert again.png == plots.images(np.zeros((3, 5, 7))).png


def test_a_plot_says_what_it_is_and_is_saved(tmp_path):
    line, picture = PLOTS["lines"](), plots.images(np.zeros((2, 4)))
    assert repr(line) == "Plot(2 lines)"
    assert repr(picture) == "Plot(2 pictures)"
    assert (line._repr_svg_(), line._repr_png_()) == (line.svg, None)
    line.save(tmp_path / "x.svg")
    picture.save(tmp_path / "x.png")
    assert (tmp_path / "x.svg").read_text(encoding="utf-8") == line.svg
    assert (tmp_path / "x.png").read_bytes() == picture.png


@pytest.mark.parametrize(("make", "says"), [
    (lambda: plots.lines({}), "series: given none, expected at least one"),
    (lambda: plots.lines({"a": []}), r"a: given shape \(0,\), expected a row of numbers"),
    (lambda: plots.lines({"a": [[1, 2]]}), r"a: given shape \(1, 2\)"),
    (lambda: plots.lines({"a": ([1, 2, 3], [1, 2])}), "a: given 3 x and 2 y, expected as many of each"),
    (lambda: plots.lines([1, 2], x=[1]), "series: given 1 x and 2 y"),
    (lambda: plots.contours(lambda x, y: 3, xlim=(0, 1), ylim=(0, 1)), r"function: it returns shape \(\)"),
    (lambda: plots.contours(bowl, xlim=(0, 1), ylim=(0, 1), paths={"p": [1, 2]}),
     r"p: given points of shape \(2,\), expected \(n, 2\)"),
    (lambda: plots.images(np.zeros((2, 10))), r"pixels: given rows of 10, expected side² or"),
    (lambda: plots.images(np.zeros((2, 9)), ["one"]), "labels: given 1, expected 2, one a picture"),
    (lambda: plots.images(np.zeros((2, 9)), good=[True]), "good: given 1, expected 2"),
])
def test_bad_input_is_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'plots need matplotlib: pip install "firstgrad\[book\]"'):
        plots.lines([1, 2])


def test_outlines_are_drawn_in_the_colours_of_the_paths():
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    plain = plots.contours(lambda x, y: x**2 + y**2, xlim=(-2, 2), ylim=(-2, 2))
    drawn = plots.contours(lambda x, y: x**2 + y**2, xlim=(-2, 2), ylim=(-2, 2), outlines=[square, square])
    assert drawn.svg.count("fill-opacity") == plain.svg.count("fill-opacity") + 2
    with pytest.raises(ValueError, match="outlines"):
        plots.contours(lambda x, y: x, xlim=(0, 1), ylim=(0, 1), outlines=[[1, 2, 3]])
