"""Sampling row by row gives the posterior that the compressed rows give."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats
from doors import ROWS_NOTE
from fit_at import cut
from random_panels import random_frame, random_panel

from bayes_nqp import (
    IID,
    NUTS,
    ContinuousExposure,
    Fit,
    Importance,
    Mediation,
    Panel,
    PartialPooling,
    StaggeredDiD,
    StudentT,
    check,
    fit,
)
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.model.designs import Design

DESIGN = StaggeredDiD(PartialPooling(["region"]), unidentified="drop")
PLAIN = StaggeredDiD(PartialPooling(varying=None), IID(), unidentified="drop")
CHANNELS = Mediation(
    StaggeredDiD(PartialPooling(["region"]), IID(), moderator="z", unidentified="drop"),
    ["digital"],
    interaction=True,
    moderates=("a", "b", "direct"),
)
SAMPLER = NUTS(seed=1, draws=1000, tune=700, chains=2, target_accept=0.95)


def _error(values):
    """Monte-Carlo standard error of means over chain and draw."""
    flat = np.asarray(values).reshape(*values.shape[:2], -1)
    size = array_stats.ess(flat, chain_axis=0, draw_axis=1, method="mean")
    return flat.mean(axis=(0, 1)), flat.std(axis=(0, 1)) / np.sqrt(size), flat.std(axis=(0, 1))


def _assert_one_posterior(rows: Fit, plain: Fit) -> None:
    """Compare means and standard deviations of every variable, and its labels."""
    assert set(rows.posterior.data_vars) == set(plain.posterior.data_vars)
    assert set(rows.effects.data_vars) == set(plain.effects.data_vars)
    pairs = [(rows.posterior[n], plain.posterior[n]) for n in plain.posterior.data_vars]
    for name in ("effect", "deviation"):
        if name in plain.effects:
            pairs.append((rows.effects[name], plain.effects[name]))
    worst = []
    for ours, theirs in pairs:
        assert ours.dims == theirs.dims
        for dim in ours.dims[2:]:
            if dim in ours.coords:
                assert ours[dim].to_numpy().tolist() == theirs[dim].to_numpy().tolist()
        (a, ea, sa), (b, eb, sb) = _error(ours.values), _error(theirs.values)
        moves = sb > 0
        worst.append((np.abs(a - b) / np.sqrt(ea**2 + eb**2))[moves].max(initial=0.0))
        np.testing.assert_allclose(sa, sb, rtol=0.3)
    assert max(worst) < 4.5


@pytest.fixture(scope="module")
def panel() -> Panel:
    return random_panel(11, units=16, periods=6, missing=0.1, strata=("region",))


@pytest.fixture(scope="module")
def rows(panel: Panel) -> Fit:
    """With very many degrees of freedom Student-t errors are normal."""
    return fit(DESIGN.replace(likelihood=StudentT(1e7)), panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_both_routes_give_one_posterior(panel: Panel, rows: Fit) -> None:
    plain = fit(DESIGN, panel, Importance(seed=1, draws=4000), progress=False)
    assert ROWS_NOTE in rows.notes
    assert ROWS_NOTE in repr(rows)
    assert ROWS_NOTE not in plain.notes
    assert rows.effects.sizes["member"] > 4
    assert int(rows.groups["sample_stats"]["diverging"].sum()) == 0
    _assert_one_posterior(rows, plain)


@pytest.mark.slow
def test_convergence_of_chains_covers_what_is_reported(rows: Fit) -> None:
    evidence = check(rows, "convergence").evidence
    quantities = set(evidence["quantity"])
    assert {"att", "sigma"} <= quantities
    for factor in ("region", "event_time"):
        assert any(name.startswith(f"att[{factor}=") for name in quantities)


@pytest.mark.slow
def test_convergence_of_chains_fails_on_few_draws(rows: Fit) -> None:
    result = check(cut(rows, slice(0, 40)), "convergence")
    assert result.verdict == "failed"
    assert "ESS" in result.sentence


def _channels_panel() -> Panel:
    frame = random_frame(5, units=12, periods=6, missing=0.05)
    rng = np.random.default_rng(5)
    treated = frame["time"] >= frame["cohort"]
    frame["digital"] = rng.normal(size=len(frame)) + 2.0 * treated
    frame["digital"] = frame["digital"].where(rng.random(len(frame)) > 0.03)
    frame["z"] = rng.normal(size=len(frame))
    frame["y"] += 0.5 * frame["digital"].fillna(0.0)
    return Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"],
        mediators=["digital"], moderators=["z"], exposures=["d"],
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "design",
    [PLAIN, ContinuousExposure("d", per="sd", unidentified="drop"), CHANNELS],
    ids=["staggered, iid", "exposure", "channels"],
)
def test_every_design_has_one_posterior(design: Design) -> None:
    panel = _channels_panel()
    rows = fit(design, panel, SAMPLER, progress=False)
    assert ROWS_NOTE in rows.notes
    assert rows.gate.divergences <= 2
    plain = fit(design, panel, Importance(seed=1, draws=4000), progress=False)
    _assert_one_posterior(rows, plain)


def test_legs_that_vary_by_unit_together_have_no_rows() -> None:
    joined = Mediation(StaggeredDiD(unidentified="drop"), ["digital"], vary_by="unit")
    with pytest.raises(StudyError, match=r"nqp\.Importance"):
        fit(joined, _channels_panel(), NUTS(seed=1), progress=False)


def test_fast_sampler_needs_compression():
    panel = random_panel(11, strata=("region",))
    with pytest.raises(StudyError, match="sufficient statistics"):
        fit(DESIGN.replace(likelihood=StudentT()), panel, Importance(seed=1), progress=False)
