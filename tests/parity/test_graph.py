"""The JavaScript core of *computation_graph* gives what torch gives; seeded mutants are caught."""

import functools
import math

import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, prove

from firstgrad.scratch.autograd import Value

# JavaScript's name -> the same in torch, and in the book's own engine.
OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negate": lambda a: -a,
    "square": lambda a: a**2,
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "tanh": lambda a: a.tanh(),
    "relu": lambda a: a.relu(),
    "sigmoid": lambda a: a.sigmoid(),
}
TWO = ("add", "subtract", "multiply", "divide")
NARROW = {"divide": (0.5, 2.0), "log": (0.05, 3.0)}  # where it is defined, and no chaos


def leaf(number):
    return torch.tensor(number, dtype=torch.float64, requires_grad=True)


def evaluated(nodes, leaves, make):
    """The graph in torch, or in the book's engine: every value, and its gradient."""
    values = {}
    for node in nodes:
        if "op" in node:
            values[node["id"]] = OPERATIONS[node["op"]](*(values[i] for i in node["of"]))
            if isinstance(values[node["id"]], torch.Tensor):
                values[node["id"]].retain_grad()
        else:
            values[node["id"]] = make(leaves[node["id"]])
    values[nodes[-1]["id"]].backward()
    return values


def close(measured, expected):
    assert measured == pytest.approx(expected, rel=RTOL, abs=1e-12)


def compare(core, nodes, leaves):
    result = core("trace", {"nodes": nodes}, leaves)
    theirs, ours = evaluated(nodes, leaves, leaf), evaluated(nodes, leaves, Value)
    for node in nodes:
        i = node["id"]
        close(result["values"][i], theirs[i].item())
        grad = 0.0 if theirs[i].grad is None else theirs[i].grad.item()
        close(result["gradients"][i], grad)
        close(ours[i].grad, grad)
    return result, theirs


def operation_is_torchs(core, name):
    """One operation: its value, and its slope along each edge."""

    def check(a, b):
        low, high = NARROW.get(name, (-3.0, 3.0))
        at = {"a": low + a * (high - low), "b": low + b * (high - low)}
        of = ["a", "b"][: 2 if name in TWO else 1]
        nodes = [*({"id": i} for i in of), {"id": "y", "op": name, "of": of}]
        result, theirs = compare(core, nodes, at)
        for edge in result["edges"]:
            close(edge["slope"], theirs[edge["from"]].grad.item())

    prove(check, a=st.floats(0, 1), b=st.floats(0, 1))


CALM = st.sampled_from(["add", "subtract", "multiply", "tanh", "relu", "sigmoid", "square"])
PROGRAM = st.lists(st.tuples(CALM, st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=15)


def any_graph_is_torchs(core, _):
    """Values used again and again, unused ones too."""

    def check(start, program):
        nodes = [{"id": f"l{i}"} for i in range(len(start))]
        for n, (name, i, j) in enumerate(program):
            of = [nodes[k % len(nodes)]["id"] for k in ([i, j] if name in TWO else [i])]
            nodes += [{"id": f"v{n}", "op": name, "of": of},
                      {"id": f"s{n}", "op": "tanh", "of": [f"v{n}"]}]  # or squares of squares would explode
        compare(core, nodes, {f"l{i}": value for i, value in enumerate(start)})

    prove(check, start=st.lists(st.floats(-2, 2), min_size=1, max_size=4), program=PROGRAM)


def book_graph_is_torchs(core, name):
    graph = core("graphOf", name)

    def check(numbers):
        compare(core, graph["nodes"], dict(zip(graph["leaves"], numbers, strict=False)))

    prove(check, numbers=st.tuples(*[st.floats(-5, 5)] * 4))


def questions_are_fair(core, name):
    """The gradient asked for is torch's and not zero; the right answer is accepted, slips are not."""
    graph, targets = core("graphOf", name), []
    for number in range(60):
        asked = core("question", name, number)
        assert asked == core("question", name, number)
        truth = evaluated(graph["nodes"], asked["leaves"], leaf)[asked["target"]].grad.item()
        close(asked["answer"], truth)
        assert 0.1 <= abs(truth) <= 40
        judge = functools.partial(core, "mistake", graph, asked["leaves"], asked["target"])
        assert judge(truth) == judge(truth * 1.02) == ""
        assert judge(-truth) == "sign"
        assert judge(truth * 1.1) != ""
        assert judge(0.0) != ""
        targets.append(asked["target"])
    assert set(targets) == set(graph["leaves"])


GRAPHS = ("product", "paths", "neuron", "error", "logistic")


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "computation_graph.js")
    yield made
    made.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(core, name):
    operation_is_torchs(core, name)


