#!/usr/bin/env python3
"""Draw, once and in Chromium, what the site shows as pictures; the results are committed.

    tools/figures.py               everything
    tools/figures.py diagrams      Mermaid sources in the pages → site/diagrams, light and dark
    tools/figures.py stills        each explorable → site/stills: its picture without scripts, its height
    tools/figures.py icons         favicon, touch icon, the picture that links show → site/icons
    tools/figures.py readme        the first page, as the site was last built → site/readme
    tools/figures.py vendor        fonts from widgets/node_modules → site/vendor
"""
from __future__ import annotations

import html
import io
import json
import pathlib
import re
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
MODULES = ROOT / "widgets/node_modules"
sys.path[:0] = [str(ROOT / "tools"), str(SITE / "ext")]

import assets  # noqa: E402
import book  # noqa: E402
import browser  # noqa: E402
import diagram  # noqa: E402
import i18n  # noqa: E402
import live_widgets  # noqa: E402

LANGUAGES = {"en": ROOT, "zh": ROOT / "zh"}


def chromium(playwright):
    return playwright.chromium.launch(executable_path=browser.find(), args=list(browser.ARGUMENTS))


def prose(language: str, rel: str) -> list[str]:
    """The Markdown of a page: one text, or a notebook's cells."""
    path = LANGUAGES[language] / rel
    if path.suffix == ".md":
        return [path.read_text("utf8")]
    return [c.source for c in i18n.read_notebook(path).cells if c.cell_type == "markdown"]


# --- diagrams ----------------------------------------------------------------------------------

FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})\{diagram\}[ \t]+(?P<name>\S+)[ \t]*\n"
                   r"(?P<body>.*?)^(?P=mark)[ \t]*$", re.M | re.S)
# Pictures cannot use the page's fonts; these are on every machine and equally wide.
DIAGRAM_FONT = "Arial, 'Liberation Sans', Helvetica, 'PingFang SC', 'Noto Sans CJK SC', sans-serif"


def diagram_sources():
    """(name, language, Mermaid source, the part's accent) for every diagram in the book."""
    for rel in i18n.pages():
        part = book.part_slugs().get(rel.rsplit(".", 1)[0], "")
        for language, base in LANGUAGES.items():
            if (base / rel).exists():
                for text in prose(language, rel):
                    for found in FENCE.finditer(text):
                        yield found["name"], language, diagram.body(found["body"]), part


def mermaid_theme(theme: str, part: str) -> dict:
    colour = book.DESIGN[theme]
    accent = book.DESIGN["parts"][part][theme] if part else colour["accent"]
    return {"darkMode": theme == "dark", "background": colour["paper"],
            "fontFamily": DIAGRAM_FONT, "fontSize": "15px",
            "primaryColor": colour["surface"], "primaryTextColor": colour["ink"],
            "primaryBorderColor": accent,
            "secondaryColor": colour["raised"], "tertiaryColor": colour["raised"],
            "lineColor": colour["muted"],
            "textColor": colour["ink"], "edgeLabelBackground": colour["paper"],
            "clusterBkg": colour["paper"],
            "clusterBorder": colour["rule"], "titleColor": colour["muted"]}


DRAW = """async ([id, source, variables]) => {
  mermaid.initialize({startOnLoad: false, theme: "base", themeVariables: variables, htmlLabels: false,
    deterministicIds: true, deterministicIDSeed: id, securityLevel: "strict",
    flowchart: {htmlLabels: false, curve: "basis", padding: 14}});
  return (await mermaid.render(id, source)).svg;
}"""


def finished(svg: str, source: str) -> str:
    """A file of its own: fixed size, the hash of its source, no role (the page's alt text speaks)."""
    width, height = diagram.size(svg)
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(style|width|height|role|aria-roledescription|class)="[^"]*"', "", head)
    return f'{head} width="{width}" height="{height}" data-source="{diagram.source_hash(source)}">{rest}\n'


def draw_diagrams(page) -> None:
    page.set_content("<!doctype html><title>diagrams</title>")
    page.add_script_tag(path=str(MODULES / "mermaid/dist/mermaid.min.js"))
    wanted = set()
    for name, language, source, part in diagram_sources():
        for theme in diagram.THEMES:
            path = diagram.FOLDER / f"{name}.{language}.{theme}.svg"
            variables = mermaid_theme(theme, part)
            svg = page.evaluate(DRAW, [f"d-{name}", source, variables])
            path.write_text(finished(svg, source), "utf8")
            wanted.add(path)
            print(f"drew {path.relative_to(ROOT)}")
    for old in set(diagram.FOLDER.glob("*.svg")) - wanted:
        old.unlink()
        print(f"removed {old.relative_to(ROOT)}: no page shows it")


