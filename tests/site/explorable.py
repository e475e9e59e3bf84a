"""Driving an explorable as a reader does: mouse, keyboard, finger. Nothing here knows which one it is."""

from site_checks import wake

# What is drawn, in short; marks that are hidden keep what they last showed, and do not count.
PICTURE = """(root) => {
    const drawn = [...root.querySelectorAll(".fg-figures svg, .fg-figures canvas")].map((el) => {
        if (el.localName === "canvas") return el.toDataURL();
        const copy = el.cloneNode(true);
        copy.querySelectorAll("[style*='display: none']").forEach((mark) => mark.remove());
        return copy.outerHTML.replaceAll(' style=""', "").replaceAll(' "', '"');
    }).join("");
    let hash = 7;
    for (let i = 0; i < drawn.length; i += 1) hash = (hash * 31 + drawn.charCodeAt(i)) | 0;
    return `${drawn.length},${hash}`;
}"""
VALUES = """(root) => [...root.querySelectorAll("input, select")].map((el) =>
    ["radio", "checkbox"].includes(el.type) ? el.checked : [el.value, el.min, el.max].join(" "))"""
# One stop of the Tab key each: a group of radio buttons is one stop.
STOPS = """(root) => {
    const all = [...root.querySelectorAll("input, select, textarea, button, a[href], [tabindex='0']")];
    const shown = (el) => el.checkVisibility({visibilityProperty: true});
    const stops = all.filter((el) => !el.disabled && el.tabIndex >= 0 && shown(el)
        && (el.type !== "radio" || el.checked));
    all.forEach((el) => { delete el.dataset.stop; });
    stops.forEach((el, i) => { el.dataset.stop = i; });
    const kind = (el) => el.localName === "input" ? el.type : el.localName;
    return stops.map((el) => ["text", "textarea"].includes(kind(el)) ? "number" : kind(el));
}"""
# Two frames, and then what was left for later; longer while it says that it trains or loads.
FRAMES = """async (root) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let i = 0; i < 2 || (root?.dataset.busy === "yes" && i < 3000); i += 1) await frame();
    await new Promise((done) => setTimeout(done));
}"""
STATE = f"""async (root) => {{
    await ({FRAMES})(root);
    return {{values: ({VALUES})(root), says: root.querySelector(".fg-says").innerText,
        goal: root.querySelector(".fg-goal").dataset.reached, picture: ({PICTURE})(root)}};
}}"""
RESET = """(root) => root.querySelector(".fg-reset").click()"""
# The last radio button of every group chosen: there most controls are shown.
RICHEST = f"""async (root) => {{
    ({RESET})(root);
    await ({FRAMES})(root);
    const last = {{}};
    for (const radio of root.querySelectorAll("input[type=radio]")) last[radio.name] = radio;
    if (!Object.keys(last).length) return;
    for (const radio of Object.values(last)) radio.click();
    await ({FRAMES})(root);
}}"""
SLIDERS = """(root) => [...root.querySelectorAll("input[type=range]:not([class*=fg-handle])")]
    .map((el) => !el.disabled && el.checkVisibility({visibilityProperty: true}))"""
# Where the thumb is, and a place far from it on the track.
THUMB = """(el) => {
    el.scrollIntoView({block: "center", behavior: "instant"});
    const box = el.getBoundingClientRect(), share = (el.value - el.min) / ((el.max - el.min) || 1);
    const at = (part) => [box.left + 9 + part * (box.width - 18), box.top + box.height / 2];
    return [at(share), at(share > 0.5 ? 0.2 : 0.8)];
}"""


class Explorable:
    def __init__(self, live):
        wake(live)
        self.live, self.page = live, live.page
        self.name = live.get_attribute("data-widget")
        self.root = live.locator(".fg-explorable")
        self.handles = self.root.locator(".fg-handle")
        self.settle()

    def settle(self):
        """Until what was done is drawn."""
        self.root.evaluate(FRAMES)

    def picture(self):
        return self.root.evaluate(PICTURE)

    def says(self):
        return self.root.locator(".fg-says").inner_text()

    def state(self):
        """All that a reader can see of the state: the controls' values, the words, the picture."""
        return self.root.evaluate(STATE)

    def goal(self):
        return self.root.locator(".fg-goal").get_attribute("data-reached")

    def reset(self):
        self.root.evaluate(RESET)
        self.settle()

    def ranges(self):
        """The visible sliders, those of the handle (moved by dragging it) apart."""
        found = self.root.locator("input[type=range]:not([class*=fg-handle])")
        return [found.nth(i) for i, usable in enumerate(self.root.evaluate(SLIDERS)) if usable]

    def radios(self):
        found = self.root.locator("input[type=radio]").all()
        return [radio for radio in found if radio.evaluate("(el) => el.checkVisibility()")]

    def pick(self, radio):
        radio.evaluate("(el) => el.click()")
        self.settle()

    def richest(self):
        """The start state with the last radio button of every group chosen."""
        self.root.evaluate(RICHEST)

    def type(self, trait, text):
        """Into the number box of a trait, as a reader types it."""
        box = self.root.locator(f".fg-control[data-trait={trait}] .fg-number")
        box.fill(text)
        box.press("Enter")
        self.settle()

    # --- by mouse ---

    def drag(self, start, end, *, steps=3):
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=steps)
        mouse.up()
        self.settle()

    def slide(self, slider):
        """Drag a slider's thumb far to the other side."""
        self.drag(*thumb(slider))

    def drawn(self, text):
        """Does this occur in the picture, its description included?"""
        return self.root.locator(".fg-figures").evaluate("(el, text) => el.outerHTML.includes(text)", text)

    def move_handle(self, handle, dx=35, dy=-25):
        handle.scroll_into_view_if_needed()
        x, y = centre(handle)
        self.drag((x, y), (x + dx, y + dy))

    # --- by finger ---

    def swipe(self, start, end, steps=6):
        cdp = self.page.context.new_cdp_session(self.page)

        def send(kind, *points):
            places = [{"x": x, "y": y} for x, y in points]
            cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        (x, y), (u, v) = start, end
        send("touchStart", start)
        for i in range(1, steps + 1):
            send("touchMove", (x + (u - x) * i / steps, y + (v - y) * i / steps))
        send("touchEnd")
        cdp.detach()
        self.settle()

    # --- by keyboard ---

    def stops(self):
        """The kinds of the controls in the order in which Tab must reach them; each is marked by number."""
        return self.root.evaluate(STOPS)

    def stop(self, number):
        return self.root.locator(f"[data-stop='{number}']")

    def focused(self):
        return self.page.evaluate("document.activeElement?.dataset.stop ?? document.activeElement?.localName")


def all_on(page):
    return [Explorable(live) for live in page.locator(".fg-live[data-widget]").all()]


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def thumb(slider):
    """In the middle of the screen: where the thumb is, and a place far from it on the track."""
    return slider.evaluate(THUMB)
