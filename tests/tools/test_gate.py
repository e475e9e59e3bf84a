"""The gate runs everything, says what failed and leaves nothing running; a missing browser is said."""

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import browser
import gate


def test_one_failure_fails_the_gate_but_the_rest_still_runs(capsys):
    ran = []

    def runner(command):
        ran.append(command[0])
        return int(command[0] == "bad")

    assert gate.gate([("one", ["good"]), ("two", ["bad"]), ("three", ["good"])], runner) == 1
    out = capsys.readouterr().out
    assert ran == ["good", "bad", "good"]
    assert "✗ two" in out
    assert out.strip().split("\n")[-1].startswith("2 passed, 1 failed in ")


def test_all_green_is_status_zero(capsys):
    assert gate.gate([("one", ["x"])], lambda command: 0) == 0
    assert "1 passed, 0 failed" in capsys.readouterr().out


def test_a_missing_program_and_a_failing_one_are_failures(capsys):
    assert gate.run(["no-such-program"]) == 127
    assert "no-such-program: not found" in capsys.readouterr().out
    assert gate.run([sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_a_stage_that_hangs_is_ended_with_its_children(tmp_path):
    mark = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(mark)!r}).touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    began = time.perf_counter()
    assert gate.run([sys.executable, "-c", parent], limit=0.5) == 124
    assert time.perf_counter() - began < 1.4
    time.sleep(1.5)
    assert not mark.exists()


def test_stages_have_no_stdin_and_one_thread():
    program = "import os, sys; sys.exit(sys.stdin.read() != '' or os.environ['OMP_NUM_THREADS'] != '1')"
    assert gate.run([sys.executable, "-c", program]) == 0


def test_no_colour_where_none_is_wanted(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert gate.paint("x", "1") != "x"
    monkeypatch.setenv("NO_COLOR", "")
    assert gate.paint("x", "1") == "x"


def test_quick_is_a_part_of_all():
    names = [name for name, _ in gate.STAGES["all"]]
    assert [n for n, _ in gate.STAGES["quick"] if n not in names] == ["fast tests"]


# --- the browser -----------------------------------------------------------------------------------

def test_a_named_browser_wins_and_a_wrong_name_is_said():
    assert browser.find({"CHROMIUM": sys.executable}) == sys.executable
    with pytest.raises(browser.BrowserMissing, match="CHROMIUM=/nowhere/chromium: no such program"):
        browser.find({"CHROMIUM": "/nowhere/chromium"})


@pytest.fixture
def bare(monkeypatch):
    """A machine without any browser."""
    monkeypatch.setattr(browser, "on_system", lambda: None)
    monkeypatch.setattr(browser, "of_playwright", lambda: None)


def test_without_a_browser_it_says_how_to_get_one(bare, monkeypatch):
    monkeypatch.setattr(browser, "may_install", lambda: False)
    with pytest.raises(browser.BrowserMissing) as caught:
        browser.find({}, install=True)
    assert all(word in str(caught.value) for word in ("Debian", "Ubuntu", "macOS", "CHROMIUM="))


def test_root_with_apt_installs_only_when_asked(bare, monkeypatch):
    places = iter([None, "/usr/bin/chromium"])
    monkeypatch.setattr(browser, "on_system", lambda: next(places))
    monkeypatch.setattr(browser, "may_install", lambda: True)
    installed = []
    monkeypatch.setattr(browser, "apt_install", lambda: installed.append(True))
    assert browser.find({}, install=True) == "/usr/bin/chromium"
    assert installed == [True]
    monkeypatch.setattr(browser, "on_system", lambda: None)
    with pytest.raises(browser.BrowserMissing):
        browser.find({})
    assert installed == [True]


def test_playwright_is_asked_last(monkeypatch):
    monkeypatch.setattr(browser, "on_system", lambda: None)
    monkeypatch.setattr(browser, "of_playwright", lambda: "/somewhere/chrome")
    assert browser.find({}) == "/somewhere/chrome"