# --- stills and heights of the explorables ------------------------------------------------------

WIDTHS = range(272, 993, 40)  # CSS pixels that an explorable may be given, phone to wide screen
STILL_WIDTH = 752
STILL_BYTES = 60_000


def explorables() -> dict[str, dict]:
    """Name → trait values, where the book shows it first."""
    found: dict[str, dict] = {}
    for rel in i18n.pages():
        for name, traits in (*in_notebook(rel), *in_prose(rel)):
            found.setdefault(name, traits)
    return found


def in_prose(rel: str):
    fence = re.compile(r"^`{3,}\{explorable\}[ \t]+(\S+)[ \t]*\n(.*?)^`{3,}", re.M | re.S)
    for text in prose("en", rel):
        for name, body in fence.findall(text):
            yield name, live_widgets.traits_of(json.loads(body or "{}"))


def in_notebook(rel: str):
    if not rel.endswith(".ipynb"):
        return
    saved = i18n.read_notebook(ROOT / rel).metadata.get("widgets", {})
    for model in next(iter(saved.values()), {}).get("state", {}).values():
        kind = model["state"].get("_anywidget_id", "")
        if kind.startswith(live_widgets.PACKAGE):
            name = kind.removeprefix(live_widgets.PACKAGE).rsplit(".", 1)[0]
            yield name, live_widgets.traits_of(model["state"])


def stage_page(folder: pathlib.Path, name: str, language: str, traits: dict) -> str:
    """A page with nothing but the explorable, with the site's own style and scripts, opened from disk."""
    state = json.dumps({"traits": traits}, ensure_ascii=False).replace("<", "\\u003c")
    file = folder / f"{name}.{language}.html"
    file.write_text(
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}" data-theme="light">'
        '<meta charset="utf-8">'
        f'<style>{assets.stylesheet("assets/")}.fg-live{{margin:0;max-width:none}}'
        ".fg-room{min-height:0!important}</style>"
        f'<body><div class="fg-live" data-widget="{html.escape(name)}">'
        f'<script type="application/json">{state}</script><div class="fg-room"></div></div>'
        f'<script src="assets/widgets/{name}.js"></script>'
        '<script src="assets/live.js"></script>', "utf8")
    return file.as_uri()


def draw_stills(page) -> None:
    rooms = {}
    with tempfile.TemporaryDirectory() as folder:
        assets.write(pathlib.Path(folder))
        for name, traits in explorables().items():
            rooms[name] = {str(width): {} for width in WIDTHS}
            for language in LANGUAGES:
                show(page, stage_page(pathlib.Path(folder), name, language, traits))
                for width in WIDTHS:
                    rooms[name][str(width)][language] = height_at(page, width)
                page.set_viewport_size({"width": STILL_WIDTH, "height": 1000})
                page.wait_for_timeout(300)
                shoot(page.locator(".fg-live"), SITE / "stills" / f"{name}.{language}.png")
    (SITE / "stills/rooms.json").write_text(json.dumps(rooms, indent=1) + "\n", "utf8")


def show(page, address: str) -> None:
    page.set_viewport_size({"width": STILL_WIDTH, "height": 1000})
    page.goto(address)
    page.wait_for_selector('.fg-live[data-live="yes"] [data-ready="yes"]:not([data-busy="yes"])',
                           timeout=20_000)
    page.evaluate("document.fonts.ready.then(() => null)")


def height_at(page, width: int) -> int:
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(150)  # explorables draw again when their box changes
    return round(page.evaluate("document.querySelector('.fg-room').getBoundingClientRect().height"))


def shoot(locator, path: pathlib.Path) -> None:
    """A picture in as many colours as the limit allows."""
    from PIL import Image
    picture = Image.open(io.BytesIO(locator.screenshot())).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= STILL_BYTES:
            break
    path.write_bytes(out.getvalue())
    print(f"drew {path.relative_to(ROOT)}: {out.tell() // 1024} KB")


def draw_readme(page) -> None:
    """The built first page of both editions, for the READMEs."""
    (SITE / "readme").mkdir(exist_ok=True)
    for language, rel in {"en": "index.html", "zh": "zh/index.html"}.items():
        file = ROOT / "_build/site" / rel
        if not file.exists():
            raise SystemExit("the site is not built: run `make site` first")
        show(page, file.as_uri())
        page.set_viewport_size({"width": 1280, "height": 860})
        page.add_style_tag(content=".offer{display:none!important}")
        page.wait_for_timeout(500)
        shoot(page, SITE / "readme" / f"screenshot.{language}.png")


