"""The book's figures: lines, contours, histograms and pictures, one call each, in the book's colours.

Drawn by matplotlib (the extra `book`) without pyplot: no global state, no backend. Line drawings are SVG on
a transparent ground with text as text; the same call gives the same bytes. Pictures are PNG at twice the
size.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

WIDTH = 560  # CSS pixels: fits the text column, and half of it is still legible on a phone
_PIXELS_PER_INCH = 96
_POINTS = 300  # pairs of points a line keeps: more than its pixels can show
Limits = tuple[float, float]  # of an axis: from, to


class Plot:
    """A finished figure: `svg` (text) or `png` (bytes), shown by a notebook as it is."""

    def __init__(self, what: str, *, svg: str | None = None, png: bytes | None = None,
                 size: tuple[int, int] = (WIDTH, 0)):
        self.what, self.svg, self.png, self.size = what, svg, png, size

    def __repr__(self) -> str:
        return f"Plot({self.what})"

    def _repr_svg_(self) -> str | None:
        return self.svg

    def _repr_png_(self) -> tuple[bytes, dict[str, int]] | None:
        return None if self.png is None else (self.png, {"width": self.size[0], "height": self.size[1]})

    def save(self, path: str | Path) -> None:
        """Write the SVG or PNG to `path`."""
        Path(path).write_bytes(self.png or (self.svg or "").encode())


def lines(series: Mapping[str, Any] | ArrayLike, *, x: ArrayLike | None = None, xlabel: str = "",
          ylabel: str = "",
          xlog: bool = False, ylog: bool = False, xlim: Limits | None = None, ylim: Limits | None = None,
          dashed: Collection[str] = (), dots: Collection[str] = (), marks: Mapping[str, float] | None = None,
          levels: Mapping[str, float] | None = None, height: int = 320) -> Plot:
    """Curves, each named at its right end (by a legend when there are more than four).

    series: {name: values} or {name: (x, values)}, or values alone.  x: shared by those without their own; 0,
    1, 2, … dashed, dots: names drawn dashed (theory), or as dots (measurements).
    marks, levels: {name: x} and {name: y}, thin reference lines.  height: CSS pixels.
    Values that are not finite leave a gap, as do those at or below 0 on a logarithmic axis.
    """
    named = series if isinstance(series, Mapping) else {"": series}
    if not named:
        raise ValueError("series: given none, expected at least one")
    with _style():
        figure, axes = _axes(height, xlabel, ylabel, xlog, ylog)
        ends, whole = [], True
        for (name, values), colour in zip(named.items(), _colours(len(named)), strict=True):
            xs, ys = _thin(*_points(name, values, x))
            if name in dots:
                axes.plot(xs, ys, "o", ms=4.5, color=colour, mew=0, label=name)
            else:
                axes.plot(xs, ys, "--" if name in dashed else "-", lw=2, color=colour, label=name)
            ends.append((name, ys, colour))
            whole = whole and bool((xs % 1 == 0).all())
        if whole and not xlog:
            axes.xaxis.get_major_locator().set_params(integer=True)  # no step 2.5
        axes.set(**{key: limits for key, limits in (("xlim", xlim), ("ylim", ylim)) if limits is not None})
        _references(axes, marks or {}, levels or {})
        if len(named) > 4:
            axes.legend(frameon=False, ncols=2, loc="best", handlelength=1.4)
        elif any(named):
            _label_ends(axes, ends, height)
        return _svg(figure, f"{len(named)} line{'s' * (len(named) > 1)}", height)


def contours(function: Callable[..., Any], *, xlim: Limits, ylim: Limits,
             paths: Mapping[str, ArrayLike] | None = None, outlines: Sequence[ArrayLike] | None = None,
             levels: int = 14, log: bool = True, minimum: Iterable[float] | None = None, xlabel: str = "θ₁",
             ylabel: str = "θ₂", equal: bool = False, height: int = 380) -> Plot:
    """Level lines of a function of two variables, with the paths that optimisers take on it.

    function: called once as function(X, Y) with arrays (grid, grid), returns an array (grid, grid).
    paths: {name: points (n, 2)}; a ring marks the start, a dot every point.
    outlines: a list of curves (n, 2), drawn plain, in the colours of the paths, one after the other.
    levels: how many lines.  log: spaced evenly in the logarithm above the smallest value (a valley's floor
    stays visible).  minimum: a point to mark by a cross.  equal: one unit is as long in both directions.
    """
    import numpy as np

    with _style():
        figure, axes = _axes(height, xlabel, ylabel)
        grid = np.meshgrid(*(np.linspace(low, high, 151) for low, high in (xlim, ylim)))
        values = np.asarray(function(*grid), dtype=float)
        if values.shape != grid[0].shape:
            raise ValueError(f"function: it returns shape {values.shape}, expected X's, {grid[0].shape}")
        axes.contour(*grid, values, levels=_levels(values, levels, log), colors=_theme()["grey"],
                     linewidths=0.9, alpha=0.75)
        if minimum is not None:
            axes.plot(*minimum, "x", ms=9, mew=2, color=_theme()["ink"])
        named = paths or {}
        for (name, points), colour in zip(named.items(), _colours(len(named)), strict=True):
            points = np.asarray(points, dtype=float)
            _check_path(name, points)
            axes.plot(*points.T, "-o", lw=1.6, ms=3.2, color=colour, mew=0, label=name)
            axes.plot(*points[0], "o", ms=9, mfc="none", mec=colour, mew=1.8)
        for points, colour in zip(outlines or (), _colours(len(outlines or ())), strict=True):
            points = np.asarray(points, dtype=float)
            _check_path("outlines", points)
            axes.fill(*points.T, fc=(*_rgb(colour), 0.1), ec=colour, lw=1.6)
        axes.set(xlim=xlim, ylim=ylim, aspect="equal" if equal else "auto")
        axes.grid(False)
        if any(named):
            figure.legend(frameon=False, ncols=min(4, len(named)), loc="outside upper left", handlelength=1.4)
        return _svg(figure, f"contours with {len(named)} path{'s' * (len(named) != 1)}", height)


def histogram(series: Mapping[str, ArrayLike] | ArrayLike, *, bins: int | ArrayLike = 30, xlabel: str = "",
              ylabel: str = "share", marks: Mapping[str, float] | None = None, height: int = 280) -> Plot:
    """How often values fall where: {name: values}, or values alone, in the same bins, as shares of each."""
    import numpy as np

    named = series if isinstance(series, Mapping) else {"": series}
    data = {name: _numbers(name, values) for name, values in named.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(data.values())), bins)
    with _style():
        figure, axes = _axes(height, xlabel, ylabel)
        for (name, values), colour in zip(data.items(), _colours(len(data)), strict=True):
            counts, _ = np.histogram(values, edges)
            axes.stairs(counts / len(values), edges, color=colour, lw=2, label=name)
            axes.stairs(counts / len(values), edges, color=colour, alpha=0.15, fill=True)
        _references(axes, marks or {}, {})
        if any(named):
            axes.legend(frameon=False, handlelength=1.4)
        return _svg(figure, f"histogram of {len(data)}", height)


def images(pixels: ArrayLike, labels: Sequence[object] | None = None, *, columns: int = 8,
           good: Sequence[bool] | None = None) -> Plot:
    """A sheet of grey pictures, dark where the pixel is large, with a word below each.

    pixels: (n, side²) or (n, height, width), in [0, 1] or any range, shared by all.  labels: n words.
    good: n booleans; a word is green where true and red where false.
    """
    import numpy as np

    pixels = np.asarray(pixels, dtype=float)
    if pixels.ndim == 2:
        side = math.isqrt(pixels.shape[1])
        if side * side != pixels.shape[1]:
            raise ValueError(f"pixels: given rows of {pixels.shape[1]}, expected side² or (n, height, width)")
        pixels = pixels.reshape(-1, side, side)  # (n, side²) -> (n, side, side)
    for name, words in (("labels", labels), ("good", good)):
        if words is not None and len(words) != len(pixels):
            raise ValueError(f"{name}: given {len(words)}, expected {len(pixels)}, one a picture")
    low, high = pixels.min(), pixels.max()
    columns = min(columns, len(pixels))
    rows = -(-len(pixels) // columns)
    cell = WIDTH / columns
    below = 0 if labels is None else 18  # CSS pixels below each picture
    height = round(rows * (cell + below))
    theme = _theme()
    with _style():
        from matplotlib.figure import Figure

        figure = Figure((WIDTH / _PIXELS_PER_INCH, height / _PIXELS_PER_INCH), facecolor=theme["paper"])
        spaces = {"left": 0, "right": 1, "top": 1, "bottom": below / height, "wspace": 0.06,
                  "hspace": 0.06 + below / cell}
        grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=spaces)
        for i, axes in enumerate(grid.flat):
            axes.axis("off")
            if i < len(pixels):
                axes.imshow(pixels[i], "gray_r", vmin=low, vmax=high, interpolation="nearest")
                if labels is not None:
                    colour = theme["ink"] if good is None else theme["good" if good[i] else "bad"]
                    axes.text(0.5, -0.03, str(labels[i]), transform=axes.transAxes, ha="center", va="top",
                              fontsize=8.5, color=colour)
        return _png(figure, f"{len(pixels)} pictures", height)


# --- style
# -----------------------------------------------------------------------------------------------------


@cache
def _theme() -> dict:
    design = json.loads((Path(__file__).parents[1] / "design.json").read_text(encoding="utf-8"))
    return {**design["light"], "series": design["series"], "ui": design["font"]["ui"]}


def _colours(count: int) -> list[str]:
    names = _theme()["series"]
    return [_theme()[names[i % len(names)]] for i in range(count)]


def _rgb(colour: str) -> tuple:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _style() -> AbstractContextManager[None]:
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError('plots need matplotlib: pip install "firstgrad[book]"') from error
    theme = _theme()
    return matplotlib.rc_context({
        "font.family": "DejaVu Sans", "font.size": 12, "axes.labelsize": 12, "xtick.labelsize": 11.5,
        "ytick.labelsize": 11.5, "legend.fontsize": 12, "axes.facecolor": "none",
        "text.color": theme["ink"], "axes.labelcolor": theme["ink"],
        "xtick.color": theme["muted"], "ytick.color": theme["muted"], "axes.edgecolor": theme["muted"],
        "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.9, "axes.grid": True,
        "grid.color": theme["rule"], "grid.linewidth": 0.7, "axes.axisbelow": True, "xtick.major.size": 4,
        "ytick.major.size": 4, "xtick.minor.size": 0, "ytick.minor.size": 0, "axes.unicode_minus": True,
        "axes.formatter.use_mathtext": False, "lines.solid_capstyle": "round",
        "savefig.facecolor": "none", "savefig.dpi": _PIXELS_PER_INCH, "figure.dpi": _PIXELS_PER_INCH,
        "svg.fonttype": "none", "svg.hashsalt": "firstgrad", "path.simplify": True,
    })


def _axes(height: int, xlabel: str, ylabel: str, xlog: bool = False, ylog: bool = False):
    from matplotlib.figure import Figure

    figure = Figure((WIDTH / _PIXELS_PER_INCH, height / _PIXELS_PER_INCH), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=xlabel, xscale="log" if xlog else "linear", yscale="log" if ylog else "linear")
    # Above the axis and upright: nobody tilts a phone to read a label.
    axes.set_title(ylabel, loc="left", fontsize=12, pad=8)
    return figure, axes


def _log_ticks(axis) -> None:
    """Powers of ten as plain text (mathtext would bring its own fonts); 2 and 5 too on a short axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axis.set_minor_locator(NullLocator())
    plain = 2.5 if high < 1e4 * low else 0.5  # a long axis reads better in powers throughout
    axis.set_major_formatter(FuncFormatter(lambda value, _: _power(value, plain)))


