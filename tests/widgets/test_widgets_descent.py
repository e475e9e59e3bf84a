"""The explorable *descent*, the base class, and the bundler."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import traitlets
from parity.bridge import ROOT, STATIC, Core, node

from firstgrad.widgets import Descent
from firstgrad.widgets import base as base_module
from firstgrad.widgets.base import Explorable
from firstgrad.widgets.descent import OPTIMISERS, SURFACES


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def bundle(*arguments):
    command = [node(), str(ROOT / "widgets/build.mjs"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# --- Python ---------------------------------------------------------------------------------------------


def test_importing_the_explorables_needs_no_torch():
    done = run_python("import sys, firstgrad.widgets as w; w.Descent(); sys.exit('torch' in sys.modules)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"surface": "beal"}, ValueError, ["surface", "'beal'", "did you mean 'beale'"]),
    ({"optimiser": "adam"}, ValueError, ["optimiser", "'adam'", "'sgd', 'momentum', 'nesterov'"]),
    ({"learning_rate": -1}, ValueError, ["learning_rate", "-1", "> 0"]),
    ({"learning_rate": 0}, ValueError, ["learning_rate", "not 0"]),
    ({"learning_rate": float("nan")}, ValueError, ["learning_rate", "nan"]),
    ({"learning_rate": float("inf")}, ValueError, ["learning_rate", "inf"]),
    ({"learning_rate": "fast"}, TypeError, ["learning_rate", "'fast'"]),
    ({"learning_rate": True}, TypeError, ["learning_rate", "True"]),
    ({"momentum": 1}, ValueError, ["momentum", "< 1"]),
    ({"condition": 0.5}, ValueError, ["condition", "≥ 1"]),
    ({"start": [1]}, TypeError, ["start", "[x, y]"]),
    ({"start": "ab"}, TypeError, ["start", "'ab'"]),
    ({"start": [1, float("nan")]}, ValueError, ["start", "nan"]),
    ({"steps": 2.5}, ValueError, ["steps", "whole"]),
    ({"language": "fr"}, ValueError, ["language", "'fr'"]),
    ({"rate": 1}, TypeError, ["rate", "learning_rate"]),
    ({"goal_reached": True}, TypeError, ["goal_reached"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        Descent(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_bad_assignment_leaves_the_trait_as_it_was():
    widget = Descent(learning_rate=0.1)
    with pytest.raises(ValueError, match="learning_rate"):
        widget.learning_rate = -2
    assert widget.learning_rate == 0.1


def test_traits_can_be_set_and_observed():
    widget, seen = Descent(), []
    widget.observe(lambda change: seen.append(change["new"]), "learning_rate")
    widget.learning_rate = 1
    assert seen == [1.0]
    assert isinstance(widget.learning_rate, float)
    widget.start = (1, 2)
    assert widget.start == [1.0, 2.0]


def test_two_widgets_share_no_default():
    first, second = Descent(), Descent()
    first.start.append(3)
    assert second.start == [-2.4, 0.6]


def test_repr_says_what_was_set_and_no_address():
    assert repr(Descent()) == "Descent()"
    widget = Descent(momentum=0.5, surface="beale", steps=20)
    assert repr(widget) == repr(Descent(surface="beale", steps=20, momentum=0.5))
    assert eval(repr(widget), {"Descent": Descent}).get_state("start") == {"start": [0.5, -1.0]}
    assert " at 0x" not in repr(widget)


def test_the_state_carries_the_bundle_and_its_name():
    state = Descent().get_state()
    assert state["_anywidget_id"] == "firstgrad.widgets.descent.Descent"
    assert state["_esm"] == (STATIC / "descent.js").read_text("utf-8")
    assert not state.get("_css")
    assert state["kernel"] is True
    json.dumps(state, default=str, allow_nan=False)


def test_a_missing_bundle_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(base_module, "STATIC", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"Descent has no bundle descent\.js: run `make widgets`"):
        Descent()


def test_an_unknown_keyword_of_any_explorable_is_a_type_error(tmp_path, monkeypatch):
    monkeypatch.setattr(base_module, "STATIC", tmp_path)

    class Tiny(Explorable):
        x = traitlets.Float(1.0).tag(sync=True)

    (tmp_path / f"{Tiny.__module__.rpartition('.')[2]}.js").write_text("export default {}")
    assert repr(Tiny(x=2)) == "Tiny(x=2.0)"
    with pytest.raises(TypeError, match="Tiny has no y; it has: language, x"):
        Tiny(y=2)


# --- both sides agree -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "descent.js")
    yield made
    made.close()


def test_python_and_javascript_know_the_same_surfaces_and_optimisers(core):
    names = core("names")
    assert (tuple(names["optimisers"]), tuple(names["surfaces"])) == (OPTIMISERS, tuple(SURFACES))
    for name, own in SURFACES.items():
        surface = core("describe", {"surface": name})
        assert [surface["start"], surface["learningRate"], surface["goal"]["within"]] == list(own)


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "descent.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits = json.loads(printed)
    widget = Descent()
    assert traits == {name: getattr(widget, name) for name in traits}
    assert set(traits) == set(Descent.settings()) - {"language"}


# --- the bundler ----------------------------------------------------------------------------------------

TINY = """
import { explorable } from "../../ui/index.js";
export const core = { square: (x) => x * x };
export default explorable({ traits: { x: 1 }, strings: { en: { title: "Square" }, zh: { title: "平方" } },
  setup: (ui) => () => ui.status(String(core.square(ui.get("x")))) });