# --- icons and the picture for links ---------------------------------------------------------------

def descent_path(rate: float = 0.068, steps: int = 26, turn: float = 0.42):
    """Gradient descent on a narrow quadratic, really computed: the book's emblem."""
    from math import cos, sin
    (x, y), points = (2.45, 0.72), []
    for _ in range(steps):
        points.append((cos(turn) * x - sin(turn) * y, sin(turn) * x + cos(turn) * y))
        x, y = x - rate * 2.2 * x, y - rate * 27.2 * y
    return points


def emblem(colour: dict, width: int, height: int) -> str:
    scale, cx, cy = 150, width * 0.64, height * 0.66
    rings = "".join(f'<ellipse rx="{0.27 * k ** 1.25 * scale:.1f}" ry="{0.077 * k ** 1.25 * scale:.1f}"/>'
                    for k in range(1, 22))
    points = [(cx + x * scale, cy - y * scale) for x, y in descent_path()]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>' for x, y in points)
    return (f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
            '<linearGradient id="fade"><stop offset=".3" stop-color="#000"/>'
            '<stop offset=".62" stop-color="#fff"/></linearGradient>'
            '<mask id="right"><rect width="100%" height="100%" fill="url(#fade)"/></mask>'
            f'<g mask="url(#right)"><g transform="translate({cx} {cy}) rotate(-24)" fill="none" '
            f'stroke="{colour["accent"]}" stroke-opacity=".45" stroke-width="1.5">{rings}</g></g>'
            f'<g stroke="{colour["blue"]}" stroke-width="3"><polyline points="{line}" fill="none"/></g>'
            f'<g fill="{colour["blue"]}">{dots}</g>'
            f'<circle cx="{points[0][0]}" cy="{points[0][1]}" r="11" fill="{colour["orange"]}"/></svg>')


def social_page() -> str:
    colour = book.DESIGN["light"]
    font = (SITE / "vendor/fonts/source-serif-4.woff2").as_uri()
    return (f"<!doctype html><style>@font-face{{font-family:S;src:url({font});font-weight:200 900}}"
            f"body{{margin:0;width:1200px;height:630px;background:{colour['paper']};color:{colour['ink']};"
            "font-family:S,'Noto Serif CJK SC',serif;position:relative;overflow:hidden}svg{position:absolute}"
            "h1{position:absolute;left:72px;top:92px;margin:0;font-size:82px;font-weight:500;line-height:1.06;"
            "letter-spacing:-.015em}"
            f"p{{position:absolute;left:74px;bottom:64px;margin:0;font-size:40px;color:{colour['muted']}}}"
            f"</style>{emblem(colour, 1200, 630)}<h1>Large Models,<br>from the<br>First Gradient</h1>"
            "<p>大模型：从第一个梯度开始</p>")


def draw_icons(page) -> None:
    from PIL import Image
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "social.html"
        file.write_text(social_page(), "utf8")
        page.set_viewport_size({"width": 1200, "height": 630})
        page.goto(file.as_uri())
        page.evaluate("document.fonts.ready")
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(128, dither=Image.Dither.NONE).save(SITE / "icons/social.png", optimize=True)
    svg = (SITE / "icons/favicon.svg").read_text("utf8")
    paper = book.DESIGN["light"]["paper"]
    for name, size, ground in (("favicon.ico", 32, "transparent"), ("apple-touch-icon.png", 180, paper)):
        pad = size // 8 if ground == paper else 0
        page.set_viewport_size({"width": size, "height": size})
        style = f"body{{margin:{pad}px;background:{ground}}}svg{{display:block;width:{size - 2 * pad}px}}"
        page.set_content(f"<!doctype html><style>{style}</style>{svg}")
        picture = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
        options = {"sizes": [(size, size)]} if name.endswith("ico") else {"optimize": True}
        picture.save(SITE / "icons" / name, **options)
    print("drew site/icons")


# --- vendored files -------------------------------------------------------------------------------

# The text: the signs that fonts.css asks for, in the weights that the site uses. Italics are never bold.
FONTS = {"source-serif-4": ("source-serif-4/files/source-serif-4-latin-wght-normal.woff2", (400, 700)),
         "source-serif-4-italic": ("source-serif-4/files/source-serif-4-latin-wght-italic.woff2", 400),
         "inter": ("inter/files/inter-latin-wght-normal.woff2", (400, 700))}
