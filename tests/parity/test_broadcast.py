"""The JavaScript core of *broadcasting* gives what torch gives, errors too; seeded mutants are caught."""

import re

import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import prove

CASES = 600
sizes = st.sampled_from([0, 1, 1, 1, 2, 2, 3, 4])  # often equal or 1, or hardly a pair would fit
shapes = st.lists(sizes, max_size=5)
clashing = st.lists(st.integers(0, 4), min_size=1, max_size=4)
small = st.lists(st.sampled_from([1, 1, 2, 3]), max_size=4)


def broadcast(a, b):
    """torch's result shape, or None."""
    try:
        return list(torch.broadcast_shapes(a, b))
    except RuntimeError:
        return None


def failing_axis(a, b):
    """The axis that torch's addition names, counted from the right, and the two sizes it names."""
    with pytest.raises(RuntimeError) as caught:
        torch.zeros(a) + torch.zeros(b)
    said = re.search(r"tensor a \((\d+)\).* b \((\d+)\).*dimension (\d+)", str(caught.value))
    first, second, axis = map(int, said.groups())
    return axis - max(len(a), len(b)), first, second


def shape_is_torchs(core):
    seen = set()

    def check(a, b):
        found, expected = core("align", a, b), broadcast(a, b)
        assert found["shape"] == expected
        assert [axis["axis"] for axis in found["axes"]] == list(range(-max(len(a), len(b)), 0))
        assert (found["clash"] is None) == (expected is not None)
        seen.add((expected is None, 0 in a + b, len(a) == len(b)))

    prove(check, CASES, a=shapes, b=shapes)
    assert len(seen) == 8, seen  # fitting and failing, with and without zeros, of equal and unequal rank


def failure_is_where_torch_fails(core):
    found = []

    def check(a, b):
        if broadcast(a, b) is None:
            clash = core("align", a, b)["clash"]
            assert (clash["axis"], clash["a"], clash["b"]) == failing_axis(a, b)
            found.append(clash)

    prove(check, 2 * CASES, a=clashing, b=clashing)
    assert len(found) >= 500


def elements_are_those_torch_reads(core):
    def check(a, b):
        result = broadcast(a, b)
        if result is None:
            return
        for shape in (a, b):
            own = torch.arange(torch.Size(shape).numel()).reshape(shape)
            seen = own.expand(result)
            assert core("readAll", shape, result) == seen.flatten().tolist()
            steps = core("stretched", shape, result)
            assert [s for s, size in zip(steps, result, strict=True) if size > 1] == [
                s for s, size in zip(seen.stride(), result, strict=True) if size > 1]
            for flat in range(min(seen.numel(), 4)):
                one = core("reads", shape, result, flat)
                assert own[tuple(one["index"])].item() == one["offset"]

    prove(check, CASES, a=small, b=small)


def who_is_stretched(core):
    """Along an axis an operand is stretched exactly if torch reads it there with step 0."""

    def check(a, b):
        found = core("align", a, b)
        for axis in found["axes"] if found["shape"] else []:
            size, place = axis["size"], axis["axis"]
            for name, shape in (("a", a), ("b", b)):
                step = torch.empty(shape).expand(found["shape"]).stride(place)
                if size > 1:
                    assert (axis["kind"] == name) == (step == 0)

    prove(check, CASES, a=small, b=small)


def unsqueeze_is_torchs(core):
    def check(shape, share):
        axis = round(share * len(shape))
        assert core("unsqueeze", shape, axis) == list(torch.empty(shape).unsqueeze(axis).shape)
        assert core("strides", shape) == list(torch.empty(shape).stride())

    prove(check, CASES, shape=shapes, share=st.floats(0, 1))


def remedies_are_all_there_are(core):
    found = []

    def check(a, b):
        expected = []
        for operand, shape in (("a", a), ("b", b)):
            for axis in range(len(shape) + 1):
                longer = list(torch.empty(shape, device="meta").unsqueeze(axis).shape)
                result = broadcast(longer, b) if operand == "a" else broadcast(a, longer)
                if result is not None:
                    expected.append({"operand": operand, "axis": axis, "shape": longer, "result": result})
        assert core("remedies", a, b) == expected
        found.append(bool(expected))

    prove(check, CASES, a=small, b=small)
    assert 50 < sum(found) < len(found)