def test_any_graph(core):
    any_graph_is_torchs(core, None)


@pytest.mark.parametrize("name", GRAPHS)
def test_graph_of_the_book(core, name):
    book_graph_is_torchs(core, name)
    questions_are_fair(core, name)


def test_slips_are_named(core):
    """f = x · (x · w + b) at x = 2, w = 3, b = 1: the edge into p carries 6, the one into f carries 7."""
    graph, leaves = core("graphOf", "paths"), {"x": 2, "w": 3, "b": 1}
    said = {answer: core("mistake", graph, leaves, "x", answer) for answer in (13, -13, 6, 7, 42, 3, 2, 99)}
    assert said == {13: "", -13: "sign", 6: "onePath", 7: "onePath", 42: "multiplied", 3: "local",
                    2: "arrived", 99: "other"}


@pytest.mark.parametrize(("call", "word"), [
    (("graphOf", "resnet"), "resnet"),
    (("trace", {"nodes": [{"id": "x"}]}, {"x": math.nan}), "x must be"),
    (("trace", {"nodes": [{"id": "x"}]}, {}), "x must be"),
    (("trace", {"nodes": [{"id": "x"}, {"id": "y", "op": "sine", "of": ["x"]}]}, {"x": 1}), "sine"),
])
def test_bad_input_is_named(core, call, word):
    with pytest.raises(CoreError, match=word) as caught:
        core(*call)
    assert caught.value.code in ("badName", "badType")


# --- mutants: every operation, the backward pass, the questions ------------------------------------------

CORE = "explorables/computation_graph/core.js"
MUTANTS = [
    ("value: (a, b) => a + b, slopes: () => [1, 1]", "value: (a, b) => a + b, slopes: () => [1, 2]"),
    ("slopes: () => [1, -1]", "slopes: () => [1, 1]"),
    ("slopes: ([a, b]) => [b, a]", "slopes: ([a, b]) => [a, b]"),
    ("-y / b]", "-1 / b]"),
    ("slopes: () => [-1]", "slopes: () => [1]"),
    ("slopes: ([a]) => [2 * a]", "slopes: ([a]) => [a]"),
    ("value: Math.exp, slopes: (_, y) => [y]", "value: Math.exp, slopes: ([a]) => [a]"),
    ("[1 / a]", "[-1 / a]"),
    ("[1 - y * y]", "[1 - y]"),
    ("[a > 0 ? 1 : 0]", "[a > 0 ? 1 : 0.01]"),
    ("[y * (1 - y)]", "[y * (1 + y)]"),
    ("gradients[edge.from] += edge.flow", "gradients[edge.from] = edge.flow"),
    ("if (is(-gradients[target]))", "if (is(gradients[target] / 2))"),
]
CAUGHT_BY = [(operation_is_torchs, name) for name in OPERATIONS] + [(any_graph_is_torchs, None)]
CAUGHT_BY += [(check, name) for check in (book_graph_is_torchs, questions_are_fair) for name in GRAPHS]


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    changes = [("core.js", *change) for change in MUTANTS]
    with mutated(CORE, changes, tmp_path_factory.mktemp("mutant")) as made:
        yield made


@pytest.mark.parametrize(("check", "name"), CAUGHT_BY, ids=lambda value: getattr(value, "__name__", value))
def test_mutant_is_caught(mutant, check, name):
    with pytest.raises(AssertionError):
        check(mutant, name)


def graphs_and_questions(core):
    any_graph_is_torchs(core, None)
    questions_are_fair(core, "product")


@pytest.mark.parametrize("change", MUTANTS[-2:], ids=["overwrites", "sign"])
def test_mutant_is_caught_alone(change, tmp_path):
    """Where another mutant would be caught first."""
    changes = [("core.js", *change)]
    with mutated(CORE, changes, tmp_path) as made, pytest.raises(AssertionError):
        graphs_and_questions(made)
