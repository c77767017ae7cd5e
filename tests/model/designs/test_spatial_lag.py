"""The spatial lag of a `StaggeredDiD`: density, effects of the calendar, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linked_cities import (
    COAST,
    IDS,
    LEVEL,
    PANEL,
    UNITS,
    WEIGHTS,
    W,
    dense,
    design_of,
    links,
    panel_of,
    truth_of,
)
from same_density import assert_dense
from tests.doors import log_marginal

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Noise

CASES = [
    (nqp.IID(), None, True, False), (nqp.AR1(), "unit", True, False),
    (nqp.AR1(), None, False, True), (nqp.AR1PlusNoise(), "unit", False, False),
    (nqp.IID(), "unit", True, True),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("durbin", [False, True])
@pytest.mark.parametrize("errors", [nqp.IID(), nqp.AR1()])
def test_errors_that_follow_linked_ones_have_the_dense_density(errors: Noise, durbin: bool) -> None:
    term = nqp.SpatialLag(WEIGHTS, durbin=durbin, error=True)
    design = design_of(errors=errors, spillovers=term)
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    levels = np.zeros(UNITS, dtype=np.int64)
    assert_dense(problem, lambda x: dense(PANEL, design, x, W, levels), number=5)
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    paths = ["total", "direct", "received"] if durbin else ["total"]
    assert list(fit.effects["path"].to_numpy()) == paths
    with pytest.raises(IdentificationError, match="unit-level deviations"):
        model_frame_of(design.replace(effect=nqp.CompletePooling()), PANEL)
    with pytest.raises(StudyError, match="one common path"):
        model_frame_of(design.replace(effect=nqp.PartialPooling(varying=None)), PANEL)


@pytest.mark.parametrize(("errors", "varying", "durbin", "inside"), CASES)
def test_the_density_is_the_dense_one(
    errors: Noise, varying: str | None, durbin: bool, inside: bool
) -> None:
    """One level of time effects, or two and links inside them."""
    weights = nqp.spatial_weights.matrix(links(inside=inside))
    levels = LEVEL if inside else np.zeros(UNITS, dtype=np.int64)
    panel = panel_of(w=weights.matrix.toarray())
    design = design_of(
        weights, effect=nqp.CompletePooling(varying=varying), errors=errors,
        time=nqp.TimeEffects(by=["coast"] if inside else []),
        spillovers=nqp.SpatialLag(weights, durbin=durbin),
    )  # fmt: skip
    problem = model_frame_of(design, panel).equations[0].gaussian
    w = weights.matrix.toarray()
    assert_dense(problem, lambda x: dense(panel, design, x, w, levels), number=5)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Effects that vary by stratum, time effects common, links across strata."""
    return nqp.fit(
        design_of(effect=nqp.PartialPooling(["coast"], varying=None)),
        PANEL, nqp.Importance(seed=1, draws=200), progress=False,
    )  # fmt: skip


def test_effects_are_those_of_the_calendar(fit: nqp.Fit) -> None:
    truth, effects = truth_of(fit, W), fit.effects
    draws = effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    draws = draws.to_numpy()[:20]
    event, coast = truth["event"], np.array(["inland", "coastal"])[LEVEL]
    assert list(effects["path"].to_numpy()) == ["total", "direct", "received"]
    assert list(effects["path_role"].to_numpy()) == ["total", "direct", "spillover"]
    for c in range(effects.sizes["cell"]):
        cell = effects.isel(cell=c)
        t, inside = int(cell["time"]) - 2000, coast == str(cell["coast"].item())
        if str(cell["role"].item()) == "treated":
            rows = inside & (PANEL.cohort_codes == float(cell["cohort"]) - 2000)
            direct = truth["direct"][:, rows, t].mean(axis=1)
        else:
            rows, direct = inside & (event[:, t] < 0), np.zeros(20)
        total = truth["total"][:, rows, t].mean(axis=1)
        assert int(cell["rows"]) == rows.sum()
        assert draws[:, 0, c] == pytest.approx(total, abs=1e-10)
        assert draws[:, 1, c] == pytest.approx(direct, abs=1e-10)
    assert draws[:, 0] == pytest.approx(draws[:, 1] + draws[:, 2], abs=1e-12)


@pytest.mark.slow
def test_deviations_reach_other_units() -> None:
    """With deviations the direct effect is theirs, and what is received holds those of others."""
    design = design_of(effect=nqp.CompletePooling(varying="unit"), errors=nqp.AR1())
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=200), progress=False)
    assert fit.gate.passed
    total, direct, received = (nqp.att(fit, path=p) for p in ("total", "direct", "received"))
    assert total.to_numpy() == pytest.approx((direct + received).to_numpy(), abs=1e-12)
    assert float(total.mean()) > float(direct.mean()) > 0.5
    by_unit = nqp.att(fit, by="unit")
    rows = by_unit["rows"]
    assert ((by_unit * rows).sum("unit") / rows.sum()).to_numpy() == pytest.approx(
        total.to_numpy(), abs=1e-12
    )


@pytest.mark.slow
def test_it_is_saved_and_loaded(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "lag.nc"))
    assert again.design == fit.design
    assert again.effects["effect"].to_numpy() == pytest.approx(fit.effects["effect"].to_numpy())
    assert (
        again.model_frame.equations[0].gaussian.digest
        == fit.model_frame.equations[0].gaussian.digest
    )


