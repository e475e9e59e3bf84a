"""Driving an explorable as a reader does: mouse, keyboard, finger. Nothing here knows which one it is."""

import re

from site_checks import wake

PICTURE = """(root) => [...root.querySelectorAll(".fg-figures svg, .fg-figures canvas")].map((el) =>
    el.localName === "canvas" ? el.toDataURL() : el.outerHTML).join("")"""
VALUES = """(root) => [...root.querySelectorAll("input, select")].map((el) => el.type === "radio" || el.type === "checkbox"
    ? el.checked : [el.value, el.min, el.max].join(" "))"""
# One stop of the Tab key each: a group of radio buttons is one stop.
STOPS = """(root) => {
    const all = [...root.querySelectorAll("input, select, button, a[href], [tabindex='0']")];
    const stops = all.filter((el) => !el.disabled && el.tabIndex >= 0 && el.checkVisibility({visibilityProperty: true})
        && (el.type !== "radio" || el.checked));
    stops.forEach((el, i) => { el.dataset.stop = i; });
    return stops.map((el) => el.type === "text" ? "number" : el.localName === "input" ? el.type : el.localName);
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"


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
        self.page.evaluate(FRAMES)

    def picture(self):
        return self.root.evaluate(PICTURE)

    def says(self):
        return self.root.locator(".fg-says").inner_text()

    def state(self):
        """All that a reader can see of the state: the controls' values, the words, the picture."""
        self.settle()
        return {"values": self.root.evaluate(VALUES), "says": self.says(), "goal": self.goal(),
                "picture": re.sub(r' data-stop="\d+"', "", self.picture())}

    def goal(self):
        return self.root.locator(".fg-goal").get_attribute("data-reached")

    def reset(self):
        self.root.locator(".fg-reset").evaluate("(el) => el.click()")
        self.settle()

    def ranges(self):
        """The visible sliders, those of the handle (moved by dragging it) apart."""
        found = self.root.locator("input[type=range]:not([class*=fg-handle])").all()
        return [r for r in found if r.is_visible() and r.is_enabled()]

    def radios(self):
        return [r for r in self.root.locator("input[type=radio]").all() if r.evaluate("(el) => el.checkVisibility()")]

    def pick(self, radio):
        radio.evaluate("(el) => el.click()")
        self.settle()

    def richest(self):
        """The start state with the last of every group of radio buttons chosen: there most controls are shown."""
        self.reset()
        groups = {radio.get_attribute("name"): radio for radio in self.radios()}
        for radio in groups.values():
            self.pick(radio)

    def type(self, trait, text):
        """Into the number box of a trait, as a reader types it."""
        box = self.root.locator(f".fg-control[data-trait={trait}] .fg-number")
        box.fill(text)
        box.press("Enter")
        self.settle()

    # --- by mouse ---

    def drag(self, start, end, *, steps=6):
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=steps)
        mouse.up()
        self.settle()

    def slide(self, slider):
        """Drag a slider's thumb far to the other side."""
        slider.scroll_into_view_if_needed()
        start, end = thumb(slider)
        self.drag(start, end)

    def move_handle(self, handle, dx=35, dy=-25):
        handle.scroll_into_view_if_needed()
        x, y = centre(handle)
        self.drag((x, y), (x + dx, y + dy))

    # --- by finger ---

    def swipe(self, start, end, steps=6):
        cdp = self.page.context.new_cdp_session(self.page)
        send = lambda kind, points: cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})  # noqa: E731
        (x, y), (u, v) = start, end
        send("touchStart", [{"x": x, "y": y}])
        for i in range(1, steps + 1):
            send("touchMove", [{"x": x + (u - x) * i / steps, "y": y + (v - y) * i / steps}])
        send("touchEnd", [])
        cdp.detach()
        self.settle()

    # --- by keyboard ---

    def stops(self):
        """The kinds of the controls in the order in which Tab must reach them; each is marked with its number."""
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
    """Where the thumb is, and a place far from it on the track."""
    box = slider.bounding_box()
    share = slider.evaluate("(el) => (el.value - el.min) / ((el.max - el.min) || 1)")
    at = lambda s: (box["x"] + 9 + s * (box["width"] - 18), box["y"] + box["height"] / 2)  # noqa: E731
    return at(share), at(0.2 if share > 0.5 else 0.8)
