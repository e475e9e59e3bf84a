"""The files that pages load: one stylesheet, a few classic scripts, fonts, the bundles."""
from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import shutil

import answers
from book import BUNDLES, DESIGN, MODELS, ROOT

HERE = ROOT / "site"
STYLES = ("fonts.css", "base.css", "layout.css", "prose.css", "code.css", "exercises.css", "home.css",
          "print.css")
SCRIPTS = ("site.js", "search.js", "live.js")
BUNDLED = ("contents.js", "exercises.js", "python.js")
ESM_MARK = "\n//# esm"


def tokens() -> str:
    """design.json as CSS variables: light, dark (chosen, or without scripts the system's), parts' accents."""
    fonts = "".join(f"--fg-font-{k}:{v};" for k, v in DESIGN["font"].items())
    dark, system = 'html[data-theme="dark"]', "html:not([data-theme])"
    return (f":root{{{fonts}}}" + colours("light", ":root") + colours("dark", dark)
            + f"@media (prefers-color-scheme:dark){{{colours('dark', system)}}}\n")


def colours(theme: str, root: str) -> str:
    """One theme under one selector; a part's accent holds for a page's body and for its entry in a list."""
    base = "".join(f"--fg-{k}:{v};" for k, v in DESIGN[theme].items())
    accents = "".join(f'{root} [data-part="{k}"]{{--fg-accent:{v[theme]}}}'
                      for k, v in DESIGN["parts"].items())
    return f"{root}{{{base}color-scheme:{theme}}}{accents}"


def classic(bundle: str, name: str) -> str:
    """An explorable's bundle as a classic script: modules and blobs are dead in pages opened from disk."""
    body = bundle.split(ESM_MARK, 1)[0]
    return (f"{body}\n(globalThis.firstgradWidgets=globalThis.firstgradWidgets||{{}})"
            f"[{json.dumps(name)}]=firstgradWidget;\n")


def isolated(script: str) -> str:
    """Two bundles on a page both say `var firstgradWidget`: a function around each keeps them apart."""
    return "(()=>{" + script + "})();\n"


def model(file: pathlib.Path) -> str:
    """A trained model as a classic script: fetch, too, is dead in pages opened from disk."""
    text = base64.b64encode(file.read_bytes()).decode()
    return (f"(globalThis.firstgradModels=globalThis.firstgradModels||{{}})"
            f"[{json.dumps(file.stem)}]=\"{text}\";\n")


def rooms(names: list[str], language: str) -> str:
    """The height that each explorable will take, by its width, so that the text below does not move.

    Measured by tools/figures.py at some widths; between two of them the height is on the line through both.
    """
    path = HERE / "stills/rooms.json"
    measured = json.loads(path.read_text("utf8")) if path.exists() else {}
    return "".join(room(name, [(int(width), tall[language]) for width, tall in measured[name].items()])
                   for name in names if name in measured)


def room(name: str, points: list[tuple[int, int]]) -> str:
    """The rules for one explorable: from each measured width on, the line to the next."""
    rules = []
    for (w0, h0), (w1, h1) in zip(points, [*points[1:], (points[-1][0] + 1, points[-1][1])], strict=True):
        height = f"calc({h0}px + (100cqw - {w0}px)*{(h1 - h0) / (w1 - w0):.3f})"
        rules.append(f"@container live (min-width:{0 if w0 == points[0][0] else w0}px){{.js "
                     f"[data-widget={name}]>.fg-room{{min-height:{height}}}}}\n")
    return "".join(rules)


def stylesheet(folder: str) -> str:
    """What every page says in its head, so that no second file holds up the first picture of it.

    folder: where the page finds assets/, which the fonts are in.
    """
    css = tokens() + "".join((HERE / "style" / name).read_text("utf8") for name in STYLES)
    return css.replace("url(fonts/", f"url({folder}fonts/")


def theme() -> str:
    """The script that runs before anything is painted, as it stands in the head."""
    return (HERE / "live/theme.js").read_text("utf8")


def allowed(script: str) -> str:
    """What the page's content security policy says to let an inline script run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def generated() -> dict[str, str]:
    """Name under assets/ → text."""
    files = {name: (HERE / "live" / name).read_text("utf8") for name in SCRIPTS}
    for bundle in sorted(BUNDLES.glob("*.js")):
        files[f"widgets/{bundle.name}"] = isolated(classic(bundle.read_text("utf8"), bundle.stem))
    files |= {name: (answers.BUNDLES / name).read_text("utf8") for name in BUNDLED}
    files |= {f"exercises/{chapter}.{language}.js": answers.script(chapter, language)
              for chapter in answers.chapters() for language in ("en", "zh")}
    files["exercises/shirts.js"] = answers.shirts()
    files |= {f"models/{file.stem}.js": model(file) for file in sorted(MODELS.glob("*.safetensors"))}
    return files


def copied() -> dict[str, pathlib.Path]:
    found = {f"fonts/{p.name}": p for p in (HERE / "vendor/fonts").glob("*.woff2")}
    found |= {f"stills/{p.name}": p for p in (HERE / "stills").iterdir() if p.suffix in (".png", ".svg")}
    found |= {f"diagrams/{p.name}": p for p in (HERE / "diagrams").glob("*.svg")}
    found |= {p.name: p for p in (HERE / "icons").iterdir() if p.suffix in (".svg", ".png", ".ico")}
    return found


def version(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:8]


def write(out: pathlib.Path) -> None:
    shutil.rmtree(out / "assets", ignore_errors=True)
    for name, text in generated().items():
        target = out / "assets" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf8")
    for name, source in copied().items():
        target = out / "assets" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