def test_links_across_levels_make_an_adjusted_likelihood(fit: nqp.Fit) -> None:
    assert "likelihood" not in nqp.att(fit).attrs
    design = design_of(time=nqp.TimeEffects(by=["coast"]))
    adjusted = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    assert nqp.att(adjusted).attrs["likelihood"] == "adjusted"
    with pytest.raises(StudyError, match="marginal likelihood"):
        log_marginal(design, PANEL, seed=1)
    assert np.isfinite(log_marginal(design_of(), PANEL, seed=1, proposals=400).value)
    with pytest.raises(StudyError, match=r"single observations|row by row"):
        nqp.to_pymc(design, PANEL)


def test_gaps_are_refused_or_left_out() -> None:
    frame = PANEL.frame
    gappy = PANEL.where(~((frame["city"] == IDS[3]) & (frame["year"] == 2001)).to_numpy())
    with pytest.raises(PanelError, match="every unit in every period") as caught:
        model_frame_of(design_of(), gappy)
    assert IDS[3] in str(caught.value)
    assert "complete='units'" in str(caught.value)
    term = nqp.SpatialLag(WEIGHTS, complete="units")
    model_frame = model_frame_of(design_of(spillovers=term), gappy)
    assert model_frame.panel.n_units == UNITS - 1
    adopts = int(gappy.cohort_codes[list(gappy.unit_labels).index(IDS[3])] >= 0)
    assert f"keeps no row: 1; of these {adopts} adopt" in model_frame.notes[0]
    assert not model_frame_of(design_of(spillovers=term), PANEL).notes


def test_beside_errors_that_follow_linked_ones_nothing_feeds_back() -> None:
    """SDEM: what units receive is W D theta, and impacts are beta and theta (rows sum to one)."""
    term = nqp.SpatialLag(WEIGHTS, durbin=True, error=True)
    assert (term.form, nqp.SpatialLag(WEIGHTS, error=True).form) == ("SDEM", "SEM")
    fit = nqp.fit(
        design_of(spillovers=term), PANEL, nqp.Importance(seed=1, draws=400), progress=False
    )
    slopes = fit.posterior["outcome__slope"]
    sides = nqp.impacts(fit)
    direct, indirect, total = (sides.sel(path=p) for p in ("direct", "indirect", "total"))
    for side, name in ((direct, "x"), (indirect, "W × x")):
        expected = slopes.sel(outcome__slope_label=name).to_numpy()
        assert side.to_numpy()[..., 0] == pytest.approx(expected, abs=1e-12)
    assert total.to_numpy() == pytest.approx((direct + indirect).to_numpy())
    truth = truth_of(fit, W, feedback=False)
    draws = (
        fit.effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    )
    for c in np.flatnonzero(fit.effects["role"].to_numpy() == "treated"):
        cell = fit.effects.isel(cell=c)
        t = int(cell["time"]) - 2000
        rows = (PANEL.cohort_codes == float(cell["cohort"]) - 2000) & (
            COAST == str(cell["coast"].item())
        )
        for place, side in enumerate(("total", "direct")):
            mean = truth[side][:, rows, t].mean(axis=1)
            assert draws.to_numpy()[:20, place, c] == pytest.approx(mean, abs=1e-10)
    by_unit = nqp.att(fit, by="unit")
    assert float((by_unit * by_unit["rows"]).sum("unit").mean() / by_unit["rows"].sum()) == (
        pytest.approx(float(nqp.att(fit).mean()), abs=1e-10)
    )
    found = nqp.check(fit, "spatial_form", progress=False)
    assert found.verdict == "inconclusive"
    table = nqp.table(fit, "spatial").to_markdown()
    assert "SDEM" in table
    assert "λ" in table


def islands() -> object:
    """Weights in which one unit has no neighbour."""
    alone = links()
    alone.iloc[2] = 0.0
    return nqp.spatial_weights.matrix(alone)


REFUSED = {
    "units have none": {"spillovers": nqp.SpatialLag(islands())},  # type: ignore[arg-type]
    "do not sum to one": {
        "spillovers": nqp.SpatialLag(nqp.spatial_weights.matrix(links(), standardised="none"))
    },
    "are not in the weights": {
        "spillovers": nqp.SpatialLag(
            nqp.spatial_weights.matrix(links().iloc[1:, 1:].add(np.eye(UNITS - 1, k=1)))
        )
    },
    "'durbin' names 'z'": {"spillovers": nqp.SpatialLag(WEIGHTS, durbin=["z"])},  # type: ignore[arg-type]
    "single observations|row by row": {"likelihood": nqp.StudentT()},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_go_with_it_is_refused(message: str) -> None:
    with pytest.raises((PanelError, StudyError), match=message) as caught:
        model_frame_of(design_of(**REFUSED[message]), PANEL)
    assert "Try:" in str(caught.value)


def test_arguments_are_checked() -> None:
    with pytest.raises(StudyError, match="'weights'"):
        nqp.SpatialLag(np.eye(3))  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="'complete'"):
        nqp.SpatialLag(WEIGHTS, complete="rows")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="'spillovers'"):
        nqp.StaggeredDiD(spillovers=WEIGHTS)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=r"design\.spillovers"):
        nqp.Mediation(design_of())
    with pytest.raises(StudyError, match="superpopulation"):
        nqp.group_time_effects(
            nqp.fit(design_of(), PANEL, nqp.Importance(seed=1, draws=100), progress=False),
            target="superpopulation",
        )


def test_rows_that_are_not_identified_leave_no_gap() -> None:
    late = PANEL.with_cohorts(np.where(PANEL.cohort_codes < 0, 4, PANEL.cohort_codes))
    with pytest.raises(IdentificationError, match="all observations"):
        model_frame_of(design_of(unidentified="drop"), late)
