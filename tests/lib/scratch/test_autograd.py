"""The scalar engine: every operation and any graph of them equal to torch in float64."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firstgrad.scratch.autograd import Value

numbers = st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3)
positive = st.floats(1e-2, 4)
# Name -> (ours, torch's, where it is defined).
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
UNARY = {
    "exp": (lambda a: a.exp(), lambda a: a.exp(), numbers),
    "log": (lambda a: a.log(), lambda a: a.log(), positive),
    "tanh": (lambda a: a.tanh(), lambda a: a.tanh(), numbers),
    "relu": (lambda a: a.relu(), lambda a: a.relu(), numbers),
    "sigmoid": (lambda a: a.sigmoid(), lambda a: a.sigmoid(), numbers),
    "negative": (lambda a: -a, lambda a: -a, numbers),
    "square": (lambda a: a**2, lambda a: a**2, numbers),
    "cube": (lambda a: a**3, lambda a: a**3, numbers),
    "root": (lambda a: a**0.5, lambda a: a**0.5, positive),
    "inverse": (lambda a: a**-1, lambda a: a**-1, numbers),
    "power 0": (lambda a: a**0, lambda a: a**0, numbers),
}


def leaves(*numbers):
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    return [Value(x) for x in numbers], tensors


def same(ours, theirs, result, reference, cancels=0.0):
    """cancels: how large an error is that a difference of nearly equal numbers may bring to light."""
    result.backward()
    reference.backward()
    assert result.data == pytest.approx(reference.item(), rel=1e-13, abs=max(cancels, 1e-300))
    for a, b in zip(ours, theirs, strict=True):
        grad = 0.0 if b.grad is None else b.grad.item()  # torch leaves None where nothing flows
        assert a.grad == pytest.approx(grad, rel=1e-12, abs=max(cancels, 1e-14))


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=200, deadline=None, derandomize=True)
@given(a=numbers, b=numbers)
def test_binary_operation(name, a, b):
    ours, theirs = leaves(a, b)
    same(ours, theirs, BINARY[name](*ours), BINARY[name](*theirs))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("number", [2.5, -3, np.float64(1.5), np.int64(2)])
def test_with_a_plain_number_on_either_side(name, left, number):
    def apply(a, plain):
        return BINARY[name](plain, a) if left else BINARY[name](a, plain)

    ours, theirs = leaves(1.7)
    result = apply(ours[0], number)
    assert isinstance(result, Value)
    same(ours, theirs, result, apply(theirs[0], float(number)))


@pytest.mark.parametrize("name", UNARY)
def test_unary_operation(name):
    function, reference, domain = UNARY[name]

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(a=domain)
    def check(a):
        ours, theirs = leaves(a)
        same(ours, theirs, function(*ours), reference(*theirs))

    check()


OPERATIONS = st.sampled_from(["+", "-", "*", "tanh", "sigmoid", "relu"])
PROGRAMS = st.lists(st.tuples(OPERATIONS, st.integers(0), st.integers(0)), min_size=1, max_size=25)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(st.floats(-2, 2), min_size=2, max_size=4), PROGRAMS)
def test_any_graph(start, program):
    """Values are used again and again: gradients of all the paths add up."""
    ours, theirs = leaves(*start)
    values, tensors = list(ours), list(theirs)
    for name, i, j in program:
        for pool in (values, tensors):
            a, b = pool[i % len(pool)], pool[j % len(pool)]
            # tanh keeps the numbers small, however long the program is.
            pool.append(BINARY[name](a, b).tanh() if name in BINARY else UNARY[name][0](a))
    same(ours, theirs, sum(values[-3:]), sum(tensors[-3:]), cancels=1e-12)  # of numbers around 1


def test_gradients_of_two_paths_add_up():
    x = Value(3.0)
    (x * x + x).backward()
    assert x.grad == 7.0


def test_leaves_accumulate_and_intermediate_values_do_not():
    x = Value(3.0)
    y = x * x
    z = y + 1
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (12.0, 1.0, 1.0)


def test_the_graph_is_in_topological_order():
    x = Value(2.0)
    y = x.tanh() * x + x.exp() / (x + 1)
    place = {id(value): i for i, value in enumerate(y.graph())}
    assert all(place[id(part)] < place[id(value)] for value in y.graph() for part in value.inputs)
    assert len(place) == len(y.graph())


def test_a_long_chain_meets_no_recursion_limit():
    x = y = Value(1.0)
    for _ in range(20_000):
        y = y + 0.0
    y.backward()
    assert x.grad == 1.0


def test_a_doubling_chain_costs_one_visit_a_value_not_one_a_path():
    x = y = Value(1.0)
    for _ in range(300):
        y = y + y
    y.backward()
    assert x.grad == 2.0**300


def test_extremes_stay_finite():
    for data in (-800.0, 800.0):
        x = Value(data)
        x.sigmoid().backward()
        assert (x.sigmoid().data, x.grad) == ((data > 0) * 1.0, 0.0)
        assert abs(x.tanh().data) == 1.0


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: Value("3"), TypeError, ["data", "'3'"]),
    (lambda: Value(True), TypeError, ["data", "True"]),
    (lambda: Value(math.nan), ValueError, ["data", "nan"]),
    (lambda: Value(1e308) * 10, ValueError, ["data", "inf"]),
    (lambda: Value(1.0) + None, TypeError, ["data", "None"]),
    (lambda: Value(1.0) / 0, ValueError, ["divisor", "0"]),
    (lambda: Value(0.0).log(), ValueError, ["log", "above 0"]),
    (lambda: Value(-2.0).log(), ValueError, ["log", "-2"]),
    (lambda: Value(710.0).exp(), ValueError, ["exp", "710"]),
    (lambda: Value(-2.0) ** 0.5, ValueError, ["base", "-2.0", "0.5"]),
    (lambda: Value(0.0) ** -1, ValueError, ["base", "0.0", "-1"]),
    (lambda: Value(0.0) ** 0.5, ValueError, ["base", "0.5"]),
    (lambda: Value(1e200) ** 2, ValueError, ["base", "overflows"]),
    (lambda: Value(2.0) ** Value(2.0), TypeError, ["exponent"]),
])
def test_bad_input_is_named(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)
