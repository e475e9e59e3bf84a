"""Every page in Firefox and in WebKit: alive, answers mouse and keys, says nothing bad, formulas laid out.

What is not installed is skipped, and named; the gate installs both where it may (tools/browser.py).
"""

import engines
import pytest
from engines import browser
from site_checks import none, paths

pytestmark = pytest.mark.browser

READY = """
    await document.fonts.ready;
    const lives = [...document.querySelectorAll(".fg-live[data-widget]")];
    for (const live of lives) {
        live.scrollIntoView({ block: "center", behavior: "instant" });
        const until = performance.now() + 60000;
        while (!live.querySelector(".fg-explorable[data-ready=yes]")) {
            if (performance.now() > until) return [`${live.dataset.widget}: dead`];
            await new Promise((done) => setTimeout(done, 30));
        }
    }
    return [];"""
# Where a slider is, from its thumb to somewhere else; and what the explorable shows.
SLIDER = """
    const root = document.querySelectorAll(".fg-live[data-widget]")[args[0]];
    const slider = [...root.querySelectorAll("input[type=range]:not([class*=fg-handle])")]
        .filter((one) => !one.disabled && one.getClientRects().length)[args[1]];
    if (!slider) return null;
    slider.scrollIntoView({ block: "center", behavior: "instant" });
    slider.focus({ preventScroll: true });
    await new Promise(requestAnimationFrame);
    const box = slider.getBoundingClientRect();
    const share = (slider.value - slider.min) / (slider.max - slider.min || 1);
    const at = (part) => [box.left + 9 + part * (box.width - 18), box.top + box.height / 2];
    return [at(share), at(0.5), at(share > 0.5 ? 0.2 : 0.8)];"""
# Value and picture, as soon as both differ from what was before; thirty frames are long enough.
STATE = """
    const root = document.querySelectorAll(".fg-live[data-widget]")[args[0]], before = args[1];
    for (let frames = 0; ; frames += 1) {
        await new Promise(requestAnimationFrame);
        let sum = 0;
        for (const canvas of root.querySelectorAll("canvas"))
            for (const c of canvas.toDataURL()) sum = (sum * 31 + c.charCodeAt(0)) | 0;
        const now = [[...root.querySelectorAll("input[type=range]")].map((one) => one.value).join(),
            [...root.querySelectorAll("svg")].map((one) => one.innerHTML).join() + sum];
        if (now.every((part, i) => part !== before?.[i]) || frames > 30) return now;
    }"""
# A formula must not depend on what it inherits: every sign stands where it stands in the formula alone.
FORMULAS = """
    const alone = document.createElement("div");
    alone.style.cssText =
        "all:initial;position:absolute;visibility:hidden;white-space:nowrap";
    document.body.append(alone);
    const range = document.createRange();
    const signs = (math) => {
        const walker = document.createTreeWalker(math, NodeFilter.SHOW_TEXT);
        const start = math.getBoundingClientRect();
        const out = [];
        while (walker.nextNode()) {
            range.selectNodeContents(walker.currentNode);
            const box = range.getBoundingClientRect();
            out.push([box.left - start.left, box.top - start.top, box.right - start.left]);
        }
        return out;
    };
    const out = [];
    for (const math of document.querySelectorAll("math")) {
        if (!math.getClientRects().length) continue;
        alone.style.fontSize = getComputedStyle(math.parentElement).fontSize;
        const block = math.getAttribute("display") === "block";
        alone.style.width = block ? `${math.parentElement.clientWidth}px` : "auto";
        const copy = math.cloneNode(true);
        alone.replaceChildren(copy);
        const [here, there] = [math, copy].map(signs);
        const off = Math.max(0, ...here.flatMap((box, i) => box.map((x, j) => Math.abs(x - there[i][j]))));
        if (off > 1.6) out.push(`${math.textContent}: a sign is ${off.toFixed(1)} px from where it belongs`);
    }
    alone.remove();
    return out;"""
OVERFLOW = """
    for (const one of document.querySelectorAll("details")) one.open = true;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const root = document.documentElement;
    return root.scrollWidth > root.clientWidth ? [`${root.scrollWidth} > ${root.clientWidth} px`] : [];"""
NAMES = "return [...document.querySelectorAll('.fg-live[data-widget]')].map((one) => one.dataset.widget);"
ENGINES = {"Firefox": engines.Firefox, "WebKit": engines.WebKit}


@pytest.fixture(scope="session")
def running():
    """Each engine is started once a worker, when the first test asks for it."""
    started = {}
    yield started
    for engine in started.values():
        engine.close()


@pytest.fixture(scope="session")
def framed(served):
    """The site's address, with the page in which WebKit shows it."""
    return served.altered(**{engines.FRAME: engines.FRAME_TEXT})


@pytest.fixture(params=ENGINES)
def engine(request, running):
    if not browser.FIND_OTHERS[request.param]():
        pytest.skip(f"{request.param} was not found. {browser.OTHERS[request.param]}")
    if request.param not in running:
        running[request.param] = ENGINES[request.param]()
    return running[request.param]


@pytest.mark.parametrize("path", paths())
def test_page_works(engine, framed, path):
    engine.open(framed, path, 1280)
    complaints = engine.run(READY)
    complaints += [f"formula {one}" for one in engine.run(FORMULAS)]
    for number, name in enumerate(engine.run(NAMES)):
        complaints += [f"{name}: {one}" for one in answers(engine, number)]
    engine.resize(390)
    complaints += [f"390 px wide: {one}" for one in engine.run(OVERFLOW)]
    none(complaints + engine.complaints())


def answers(engine, number):
    """Does the explorable answer a slider, dragged and by keys? If none, complaints about the first.
    (A learning rate, say, shows itself only in the next training.)"""
    complaints, slider = [], 0
    while moves := engine.run(SLIDER, number, slider):
        found = silent(engine, number, moves)
        if not found:
            return []
        complaints, slider = complaints or found, slider + 1
    return complaints


def silent(engine, number, moves):
    before, complaints = engine.run(STATE, number, None), []
    for how, act in {"a drag": {"moves": moves}, "arrow keys": {"keys": ["\ue012"] * 3}}.items():
        engine.act(**act)
        after = engine.run(STATE, number, before)
        same = [what for what, a, b in zip(("value", "picture"), before, after, strict=True) if a == b]
        complaints += [f"{how} changed no {what}" for what in same]
        before = after
    return complaints
