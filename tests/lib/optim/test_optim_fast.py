"""The fast form of the optimisers: compiled it is torch's too, compiles once, and moves memory safely."""

import copy
import os
import shutil
import subprocess
import sys

import pytest
import torch
from test_optim import OPTIMISERS, PRECISIONS, SHAPES, TWINS, parameters, walk

from firstgrad.optim import fast as optim_fast
from firstgrad.optim.rules import SGD, Adam, AMSGrad, Momentum

needs_compiler = pytest.mark.skipif(not shutil.which(os.environ.get("CXX", "g++")), reason="no C++ compiler")
# torch.compile imports parts of torch that torch itself has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


@pytest.fixture
def compiled(monkeypatch):
    """All is compiled, however small, and (7, 5) counts as large; if compiling fails, so does the test."""
    monkeypatch.setattr(optim_fast, "COMPILED", 0)
    monkeypatch.setattr(optim_fast, "LARGE", 30)


def graphs() -> int:
    return torch._dynamo.utils.counters["stats"]["unique_graphs"]


@needs_compiler
@PRECISIONS
@pytest.mark.parametrize("name", [name for name in TWINS if name.endswith("decay")])
def test_a_thousand_compiled_steps_equal_torch(name, dtype, tolerance, compiled):
    optimiser, settings, torch_optimiser, torch_settings = TWINS[name]
    ours, theirs = parameters(dtype), parameters(dtype)
    before = graphs()
    walk(optimiser(ours, 0.02, **settings, fast=True), 1000)
    assert graphs() - before <= 1  # not one for each set of parameters that has a gradient
    walk(torch_optimiser(theirs, 0.02, **torch_settings), 1000)
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@needs_compiler
def test_nothing_is_compiled_again_when_a_setting_changes(compiled):
    optimizer = Adam(parameters(), 0.1, fast=True)
    walk(optimizer, 3)
    before = graphs()
    for rate in (0.05, 1e-3, 0):
        optimizer.learning_rate = rate
        walk(optimizer, 2)
    optimizer.add_param_group({"params": [torch.ones(50, 3, dtype=torch.float64).requires_grad_()],
                               "beta1": 0.5, "weight_decay": 0.1})
    walk(optimizer, 3)
    walk(Adam(parameters(seed=3), 0.7, beta2=0.9, fast=True), 3)
    assert before > 0
    assert graphs() == before


@needs_compiler
@pytest.mark.parametrize("first", [[0], [1, 3], [1, 2, 3]], ids=["alone", "a stretch", "a whole buffer"])
def test_one_compilation_serves_whatever_comes_first(first, compiled):
    weights = parameters()
    optimizer = SGD(weights, 0.1, fast=True)
    walk(optimizer, 2)
    torch._dynamo.reset()
    before = graphs()
    optimizer.zero_grad()
    for index in first:
        weights[index].grad = torch.ones_like(weights[index])
    optimizer.step()
    walk(optimizer, 20)
    assert graphs() == before + 1


@needs_compiler
def test_what_is_large_is_compiled_and_what_is_small_is_not():
    small, large = (torch.zeros(size, requires_grad=True) for size in (100, optim_fast.COMPILED))
    before = graphs()
    walk(AMSGrad([small], fast=True), 2)
    assert graphs() == before
    torch._dynamo.reset()  # other tests have compiled it
    walk(AMSGrad([large], fast=True), 2)
    assert graphs() == before + 1


@needs_compiler
@pytest.mark.parametrize("count", [2, 3, 8, 9, 11, 19])
def test_large_ones_are_updated_eight_at_a_time(count, compiled):
    """What is left of the last eight goes by itself, one or two, or with others that nobody needs."""
    torch._dynamo.reset()
    optim_fast._compiled.cache_clear()
    ours, theirs = ([torch.full((30 + index,), 2.0, requires_grad=True) for index in range(count)]
                    for _ in range(2))
    before = graphs()
    walk(Momentum(ours, 0.05, fast=True), 5)
    assert graphs() - before <= 2  # one of eight, one of one
    walk(torch.optim.SGD(theirs, 0.05, momentum=0.9), 5)
    torch.testing.assert_close(ours, theirs)


