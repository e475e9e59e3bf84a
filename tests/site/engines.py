"""Firefox and WebKit under test, each by the W3C protocol that it speaks itself: no driver is downloaded.

Firefox (any from the ESR on) speaks WebDriver BiDi; WebKitGTK's WebKitWebDriver speaks WebDriver.
WebKit's windows are never narrower than 447 px, so it shows every page in a frame of the width asked for.
"""

import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import websocket

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import browser

START = 120  # seconds that a browser may take to start, or a page to answer: a busy machine is no failure
def free_port():
    """A port of this machine that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Failure(Exception):
    """What the browser answered instead of a result."""


class Program:
    """A program and what it started; all of it is gone after `close`."""

    def __init__(self, command, **environment):
        self.folder = tempfile.mkdtemp(prefix="engine-")
        self.log = Path(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [part.format(folder=self.folder) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, env={**os.environ, **environment})

    def said(self, pattern):
        """The first match in what it prints; waits for it."""
        until = time.monotonic() + START
        while time.monotonic() < until and self.process.poll() is None:
            if found := re.search(pattern, self.log.read_text("utf8", "replace")):
                return found
            time.sleep(0.05)
        log = self.log.read_text("utf8", "replace")[-2000:]
        raise Failure(f"{self.process.args[0]} did not start:\n{log}")

    def close(self):
        try:
            os.killpg(self.process.pid, 15)
            self.process.wait(timeout=10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


FRAME = "frame.html"
FRAME_TEXT = """<!doctype html><body style="margin:0"><script>
    const frame = document.createElement("iframe");
    frame.style = "border:0;width:1280px;height:900px";
    frame.src = location.search.slice(1);
    document.body.append(frame);
</script>"""  # the server gives it beside the pages


def gestures(moves, keys):
    """The W3C's actions, the same in both protocols: a drag through `moves` (CSS pixels), then `keys`."""
    pointer = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 20} for x, y in moves]
    if pointer:
        pointer[1:1] = [{"type": "pointerDown", "button": 0}]
        pointer += [{"type": "pointerUp", "button": 0}]
    wait = [{"type": "pause"}] * len(pointer)
    strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
    return [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": pointer},
            {"type": "key", "id": "keyboard", "actions": wait + strokes}]


