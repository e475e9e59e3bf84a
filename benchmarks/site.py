"""The static page in figures: python benchmarks/site.py [--rounds 3] [--dry] [--lighthouse] [--stock]

Builds the site if it is not there, serves it on this machine and opens it in Chromium. Times differ between
machines, so each is measured in turn with a peer's, and the goals are about its ratio; benchmarks/RESULTS.md
keeps them. Two peers: a *stock* page, by Jupyter Book with its theme, of nothing but one ipywidgets slider
(its scripts served from this machine, which flatters it); and a *bare* page, on which a slider moves one
line among a hundred, without any library.

    transfer   bytes over the wire (gzip) until the page is quiet, before any interaction, by kind
    alive      from the start of the navigation until the explorable, in view, has drawn itself, against the
               stock page until its slider is there
    redraw     from the dispatch of a pointer's `input` or `pointermove` event until the frame that shows the
               change has been handed to the compositor (a message posted in its animation callback): our
               computing, style, layout, paint, and the wait for that frame to begin, up to 16.7 ms. The 95th
               percentile of all moves of all sliders and handles, at a quarter of the processor's speed,
               against the bare page
    playground with two hidden layers of 8 on 500 points (chapter 03): microseconds of a training step of one
               batch of 10, and milliseconds of our computing in a frame and between two frames while it plays
    shift      the sum of all layout shifts while loading and while scrolling to the end (stricter than CLS,
               which takes the worst 5 seconds)
    build      tools/site.py build, the work of `make site`, in a copy of the tracked files: clean, then again
    lighthouse (--lighthouse) scores out of 100 by Google's program, installed by npm into a temporary folder;
               with --stock beside those of Jupyter Book's own theme for the same pages
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from importlib import util
from itertools import pairwise
from pathlib import Path

import bench
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "chapters/06_gradient_descent.html"
PLAYGROUND = "chapters/03_multilayer_perceptrons.html"
LIGHTHOUSE = "lighthouse@12.8.2"
DEVICES = {"phone": [], "desktop": ["--preset=desktop"]}
GOALS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 95}
# Notes when the first explorable, scrolled into view at once, has drawn itself.
ALIVE = """addEventListener("DOMContentLoaded", () => {
    document.querySelector(".fg-live").scrollIntoView({behavior: "instant"});
    const look = () => { if (document.querySelector(".fg-live[data-live=yes] [data-ready=yes]"))
        globalThis.fgAlive ??= performance.now(); };
    new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
});"""
REDRAW = """globalThis.fgRedraws = [];
for (const kind of ["input", "pointermove"]) addEventListener(kind, (event) => {
    if (kind === "pointermove" && !event.target.closest?.(".fg-dragging")) return;
    const start = performance.now(), channel = new MessageChannel();
    channel.port1.onmessage = () => fgRedraws.push(performance.now() - start);
    requestAnimationFrame(() => channel.port2.postMessage(0));
}, true);"""
FRAMES = """globalThis.fgFrames = [];
const ask = requestAnimationFrame.bind(globalThis);
globalThis.requestAnimationFrame = (draw) => ask((time) => {
    const start = performance.now();
    draw(time);
    fgFrames.push([start, performance.now() - start]);
});"""
# A training step in the browser's own engine: the bundle's core, as the page calls it.
TRAIN = """() => {
    const core = firstgradWidgets.playground.core, points = core.pointsOf("spiral", 0.1, 1);
    const [rows] = core.splitOf(points.length / 3, 0.5);
    const { x, y } = core.featuresOf(points, rows, ["x1", "x2"]);
    const sizes = [2, 8, 8, 1], parameters = core.initial(sizes, "tanh", 1);
    const trainer = core.trainerOf(core.netOf({ sizes, activation: "tanh", loss: "bce", parameters }),
        core.roomOf(sizes, 500));
    const setting = core.checkTraining({ optimiser: "adam", learningRate: 0.01 });
    const order = core.orderOf(1, 0, rows.length);
    const batches = Array.from({ length: 25 }, (_, k) => order.subarray(10 * k, 10 * k + 10));
    const start = performance.now();
    for (let k = 0; k < 20000; k += 1) trainer.step(x, y, batches[k % 25], setting);
    return (performance.now() - start) / 20;
}"""
# One line among a hundred, moved by a slider: the least that a redraw in a browser costs.
BARE = """<!doctype html><svg width=800 height=500></svg>
<p><input type=range min=0 max=1 step=0.001 style="width:600px">
<script>
const svg = document.querySelector("svg");
const mark = (i) => `<path d="M0 ${5 * i}L800 ${500 - 5 * i}" stroke=black />`;
svg.innerHTML = Array.from({ length: 100 }, (_, i) => mark(i)).join("");
const line = svg.children[50], slider = document.querySelector("input");
slider.addEventListener("input", () => requestAnimationFrame(() => {
    line.setAttribute("d", `M0 ${500 * slider.value}L800 ${500 - 500 * slider.value}`);
}));
</script>"""
STOCK_ALIVE = """addEventListener("DOMContentLoaded", () => {
    const look = () => { if (document.querySelector(".jupyter-widgets .noUi-handle"))
        globalThis.fgAlive ??= performance.now(); };
    new MutationObserver(look).observe(document, {subtree: true, childList: true});
});"""
STOCK_CELL = "import ipywidgets\n\nipywidgets.FloatSlider(description='slope')"
STOCK_SCRIPTS = ["requirejs@2.3.8", "@jupyter-widgets/html-manager@1.0.15"]
ALIVE_GOAL, REDRAW_GOAL = 1.0, 2.0  # calibrated on a quiet machine
NOTE = ("Seconds until the page's explorable, or the stock page's slider, is drawn; the 95th percentile of a "
        "redraw while everything that can be dragged is dragged, at a quarter of the processor's speed. "
        "What the peers are says the docstring of `benchmarks/site.py`.")
SHIFT = """globalThis.fgShift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) fgShift += entry.value; })
    .observe({type: "layout-shift", buffered: true});"""


def load_tool(name):
    spec = util.spec_from_file_location(f"book_{name}", ROOT / "tools" / f"{name}.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(name, value, goal=None, *, least=False, unit=""):
    """One line; `goal` is the most that `value` may be, or the least with `least`."""
    reached = goal is not None and (value >= goal if least else value <= goal)
    met = "" if goal is None else f" goal={goal} met={'yes' if reached else 'no'}"
    print(f"bench={name} value={value:.4g}{unit and f' unit={unit}'}{met}", flush=True)


@contextmanager
def serving(tool, root):
    tool.SITE = root
    server = tool.Server(("127.0.0.1", 0), tool.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@contextmanager
def visit(browser, address, script="", scale=1):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=scale)
    context.add_init_script(script)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    page.goto(address)
    yield page, cdp
    context.close()


# --- figures ---------------------------------------------------------------------------------------

def transfer(browser, address):
    """Kilobytes by kind of file."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    kinds, sizes = {}, {}
    cdp.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
    cdp.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    cdp.send("Network.enable")
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(1500)
    total = {}
    for request, size in sizes.items():
        kind = kinds.get(request, "Other").lower()
        total[kind] = total.get(kind, 0) + size / 1000
    context.close()
    for kind in sorted(total):
        row(f"transfer-{kind}", total[kind], unit="KB")
    row("transfer", sum(total.values()), 800, unit="KB")