def _power(value: float, plain: float) -> str:
    """0.001 -> 10⁻³, but 0.05 and 100 as they are, up to `plain` decades from 1."""
    exponent = math.log10(value)
    power = math.isclose(exponent, round(exponent), abs_tol=1e-9)
    if not power or abs(exponent) < plain or -0.5 < exponent < 1.5:
        return f"{value:g}"
    return "10" + f"{round(exponent)}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _references(axes, marks: Mapping, levels: Mapping) -> None:
    """Thin grey lines at given x or y, named beside them."""
    style = {"color": _theme()["muted"], "lw": 1, "ls": (0, (4, 3)), "zorder": 1}
    words = {"color": _theme()["muted"], "fontsize": 11}
    for name, x in marks.items():
        axes.axvline(x, **style)
        axes.annotate(name, (x, 1), xycoords=("data", "axes fraction"), xytext=(4, -2), ha="left", va="top",
                      textcoords="offset points", **words)
    for name, y in levels.items():
        axes.axhline(y, **style)
        axes.annotate(name, (0, y), xycoords=("axes fraction", "data"), xytext=(4, 3), ha="left", va="bottom",
                      textcoords="offset points", **words)


def _label_ends(axes, ends, height: int) -> None:
    """Names to the right of the axes, at their lines' last values, pushed apart where they would overlap."""
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = []
    for name, ys, colour in ends:
        place = to_axes.transform((axes.get_xlim()[1], _end(ys)))[1]
        wanted.append((min(max(place, 0.02), 0.98) if math.isfinite(place) else 0.98, name, colour))
    gap = 20 / (height - 80)  # a line of text, in units of the axes' height
    places = _apart([place for place, _, _ in sorted(wanted)], gap)
    for place, (_, name, colour) in zip(places, sorted(wanted), strict=True):
        axes.annotate(name, (1, place), xycoords="axes fraction", xytext=(6, 0), textcoords="offset points",
                      va="center", color=colour, annotation_clip=False)