class Firefox:
    """Firefox by WebDriver BiDi: one socket, answers by number, and events: what the console says."""

    name = "firefox"

    def __init__(self):
        self.program = Program([browser.firefox(), "--headless", "--no-remote", "--profile", "{folder}",
                                "--remote-debugging-port", "0"], MOZ_DISABLE_CONTENT_SANDBOX="1")
        address = self.program.said(r"WebDriver BiDi listening on (ws://\S+)")[1]
        self.socket = websocket.create_connection(f"{address}/session", timeout=START, suppress_origin=True)
        self.numbers, self.said = itertools.count(1), []
        self.version = self.ask("session.new", capabilities={})["capabilities"]["browserVersion"]
        self.ask("session.subscribe", events=["log.entryAdded", "network.fetchError"])
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise Failure(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]
            self.heard(answer)

    def heard(self, event):
        parameters = event.get("params", {})
        if event.get("method") == "log.entryAdded" and parameters["level"] in ("error", "warn"):
            self.said.append(f"console {parameters['level']}: {parameters['text']}")
        elif event.get("method") == "network.fetchError" and "ABORT" not in parameters["errorText"]:
            self.said.append(f"request failed: {parameters['request']['url']} ({parameters['errorText']})")

    def open(self, base, path, width):
        self.said.clear()
        self.resize(width)
        self.ask("browsingContext.navigate", context=self.tab, url=base + path, wait="complete")

    def resize(self, width):
        self.ask("browsingContext.setViewport", context=self.tab, viewport={"width": width, "height": 900})

    def run(self, script, *values):
        """The value (made of JSON) of the body of an async function, called with `values`."""
        code = f"""async (texts) => {{
            const args = JSON.parse(texts);
            return JSON.stringify((await (async () => {{ {script} }})()) ?? null);
        }}"""
        answer = self.ask("script.callFunction", functionDeclaration=code, awaitPromise=True,
                          target={"context": self.tab},
                          arguments=[{"type": "string", "value": json.dumps(values)}])
        if answer["type"] == "exception":
            raise Failure(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def act(self, moves=(), keys=()):
        self.ask("input.performActions", context=self.tab, actions=gestures(moves, keys))

    def complaints(self):
        self.run("await new Promise(requestAnimationFrame); return 0;")  # what is under way arrives before
        return list(self.said)

    def close(self):
        self.socket.close()
        self.program.close()


class WebKit:
    """WebKitGTK by WebDriver, on a screen of its own. It has no log: a script in the page listens."""

    name = "webkit"
    LISTEN = """
        const said = window.fgSaid ??= [];
        for (const kind of ["error", "warn"]) {
            const own = console[kind];
            console[kind] = (...words) => {
                said.push(`console ${kind}: ${words.map(String).join(" ")}`);
                own.apply(console, words);
            };
        }
        addEventListener("error", (e) => said.push(`error: ${e.message ?? e.target?.src}`), true);
        addEventListener("unhandledrejection", (e) => said.push(`exception: ${e.reason}`));"""

    def __init__(self):
        driver, window, screen = browser.webkit()
        self.screen = Program([screen, "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"])
        display = self.screen.said(r"(?m)^(\d+)$")[1]
        port = free_port()
        self.program = Program([driver, f"--port={port}"], DISPLAY=f":{display}", GDK_BACKEND="x11",
                               NO_AT_BRIDGE="1", WEBKIT_DISABLE_DMABUF_RENDERER="1",
                               WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS="1")
        self.base = f"http://127.0.0.1:{port}/session"
        answer = self.ask("POST", "", capabilities={"alwaysMatch": {
            "webkitgtk:browserOptions": {"binary": window, "args": ["--automation"]}}})
        self.base += f"/{answer['sessionId']}"
        self.version = answer["capabilities"]["browserVersion"]
        self.ask("POST", "/timeouts", script=START * 1000, pageLoad=START * 1000)
        self.ask("POST", "/window/rect", width=1500, height=1100)

    def ask(self, verb, path, **body):
        data = json.dumps(body).encode() if verb == "POST" else None
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, kind, method=verb)
        for patience in range(200):
            try:
                with urllib.request.urlopen(request, timeout=START) as answer:
                    return json.load(answer)["value"]
            except urllib.error.HTTPError as error:
                value = json.load(error)["value"]
                raise Failure(f"{path}: {value['error']}: {value['message']}") from None
            except urllib.error.URLError:
                if path or patience == 199:  # only the first request may come before the driver listens
                    raise
                time.sleep(0.1)

    def open(self, base, path, width):
        self.ask("POST", "/frame", id=None)
        self.ask("POST", "/url", url=f"{base}{FRAME}?{path}")
        self.ask("POST", "/frame", id=0)
        self.run(self.LISTEN)
        self.resize(width)

    def resize(self, width):
        self.ask("POST", "/frame", id=None)
        self.run("document.querySelector('iframe').style.width = `${args[0]}px`; return 0;", width)
        self.ask("POST", "/frame", id=0)

    def run(self, script, *values):
        code = f"""const args = arguments[0], done = arguments[1];
            (async () => {{ {script} }})()
                .then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"""
        answer = self.ask("POST", "/execute/async", script=code, args=[list(values)])
        if "error" in answer:
            raise Failure(answer["error"])
        return answer.get("value")

    def act(self, moves=(), keys=()):
        self.ask("POST", "/actions", actions=gestures(moves, keys))

    def complaints(self):
        return self.run("return window.fgSaid;")

    def close(self):
        self.program.close()
        self.screen.close()
