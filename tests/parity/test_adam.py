"""The JavaScript core of *adam* gives what torch gives; a seeded mutant of each part is caught."""

import functools
import math

import numpy as np
import pytest
import surfaces
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import close, described, prove

RACERS = ("sgd", "momentum", "rmsprop", "adam")
# Learning rates at which the path is no chaos within the steps compared; Adam's steps are as long as α.
CALM = {"quadratic": 0.02, "rosenbrock": 0.01, "beale": 0.02, "saddle": 0.05, "mlp": 0.05}
GRADIENT_CALM = {"quadratic": 1e-3, "rosenbrock": 3e-4, "beale": 1e-3, "saddle": 0.3, "mlp": 0.3}

unit = st.floats(0, 1)
betas = st.floats(0, 0.9999)
epsilons = st.sampled_from([1e-12, 1e-8, 1e-3, 1.0])


def reference(name, parameters, hyper):
    """torch's own, under the explorable's name."""
    rate, beta1, beta2, eps = (hyper[key] for key in ("learningRate", "beta1", "beta2", "epsilon"))
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, alpha=beta2, eps=eps, foreach=False)
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=(beta1, beta2), eps=eps, foreach=False)
    return surfaces.optimiser(name, parameters, rate, beta1)


def step_of(optimizer, hyper, t):
    """One step; without the correction, by giving torch's Adam the α and ε that undo its own."""
    if isinstance(optimizer, torch.optim.Adam) and not hyper["corrected"]:
        in_m, in_v = 1 - hyper["beta1"] ** t, math.sqrt(1 - hyper["beta2"] ** t)
        group = optimizer.param_groups[0]
        group["lr"], group["eps"] = hyper["learningRate"] * in_m / in_v, hyper["epsilon"] / in_v
    optimizer.step()


