"""The files that pages load: one stylesheet, a few classic scripts, fonts, MathJax, the explorables' bundles."""
from __future__ import annotations

import hashlib
import json
import pathlib
import shutil

from book import BUNDLES, DESIGN, ROOT

HERE = ROOT / "site"
STYLES = ("fonts.css", "base.css", "layout.css", "prose.css", "code.css", "home.css", "print.css")
SCRIPTS = ("theme.js", "site.js", "search.js", "live.js")
ESM_MARK = "\n//# esm"

# Formulas are marked by Sphinx (class "math"); nothing else is searched for dollars.
MATHJAX = {
    "loader": {"load": []},
    "tex": {"inlineMath": [["\\(", "\\)"]], "displayMath": [["\\[", "\\]"]], "tags": "none",
            "packages": {"[-]": ["require", "autoload"]}},
    "chtml": {"fontURL": "", "matchFontHeight": False},
    "options": {"ignoreHtmlClass": "mathjax_ignore", "processHtmlClass": "math", "enableAssistiveMml": True},
}


def tokens() -> str:
    """design.json as CSS variables: light, dark (chosen or the system's when there is no script), each part's accent."""
    def block(theme):
        return "".join(f"--fg-{k}:{v};" for k, v in DESIGN[theme].items()) + f"color-scheme:{theme};"

    def parts(theme, scope=""):
        return "".join(f'{scope}[data-part="{k}"]{{--fg-accent:{v[theme]}}}' for k, v in DESIGN["parts"].items())
    fonts = "".join(f"--fg-font-{k}:{v};" for k, v in DESIGN["font"].items())
    dark = 'html[data-theme="dark"]'
    return (f":root{{{block('light')}{fonts}}}{parts('light')}{dark}{{{block('dark')}}}{parts('dark', dark + ' ')}"
            f"@media (prefers-color-scheme:dark){{html:not([data-theme]){{{block('dark')}}}"
            f"{parts('dark', 'html:not([data-theme]) ')}}}\n")


def classic(bundle: str, name: str) -> str:
    """An explorable's bundle as a classic script: module scripts and blobs are dead in pages opened from disk."""
    body = bundle.split(ESM_MARK, 1)[0]
    return (f"{body}\n(globalThis.firstgradWidgets=globalThis.firstgradWidgets||{{}})"
            f"[{json.dumps(name)}]=firstgradWidget;\n")


def isolated(script: str) -> str:
    """Two bundles on a page both say `var firstgradWidget`: a function around each keeps them apart."""
    return "(()=>{" + script + "})();\n"


def stylesheet() -> str:
    return tokens() + "".join((HERE / "style" / name).read_text("utf8") for name in STYLES)


def mathjax() -> str:
    """Settings, then the vendored script; its fonts lie beside it."""
    settings = json.dumps(MATHJAX)
    here = "document.currentScript.src.replace(/[^/]*$/,'')+'mathjax'"
    return (f"window.MathJax={settings};MathJax.chtml.fontURL={here};\n"
            + (HERE / "vendor/mathjax/tex-chtml-lean.js").read_text("utf8"))


def generated() -> dict[str, str]:
    """Name under assets/ → text."""
    files = {"site.css": stylesheet(), "math.js": mathjax()}
    files |= {name: (HERE / "live" / name).read_text("utf8") for name in SCRIPTS}
    for bundle in sorted(BUNDLES.glob("*.js")):
        files[f"widgets/{bundle.name}"] = isolated(classic(bundle.read_text("utf8"), bundle.stem))
    return files


def copied() -> dict[str, pathlib.Path]:
    found = {f"fonts/{p.name}": p for p in (HERE / "vendor/fonts").glob("*.woff2")}
    found |= {f"mathjax/{p.name}": p for p in (HERE / "vendor/mathjax").glob("*.woff")}
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
