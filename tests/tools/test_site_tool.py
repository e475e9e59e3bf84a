"""tools/site.py: what is built again, what is removed, how it is served."""

import http.client
import importlib.util
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tool(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("site_tool", ROOT / "tools/site.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BUILD", tmp_path)
    monkeypatch.setattr(module, "SITE", tmp_path / "site")
    monkeypatch.setattr(module, "DIGEST", tmp_path / "site.digest")
    return module


def test_after_a_failed_build_every_page_is_read_again(tool, tmp_path, monkeypatch, capsys):
    """Sphinx warns of a page only while it reads it: kept doctrees would turn the second run green."""
    seen = []

    def edition(name):
        seen.append((tmp_path / "doctrees" / name).exists())
        (tmp_path / "doctrees" / name).mkdir(parents=True, exist_ok=True)
        return 1

    monkeypatch.setattr(tool, "build_edition", edition)
    monkeypatch.setattr("i18n.stage", lambda: None)
    assert [tool.build(), tool.build()] == [1, 1]
    assert seen == [False] * 4
    assert "Not built (en, zh)" in capsys.readouterr().err


@pytest.fixture
def small(tool, tmp_path, monkeypatch):
    """A book of one page that shows all pictures there are; small() builds it if it must, and says if so."""
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(tool, "SITE", tmp_path / "_build/site")
    monkeypatch.setattr(tool, "DIGEST", tmp_path / "_build/site.digest")
    monkeypatch.setattr("i18n.stage", lambda: None)
    monkeypatch.setattr(tool, "assemble", lambda: None)
    for name in ("page.md", "unread.md", "pictures/a.png", "tools/site.py", "_build/site/index.html",
                 "_build/site/zh/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
        os.utime(tmp_path / name, (1, 1))
    editions = []

    def edition(name):
        editions.append(name)
        (tmp_path / "_build/made.txt").write_text((tmp_path / "page.md").read_text())
        for file in (tmp_path / "pictures").glob("*.png"):
            shutil.copyfile(file, tmp_path / "_build" / file.name)
        if (tmp_path / "late.md").exists():
            (tmp_path / "page.md").write_text("edited while it is built")
        return 0

    def small(force=False):
        editions.clear()
        assert tool.build(force) == 0
        return bool(editions)

    monkeypatch.setattr(tool, "build_edition", edition)
    return small


def test_what_a_build_read_builds_again_and_nothing_else(small, tmp_path):
    assert [small(), small()] == [True, False]
    for name in ("page.md", "pictures/a.png", "pictures/new.png", "tools/site.py"):
        (tmp_path / name).write_text("new")
        os.utime(tmp_path / name, (1, 1))
        assert [small(), small()] == [True, False], name
    for name in ("unread.md", "_build/made.txt", "pictures/.ipynb_checkpoints/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("new")
        assert not small(), name
    (tmp_path / "pictures/a.png").unlink()
    assert [small(), small(), small(force=True)] == [True, False, True]


def test_what_changes_during_a_build_builds_again(small, tmp_path):
    (tmp_path / "late.md").touch()
    assert [small(), small()] == [True, True]
    (tmp_path / "late.md").unlink()
    time.sleep(0.01)
    assert [small(), small()] == [True, False]


def test_a_digest_of_an_older_tool_counts_for_nothing(small, tool, tmp_path):
    small()
    tool.DIGEST.write_text("0" * 64)
    (tmp_path / "_build/doctrees").mkdir()
    assert small()
    assert not (tmp_path / "_build/doctrees").exists()


def test_stale_bundles_are_named_and_nothing_is_built(tool, monkeypatch, capsys):
    monkeypatch.setattr("bundles.stale", lambda: "The explorables' bundles are stale: a.js changed.")
    monkeypatch.setattr(tool, "build_edition", lambda name: pytest.fail("it was built"))
    assert tool.build() == 1
    assert capsys.readouterr().err == "The explorables' bundles are stale: a.js changed.\n"


def test_pages_that_the_book_no_longer_has_are_removed(tool, tmp_path):
    for name in ("index", "search", "404", "chapters/06_kept", "chapters/05_gone"):
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    tool.remove_strays(tmp_path, {"index", "chapters/06_kept"})
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert left == {"index.html", "search.html", "404.html", "chapters/06_kept.html"}


@pytest.fixture
def served(tool):
    (tool.SITE / "zh").mkdir(parents=True)
    (tool.SITE / "index.html").write_text("English")
    (tool.SITE / "zh/index.html").write_text("Chinese")
    (tool.SITE / "404.html").write_text('<base href="https://example.github.io/book/">missing')
    (tool.BUILD / "secret.txt").write_text("not for everyone")
    with tool.open_server(18_700) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("path", "status", "said"), [
    ("/", 200, "English"), ("/zh/", 200, "Chinese"), ("/zh", 301, ""),
    ("/nothing", 404, '<base href="/">missing'),
    ("/../secret.txt", 404, "missing"), ("/%2e%2e/secret.txt", 404, "missing"), ("/%00", 404, "missing"),
])
def test_the_server_answers_as_the_hosts_do(served, path, status, said):
    connection = http.client.HTTPConnection("127.0.0.1", served.server_port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == status
    assert said in answer.read().decode()
    assert answer.getheader("Location") == ("/zh/" if status == 301 else None)
    connection.close()


def test_a_port_that_does_not_exist_is_named(tool):
    with pytest.raises(SystemExit, match="No free port between 70000"):
        tool.open_server(70_000)
