"""The built site under test, served and from disk; one Chromium a session, a fresh context for each page."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from site_checks import Watch

ROOT = Path(__file__).resolve().parents[2]


def load_tool(name):
    """A script of tools/ as a module; `site` and others have names that Python itself uses."""
    spec = importlib.util.spec_from_file_location(f"book_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


site_tool = load_tool("site")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A copy (hard links) of the built site: a build during the tests does not pull it away under them."""
    build_once(tmp_path_factory.getbasetemp().parent / "build-of-the-site")
    for left in site_tool.BUILD.glob("under-test-*"):  # by a run that was killed
        if time.time() - left.stat().st_mtime > 6 * 3600:
            shutil.rmtree(left, ignore_errors=True)
    # Not in /tmp: a Chromium that is a snap may not read it.
    copy = Path(tempfile.mkdtemp(prefix="under-test-", dir=site_tool.BUILD))
    shutil.copytree(site_tool.SITE, copy, copy_function=link, dirs_exist_ok=True)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def link(source, target):
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def build_once(lock):
    """Two workers of xdist must not build into the same folder: the second waits, and finds it built."""
    import fcntl
    with open(lock, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        subprocess.run([sys.executable, str(ROOT / "tools" / "site.py"), "build"], check=True)


class Served:
    """The site at an address, and altered copies of it at addresses of their own."""

    def __init__(self, root):
        site_tool.SITE = root  # what the tool's handler serves
        self.root, self.variants = root, {}
        self.server = site_tool.Server(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(served):
        class Handler(site_tool.Handler):
            def find(self):
                """/~3/page is the third altered copy: its own file if it has one, None is a missing file."""
                head, _, rest = self.path.lstrip("/").partition("/")
                if not head.startswith("~"):
                    return super().find()
                files = served.variants[head]
                wanted = rest.partition("?")[0]
                if wanted not in files:
                    self.path = f"/{rest}"
                    return super().find()
                return (200, files[wanted]) if files[wanted] else (404, served.root / "404.html")
        return Handler

    def altered(self, **files):
        """Address of a copy with other files: path → new text, or None for a file that is missing."""
        name = f"~{len(self.variants)}"
        self.variants[name] = {path: text and self.write(name, path, text) for path, text in files.items()}
        return f"{self.url}{name}/"

    def write(self, name, path, text):
        file = self.root / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf8")
        return file


@pytest.fixture(scope="session")
def served(site):
    served = Served(site)
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def visit(chromium, served):
    """visit("zh/index.html", width=360, theme="dark", …) opens a page in a context of its own.

    Returns the page; `page.watch` hears of everything that goes wrong. Other keywords go to the context.
    """
    contexts = []

    def visit(path, *, width=1280, height=900, theme="light", base=None, wait="load", **options):
        options.setdefault("locale", "zh-CN" if path.startswith("zh/") else "en")
        size = {"width": width, "height": height}
        context = chromium.new_context(viewport=size, color_scheme=theme, **options)
        context.set_default_timeout(15000)
        contexts.append(context)
        page = context.new_page()
        base = served.url if base is None else base
        page.watch = Watch(page, base)
        page.goto(base + path, wait_until=wait)
        return page

    yield visit
    for context in contexts:
        context.close()