def hyper_of(rate, beta1, beta2, epsilon, corrected):
    return {"learningRate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "corrected": corrected}


# --- the properties: each takes a core, so that a mutant can be put to the same test ---------------------


def follows_torch(core, name):
    """The optimiser alone: gradients drawn freely, any number of parameters."""

    def check(seed, size, steps, scale, alpha, beta1, beta2, epsilon, corrected):
        draw = np.random.default_rng(seed)
        start = draw.normal(size=size).tolist()
        gradients = draw.normal(scale=scale, size=(steps, size)).tolist()
        hyper = hyper_of(alpha, beta1, beta2, epsilon, corrected)
        measured = core("follow", name, start, gradients, hyper)
        p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        optimizer, expected = reference(name, [p], hyper), []
        for t, gradient in enumerate(gradients, start=1):
            p.grad = torch.tensor(gradient, dtype=torch.float64)
            step_of(optimizer, hyper, t)
            expected.append(p.tolist())
        close(measured, expected, scale=np.abs(expected).max() * 1e-3)

    prove(check, seed=st.integers(0, 2**32), size=st.integers(1, 4), steps=st.integers(1, 20),
          scale=st.sampled_from([1e-6, 1.0, 1e3]), alpha=st.floats(1e-4, 2), beta1=betas, beta2=betas,
          epsilon=epsilons, corrected=st.booleans())


def walks_like_torch(core, name):
    """The optimiser on the surfaces of chapter 06: the path and the losses."""

    def check(which, at, alpha, beta1, beta2, epsilon, corrected, condition, angle, steps):
        options = {"condition": condition, "angle": angle} if which == "quadratic" else {}
        surface = functools.partial(surfaces.SURFACES[which], **options)
        ends = zip(at, described(core, which)["domain"].values(), strict=True)
        start = [low + (0.05 + 0.9 * u) * (high - low) for u, (low, high) in ends]
        calm = GRADIENT_CALM if name in ("sgd", "momentum") else CALM
        hyper = hyper_of(max(alpha, 1e-2) * calm[which], beta1, beta2, epsilon, corrected)
        result = core("run", name, {"surface": which, "options": options}, start, hyper, steps)
        path = np.reshape(result["path"], (-1, 2))
        p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        optimizer, expected, losses = reference(name, [p], hyper), [], []
        # Every step starts where the core is: where a gradient is 0, rounding's 1e-17 grows by α/ε a step,
        # and no learning rate is calm.
        for t, point in enumerate(path, start=1):
            expected.append(p.tolist())
            with torch.no_grad():
                p.copy_(torch.from_numpy(point))
            loss = surface(p)
            losses.append(loss.item())
            (p.grad,) = torch.autograd.grad(loss, p)
            step_of(optimizer, hyper, t)
        close(path, expected, scale=10 * np.abs(expected).max())
        close(result["losses"], losses, scale=10 * np.abs(losses).max())
        assert len(path) == steps + 1 or result["diverged"] is not None or result["left"] is not None

    prove(check, which=st.sampled_from(sorted(surfaces.SURFACES)), at=st.tuples(unit, unit), alpha=unit,
          beta1=st.floats(0, 0.99), beta2=st.floats(0.1, 0.9999), epsilon=st.sampled_from([1e-6, 1e-3]),
          corrected=st.booleans(), condition=st.floats(1, 300), angle=st.floats(0, 1.6),
          steps=st.integers(1, 12))


def averages_are_torchs(core, name):
    """m and v are the state of torch's Adam, and the steps are what moved its parameter."""

    def check(seed, steps, beta1, beta2, epsilon):
        gradients = np.random.default_rng(seed).normal(size=steps).tolist()
        hyper = hyper_of(1.0, beta1, beta2, epsilon, True)
        all_ = core("averages", gradients, hyper)
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = reference("adam", [p], hyper)
        for i, gradient in enumerate(gradients):
            before = p.item()
            p.grad = torch.tensor([gradient], dtype=torch.float64)
            optimizer.step()
            state = optimizer.state[p]
            m, v = state["exp_avg"].item(), state["exp_avg_sq"].item()
            close([all_["m"][i], all_["v"][i]], [m, v])
            close(all_["mHat"][i], m / (1 - beta1 ** (i + 1)))
            close(all_["vHat"][i], v / (1 - beta2 ** (i + 1)))
            close(all_["corrected"][i], before - p.item(), scale=max(1, abs(p.item())))
            close(all_["raw"][i], m / (math.sqrt(v) + epsilon))

    prove(check, seed=st.integers(0, 2**32), steps=st.integers(1, 20), beta1=betas, beta2=betas,
          epsilon=epsilons)


def bound_is_the_longest_step(core, name):
    """No gradients make a longer step, and the theorem's gradients make one exactly so long."""

    def check(seed, steps, beta1, beta2):
        bound = core("bound", steps, beta1, beta2)
        hyper = hyper_of(1.0, beta1, beta2, 1e-300, True)
        draw = np.random.default_rng(seed)
        gradients = (draw.normal(size=steps) * 10.0 ** draw.uniform(-3, 3, size=steps)).tolist()
        assert abs(core("averages", gradients, hyper)["corrected"][-1]) <= bound * (1 + 1e-9)
        worst = [(beta2 / beta1) ** i for i in range(steps)]
        close(core("averages", worst, hyper)["corrected"][-1], bound)

    prove(check, seed=st.integers(0, 2**32), steps=st.integers(1, 40), beta1=st.floats(0.05, 0.99),
          beta2=st.floats(0.05, 0.9999))


def tuned_is_the_best(core, name):
    """By trying every learning rate here too."""

    def check(which, at, beta1, beta2):
        ends = zip(at, described(core, which)["domain"].values(), strict=True)
        start = [low + (0.05 + 0.9 * u) * (high - low) for u, (low, high) in ends]
        hyper = hyper_of(1.0, beta1, beta2, 1e-8, True)
        surface = {"surface": which}
        best = core("tune", name, surface, start, hyper, 15)
        runs = [core("run", name, surface, start, hyper | {"learningRate": rate}, 15) for rate in RATES]

        def end(run):
            losses = run["losses"]
            if run["diverged"] is not None or run["left"] is not None or max(losses) > 10 * losses[0]:
                return math.inf
            return max(losses[int(0.9 * len(losses)):])

        ends = [end(run) for run in runs]
        if math.isfinite(min(ends)):
            assert best["rate"] == RATES[int(np.argmin(ends))]
            assert best["run"]["losses"] == runs[int(np.argmin(ends))]["losses"]

    prove(check, cases=25, which=st.sampled_from(sorted(surfaces.SURFACES)), at=st.tuples(unit, unit),
          beta1=st.floats(0, 0.99), beta2=st.floats(0.5, 0.9999))


RATES = [float(f"{10 ** (i / 4 - 4):.3g}") for i in range(21)]
OF_RACERS = (follows_torch, walks_like_torch)
OF_ADAM = (averages_are_torchs, bound_is_the_longest_step, tuned_is_the_best)


# --- the committed bundle -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "adam.js")
    yield made
    made.close()


@pytest.mark.parametrize("name", RACERS)
@pytest.mark.parametrize("check", OF_RACERS)
def test_racer(core, check, name):
    check(core, name)


@pytest.mark.parametrize("check", OF_ADAM)
def test_adam(core, check):
    check(core, "adam")


def test_the_first_step_is_alpha_with_the_correction_and_root_ten_without(core):
    hyper = hyper_of(1.0, 0.9, 0.999, 1e-300, True)
    steps = core("averages", [-5.0, 1.0], hyper)
    assert steps["corrected"][0] == pytest.approx(-1)
    assert steps["raw"][0] == pytest.approx(-math.sqrt(10))


def test_the_ranking_puts_arrival_before_loss(core):
    def entry(name, hit, losses):
        return {"name": name, "hit": hit, "run": {"losses": losses, "diverged": None, "left": None}}

    entries = [entry("a", None, [1, 0.5]), entry("b", 7, [1, 0.1]), entry("c", 3, [1, 0.2]),
               entry("d", None, [1, 0.4])]
    # A list is no typed array, whose slice and reduce are the same.
    assert [e["name"] for e in core("ranking", entries)] == ["c", "b", "d", "a"]


@pytest.mark.parametrize(("change", "kind", "code", "word"), [
    ({"learningRate": -0.1}, "RangeError", "badPositive", "learning_rate"),
    ({"learningRate": math.nan}, "RangeError", "badPositive", "learning_rate"),
    ({"beta1": 1.0}, "RangeError", "badRange", "beta1"),
    ({"beta1": -0.1}, "RangeError", "badRange", "beta1"),
    ({"beta2": 1.0}, "RangeError", "badRange", "beta2"),
    ({"beta2": None}, "TypeError", "badType", "beta2"),
    ({"epsilon": 0.0}, "RangeError", "badPositive", "epsilon"),
    ({"epsilon": math.inf}, "RangeError", "badPositive", "epsilon"),
    ({"name": "adamant"}, "RangeError", "badName", "adamant"),
    ({"start": [1]}, "TypeError", "badType", "start"),
    ({"steps": 0}, "RangeError", "badRange", "steps"),
])
def test_bad_input_is_named(core, change, kind, code, word):
    given = {"name": "adam", "start": [1, 1], "steps": 5} | hyper_of(0.1, 0.9, 0.999, 1e-8, True) | change
    hyper = {key: given[key] for key in ("learningRate", "beta1", "beta2", "epsilon", "corrected")}
    with pytest.raises(CoreError, match=word) as caught:
        core("run", given["name"], {"surface": "saddle"}, given["start"], hyper, given["steps"])
    assert (caught.value.kind, caught.value.code) == (kind, code)


@pytest.mark.parametrize("rate", [1e308, 1e-308])
def test_absurd_learning_rates_end_a_run_properly(core, rate):
    result = core("run", "adam", {"surface": "quadratic"}, [1, 1], hyper_of(rate, 0.9, 0.999, 1e-8, True), 50)
    assert result["diverged"] == (1 if rate > 1 else None)


# --- mutants: one for each part of the core -------------------------------------------------------------

MUTANTS = [
    ("optimisers.js", "point[i] -= learningRate * gradient[i]", "point[i] -= learningRate * gradient[0]"),
    ("optimisers.js", "point[i] -= learningRate * v[i];", "point[i] += learningRate * v[i];"),
    ("adaptive.js", "(learningRate * gradient[i]) / (Math.sqrt(v[i]) + epsilon)",
     "(learningRate * gradient[i]) / Math.sqrt(v[i] + epsilon)"),
    ("adaptive.js", "(Math.sqrt(v[i] / inV) + epsilon)", "(Math.sqrt(v[i]) / inV + epsilon)"),
    ("core.js", "1 - beta2 ** (i + 1))]", "1 - beta2 ** i)]"),
    ("core.js", "const r = (beta1 * beta1) / beta2", "const r = beta1 / beta2"),
    ("core.js", "Math.floor(0.9 * losses.length)", "Math.floor(0.1 * losses.length)"),
]
CAUGHT_BY = [(check, name) for check in OF_RACERS for name in RACERS] + [(check, "adam") for check in OF_ADAM]


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    """The core, bundled again with every mutation in it."""
    with mutated("explorables/adam/core.js", MUTANTS, tmp_path_factory.mktemp("mutant")) as made:
        yield made


@pytest.mark.parametrize(("check", "name"), CAUGHT_BY, ids=lambda value: getattr(value, "__name__", value))
def test_mutant_is_caught(mutant, check, name):
    with pytest.raises(AssertionError):
        check(mutant, name)
