"""What a user's type checker finds in firstgrad: no mistake in the library (the gate's stage "types"),
every public function says what it takes and gives, and the rooms that load late have types.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "lib/firstgrad"


def is_public(name):
    return not name.startswith("_") or name.endswith("__")


def functions(tree, inside=""):
    """(name, function) of all public functions, and methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and is_public(node.name):
            yield from functions(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and is_public(node.name):
            yield inside + node.name, node


def lacking(function, method):
    """The names of parameters without a type, and "return"; __init__ returns nothing and need not say so."""
    arguments = function.args
    some = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    some += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    static = any(ast.unparse(d) == "staticmethod" for d in function.decorator_list)
    names = [a.arg for a in some[int(method and not static):] if a.annotation is None]
    silent = function.returns is None and function.name not in ("__init__", "__post_init__")
    return names + ["return"] * silent


def untyped(tree):
    found = ((name, lacking(function, "." in name)) for name, function in functions(tree))
    return {name: names for name, names in found if names}


def test_public_functions_have_types():
    found = {}
    for file in sorted(LIB.rglob("*.py")):
        path = file.relative_to(LIB)
        names = untyped(ast.parse(file.read_text("utf-8")))
        found |= {f"{path} {name}": lacks for name, lacks in names.items()}
    assert found == {}


@pytest.mark.parametrize(("code", "names"), [
    ("def f(a: int, *b: int, c: int = 1) -> None: ...", {}),
    ("def _f(a): ...", {}),
    ("def f(a, *b, **c) -> None: ...", {"f": ["a", "b", "c"]}),
    ("def f(a: int): ...", {"f": ["return"]}),
    ("class A:\n def __init__(self, a: int): ...\n def __len__(self): ...", {"A.__len__": ["return"]}),
    ("class A:\n @staticmethod\n def f(a) -> None: ...", {"A.f": ["a"]}),
    ("class _A:\n def f(self, a): ...", {}),
])
def test_a_function_without_types_is_seen(code, names):
    assert untyped(ast.parse(code)) == names


USER = """\
import firstgrad
import numpy as np
import torch
from firstgrad import metrics
from firstgrad.book import plots
from firstgrad.data import fashion_mnist
from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.scratch.autograd import Value
from firstgrad.text import Vocabulary

x, y = fashion_mnist("train")
model = MLP(MLPConfig((196, 64, 10)))
reveal_type(firstgrad.optim.SGD(model.parameters(), 0.1))
reveal_type(firstgrad.optim.Adam(model.parameters()).step(lambda: torch.ones(())))
reveal_type(firstgrad.models.mlp.MLP().parameter_count)
reveal_type(firstgrad.scratch.layers.Affine([[1.0]]).forward(np.ones((1, 1))))
reveal_type(firstgrad.book.sizes.mlp_parameters([2, 1]))
reveal_type(metrics.accuracy(y, [1, 2]))
reveal_type(metrics.roc_auc(torch.ones(2), np.ones(2)))
reveal_type(model.forward(x))
reveal_type((2 * Value(1.0) + 1).exp())
reveal_type(Vocabulary.of_characters("abc").encode("a"))
reveal_type(plots.lines({"loss": [1.0, 0.5]}, ylog=True))
firstgrad.optimisers
fashion_mnist(3)
MLPConfig(activation=1)
"""
TYPES = ["SGD", "Tensor", "int", "ndarray", "int", "float", "float", "Tensor", "Value", "Tensor",
         "Plot"]
MISTAKES = ["attr-defined", "arg-type", "arg-type"]


@pytest.mark.slow  # mypy reads torch and NumPy once, then from its cache
def test_a_users_checker_knows_types_and_sees_mistakes(tmp_path):
    program = tmp_path / "user.py"
    program.write_text(USER, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--strict",
               "--follow-imports", "silent", str(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    revealed = re.findall(r'Revealed type is "(?:[\w.]+\.)?(\w+)', done.stdout)
    errors = re.findall(r"user\.py:\d+: error: .*\[([\w-]+)\]$", done.stdout, re.M)
    assert revealed == TYPES, done.stdout + done.stderr
    assert errors == MISTAKES, done.stdout
