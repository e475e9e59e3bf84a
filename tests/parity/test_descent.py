"""The JavaScript core of *descent* gives what torch gives; a seeded mutant of each part is caught."""

import contextlib
import functools
import importlib
import math
from unittest import mock

import numpy as np
import pytest
import surfaces
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from mutants import mutated

OPTIMISERS = ("sgd", "momentum", "nesterov")
CASES = 500
RTOL = 1e-8
# Learning rates at which the path is no chaos: there 1e-16 would grow to anything within the steps compared.
CALM = {"rosenbrock": 3e-4, "beale": 1e-3, "saddle": 0.3, "mlp": 0.3}

unit = st.floats(0, 1)
finite = st.floats(-3, 3)
momenta = st.floats(0, 0.99)


@contextlib.contextmanager
def whatever_is_loaded():
    """Hypothesis draws some numbers from the sources of our modules that happen to be loaded: here from none.

    Or the cases differed with every edit, and with what other tests had imported.
    """
    with mock.patch.object(providers.HypothesisProvider, "_local_constants", providers.Constants()):
        providers.CONSTANTS_CACHE.cache.clear()
        try:
            yield
        finally:
            providers.CONSTANTS_CACHE.cache.clear()


@whatever_is_loaded()
def prove(check, cases=CASES, **strategies):
    """Run a property on drawn cases, the same in every run; failures are not shrunk, which saves minutes."""
    exact = settings(max_examples=cases, deadline=None, derandomize=True, database=None,
                     phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    exact(given(**strategies)(check))()


def close(measured, expected, scale=0.0):
    """Equal to eight digits, of numbers that have them: below 1e-308 they have fewer."""
    np.testing.assert_allclose(measured, expected, rtol=RTOL, atol=max(RTOL * scale, 1e-300))


@functools.cache
def described(core, name):
    return core("describe", {"surface": name})


# --- the properties: each takes a core, so that a mutant can be put to the same test ---------------------


def follows_torch(core, name):
    """The optimiser alone: gradients drawn freely, any number of parameters."""

    def check(seed, size, steps, scale, alpha, mu):
        draw = np.random.default_rng(seed)
        start = draw.normal(size=size).tolist()
        gradients = draw.normal(scale=scale, size=(steps, size)).tolist()
        measured = core("follow", name, start, gradients, {"learningRate": alpha, "momentum": mu})
        p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        reference = surfaces.optimiser(name, [p], alpha, mu)
        expected = []
        for gradient in gradients:
            p.grad = torch.tensor(gradient, dtype=torch.float64)
            reference.step()
            expected.append(p.tolist())
        close(measured, expected, scale=np.abs(expected).max() * 1e-3)

    prove(check, seed=st.integers(0, 2**32), size=st.integers(1, 4), steps=st.integers(1, 20),
          scale=st.sampled_from([1e-6, 1.0, 1e3]), alpha=st.floats(1e-4, 2), mu=momenta)


def walks_like_torch(core, name):
    """The optimiser on the surfaces: the path, the losses, and the step at which it diverges."""

    def check(which, at, alpha, mu, condition, angle, steps):
        quadratic = which == "quadratic"
        options = {"condition": condition, "angle": angle} if quadratic else {}
        surface = functools.partial(surfaces.SURFACES[which], **options)
        domain = described(core, which)["domain"]
        ends = zip(at, domain.values(), strict=True)
        start = [low + (0.05 + 0.9 * u) * (high - low) for u, (low, high) in ends]
        # On a quadratic everything is linear: beyond the limit too, where it diverges.
        rate = max(alpha, 1e-3) * (4 / condition if quadratic else CALM[which])
        result = core("run", name, {"surface": which, "options": options}, start,
                      {"learningRate": rate, "momentum": mu}, steps)
        path = np.reshape(result["path"], (-1, 2))
        taken = len(path) - 1
        expected, losses = surfaces.run(surface, name, start, rate, mu, taken)
        close(path, expected, scale=np.abs(expected).max())
        close(result["losses"], losses, scale=np.abs(losses).max())
        assert result["diverged"] == (None if losses[-1] <= 1e12 else taken)
        assert result["left"] is None or (which == "mlp" and result["left"] == taken)
        assert taken == steps or result["diverged"] is not None or result["left"] is not None

    prove(check, which=st.sampled_from(sorted(surfaces.SURFACES)), at=st.tuples(unit, unit), alpha=unit,
          mu=momenta, condition=st.floats(1, 1000), angle=finite, steps=st.integers(1, 15))


def same_surface(core, which):
    """Values and gradients against autograd, everywhere in view and beyond."""

    def check(point, condition, angle):
        options = {"condition": condition, "angle": angle} if which == "quadratic" else {}
        surface = functools.partial(surfaces.SURFACES[which], **options)
        (measured,) = core("evaluate", {"surface": which, "options": options}, [point])
        expected = surfaces.evaluate(surface, point)
        close(measured, expected, scale=max(1.0, np.abs(expected).max()) * 1e-3)

    reach = st.floats(-2, 2) if which == "mlp" else st.floats(-5, 5)
    prove(check, point=st.tuples(reach, reach), condition=st.floats(1, 1000), angle=finite)


def contour_is_an_ellipse(core, which):
    """Every point of the ellipse that is drawn at a height has that height."""

    def check(height, turn, condition, angle):
        options = {"condition": condition, "angle": angle}
        got = core("contour", {"surface": which, "options": options}, height)
        along, across = (r * f(turn) for r, f in zip(got["radii"], (math.cos, math.sin), strict=True))
        c, s = math.cos(got["angle"]), math.sin(got["angle"])
        point = [got["at"][0] + c * along - s * across, got["at"][1] + s * along + c * across]
        value, *_ = surfaces.evaluate(functools.partial(surfaces.SURFACES[which], **options), point)
        close(value, height**2)

    prove(check, height=st.floats(0.1, 10), turn=st.floats(0, 2 * math.pi), condition=st.floats(1, 1000),
          angle=finite)


def limit_is_torchs(core, name):
    """Just below the limit torch's own optimiser settles, just above it does not."""

    def check(lambda_max, mu):
        limit = core("stabilityLimit", name, lambda_max, mu)
        p = torch.ones(2, dtype=torch.float64, requires_grad=True)
        # One run for both sides: a coordinate's curvature instead of the rate is 2 % off.
        curvature = lambda_max * torch.tensor([0.98, 1.02], dtype=torch.float64)
        reference = surfaces.optimiser(name, [p], limit, mu)
        tail = torch.zeros(2, dtype=torch.float64)
        for step in range(1500):
            p.grad = curvature * p.detach()
            reference.step()
            if step >= 1450:
                tail = torch.maximum(tail, p.detach().abs())
        assert tail[0] < 0.1, "below the limit it does not settle"
        assert not tail[1] < 10, "above the limit it settles"

    prove(check, cases=20, lambda_max=st.floats(1e-2, 1e3), mu=st.floats(0, 0.95))


def rate_is_torchs(core, name):
    """The spectral radius of the map that one step of torch's optimiser is, measured on a basis."""

    def check(s, mu, lam):
        columns = []
        for theta, velocity in ((1.0, 0.0), (0.0, 1.0)):
            p = torch.tensor([theta], dtype=torch.float64, requires_grad=True)
            reference = surfaces.optimiser(name, [p], s / lam, mu)
            if name != "sgd":
                reference.state[p]["momentum_buffer"] = torch.tensor([velocity], dtype=torch.float64)
            p.grad = lam * p.detach()
            reference.step()
            after = reference.state[p].get("momentum_buffer", torch.zeros(1))
            columns.append([p.item(), after.item()])
        if name == "sgd":
            columns[1] = [0.0, 0.0]  # there is no velocity that could move anything
        expected = np.abs(np.linalg.eigvals(np.array(columns).T)).max()
        # Where two eigenvalues meet, rounding moves them by its square root.
        assert core("rateOf", name, s / lam, [lam], mu) == pytest.approx(expected, rel=RTOL, abs=1e-7)

    prove(check, s=st.floats(0.01, 5), mu=st.floats(1e-6, 0.99), lam=st.floats(0.1, 100))


def best_is_best(core, name):
    """No other learning rate has a smaller rate; below the limit everything contracts."""

    def check(low, ratio, mu, other):
        curvatures = [low, low * ratio]
        best = core("bestRate", name, curvatures, mu)
        limit = core("stabilityLimit", name, curvatures[1], mu)
        rate = core("rateOf", name, best, curvatures, mu)
        assert 0 < best <= limit * (1 + 1e-9)
        assert rate <= core("rateOf", name, other * limit, curvatures, mu) + 1e-7
        if name == "sgd":
            assert best == pytest.approx(2 / sum(curvatures), rel=RTOL)
            assert rate == pytest.approx((ratio - 1) / (ratio + 1), rel=RTOL, abs=1e-12)

    prove(check, low=st.floats(0.01, 10), ratio=st.floats(1, 1000), mu=momenta, other=st.floats(0.001, 1.2))


CHECKS = (follows_torch, walks_like_torch, limit_is_torchs, rate_is_torchs, best_is_best)


# --- the same cases in every run --------------------------------------------------------------------------


def test_the_cases_do_not_depend_on_what_is_loaded(tmp_path, monkeypatch):
    def cases():
        drawn = []
        prove(lambda x, n: drawn.append((x, n)), x=finite, n=st.integers(0, 10**9))
        return drawn

    before = cases()
    (tmp_path / "odd_constants.py").write_text(f"ODD = [1.2345, 678901, {str([*range(900, 990)])[1:-1]}]")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("odd_constants")
    assert len(before) == CASES
    assert cases() == before


# --- the committed bundle -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "descent.js")
    yield made
    made.close()


def test_the_tables_here_are_complete(core):
    names = core("names")
    assert tuple(names["optimisers"]) == OPTIMISERS
    assert set(names["surfaces"]) == set(surfaces.SURFACES)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("check", CHECKS)
def test_optimiser(core, check, name):
    check(core, name)


@pytest.mark.parametrize("which", sorted(surfaces.SURFACES))
def test_surface(core, which):
    same_surface(core, which)


def test_contours_of_the_quadratic_are_ellipses(core):
    contour_is_an_ellipse(core, "quadratic")


@pytest.mark.parametrize("which", sorted(surfaces.SURFACES))
def test_minima(core, which):
    """The gradient vanishes there, and the curvatures are autograd's."""
    options = {"condition": 40.0, "angle": 0.3} if which == "quadratic" else {}
    surface = functools.partial(surfaces.SURFACES[which], **options)
    for minimum in core("describe", {"surface": which, "options": options})["minima"]:
        value, *gradient = surfaces.evaluate(surface, minimum["at"])
        assert value == pytest.approx(minimum["value"], rel=RTOL, abs=1e-12)
        assert np.abs(gradient).max() < 1e-6
        point = torch.tensor(minimum["at"], dtype=torch.float64)
        hessian = torch.autograd.functional.hessian(surface, point)
        expected = torch.linalg.eigvalsh(hessian).tolist()
        assert minimum["curvatures"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_a_goal_counts_only_where_the_surface_is_known(core):
    goal = {"below": 0.5, "within": 3}
    assert core("reachedAt", {"losses": [2, 1, 0.4, 0.1], "left": None}, goal) == 2
    assert core("reachedAt", {"losses": [2, 1, 0.4, 0.1], "left": 2}, goal) is None
    assert core("reachedAt", {"losses": [2, 1, 0.9, 0.8, 0.1], "left": None}, goal) is None


@pytest.mark.parametrize(("change", "kind", "code", "word"), [
    ({"learningRate": -0.1}, "RangeError", "badPositive", "learning_rate"),
    ({"learningRate": 0.0}, "RangeError", "badPositive", "learning_rate"),
    ({"learningRate": math.nan}, "RangeError", "badPositive", "learning_rate"),
    ({"learningRate": math.inf}, "RangeError", "badPositive", "learning_rate"),
    ({"learningRate": "fast"}, "TypeError", "badType", "learning_rate"),
    ({"momentum": 1.0}, "RangeError", "badRange", "momentum"),
    ({"momentum": None}, "TypeError", "badType", "momentum"),
    ({"name": "adamant"}, "RangeError", "badName", "adamant"),
    ({"start": [1]}, "TypeError", "badType", "start"),
    ({"start": [math.nan, 0]}, "TypeError", "badType", "start"),
    ({"steps": 0}, "RangeError", "badRange", "steps"),
])
def test_bad_input_is_named(core, change, kind, code, word):
    given = {"name": "momentum", "start": [1, 1], "steps": 5, "learningRate": 0.1, "momentum": 0.5} | change
    hyper = {key: given[key] for key in ("learningRate", "momentum")}
    with pytest.raises(CoreError, match=word) as caught:
        core("run", given["name"], {"surface": "saddle"}, given["start"], hyper, given["steps"])
    assert (caught.value.kind, caught.value.code) == (kind, code)


def test_unknown_surface_is_named(core):
    with pytest.raises(CoreError, match=r'unknown surface "himmelblau"; there are: quadratic'):
        core("describe", {"surface": "himmelblau"})


@pytest.mark.parametrize("rate", [1e308, 1e-308])
def test_absurd_learning_rates_end_a_run_properly(core, rate):
    hyper = {"learningRate": rate, "momentum": 0.9}
    result = core("run", "momentum", {"surface": "quadratic"}, [1, 1], hyper, 50)
    assert result["diverged"] == (1 if rate > 1 else None)


# --- mutants: one for each part of the core -------------------------------------------------------------

MUTANTS = [
    ("optimisers.js", "point[i] -= learningRate * gradient[i]", "point[i] -= learningRate * gradient[0]"),
    ("optimisers.js", "point[i] -= learningRate * v[i];", "point[i] += learningRate * v[i];"),
    ("optimisers.js", "gradient[i] + momentum * v[i])", "gradient[i] + momentum * v[0])"),
    ("optimisers.js", "limit: () => 2,", "limit: () => 2.1,"),
    ("optimisers.js", "limit: (m) => 2 * (1 + m)", "limit: (m) => 2 / (1 - m)"),
    ("optimisers.js", "(2 + 2 * m) / (1 + 2 * m)", "(2 + 2 * m) / (1 + m)"),
    ("optimisers.js", "[1 - s, 0],", "[1 + s, 0],"),
    ("optimisers.js", "[1 - s, -m],\n      [s, m],", "[1 - s, -m],\n      [s, -m],"),
    ("optimisers.js", "-m * m],", "-m],"),
    ("surfaces.js", "[c * u - s * w, s * u + c * w]", "[c * u - s * w, s * u - c * w]"),
    ("surfaces.js", "height * Math.sqrt(2 / condition)", "height * Math.sqrt(1 / condition)"),
    ("surfaces.js", "- 400 * x * (y - x * x)", "- 200 * x * (y - x * x)"),
    ("surfaces.js", "3 * r * y * y", "2 * r * y * y"),
    ("surfaces.js", "[x, y * (y * y - 1)]", "[x, y * (y * y + 1)]"),
    ("grid.js", "(9 * t2 - 10 * t) / 2", "(9 * t2 - 9 * t) / 2"),
]
CAUGHT_BY = [(check, name) for check in CHECKS if check is not best_is_best for name in OPTIMISERS]
CAUGHT_BY += [(same_surface, which) for which in surfaces.SURFACES] + [(contour_is_an_ellipse, "quadratic")]


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    """The core, bundled again with every mutation in it."""
    with mutated("core/descent.js", MUTANTS, tmp_path_factory.mktemp("mutant")) as made:
        yield made


@pytest.mark.parametrize(("check", "name"), CAUGHT_BY, ids=lambda value: getattr(value, "__name__", value))
def test_mutant_is_caught(mutant, check, name):
    with pytest.raises(AssertionError):
        check(mutant, name)