def alive(browser, address, script=ALIVE):
    """Seconds until the page's explorable, or widget, has drawn itself."""
    with visit(browser, address, script) as (page, _):
        page.wait_for_function("globalThis.fgAlive")
        return page.evaluate("fgAlive") / 1000


def drag(page, start, end, steps=60):
    page.mouse.move(*start)
    page.mouse.down()
    for i in range(1, steps + 1):
        page.mouse.move(*(a + (b - a) * i / steps for a, b in zip(start, end, strict=True)))
    page.mouse.up()
    page.wait_for_timeout(200)


def redraw(browser, address, name, slowed=4):
    """Seconds: the 95th percentile of the redraws while every slider and handle is dragged to and fro."""
    taken = []
    with visit(browser, address, REDRAW) as (page, cdp):
        live = page.locator(f".fg-live[data-widget={name}]").first
        live.scroll_into_view_if_needed()
        live.locator("[data-ready=yes]").wait_for()
        page.wait_for_timeout(1000)  # the rest of the page has settled
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        for thing in live.locator(".fg-handle:visible, .fg-control .fg-range:visible").all():
            if thing.is_enabled():
                taken += moved(page, thing)
    return p95(taken) / 1000


def moved(page, thing):
    """Milliseconds of each redraw while one slider or handle is dragged."""
    thing.scroll_into_view_if_needed()
    ends = ends_of(thing)
    page.evaluate("fgRedraws.length = 0")
    drag(page, *ends)
    drag(page, *reversed(ends))
    return page.evaluate("fgRedraws")


def bare_redraw(browser, slowed=4):
    """The same on the bare page."""
    with visit(browser, "about:blank") as (page, cdp):
        page.set_content(BARE)
        page.evaluate(REDRAW)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        return p95(moved(page, page.locator("input"))) / 1000


