"""What must not change effects, and what must change them by a known amount."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from design_table import DESIGNS
from random_panels import random_frame

from bayes_nqp import Panel, posterior_mean
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density as density_of

NAMES = list(DESIGNS)


def _panel(name, df):
    case = DESIGNS[name].panel
    return Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="y",
        strata=case.get("strata", ("region", "market")),
        covariates=["x"] if case.get("covariates") else [],
        weights="w" if case.get("weights") else None,
        exposures=["d"],
    )  # fmt: skip


def _frame(name, seed=8):
    keys = {k: v for k, v in DESIGNS[name].panel.items() if k in ("many", "units", "periods")}
    return random_frame(seed, missing=0.15, singletons=1, **keys)


def _values(design, panel):
    """Parameters that are no defaults, in outcome units."""
    model_frame = model_frame_of(design, panel)
    parameters, s = (
        model_frame.equations[0].problem.space.parameters,
        model_frame.equations[0].scale,
    )
    return {
        p.name: s * (0.5 + 0.1 * k) if p.in_outcome_units else 0.4 for k, p in enumerate(parameters)
    }


def _effects(name, panel, values=None):
    design = DESIGNS[name].design
    return posterior_mean(design, panel, **(values or _values(design, panel)))


def _density(name, panel):
    equation = model_frame_of(DESIGNS[name].design, panel).equations[0]
    x = np.linspace(-0.6, 0.3, len(equation.problem.space))
    return float(density_of(equation.gaussian, x[None])[0])


@cache
def _plain(name):
    """The panel that every test changes, its effects and its density."""
    panel = _panel(name, _frame(name))
    return panel, _effects(name, panel), _density(name, panel)


def _close(a, b, factor=1.0):
    np.testing.assert_allclose(a["effect"].values * factor, b["effect"].values, atol=1e-9)
    if "deviation" in a:
        mine = a["deviation"].sortby("member").values * factor
        np.testing.assert_allclose(mine, b["deviation"].sortby("member").values, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_order_of_rows(name):
    shuffled = _panel(name, _frame(name).sample(frac=1.0, random_state=3).reset_index(drop=True))
    _, effects, density = _plain(name)
    _close(effects, _effects(name, shuffled))
    assert density == pytest.approx(_density(name, shuffled), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_labels_of_units(name):
    df = _frame(name)
    labels = df["unit"].unique()
    new = np.random.default_rng(2).permutation([f"n{k:03d}" for k in range(labels.size)])
    names = dict(zip(labels, new, strict=True))
    _, a, _ = _plain(name)
    b = _effects(name, _panel(name, df.assign(unit=df["unit"].map(names))))
    np.testing.assert_allclose(a["effect"].values, b["effect"].values, atol=1e-9)
    if "deviation" in a and DESIGNS[name].design.effect.varying == "unit":
        ours = a["deviation"].assign_coords(member=[names[str(m)] for m in a["member"].values])
        mine = ours.sel(member=b["member"]).values
        np.testing.assert_allclose(mine, b["deviation"].values, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_flat_effects_absorb(name):
    """A constant, a constant per unit, any function of time (of level and time) drop out."""
    panel, plain, density = _plain(name)
    design = DESIGNS[name].design
    rng = np.random.default_rng(5)
    unit, time = panel.unit_codes, panel.time_codes
    shifts = [1e4 + 0.0 * time, 50.0 * rng.normal(size=panel.n_units)[unit],
              30.0 * rng.normal(size=panel.periods)[time]]  # fmt: skip
    pooled = design.time is not None and design.time.pooled
    by = () if pooled else design.facts.time_strata(panel)
    code = sum((10**k * panel.strata_codes[f][unit] for k, f in enumerate(by)), 0 * unit)
    shifts.append(30.0 * rng.normal(size=(code.max() + 1, panel.periods))[code, time])
    for shift in shifts:
        moved = panel.with_outcome(panel.outcome + shift)
        np.testing.assert_allclose(
            plain["effect"].values, _effects(name, moved)["effect"].values, atol=2e-8
        )
        assert _density(name, moved) == pytest.approx(density, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [1e-6, -3.0, 1e6])
def test_scale_of_the_outcome(name, factor):
    panel, plain, density = _plain(name)
    scaled = panel.with_outcome(panel.outcome * factor)
    a, b = plain["effect"].values, _effects(name, scaled)["effect"].values
    np.testing.assert_allclose(a, b / factor, atol=1e-9)
    assert density == pytest.approx(_density(name, scaled), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial, units, weights", "partial, none, weights"])
def test_constant_weights_are_no_weights(name):
    df = _frame(name)
    design = DESIGNS[name].design
    ones, fours = _panel(name, df.assign(w=1.0)), _panel(name, df.assign(w=4.0))
    none = Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region", "market"]
    )
    values = _values(design, none)
    _close(posterior_mean(design, none, **values), posterior_mean(design, ones, **values))
    _close(posterior_mean(design, none, **values), posterior_mean(design, fours, **values))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_units_seen_once_say_nothing(name):
    df = _frame(name)
    counts = df.groupby("unit")["time"].transform("size")
    assert (counts == 1).any()
    if DESIGNS[name].design.baseline:
        pytest.skip("baseline values are centred over all units")
    with_them, effects, _ = _plain(name)
    values = _values(DESIGNS[name].design, with_them)
    without = _effects(name, _panel(name, df[counts > 1]), values)
    np.testing.assert_allclose(effects["effect"].values, without["effect"].values, atol=1e-9)
