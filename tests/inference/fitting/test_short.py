"""Refits that take what a fit knows, run short, or climb from nearby: the same posterior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from doors import _mode, equation_density
from frozen import frozen_fit

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Channel, channels
from bayes_nqp.inference.fitting import (
    SHORT,
    ExistingDraws,
    fit_again,
    modes,
    quick_effects,
    reused_draws,
)
from bayes_nqp.inference.model_frame import model_frame_of

DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(varying="unit")))
SAMPLER = nqp.Importance(draws=500, chains=4, seed=3)
MEDIATORS = {"m1": Channel(), "m2": Channel(level=0.3)}


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Two channels."""
    panel = channels(mediators=MEDIATORS, units=80, seed=2).panel
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_an_equation_is_known_by_what_it_says(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    outcome, first, second = fit.model_frame.equations
    alone = model_frame_of(DESIGN.design, fit.panel.with_outcome(first.name)).equations[0]
    assert alone.gaussian.digest == first.gaussian.digest
    assert len({e.gaussian.digest for e in (outcome, first, second)}) == 3


@pytest.mark.slow
def test_known_draws_are_those_of_the_fit(fit: nqp.Fit) -> None:
    known = reused_draws(fit).chains
    for equation in fit.model_frame.equations:
        x = known[equation.gaussian.digest].values["x"]
        for k, name in enumerate(equation.problem.parameter_names):
            own = fit.posterior[f"{equation.name}__{name}"].to_numpy()
            back = np.tanh(x[..., k] / 2) if name == "rho" else np.exp(x[..., k]) * equation.scale
            np.testing.assert_allclose(back, own, rtol=1e-10)


@pytest.mark.slow
def test_pooled_and_joined_fits_know_nothing(fit: nqp.Fit) -> None:
    joined = replace(fit, design=DESIGN.replace(mediators=("m1",), vary_by="unit"))
    assert not reused_draws(joined).chains


@pytest.mark.slow
def test_a_refit_keeps_what_it_shares(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    wider = DESIGN.replace(interaction=True)
    again = fit_again(wider, fit.panel, SAMPLER, reused_draws(fit))
    for equation in again.model_frame.equations[1:]:
        for name in equation.problem.parameter_names:
            key = f"{equation.name}__{name}"
            xr.testing.assert_allclose(again.posterior[key].variable, fit.posterior[key].variable)
    fresh = nqp.fit(wider, fit.panel, SAMPLER, progress=False)
    # The outcome's equation is another one, climbed to from the fit's parameters.
    ours, theirs = (x.posterior["outcome__sigma"] for x in (again, fresh))
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=0.15 * float(ours.std()))
    assert float(ours.std()) == pytest.approx(float(theirs.std()), rel=0.1)
    assert again.gate.passed


@pytest.mark.slow
def test_short_effects_have_the_posterior_of_the_fit(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    known = reused_draws(fit)
    for source in (None, known, ExistingDraws(values=known.values)):
        short = quick_effects(DESIGN, fit.panel, seed=7, stock=source)
        assert (short.sizes["chain"], short.sizes["draw"]) == SHORT
        assert str(short["gate"].item()) == "passed"
        for ask in (nqp.nde, lambda x: nqp.nie(x, mediators="m1"), nqp.total):
            ours, theirs = ask(short), ask(fit)
            sd = float(theirs.std())
            assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=0.2 * sd)
            assert float(ours.std()) == pytest.approx(sd, rel=0.15)


@pytest.mark.slow
def test_a_climb_from_nearby_ends_on_the_same_top(fit: nqp.Fit) -> None:
    assert fit.panel is not None
    design = DESIGN.design
    near = modes(design, fit.panel)[0]
    codes = np.random.default_rng(1).permutation(fit.panel.cohort_codes)
    other = model_frame_of(design, fit.panel.with_cohorts(codes)).equations[0]
    density = equation_density(other)
    far, close = _mode(other, None), _mode(other, near)
    heights = density(np.stack([far, close]))
    assert heights[1] == pytest.approx(heights[0], abs=0.02)


@pytest.mark.slow
def test_draws_of_another_sampler_are_where_a_refit_begins() -> None:
    """Its draws say nothing of weights, by which a short refit is judged."""
    known = reused_draws(frozen_fit("mediation"))
    assert not known.chains
    assert known.values
    result = nqp.check(frozen_fit("mediation"), "leave_mediator_out", progress=False)
    assert result.evidence is not None
