"""What the Sphinx extensions do with a notebook's widgets, on a book of one page, built apart."""

import json
import shutil
import subprocess
import sys
import textwrap

import nbformat
import pytest
from bs4 import BeautifulSoup
from site_checks import ROOT, in_language

pytestmark = pytest.mark.browser  # it needs what the site is built with, and takes as long as these tests
VIEW = "application/vnd.jupyter.widget-view+json"
SLIDER = {"model_name": "IntSliderModel", "model_module": "@jupyter-widgets/controls",
          "model_module_version": "2.0.0", "state": {"value": 3, "description": "x"}}
DESCENT = {"model_name": "AnyModel", "model_module": "anywidget", "model_module_version": "~0.11.*",
           "state": {"_anywidget_id": "firstgrad.widgets.descent.Descent", "learning_rate": 0.03,
                     "layout": "IPY_MODEL_9"}}
BUILD = """\
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("book_site", {tool!r})
site = importlib.util.module_from_spec(spec)
spec.loader.exec_module(site)
site.BUILD = pathlib.Path({build!r})
sys.exit(site.build_edition({edition!r}))
"""


def notebook(model, saved=True):
    shown = nbformat.v4.new_output("display_data", data={
        VIEW: {"model_id": "a1", "version_major": 2, "version_minor": 0}, "text/plain": "Widget()"})
    cells = [nbformat.v4.new_markdown_cell("# Title\n\nSome words.", id="a"),
             nbformat.v4.new_code_cell("widget", id="b", outputs=[shown], execution_count=1)]
    state = {VIEW.replace("view", "state"): {"state": {"a1": model} if saved else {}, "version_major": 2}}
    return nbformat.v4.new_notebook(cells=cells, metadata={
        "widgets": state, "language_info": {"name": "python"}})


@pytest.fixture
def build(site, tmp_path):
    """build(edition, notebook) → (the page, exit status, what Sphinx said)."""
    def build(edition, book):
        source = tmp_path / "src" / edition
        source.mkdir(parents=True)
        shutil.copy(ROOT / "_build/src" / edition / "_config.yml", source)
        (source / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf8")
        nbformat.write(book, source / "index.ipynb")
        script = BUILD.format(tool=str(ROOT / "tools/site.py"), build=str(tmp_path), edition=edition)
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        file = tmp_path / "html" / edition / "index.html"
        return BeautifulSoup(file.read_text("utf8"), "html.parser"), run.returncode, run.stderr
    return build


@pytest.mark.parametrize("edition", ["en", "zh"])
def test_ordinary_widget_needs_python(build, edition):
    page, status, said = build(edition, notebook(SLIDER))
    assert status == 0, said
    note = page.select_one(".fg-needs-python")
    assert "Python" in note.get_text()
    assert in_language(note.get_text(), edition)
    assert note.a["href"].startswith("https://colab.research.google.com/github/")
    # Nothing of ipywidgets is left: no scripts of its own, no state.
    assert "jupyter-widgets" not in str(page)
    assert "require" not in str(page)
    assert not page.select(".fg-live")


def test_explorable_of_a_notebook(build):
    page, status, said = build("en", notebook(DESCENT))
    assert status == 0, said
    live = page.select_one(".fg-live[data-widget=descent]")
    assert json.loads(live.script.string) == {"traits": {"kernel": False, "learning_rate": 0.03}}
    assert live.noscript.img["alt"]
    scripts = [tag["src"].partition("?")[0] for tag in page.select("script[src]")]
    assert scripts.index("assets/widgets/descent.js") < scripts.index("assets/live.js")


@pytest.mark.parametrize("edition", ["en", "zh"])
def test_widget_without_saved_state_stops_the_build(build, edition):
    page, status, said = build(edition, notebook(SLIDER, saved=False))
    assert status != 0
    assert "has no saved state" in said
    assert in_language(page.select_one(".fg-failure").get_text(), edition)


def test_explorable_without_bundle_stops_the_build(build):
    lost = json.loads(json.dumps(DESCENT).replace("widgets.descent.", "widgets.lost."))
    _, status, said = build("en", notebook(lost))
    assert status != 0
    assert "there is no bundle lib/firstgrad/widgets/static/lost.js: run `make widgets`" in said


@pytest.mark.parametrize(("body", "complaint"), [
    ('{"learning_rate": }', "are not JSON"), ("[1]", "must be a JSON object")])
def test_directive_with_bad_traits_stops_the_build(build, body, complaint):
    text = textwrap.dedent("""\
        # Title

        ```{{explorable}} descent
        {}
        ```
        """).format(body)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="a")])
    _, status, said = build("en", book)
    assert status != 0
    assert complaint in said