"""


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "source/square").mkdir(parents=True)
    (tmp_path / "source/square/index.js").write_text(TINY, "utf-8")
    return tmp_path


def test_the_committed_bundles_are_fresh():
    done = bundle("--check")
    assert done.returncode == 0, done.stderr


def test_a_tiny_explorable_elsewhere_is_bundled(tiny):
    done = bundle("--source", tiny / "source", "--out", tiny / "out")
    assert done.returncode == 0, done.stderr
    text = (tiny / "out/square.js").read_text("utf-8")
    script, module = text.split("//# esm\n")
    assert script.startswith("var firstgradWidget=")
    assert module.splitlines() == [
        "export default firstgradWidget.default;",
        "export const core = firstgradWidget.core;",
    ]
    run = f"{script}; console.log(typeof firstgradWidget.default.render, firstgradWidget.core.square(3))"
    assert run_node(run).split() == ["function", "9"]


def test_the_same_source_gives_the_same_bytes(tiny):
    for out in ("one", "two"):
        assert bundle("--source", tiny / "source", "--out", tiny / out).returncode == 0
    assert (tiny / "one/square.js").read_bytes() == (tiny / "two/square.js").read_bytes()


def test_a_stale_bundle_is_named(tiny):
    folders = ("--source", tiny / "source", "--out", tiny / "out")
    bundle(*folders)
    assert bundle("--check", *folders).returncode == 0
    (tiny / "source/square/index.js").write_text(TINY.replace("x * x", "x * x * x"), "utf-8")
    done = bundle("--check", *folders)
    assert done.returncode == 1
    assert "square.js is stale" in done.stderr
    assert "make widgets" in done.stderr


def test_a_bundle_without_a_source_is_named(tiny):
    folders = ("--source", tiny / "source", "--out", tiny / "out")
    bundle(*folders)
    shutil.copy(tiny / "out/square.js", tiny / "out/cube.js")
    done = bundle("--check", *folders)
    assert done.returncode == 1
    assert "cube.js" in done.stderr


@pytest.mark.parametrize(("source", "complaint"), [
    ("export const core = {};", "no default export"),
    ("export default { render() {} };", 'does not export "core"'),
    ("document.title; export const core = {}; export default { render() {} };", "document is not defined"),
])
def test_what_is_no_explorable_is_refused(tiny, source, complaint):
    (tiny / "source/square/index.js").write_text(source, "utf-8")
    done = bundle("--source", tiny / "source", "--out", tiny / "out")
    assert done.returncode == 1
    assert complaint in done.stderr


@pytest.mark.parametrize(("file", "name"), [
    ("explorables/descent/strings.js", "strings"), ("ui/strings.js", "shared"),
])
def test_both_languages_have_the_same_strings_with_the_same_holes(file, name):
    url = (ROOT / "widgets" / file).as_uri()
    tables = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.{name})))")
    holes = {
        language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
        for language, table in json.loads(tables).items()
    }
    assert holes["en"] == holes["zh"]