def ends_of(thing):
    """Whence and whither a handle, or a slider's thumb, is dragged."""
    box = thing.bounding_box()
    y = box["y"] + box["height"] / 2
    if "fg-handle" in (thing.get_attribute("class") or ""):
        x = box["x"] + box["width"] / 2
        return (x, y), (x + 150, y + 60)
    return (box["x"] + 12, y), (box["x"] + box["width"] - 12, y)


def rooms(site):
    """Explorable → the first page that has it."""
    places = {}
    for path in sorted(site.glob("chapters/*.html")):
        for name in re.findall(r'data-widget="?(\w+)', path.read_text("utf8")):
            places.setdefault(name, path.relative_to(site).as_posix())
    return places


def against_peers(browser, address, site, stock, rounds):
    """The rows of `alive` and of every explorable's `redraw`."""
    rows = []
    runs = [(alive(browser, address + CHAPTER), alive(browser, stock, STOCK_ALIVE)) for _ in range(rounds)]
    rows.append(bench.row("chapter 06 alive", "stock page", *zip(*runs, strict=True), ALIVE_GOAL))
    print(rows[-1], flush=True)
    for name, path in rooms(site).items():
        runs = [(redraw(browser, address + path, name), bare_redraw(browser)) for _ in range(rounds)]
        rows.append(bench.row(f"redraw {name}", "bare page", *zip(*runs, strict=True), REDRAW_GOAL))
        print(rows[-1], flush=True)
    return rows


def playground(browser, address):
    """Played for three seconds at each speed, after the network has been widened by its own buttons."""
    with visit(browser, address, FRAMES) as (page, _):
        live = page.locator(".fg-live[data-widget=playground]")
        live.scroll_into_view_if_needed()
        live.locator("[data-ready=yes]").wait_for()
        live.locator("[data-trait=dataset] select").select_option("spiral")
        live.locator(".fg-layers .fg-step").last.click()
        for layer in (0, 2):  # each layer has a button for more and one for fewer
            for _ in range(6):
                live.locator(".fg-width .fg-step").nth(layer).click()
        expect(live.locator(".fg-node")).to_have_count(7 + 8 + 8 + 1)
        row("playground-training-step", page.evaluate(TRAIN), 50, unit="us")
        for speed in ("normal", "fast"):
            live.locator(".fg-player select").select_option(speed)
            live.locator(".fg-player .fg-icon").nth(1).click()
            page.wait_for_timeout(500)
            page.evaluate("fgFrames.length = 0")
            page.wait_for_timeout(3000)
            frames = page.evaluate("fgFrames.filter(([, taken]) => taken > 0.3)")
            live.locator(".fg-player .fg-icon").nth(1).click()
            between = [b[0] - a[0] for a, b in pairwise(frames)]
            taken = statistics.median(taken for _, taken in frames)
            row(f"playground-{speed}-computing-median", taken, 16, unit="ms")
            row(f"playground-{speed}-frame-median", statistics.median(between), 17, unit="ms")
            row(f"playground-{speed}-frame-p95", p95(between), unit="ms")


def p95(values):
    return statistics.quantiles(values, n=20)[-1]


def shift(browser, address):
    with visit(browser, address, SHIFT) as (page, _):
        page.wait_for_timeout(1000)
        for _ in range(60):
            page.mouse.wheel(0, 600)
            page.wait_for_timeout(60)
        page.wait_for_timeout(500)
        row("shift", page.evaluate("fgShift"), 0.1)


