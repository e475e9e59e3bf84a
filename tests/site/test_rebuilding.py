"""What the build of the site noted is all that it is made of: a byte of any kind of file builds it again."""

import shutil

import pytest
from conftest import ROOT, site_tool

pytestmark = pytest.mark.browser  # it needs the built site
KINDS = ["_config.yml", "_toc.yml", "references.bib", "index.md", "zh/index.md", "zh/_overlay.yml",
         "chapters/06_gradient_descent.ipynb", "zh/chapters/06_gradient_descent.ipynb",
         "zh/terms.yml", "chapters/bibliography.md",
         "lib/firstgrad/design.json", "lib/firstgrad/widgets/static/adam.js",
         "data/models/char_lstm.safetensors", "site/style/base.css", "site/live/live.js",
         "site/templates/page.html", "site/ext/page.py", "site/stills/adam.en.png", "site/stills/rooms.json",
         "site/diagrams/parts.zh.dark.svg", "site/icons/favicon.svg", "site/vendor/fonts/inter.woff2",
         "tools/site.py", "tools/i18n.py", "tools/i18n_rules.py", "requirements/site.txt"]
NEW = ["data/models/new.safetensors", "lib/firstgrad/widgets/static/new.js", "site/stills/new.en.png",
       "chapters/new.png", "zh/chapters/new.png"]


@pytest.fixture
def elsewhere(site, tmp_path, monkeypatch):
    """A copy of all that the build noted; building stops before the first page."""
    known, read = site_tool.built()
    for path in site_tool.input_files(read):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    monkeypatch.setattr(site_tool, "ROOT", tmp_path)
    monkeypatch.setattr(site_tool, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(site_tool, "DIGEST", tmp_path / "_build/site.digest")
    monkeypatch.setattr(site_tool, "build_edition", lambda edition: 1)
    monkeypatch.setattr("i18n.stage", lambda: None)
    monkeypatch.setattr(site_tool, "SITE", tmp_path / "_build/site")
    for page in ("index.html", "zh/index.html"):
        (tmp_path / "_build/site/zh").mkdir(parents=True, exist_ok=True)
        (tmp_path / "_build/site" / page).touch()
    site_tool.DIGEST.write_text("\n".join([known, *read]), "utf8")
    assert site_tool.build() == 0, "of an unchanged copy the site is up to date"
    return tmp_path


@pytest.mark.parametrize("name", KINDS)
def test_a_changed_byte_builds_again(elsewhere, name):
    stored = bytearray((elsewhere / name).read_bytes())
    stored[len(stored) // 2] ^= 1
    (elsewhere / name).write_bytes(stored)
    assert site_tool.build() == 1


@pytest.mark.parametrize("name", NEW)
def test_a_new_file_builds_again(elsewhere, name):
    (elsewhere / name).touch()
    assert site_tool.build() == 1