def text_and_back(core):
    def check(shape, form):
        assert core("shapeText", shape) == str(tuple(shape))
        texts = [str(tuple(shape)), str(shape), str(torch.Size(shape)), " ".join(map(str, shape)) or "()",
                 "×".join(map(str, shape)) or "[]", ",".join(map(str, shape)) or " ( ) "]
        assert core("parseShape", "a", texts[form]) == shape

    prove(check, CASES, shape=st.lists(st.integers(0, 1_000_000), max_size=4), form=st.integers(0, 5))


CHECKS = [shape_is_torchs, failure_is_where_torch_fails, elements_are_those_torch_reads, who_is_stretched,
          unsqueeze_is_torchs, remedies_are_all_there_are, text_and_back]


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "broadcasting.js")
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS)
def test_core(core, check):
    check(core)


# Task -> the shapes at the start, shapes that solve it, the result's shape.
TASKS = {
    "table": (([4], [3]), ([4, 1], [3]), [4, 3]),
    "rows": (([3, 5], [3]), ([3, 5], [3, 1]), [3, 5]),
    "silent": (([3, 3], [3]), ([3, 3], [3, 1]), [3, 3]),
    "channels": (([2, 3, 4, 4], [3]), ([2, 3, 4, 4], [3, 1, 1]), [2, 3, 4, 4]),
}


@pytest.mark.parametrize("task", TASKS)
def test_tasks(core, task):
    """Each begins unsolved, new axes solve it; what is wanted has the shape that is told."""
    begin, wanted, shape = TASKS[task]
    assert core("solved", task, *begin) is False
    assert core("solved", task, *wanted) is True
    assert core("solved", task, [1, *wanted[0]], wanted[1]) is True  # a 1 in front changes nothing
    assert broadcast(*wanted) == shape
    assert core("solved", task, wanted[0], [1, *begin[1]]) is (task == "table")


@pytest.mark.parametrize(("call", "code"), [
    (("parseShape", "a", ""), "badShape"), (("parseShape", "a", "4,,1"), "badShape"),
    (("parseShape", "a", "-1"), "badShape"), (("parseShape", "a", "1e308"), "badShape"),
    (("parseShape", "a", "2.5"), "badShape"), (("parseShape", "a", "nan"), "badShape"),
    (("parseShape", "a", "four"), "badShape"), (("parseShape", "a", "9" * 40), "badRange"),
    (("parseShape", "a", "1 1 1 1 1"), "badRank"), (("align", [2.5], [1]), "badType"),
    (("align", [2], [-1]), "badType"), (("align", "2", [1]), "badType"), (("unsqueeze", [2], 2), "badRange"),
    (("unsqueeze", [2], -1), "badRange"),
])
def test_bad_input_is_named(core, call, code):
    with pytest.raises(CoreError) as caught:
        core(*call)
    assert caught.value.code == code


# Name -> the slip (old, new), and which check sees it.
MUTANTS = {
    "aligned at the left": ("a[a.length + i - rank] ?? null", "a[i] ?? null", shape_is_torchs),
    "the leftmost clash": (".at(-1) ?? null", ".at(0) ?? null", failure_is_where_torch_fails),
    "0 against 1 is 1": ('size: other, kind: "a"', 'size: Math.max(one, other), kind: "a"', shape_is_torchs),
    "0 fits": ("if (one === other)", "if (!one || !other || one === other)", shape_is_torchs),
    "no step 0": ("(shape[i - missing] === 1 && size !== 1)", "false", elements_are_those_torch_reads),
    "first axis fastest": ("index[i] = flat % shape[i]", "index[shape.length - 1 - i] = flat % shape[i]",
                           elements_are_those_torch_reads),
    "wrong one": ('size: other, kind: "a"', 'size: other, kind: "b"', who_is_stretched),
    "axis after": ("...shape.slice(0, axis), 1,", "...shape.slice(0, axis), 1, 1,", unsqueeze_is_torchs),
    "no last": ("length: own.length + 1 }", "length: own.length }", remedies_are_all_there_are),
    "no comma": ('shape.length === 1 ? "," : ""', '""', text_and_back),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name, tmp_path):
    *slip, check = MUTANTS[name]
    with mutated("explorables/broadcasting/core.js", [("core.js", *slip)], tmp_path) as made:  # noqa: SIM117
        # A core that throws is caught, too; a mutant that cannot be built is not.
        with pytest.raises((AssertionError, CoreError)):
            check(made)