def build():
    """Seconds, in a copy of what git tracks: the real _build stays as it is."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    command = [sys.executable, "tools/site.py", "build"]
    with tempfile.TemporaryDirectory() as folder:
        for name in filter(None, tracked.stdout.split("\0")):
            if (ROOT / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, Path(folder) / name)
        for name, goal in (("clean", 60), ("unchanged", 15)):
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            row(f"build-{name}", time.perf_counter() - start, goal, unit="s")


# --- lighthouse, and the stock theme ----------------------------------------------------------------

def environment():
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def lighthouse(folder, chromium, address, device):
    """Scores out of 100, by category: as on a slow phone (its default), or on a desktop; medians of five."""
    program = Path(folder) / "node_modules/.bin/lighthouse"
    if not program.exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", LIGHTHOUSE], cwd=folder,
                       env=environment(), check=True)
    flags = "--headless --no-sandbox --disable-gpu --disable-quic"
    command = [program, address, "--output=json", "--quiet", f"--chrome-flags={flags}",
               "--only-categories=" + ",".join(GOALS), *DEVICES[device]]
    runs = [subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True,
                           env={**environment(), "CHROME_PATH": chromium}).stdout for _ in range(5)]
    reports = [json.loads(run) for run in runs]
    for audit in reports[-1]["audits"].values():  # what cost points
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"  {device}, {audit['id']}: {audit.get('displayValue', '')}", file=sys.stderr)
    return {name: statistics.median(round(100 * report["categories"][name]["score"]) for report in reports)
            for name in GOALS}


def stock(folder):
    """The same English pages by Jupyter Book with its own theme and settings."""
    source = Path(folder) / "stock"
    shutil.copytree(ROOT / "chapters", source / "chapters")
    for name in ("index.md", "_toc.yml", "references.bib"):
        shutil.copy(ROOT / name, source)
    (source / "_config.yml").write_text(
        "title: Large Models, from the First Gradient\nexecute: {execute_notebooks: 'off'}\n"
        "bibtex_bibfiles: [references.bib]\n"
        "parse: {myst_enable_extensions: [amsmath, colon_fence, dollarmath, attrs_inline]}\n"
        "sphinx: {extra_extensions: [sphinx_exercise, sphinx_proof]}\n", "utf8")
    command = ["jupyter-book", "build", "-q", str(source)]  # it does not know our directives, and says so
    subprocess.run(command, env=environment(), capture_output=True, check=False)
    (source / "_build/html/404.html").write_text("<!doctype html><title>404</title>", "utf8")
    return source / "_build/html"


def scores(tool, chromium, with_stock):
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "ours"
        shutil.copytree(tool.SITE, ours)
        for name, root in {"": ours, **({"stock-": stock(folder)} if with_stock else {})}.items():
            for device in DEVICES:
                with serving(tool, root) as address:
                    found = lighthouse(folder, chromium, address + CHAPTER, device)
                for category, score in found.items():
                    goal = None if name else GOALS[category]
                    row(f"lighthouse-{name}{device}-{category}", score, goal, least=True)


def stock_page(folder):
    """The site of one page by Jupyter Book with one ipywidget, whose scripts are beside it."""
    import nbformat
    from nbclient import NotebookClient
    source = Path(folder) / "stock-page"
    source.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A line"),
                                               nbformat.v4.new_code_cell(STOCK_CELL)])
    NotebookClient(notebook).execute()
    nbformat.write(notebook, source / "index.ipynb")
    (source / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf8")
    (source / "_config.yml").write_text("title: A line\nexecute: {execute_notebooks: 'off'}\n", "utf8")
    run = {"env": environment(), "check": True, "capture_output": True}
    subprocess.run(["jupyter-book", "build", "-q", str(source)], **run)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", *STOCK_SCRIPTS], cwd=folder, **run)
    site = source / "_build/html"
    page = (site / "index.html").read_text("utf8")
    for name, package in {"require.min.js": "requirejs/require.js",
                          "embed-amd.js": "@jupyter-widgets/html-manager/dist/embed-amd.js"}.items():
        shutil.copy(Path(folder) / "node_modules" / package, site / name)
        page, changed = re.subn(rf'src="https://[^"]*/{re.escape(name)}"', f'src="{name}"', page)
        assert changed == 1, name
    page = re.sub(r' (integrity|crossorigin)="[^"]*"', "", page)  # of the versions that it would have fetched
    (site / "index.html").write_text(page, "utf8")
    (site / "404.html").write_text("<!doctype html><title>404</title>", "utf8")
    return site


def main():
    options = bench.options(__doc__, rounds=3, lighthouse="scores too (npm fetches the program)",
                            stock="with --lighthouse: the stock theme beside ours")
    tool, browser_tool = load_tool("site"), load_tool("browser")
    if not (tool.SITE / "index.html").exists():
        tool.build()
    chromium = browser_tool.find()
    arguments = [a for a in browser_tool.ARGUMENTS if a != "--headless"]
    with sync_playwright() as playwright, serving(tool, tool.SITE) as address:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        other = load_tool("site")  # its server has a root of its own
        with tempfile.TemporaryDirectory() as folder, serving(other, stock_page(folder)) as stock_address:
            rows = against_peers(browser, address, tool.SITE, stock_address, options.rounds)
        for figure in (transfer, shift):
            figure(browser, address + CHAPTER)
        playground(browser, address + PLAYGROUND)
        browser.close()
    bench.report("site", rows, options, peers=["jupyter-book", "ipywidgets"], note=NOTE)
    build()
    if options.lighthouse:
        scores(tool, chromium, options.stock)


if __name__ == "__main__":
    main()
