"""CONTRIBUTING's recipe "Add an explorable", followed to the letter with a tiny one in a copy of the project.

Paths, commands and the directive are taken from the text itself: when the recipe goes stale, this fails.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import i18n

ROOT = i18n.ROOT
BIN = Path(sys.executable).parent
PARTS = ("lib", "site", "tools", "widgets", "data", "_config.yml", "references.bib", "zh/_overlay.yml",
         "zh/terms.yml", "Makefile")
INDEX = "# Try it\n\nA tangent to play with.\n\n```{explorable} tangent\n{\"x\": -2}\n```\n"
INDEX_ZH = "# 试一试\n\n一条可以拖动的切线。\n\n```{explorable} tangent\n{\"x\": -2}\n```\n"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("contributing")]  # one worker makes the one copy


def recipe():
    """The numbered steps of the recipe, and the folder of the example that it names."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = re.search(r"^## Add an explorable\n(.*?)(?=^## )", text, re.M | re.S)[1]
    assert section.count("\n") < 10, "the recipe has grown to ten lines"
    return re.findall(r"^\d\. (.*)$", section, re.M), re.search(r"`(tests/\w+/)`", section)[1]


def run(*command, cwd, status=0):
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(cwd / "lib")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout, done.stderr


def make(target, cwd):
    """What `make TARGET` runs, without the setting up."""
    rules = (ROOT / "Makefile").read_text("utf-8")
    commands = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", rules, re.M)[1]
    for line in commands.strip().split("\n"):
        run("bash", "-c", line.strip().lstrip("@").replace("$(BIN)", str(BIN)), cwd=cwd)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project without its chapters, and the recipe's steps 1 to 4 done in it."""
    root = tmp_path_factory.mktemp("book")
    skip = shutil.ignore_patterns("node_modules", "__pycache__")
    for part in PARTS:
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, root / part, ignore=skip)
        else:
            shutil.copy(ROOT / part, root / part)
    (root / "widgets/node_modules").symlink_to(ROOT / "widgets/node_modules")
    follow(root)
    return root


def follow(root):
    steps, example = recipe()
    for step, file in ((steps[0], "index.js"), (steps[1], "tangent.py")):
        target = root / re.search(r"`([\w/]+/NAME[\w/]*\.(js|py))`", step)[1].replace("NAME", "tangent")
        target.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / example / file, target)
    exports = root / re.search(r"`([\w/]+/__init__\.py)`", steps[1])[1]
    exports.write_text(exports.read_text() + "from firstgrad.widgets.tangent import Tangent\n")
    make(re.search(r"`make (\w+)`", steps[2])[1], root)
    assert (root / re.search(r"`([\w/]+/)NAME\.js`", steps[2])[1] / "tangent.js").exists()
    assert re.search(r"`(\{explorable\}) NAME`", steps[3])[1] in INDEX
    i18n.write(root / "_toc.yml", "format: jb-book\nroot: index\n")
    i18n.write(root / "index.md", INDEX)
    i18n.write(root / "zh/index.md", i18n.write_page([i18n.digest(INDEX.strip())], [INDEX_ZH.strip()]))
    assert i18n.check(root) == ([], [])
    run(sys.executable, "tools/site.py", "build", cwd=root)


def test_its_numerics_can_be_called_from_node(copy):
    program = ('const { core } = await import("./lib/firstgrad/widgets/static/tangent.js");'
               "console.log(core.slope(2), core.slope(1));")
    assert run("node", "--input-type=module", "-e", program, cwd=copy)[0] == "3 0\n"


def test_python_has_the_class_with_its_checks(copy):
    program = "from firstgrad.widgets import Tangent; print(Tangent(x=1.5)); Tangent(x=9)"
    out, error = run(sys.executable, "-c", program, cwd=copy, status=1)
    assert out == "Tangent(x=1.5)\n"
    assert "ValueError: x must be" in error


@pytest.mark.parametrize("page", ["index.html", "zh/index.html"])
def test_it_is_on_the_page_of_both_editions(copy, page):
    text = (copy / "_build/site" / page).read_text("utf-8")
    assert 'data-widget="tangent"' in text
    assert '"x": -2' in text
    scripts = re.findall(r'src="([^"]*tangent[^"]*\.js)', text)
    assert scripts
    assert all((copy / "_build/site" / page).parent.joinpath(src).exists() for src in scripts)


@pytest.mark.browser
@pytest.mark.parametrize(("page", "words"), [("index.html", "the slope is"), ("zh/index.html", "斜率为")])
def test_it_lives_when_the_page_is_opened_from_disk(copy, chromium, page, words):
    tab = chromium.new_page()
    faults = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto((copy / "_build/site" / page).as_uri())
    live = tab.locator(".fg-live[data-widget=tangent]")
    live.scroll_into_view_if_needed()
    live.locator(".fg-explorable[data-ready=yes]").wait_for(timeout=20000)
    says = live.locator(".fg-says")
    assert words in says.inner_text()
    before = says.inner_text()
    live.locator(".fg-range").first.press("Home")
    tab.wait_for_function("([node, old]) => node.innerText !== old", arg=[says.element_handle(), before])
    live.locator(".fg-reset").click()
    tab.wait_for_function("([node, old]) => node.innerText === old", arg=[says.element_handle(), before])
    assert faults == []
    tab.close()