TEXT_FEATURES = ["kern", "liga", "tnum"]
LICENCES = {"@fontsource-variable/source-serif-4": "OFL-SourceSerif4.txt",
            "@fontsource-variable/inter": "OFL-Inter.txt", "@fontsource/stix-two-math": "OFL-STIXTwoMath.txt"}
MATH_FONT = "stix-two-math"


def copy_vendor() -> None:
    for folder, copy in LICENCES.items():
        shutil.copyfile(MODULES / folder / "LICENSE", SITE / "vendor/fonts" / copy)
    for name, (source, weight) in FONTS.items():
        cut_text(MODULES / "@fontsource-variable" / source, SITE / f"vendor/fonts/{name}.woff2",
                 unicode_range(f"{name}.woff2"), weight)
    taken: set[int] = set()
    for name in (f"{MATH_FONT}.woff2", f"{MATH_FONT}-rare.woff2"):
        signs = unicode_range(name) - taken
        source = MODULES / f"@fontsource/{MATH_FONT}/files/{MATH_FONT}-latin-400-normal.woff2"
        cut_font(source, SITE / "vendor/fonts" / name, signs)
        taken |= signs
    print("copied site/vendor")


def cut_text(source: pathlib.Path, target: pathlib.Path, signs: set[int], weight) -> None:
    """The font's signs, for one weight or a range of weights."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer
    options = subset.Options(layout_features=TEXT_FEATURES, hinting=False)
    cut = subset.Subsetter(options)
    font = subset.load_font(source, options)
    cut.populate(unicodes=signs)
    cut.subset(font)
    font.flavor = None
    whole = io.BytesIO()
    font.save(whole)  # the instancer must not meet tables that were read for other glyphs
    font = instancer.instantiateVariableFont(TTFont(io.BytesIO(whole.getvalue())), {"wght": weight})
    font.flavor = "woff2"
    font.save(target)


def unicode_range(font: str) -> set[int]:
    """The signs that fonts.css asks of a font file."""
    style = (SITE / "style/fonts.css").read_text("utf8")
    ranges = re.search(rf"fonts/{font}.*?unicode-range:([^}}]*)", style, re.S)[1]
    ends = [part[2:].split("-") for part in ranges.split(",")]
    return {sign for pair in ends for sign in range(int(pair[0], 16), int(pair[-1], 16) + 1)}


def cut_font(source: pathlib.Path, target: pathlib.Path, signs: set[int]) -> None:
    """The font's signs, with the larger forms that formulas need (its MATH table)."""
    from fontTools import subset
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    options.drop_tables += ["GPOS"]
    cut = subset.Subsetter(options)
    font = subset.load_font(source, options)
    cut.populate(unicodes=signs)
    cut.subset(font)
    mend_roots(font)
    subset.save_font(font, target, options)


# Browsers leave room for the widest root sign, whichever they draw, and set an exponent high above a bracket.
ROOT_WIDTH = 880  # thousandths of an em, for all sizes; they were 794 to 1212
EXPONENT_DROP = 386  # below the top of its base, at most: TeX's own figure (sup_drop in cmsy10); it was 230


def mend_roots(font) -> None:
    """Give root signs of all sizes one width, and lower exponents of tall bases."""
    table, root = font["MATH"].table, font.getBestCmap().get(ord("√"))
    table.MathConstants.SuperscriptBaselineDropMax.Value = EXPONENT_DROP
    if root is None:
        return
    sizes = table.MathVariants.VertGlyphConstruction[table.MathVariants.VertGlyphCoverage.glyphs.index(root)]
    names = {record.VariantGlyph for record in sizes.MathGlyphVariantRecord}
    for name in names | {part.glyph for part in sizes.GlyphAssembly.PartRecords}:
        glyph, (width, bearing) = font["glyf"][name], font["hmtx"][name]
        glyph.coordinates.scale((ROOT_WIDTH / width, 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (ROOT_WIDTH, round(bearing * ROOT_WIDTH / width))


def main(wanted: list[str]) -> int:
    from playwright.sync_api import sync_playwright
    tasks = {"vendor": lambda page: copy_vendor(), "icons": draw_icons,
             "diagrams": draw_diagrams, "stills": draw_stills, "readme": draw_readme}
    if unknown := set(wanted) - set(tasks):
        print(f"{', '.join(sorted(unknown))}: not one of {', '.join(tasks)}", file=sys.stderr)
        return 2
    with sync_playwright() as playwright:
        chrome = chromium(playwright)
        for name, task in tasks.items():
            if not wanted or name in wanted:
                task(chrome.new_page(color_scheme="light", locale="en-GB"))
        chrome.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
