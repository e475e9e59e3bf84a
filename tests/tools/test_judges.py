"""The page's copy of the judges' tables is fresh; a changed answer makes it stale."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import judges


def test_the_committed_tables_are_fresh():
    assert judges.main(["check"]) == 0


def test_a_changed_answer_is_noticed(tmp_path, monkeypatch, capsys):
    text = judges.FILE.read_text("utf-8")
    stale = tmp_path / "judges.json"
    stale.write_text(text.replace('"expected": 2.4', '"expected": 2.5'), "utf-8")
    monkeypatch.setattr(judges, "FILE", stale)
    assert judges.main(["check"]) == 1
    assert "tools/judges.py write" in capsys.readouterr().out
    assert judges.main(["write"]) == 0
    assert stale.read_text("utf-8") == text


def test_every_exercise_is_a_table_a_choice_a_written_judge_or_a_function():
    entries = {name: entry for part in json.loads(judges.FILE.read_text("utf-8")).values()
               for name, entry in part.get("exercises", {}).items()}
    kinds = [entry["kind"] for entry in entries.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "value": 61, "choice": 5, "written": 8, "function": 21}


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_usage(arguments, capsys):
    assert judges.main(arguments) == 2
    assert "site/judges.json" in capsys.readouterr().out