def _apart(places: list[float], gap: float) -> list[float]:
    """Sorted places moved up until they are `gap` apart, then down where they ran over the top."""
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    if places and places[-1] > 0.98:
        places[-1] = 0.98
        for i in reversed(range(len(places) - 1)):
            places[i] = min(places[i], places[i + 1] - gap)
    return places


# --- data
# ------------------------------------------------------------------------------------------------------


def _numbers(name: str, values):
    import numpy as np

    values = values.detach().cpu() if hasattr(values, "detach") else values
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"{name or 'series'}: given shape {array.shape}, expected a row of numbers")
    return array


def _points(name: str, values, x):
    import numpy as np

    if isinstance(values, tuple) and len(values) == 2 and all(hasattr(part, "__len__") for part in values):
        x, values = values
    ys = _numbers(name, values)
    xs = np.arange(len(ys), dtype=float) if x is None else _numbers(name, x)
    if len(xs) != len(ys):
        raise ValueError(f"{name or 'series'}: given {len(xs)} x and {len(ys)} y, expected as many of each")
    return xs, ys


def _end(ys) -> float:
    """Where a line ends for the eye: the median of its last twentieth, since the last value may be noise."""
    import numpy as np

    finite = ys[np.isfinite(ys)]
    return float(np.median(finite[-max(1, len(finite) // 20):])) if len(finite) else math.nan


def _thin(xs, ys):
    """A long line by the extremes of every short stretch: the same picture, a small file."""
    import numpy as np

    if len(ys) <= 2 * _POINTS:
        return xs, ys
    edges = np.linspace(0, len(ys), _POINTS + 1).astype(int)
    finite, keep = np.isfinite(ys), {0, len(ys) - 1}
    for start, end in pairwise(edges):
        part, ok = ys[start:end], finite[start:end]
        for extreme in (np.where(ok, part, np.inf).argmin(), np.where(ok, part, -np.inf).argmax()):
            keep.add(start + int(extreme))
    rows = sorted(keep)
    return xs[rows], ys[rows]


def _levels(values, count: int, log: bool):
    import numpy as np

    finite = values[np.isfinite(values)]
    low, high = finite.min(), finite.max()
    if not log:
        return np.linspace(low, high, count + 2)[1:-1]
    return low + np.geomspace((high - low) * 1e-4, (high - low) * 0.9, count)


def _check_path(name: str, points) -> None:
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"{name}: given points of shape {points.shape}, expected (n, 2)")


# --- files
# -----------------------------------------------------------------------------------------------------


def _svg(figure, what: str, height: int) -> Plot:
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _log_ticks(axis)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return Plot(what, svg=_compact(file.getvalue(), height), size=(WIDTH, height))


def _compact(svg: str, height: int) -> str:
    """What matplotlib writes without what nobody reads: half the bytes, nothing that leaks into a page."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.S)
    svg = re.sub(r' id="(?![mp][0-9a-f]{10}")[^"]*"', "", svg)  # only markers and clips are referred to
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    svg = re.sub(r"font-family: [^;\"]*; ?", "", svg)
    svg = re.sub(r' (?:d|x|y|x1|x2|y1|y2|width|height|transform)="[^"]*"', _round, svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    root = ('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH * 0.75:g} {height * 0.75:g}" '
            f'stroke-linejoin="round" font-family="{_theme()["ui"]}">')
    return re.sub(r"<svg[^>]*>", root, svg, count=1)


def _round(attribute: re.Match) -> str:
    """A tenth of a point is finer than a screen."""
    return re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), attribute[0])


def _png(figure, what: str, height: int) -> Plot:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=2 * _PIXELS_PER_INCH, facecolor=figure.get_facecolor(),
                   metadata={"Software": None})
    return Plot(what, png=file.getvalue(), size=(WIDTH, height))
