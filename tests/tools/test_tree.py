"""The library's rooms: who may import whom, what is private, what is public and loads late."""

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "lib"
PROGRAMS = ("recipes", "tools", "benchmarks")
MOST_FLAT = 6  # modules directly in lib/firstgrad: what is more belongs into a room

# From the top: a room imports from its own line and from lines below. The command line (__main__, info) uses
# rooms and is used by none; recipe, arguments, lazy are what rooms are made of, and import none.
LEVELS = (
    ("__main__", "info"),
    ("book",),
    ("widgets",),
    ("models", "text", "metrics", "data", "scratch"),
    ("training",),
    ("optim",),
    ("recipe", "arguments", "lazy"),
)
# Imports inside functions that go upwards all the same: (module, room) -> why.
UPWARDS = {("firstgrad.recipe", "training"): "make() seeds, for the command line; training shows Recipe"}


def modules():
    """Dotted name -> syntax tree, of every module of the library."""
    files = {file: file.relative_to(LIB).with_suffix("").parts for file in LIB.rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): ast.parse(file.read_text("utf-8"))
            for file, parts in sorted(files.items())}


def inside(node, late=True):
    """All nodes below that can import: TYPE_CHECKING is left out, functions as well if not `late`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            child = ast.Module(child.orelse, [])
        if late or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from inside(child, late)


def imported(tree, known, late=True):
    """Names of those modules in `known` that `tree` imports."""
    found = set()
    for node in inside(tree, late):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"imports of this library are absolute: {ast.unparse(node)}"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return found & set(known)


def packages(name):
    """a.b.c -> {a, a.b}: what runs before it."""
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}


def graph(known):
    """Who needs whom while being imported: modules, and packages around them that are not the importer's."""
    needs = {}
    for name, tree in known.items():
        direct = imported(tree, known, late=False)
        needs[name] = direct | {p for n in direct for p in packages(n) if p not in {name, *packages(name)}}
    return needs


def cycle(needs):
    """Some ring of modules that need one another, as a list; empty when there is none."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return [*path[path.index(name):], name]
        if name in done:
            return []
        path.append(name)
        found = next(filter(None, map(visit, sorted(needs[name]))), [])
        path.pop()
        done.add(name)
        return found

    return next(filter(None, map(visit, sorted(needs))), [])


def room(name):
    return ([*name.split("."), ""])[1]


# --- who imports whom ------------------------------------------------------------------------------

def test_nothing_is_imported_in_a_ring():
    assert cycle(graph(modules())) == []


@pytest.mark.parametrize(("needs", "ring"), [
    ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
    ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
])
def test_a_ring_is_found(needs, ring):
    assert cycle(needs) == ring


def test_the_packages_around_a_module_count():
    known = {name: ast.parse(code) for name, code in {
        "f": "", "f.recipe": "import f.training.seed", "f.training": "import f.recipe", "f.training.seed": "",
    }.items()}
    assert cycle(graph(known)) == ["f.recipe", "f.training", "f.recipe"]


def upwards(known):
    """All (module, room above it that it imports, even late); and a ring of rooms, if there is one."""
    level = {name: number for number, names in enumerate(LEVELS) for name in names}
    crossed, beside = set(), {name: set() for name in level}
    for name, tree in known.items():
        for other in {room(n) for n in imported(tree, known)} - {room(name), ""}:
            if room(name) and level[other] < level[room(name)]:
                crossed.add((name, other))
            elif room(name):
                beside[room(name)].add(other)
    return crossed, cycle(beside)


def test_rooms_import_downwards_only():
    known = modules()
    assert {room(name) for name in known} - {""} == {name for line in LEVELS for name in line}, "see LEVELS"
    crossed, ring = upwards(known)
    assert sorted(crossed - set(UPWARDS)) == []
    assert sorted(set(UPWARDS) - crossed) == [], "an exception that is none any more"
    assert ring == []


def test_the_package_itself_imports_no_room():
    assert imported(modules()["firstgrad"], modules(), late=False) == {"firstgrad.lazy"}


def test_contributing_draws_the_same_lines():
    drawn = " → ".join(", ".join(line) for line in LEVELS)
    assert f"{drawn}." in (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("\n")


# --- what is private -------------------------------------------------------------------------------

def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def ours(name, beside):
    """Is it a module of the library, or of the folder of the program that imports it?"""
    return name.split(".")[0] == "firstgrad" or name in beside


def private_uses(tree, beside=()):
    """What the tree takes of other modules of ours although its name begins with an underscore."""
    bound, found = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and ours(node.module or "", beside):
            found += [f"from {node.module} import {a.name}" for a in node.names if is_private(a.name)]
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            bound |= {(a.asname or a.name).split(".")[0] for a in node.names if ours(a.name, beside)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            dotted = ast.unparse(node)
            if re.fullmatch(r"[\w.]+", dotted) and dotted.split(".")[0] in bound:
                found.append(dotted)
    return found


def programs():
    return [file for folder in ("lib", *PROGRAMS) for file in sorted((ROOT / folder).rglob("*.py"))]


def test_private_names_stay_in_their_module():
    found = {}
    for file in programs():
        beside = {other.stem for other in file.parent.glob("*.py")} if LIB not in file.parents else ()
        uses = private_uses(ast.parse(file.read_text("utf-8")), beside)
        if uses:
            found[str(file.relative_to(ROOT))] = uses
    assert found == {}


@pytest.mark.parametrize(("code", "uses"), [
    ("from firstgrad.a import b, __version__; b.c", []),
    ("from torch import _C; self._x; a._b", []),
    ("from firstgrad.a import (\n b,\n _c as d)", ["from firstgrad.a import _c"]),
    ("import firstgrad.a as a\ndef f(): return a._b(1)", ["a._b"]),
    ("import firstgrad\nfirstgrad.a._b", ["firstgrad.a._b"]),
    ("import bench; bench._x", ["bench._x"]),
])
def test_a_private_name_is_seen(code, uses):
    assert private_uses(ast.parse(code), {"bench"}) == uses


# --- what is public --------------------------------------------------------------------------------

def test_few_modules_lie_flat():
    flat = [file.name for file in LIB.glob("firstgrad/*.py") if file.name != "__init__.py"]
    assert len(flat) <= MOST_FLAT, sorted(flat)


def rooms():
    return sorted(folder.parent.name for folder in LIB.glob("firstgrad/*/__init__.py"))


@pytest.mark.parametrize("name", rooms())
def test_what_a_room_names_is_there(name):
    module = importlib.import_module(f"firstgrad.{name}")
    assert len(set(module.__all__)) == len(module.__all__)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module.nothing


def test_import_loads_no_room_until_one_is_used():
    program = ("import sys, firstgrad; before = set(sys.modules); print(*sorted(dir(firstgrad)));"
               "print(*(name for name in ('torch', 'numpy', 'anywidget') if name in before));"
               "print(*sorted(name for name in before if name.startswith('firstgrad')));"
               "print(firstgrad.optim.SGD, firstgrad.models.mlp.MLP)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(LIB)}, check=True)
    names, heavy, loaded, classes = done.stdout.splitlines()
    assert names.split() == sorted([*rooms(), "__version__"])
    assert heavy == ""
    assert loaded == "firstgrad firstgrad.lazy"
    assert classes == "<class 'firstgrad.optim.rules.SGD'> <class 'firstgrad.models.mlp.MLP'>"


def test_every_module_says_what_it_is_for():
    silent = [str(file.relative_to(ROOT)) for file in programs()
              if not (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").split("\n")[0].strip()]
    assert silent == []