def test_without_a_compiler_it_says_so_once_and_runs_all_the_same(tmp_path):
    program = """
import warnings, torch
from firstgrad.optim import Adam
weights = [torch.full((300, 300), 2.0, requires_grad=True) for _ in range(2)]
for weight in weights:
    weight.grad = torch.linspace(-1, 1, 90000).view(300, 300)
plain, fast = Adam(weights[:1]), Adam(weights[1:], fast=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.filterwarnings("always", "fast=True")
    for _ in range(3):
        plain.step(), fast.step()
torch.testing.assert_close(*weights)
print([str(warning.message) for warning in caught if "fast=True" in str(warning.message)])
"""
    environment = {**os.environ, "CXX": "/no/such/compiler", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (said,) = eval(run.stdout)
    assert "run uncompiled" in said
    assert "C++ compiler" in said
    assert "/no/such/compiler" in said


def test_small_parameters_are_views_of_one_buffer_and_large_ones_stay(monkeypatch):
    monkeypatch.setattr(optim_fast, "LARGE", 30)
    weights = parameters()
    addresses = [weight.data_ptr() for weight in weights]
    values = copy.deepcopy(weights)
    optimizer = SGD(weights, 0.1, fast=True)
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(weights, values, rtol=0, atol=0)
    assert weights[0].data_ptr() == addresses[0]
    assert len({weight.untyped_storage().data_ptr() for weight in weights[1:]}) == 1
    assert all(weight.data_ptr() % 64 == weights[1].data_ptr() % 64 for weight in weights[1:])


def test_types_lie_apart():
    dtypes = [torch.float32, torch.float64, torch.float32]
    ours, theirs = ([torch.ones(3, dtype=dtype, requires_grad=True) for dtype in dtypes] for _ in range(2))
    optimizer = Adam(ours, 0.1, fast=True)
    walk(optimizer, 3)
    walk(torch.optim.Adam(theirs, 0.1), 3)
    torch.testing.assert_close(ours, theirs)
    assert [optimizer.state[weight]["mean"].dtype for weight in ours] == dtypes
    assert len({weight.untyped_storage().data_ptr() for weight in ours}) == 2


@pytest.mark.parametrize("when", ["before the first step", "between two steps"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_model_may_move_after_the_optimiser_was_made(optimiser, when):
    """As by model.to("cuda"), or here .double(): parameters get new memory, as every mover does it."""
    def trained(fast):
        generator = torch.Generator().manual_seed(0)
        model = torch.nn.Linear(4, 3)
        with torch.no_grad():
            for weight in model.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator))
        optimizer = optimiser(model.parameters(), 0.05, fast=fast)
        if when == "between two steps":
            walk(optimizer, 3)
        model.double()
        optimizer.load_state_dict(optimizer.state_dict())  # as Trainer does it
        walk(optimizer, 5)
        return list(model.parameters())

    torch.testing.assert_close(trained(True), trained(False), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("large", [1, optim_fast.LARGE])
def test_the_order_in_memory_is_kept(large, monkeypatch):
    monkeypatch.setattr(optim_fast, "LARGE", large)
    weights = [torch.randn(4, 3, 5, 5).to(memory_format=torch.channels_last), torch.randn(6, 4).t()]
    strides = [weight.stride() for weight in weights]
    ours, theirs = ([weight.clone().requires_grad_() for weight in weights] for _ in range(2))
    walk(Adam(ours, 0.05, fast=True), 5)
    walk(torch.optim.Adam(theirs, 0.05), 5)
    torch.testing.assert_close(ours, theirs)
    assert [weight.stride() for weight in ours] == strides


def test_a_loaded_state_may_have_another_order_in_memory(monkeypatch):
    monkeypatch.setattr(optim_fast, "LARGE", 1)
    turned, straight = (torch.ones(4, 6).t().requires_grad_(), torch.ones(6, 4, requires_grad=True))
    before, after = Momentum([turned], 0.1), Momentum([straight], 0.1, fast=True)
    walk(before, 3)
    after.load_state_dict(before.state_dict())
    with torch.no_grad():
        straight.copy_(turned)
    walk(after, 3, seed=2)
    walk(before, 3, seed=2)
    torch.testing.assert_close(straight, turned)


def test_uncompiled_it_goes_piece_by_piece(monkeypatch):
    monkeypatch.setattr(optim_fast, "_PIECE", 7)
    ours, theirs = parameters(), parameters()
    walk(AMSGrad(ours, 0.05, fast=True), 20)
    walk(AMSGrad(theirs, 0.05), 20)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_gradients_stay_the_callers():
    weights = parameters()
    gradients = [torch.ones_like(weight) for weight in weights]
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient
    optimizer = Adam(weights, fast=True)
    optimizer.step()
    assert all(weight.grad is gradient for weight, gradient in zip(weights, gradients, strict=True))
    assert all(torch.equal(gradient, torch.ones_like(gradient)) for gradient in gradients)
    optimizer.zero_grad()
    assert all(weight.grad is None for weight in weights)


def test_a_copied_model_does_not_move_with_the_original():
    model = torch.nn.Linear(4, 3)
    optimizer = SGD(model.parameters(), 0.1, fast=True)
    walk(optimizer, 2)
    twin = copy.deepcopy(model)
    before = copy.deepcopy(twin.state_dict())
    walk(optimizer, 2)
    assert all(torch.equal(value, before[name]) for name, value in twin.state_dict().items())
    assert not torch.equal(model.weight, twin.weight)
    assert twin.weight.untyped_storage().nbytes() == twin.weight.nbytes


def test_parameters_in_the_same_memory_are_refused():
    first = torch.nn.Parameter(torch.ones(3))
    second = torch.nn.Parameter(first.detach())
    first.grad, second.grad = torch.ones(3), torch.ones(3)
    with pytest.raises(ValueError, match="fast: given True for two parameters in the same memory"):
        SGD([first, second], 0.1, fast=True).step()
    assert torch.equal(first, torch.ones(3))


def test_tensors_of_other_kinds_are_refused():
    class Special(torch.Tensor):
        pass

    weight = torch.nn.Parameter(torch.ones(3).as_subclass(Special))
    weight.grad = torch.ones(3)
    with pytest.raises(TypeError, match=r"fast: given True for a parameter of type Special.*fast=False"):
        SGD([weight], 0.1, fast=True).step()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_half_precision_takes_the_same_steps(optimiser):
    plain, fast = parameters(torch.bfloat16), parameters(torch.bfloat16)
    walk(optimiser(plain, 0.05), 5)
    walk(optimiser(fast, 0.05, fast=True), 5)
    torch.testing.assert_close(fast, plain, rtol=0.02, atol=0.02)


@pytest.mark.cuda
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_on_a_gpu_too(optimiser, compiled):
    plain, fast = ([weight.detach().cuda().requires_grad_() for weight in parameters()] for _ in range(2))
    generator = torch.Generator().manual_seed(1)
    twins = optimiser(plain, 0.05), optimiser(fast, 0.05, fast=True)
    for _ in range(20):
        for index, shape in enumerate(SHAPES):
            gradient = torch.randn(shape, generator=generator, dtype=torch.float64).cuda()
            plain[index].grad, fast[index].grad = gradient, gradient.clone()
        for optimizer in twins:
            optimizer.step()
    torch.testing.assert_close(fast, plain, rtol=1e-10, atol=1e-10)
