"""Recorded runs: what is stored, what a check compares, and what it says about a bad recipe or file."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import recordings

RECIPE = """\
NAME = "square"
TOLERANCE = 1e-3
SCALE = 1.0

def run(steps=None):
    return {"losses": [SCALE / (n + 1) for n in range(steps or 6)], "rates": {"low": 0.1}, "kind": "test"}

def first_steps(recording):
    return run(3)["losses"], recording["losses"][:3]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "recipes/part").mkdir(parents=True)
    (tmp_path / "recipes/part/square.py").write_text(RECIPE)
    recordings.record("square", tmp_path)
    return tmp_path


def edit(project, old, new):
    path = project / "recipes/part/square.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def rewrite(project, **changes):
    path = recordings.file_of("square", project)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_recording_says_where_it_comes_from(project):
    stored = recordings.read("square", project)
    assert stored["tolerance"] == 1e-3
    origin = stored["provenance"]
    assert origin["command"] == "python tools/recordings.py all square"
    assert origin["versions"].keys() == {"python", "torch", "numpy"}
    assert origin.keys() >= {"commit", "device", "seconds", "threads", "date"}


def test_numbers_are_stored_to_six_digits_one_list_a_line(project):
    text = recordings.file_of("square", project).read_text()
    assert '"losses": [1.0,0.5,0.333333,0.25,0.2,0.166667]' in text


def test_a_fresh_recording_agrees(project):
    assert "agree within 0.001" in recordings.compare("square", project)


def test_a_changed_training_is_seen_and_the_number_named(project):
    edit(project, "SCALE = 1.0", "SCALE = 1.01")
    with pytest.raises(recordings.RecordingError, match=r"first_steps\[0\]: 1\.01 against 1\.0"):
        recordings.compare("square", project)


def test_a_difference_within_the_tolerance_is_none(project):
    edit(project, "SCALE = 1.0", "SCALE = 1.0005")
    recordings.compare("square", project)


def test_an_edited_recording_is_seen(project):
    rewrite(project, losses=[1.0, 0.5, 0.4])
    with pytest.raises(recordings.RecordingError, match=r"first_steps\[2\]"):
        recordings.compare("square", project)


@pytest.mark.parametrize(("measured", "recorded", "count"), [
    (1.0, 1.0005, 0), (1.0, 1.1, 1), (1000.0, 1000.5, 0), (float("nan"), 1.0, 1), (True, False, 1),
    ("a", "b", 1), (None, None, 0), (None, 1.0, 1), ([1.0], [1.0, 2.0], 1), ({"a": 1}, {"b": 1}, 1),
    ({"a": [1, 2]}, {"a": [1, 3]}, 1), ([1.0, [2.0]], (1.0, (2.0,)), 0),
])
def test_what_counts_as_a_difference(measured, recorded, count):
    assert len(recordings.differences(measured, recorded, 1e-3)) == count


@pytest.mark.parametrize(("fault", "words"), [
    (lambda path: path.unlink(), "is missing"),
    (lambda path: path.write_text("{"), "is not JSON"),
    (lambda path: path.write_text(path.read_text()[:60]), "is not JSON"),
    (lambda path: path.write_text("{}"), "lacks provenance, tolerance"),
])
def test_a_broken_file_is_named(project, fault, words):
    fault(recordings.file_of("square", project))
    with pytest.raises(recordings.RecordingError, match=rf"data/recordings/square\.json.*{words}"):
        recordings.compare("square", project)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("def first_steps", "def second_steps", "lacks first_steps"),
    ('NAME = "square"', 'NAME = "circle"', "calls itself 'circle'"),
    ('"kind": "test"', '"provenance": 1', "must not return provenance"),
    ("SCALE = 1.0", 'SCALE = float("nan")', "nan cannot be stored"),
])
def test_a_faulty_recipe_is_named(project, old, new, words):
    edit(project, old, new)
    with pytest.raises(recordings.RecordingError, match=words):
        recordings.record("square", project)


def test_an_unknown_recipe_is_named_with_those_there_are(project):
    with pytest.raises(recordings.RecordingError, match="there are: square"):
        recordings.load("circle", project)


def test_a_recipe_to_train_is_none_to_record_unless_it_does_both(project):
    recipe, run, neither = "def recipe(epochs=1): ...\n", "def run(steps=None): ...\n", "NAME = 'wide'\n"
    for text, names in ((recipe, []), (recipe + run, ["wide"]), (neither, ["wide"])):
        (project / "recipes/part/wide.py").write_text(text)
        assert recordings.recipes(project) == ["square", *names]


def test_every_recipe_has_a_recording_and_the_other_way_round():
    stored = {path.stem for path in (recordings.ROOT / "data/recordings").glob("*.json")}
    assert sorted(stored - {"gpu"}) == recordings.recipes()  # `make gpu` writes that one


@pytest.mark.parametrize("name", recordings.recipes())
def test_stored_recordings_have_their_provenance(name):
    origin = recordings.read(name)["provenance"]
    assert origin["commit"]
    assert not origin["changed"], "commit recipe and library first, then record"
    assert origin["seconds"] > 0
    assert recordings.read(name)["tolerance"] == recordings.load(name).TOLERANCE


# --- whole runs ------------------------------------------------------------------------------------

def test_a_whole_run_agrees_though_a_few_numbers_differ(project):
    assert "7 of 7 numbers of the whole run agree" in recordings.whole("square", project)
    edit(project, "SCALE / (n + 1)", "SCALE / (n + 1) * (1.03 if n else 1)")
    assert "7 of 7" in recordings.whole("square", project)


def test_a_whole_run_that_differs_is_named_with_its_first_number(project):
    edit(project, "SCALE = 1.0", "SCALE = 1.2")
    with pytest.raises(recordings.RecordingError, match=r"of 7 numbers are apart, the first: run"):
        recordings.whole("square", project)


def test_what_a_clock_measured_is_not_compared(project):
    edit(project, "SCALE = 1.0", 'SCALE = 2.0\nTIMES = ("losses",)')
    assert "1 of 1 numbers" in recordings.whole("square", project)


def test_a_number_that_is_gone_counts_as_apart():
    found = list(recordings.numbers({"a": [1.0]}, {"a": [1.0, 2.0], "b": 3}))
    assert [measured for _, measured, _ in found] == [1.0, None, None]


def test_the_list_is_what_the_monthly_workflow_runs(capsys):
    assert recordings.main(["list"]) == 0
    assert json.loads(capsys.readouterr().out) == recordings.recipes()
    workflow = (recordings.ROOT / ".github/workflows/monthly.yml").read_text("utf-8")
    assert "fromJSON(needs.recipes.outputs.names)" in workflow
    assert "tools/recordings.py whole ${{ matrix.recipe }}" in workflow
