"""Refits that take what a fit knows, run short, or climb from nearby: the same posterior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp.compression.kernel import log_density
from bayes_nqp.fitting import (
    SHORT,
    fit_again,
    known_chains,
    modal_effects,
    short_effects,
    summits,
)
from bayes_nqp.fitting._draws import recovered
from bayes_nqp.fitting._known import digest_of
from bayes_nqp.sampling import inverse_curvature, mode
from bayes_nqp.simulation import Channel, channels

pytestmark = pytest.mark.xdist_group("short")

DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.Partial(varying="unit")))
SAMPLER = nqp.IMH(draws=500, chains=4, seed=3)
MEDIATORS = {"m1": Channel(), "m2": Channel(level=0.3)}


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Two channels."""
    panel = channels(mediators=MEDIATORS, units=80, seed=2).panel
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


def test_an_equation_is_known_by_what_it_says(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    outcome, first, second = fit.plan.equations
    alone = DESIGN.design.plan(fit.panel.with_outcome(first.name)).equations[0]
    assert digest_of(alone) == digest_of(first)
    assert len({digest_of(one) for one in (outcome, first, second)}) == 3


def test_known_draws_are_those_of_the_fit(fit: nqp.Fit) -> None:
    known = known_chains(fit)
    for equation in fit.plan.equations:
        x = known[digest_of(equation)].values["x"]
        for k, name in enumerate(equation.problem.parameter_names):
            own = fit.posterior[f"{equation.name}__{name}"].to_numpy()
            back = np.tanh(x[..., k] / 2) if name == "rho" else np.exp(x[..., k]) * equation.scale
            np.testing.assert_allclose(back, own, rtol=1e-10)


def test_pooled_and_joined_fits_know_nothing(fit: nqp.Fit) -> None:
    joined = replace(fit, design=DESIGN.replace(mediators=("m1",), vary_by="unit"))
    assert known_chains(joined) == {}


def test_a_refit_keeps_what_it_shares(fit: nqp.Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    from bayes_nqp.fitting import _fit

    assert fit.panel is not None
    sampled = []
    original = _fit.sample_packed

    def counted(packed, names, sampler, **more):  # type: ignore[no-untyped-def]
        sampled.append(names)
        return original(packed, names, sampler, **more)

    monkeypatch.setattr(_fit, "sample_packed", counted)
    wider = DESIGN.replace(interaction=True)
    again = fit_again(wider, fit.panel, SAMPLER, known_chains(fit))
    outcome, *mediators = again.plan.equations
    assert sampled
    assert set(sampled) == {outcome.problem.parameter_names}
    for one in mediators:
        for name in ("rho", "sigma"):
            xr.testing.assert_allclose(
                again.posterior[f"{one.name}__{name}"], fit.posterior[f"{one.name}__{name}"]
            )
    assert again.gate.passed == (not again.gate.failures)


def test_short_effects_have_the_posterior_of_the_fit(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    for known in (None, known_chains(fit)):
        short = short_effects(DESIGN, fit.panel, seed=7, known=known)
        assert (short.sizes["chain"], short.sizes["draw"]) == SHORT
        assert str(short["gate"].item()) == "passed"
        for ask in (nqp.nde, lambda x: nqp.nie(x, mediators="m1"), nqp.total):
            ours, theirs = ask(short), ask(fit)
            sd = float(theirs.std())
            assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=0.2 * sd)
            assert float(ours.std()) == pytest.approx(sd, rel=0.15)


def test_a_climb_from_nearby_ends_on_the_same_top(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    design = DESIGN.design
    packed = design.plan(fit.panel).equations[0].packed
    x = mode(packed)
    near = (x, inverse_curvature(packed, x))
    codes = np.random.default_rng(1).permutation(fit.panel.cohort_codes)
    other = design.plan(fit.panel.with_cohorts(codes)).equations[0].packed
    far, close = mode(other), mode(other, near=near)
    gradient = np.zeros(x.size)
    heights = [log_density(at, other.ints, other.floats, gradient) for at in (far, close)]
    assert heights[1] == pytest.approx(heights[0], abs=1e-3)
    assert mode(other, near=(np.zeros(2), np.eye(2))) == pytest.approx(far)


def test_modal_effects_have_their_exact_mean(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    design = DESIGN.design
    plan = design.plan(fit.panel)
    mean = recovered(plan, plan.equations[0], mode(plan.equations[0].packed)[None], None)
    for near in (None, summits(design, fit.panel)):
        few = modal_effects(design, fit.panel, draws=5, near=near)
        found = few["effect"].mean(("chain", "draw")).to_numpy()[0]
        np.testing.assert_allclose(found, mean.cell_effect[0], atol=2e-3 * design_scale(fit))


def design_scale(fit: nqp.Fit) -> float:
    """``s`` of the outcome."""
    return fit.scale
