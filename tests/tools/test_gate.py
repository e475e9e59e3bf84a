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


def test_a_chapter_brings_its_explorables_recordings_and_page():
    stages = dict(gate.chapter("06"))
    pages = stages["page and explorables in browsers"]
    assert "06_gradient_descent or descent or learning_rate_lab" in pages
    assert "chapters/06_gradient_descent.ipynb" in stages["notebook runs again"]
    assert stages["recordings"][3:] == ["learning_rate_grid"]
    assert "recordings" not in dict(gate.chapter("03"))


def test_explorables_of_a_notebook():
    text = '"from firstgrad.widgets import LearningRateLab, AdamLab\\n", "import x"'
    assert gate.explorables(text) == ["adam", "learning_rate_lab"]


def test_an_unknown_chapter_is_named(capsys):
    with pytest.raises(SystemExit, match="CH=99: no such chapter; there are 00, 01"):
        gate.main(["99"])
    with pytest.raises(SystemExit):
        gate.main(["6"])
    assert "'6' is neither all, nor quick, nor the two digits of a chapter" in capsys.readouterr().err


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
    monkeypatch.setattr(browser, "apt_install", lambda name, packages: installed.append(name))
    assert browser.find({}, install=True) == "/usr/bin/chromium"
    assert installed == ["Chromium"]
    monkeypatch.setattr(browser, "on_system", lambda: None)
    with pytest.raises(browser.BrowserMissing):
        browser.find({})
    assert installed == ["Chromium"]


def test_playwright_is_asked_last(monkeypatch):
    monkeypatch.setattr(browser, "on_system", lambda: None)
    monkeypatch.setattr(browser, "of_playwright", lambda: "/somewhere/chrome")
    assert browser.find({}) == "/somewhere/chrome"


def test_a_snap_is_no_firefox(tmp_path):
    script, program = tmp_path / "script", tmp_path / "firefox"
    script.write_text("#!/bin/sh\nexec /snap/bin/firefox\n")
    program.write_bytes(b"\x7fELF snap")
    for path in (script, program):
        path.chmod(0o755)
    assert browser.firefox({"FIREFOX": str(program)}) == str(program)
    assert browser.firefox({"FIREFOX": str(script)}) != str(script)


def test_webkit_needs_all_three_programs(tmp_path, monkeypatch):
    window = tmp_path / "x86/webkit2gtk-4.1/MiniBrowser"
    window.parent.mkdir(parents=True)
    window.touch()
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/bin/{name}")
    assert browser.webkit([tmp_path]) == ("/bin/WebKitWebDriver", str(window), "/bin/Xvfb")
    assert browser.webkit([tmp_path / "elsewhere"]) is None
    monkeypatch.setattr(browser.shutil, "which", lambda name: None if name == "Xvfb" else name)
    assert browser.webkit([tmp_path]) is None


def test_a_missing_engine_is_installed_or_named(monkeypatch, capsys):
    monkeypatch.setattr(browser, "find", lambda **_: "/bin/chromium")
    have = {"Firefox": None, "WebKit": ("driver", "/bin/window", "screen")}
    monkeypatch.setattr(browser, "FIND_OTHERS", {name: lambda name=name: have[name] for name in have})
    monkeypatch.setattr(browser, "may_install", lambda: False)
    assert browser.main() == 0
    said = capsys.readouterr().out
    assert "/bin/window" in said
    assert "Firefox was not found; its tests are skipped. Debian: apt-get install firefox-esr" in said
    monkeypatch.setattr(browser, "may_install", lambda: True)
    monkeypatch.setattr(browser, "apt_install", lambda name, packages: have.update({name: "/bin/fox"}))
    browser.main()
    assert "/bin/fox" in capsys.readouterr().out
