"""A spatial lag of a `ContinuousExposure`: density, effects of one more for everyone, its table."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linked_provinces import (
    BETA,
    COAST,
    IDS,
    LINKS,
    PANEL,
    PERIODS,
    UNITS,
    WEIGHTS,
    W,
    dense,
    design_of,
    panel_of,
    table,
)
from same_density import assert_dense

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.model_frame import model_frame_of

VARYING = {"effect": nqp.PartialPooling(["coast"], varying="unit")}
CASES: dict[str, dict[str, object]] = {
    "SDM": {},
    "SDM, AR(1), units": {"errors": nqp.AR1(), "effect": nqp.CompletePooling()},
    "SDM, strata, units, per sd": {**VARYING, "per": "sd"},
    "SAR, by time": {"spillovers": nqp.SpatialLag(WEIGHTS, durbin=False), "by_time": True},
    "SEM": {"spillovers": nqp.SpatialLag(WEIGHTS, error=True)},
    "SEM, strata": {
        "spillovers": nqp.SpatialLag(WEIGHTS, error=True),
        "effect": nqp.PartialPooling(["coast"], varying=None),
    },
    "SLX, reference": {"spillovers": nqp.SpatialLag(WEIGHTS, lag=False), "reference": 1.0},
}


def fit_of(panel: nqp.Panel = PANEL, draws: int = 200, **changes: object) -> nqp.Fit:
    """Fit a design of the exposure."""
    sampler = nqp.Importance(seed=1, draws=draws)
    return nqp.fit(design_of(**changes), panel, sampler, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SDM", "SDM, strata, units, per sd", "SAR, by time",
                                  "SLX, reference"])  # fmt: skip
def test_impacts_of_the_exposure_are_its_effects(name: str) -> None:
    fit = fit_of(**CASES[name])
    exposure = str(fit.effects.attrs["exposure"])
    impacts = nqp.impacts(fit).sel(covariate=exposure)
    for path, along in (("direct", "direct"), ("indirect", "received"), ("total", "total")):
        ours, theirs = impacts.sel(path=path).to_numpy(), nqp.att(fit, path=along).to_numpy()
        assert ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_density_is_the_dense_one(name: str) -> None:
    design = design_of(**CASES[name])
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    assert_dense(problem, partial(dense, PANEL, design), abs=2e-9)


def responses(fit: nqp.Fit, draw: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Slopes of every unit and period, and coefficients of linked units' exposure and outcomes."""
    at = fit.posterior.isel(chain=0, draw=draw)
    mean, effects = at["outcome__cell_mean"].to_numpy(), fit.effects
    slopes = np.full((UNITS, PERIODS), np.nan)
    for c in range(mean.size):
        rows = str(effects["coast"].to_numpy()[c]) == COAST
        slopes[rows, int(effects["time"].to_numpy()[c]) - 2000] = mean[c]
    if "outcome__deviation" in at:
        slopes += at["outcome__deviation"].to_numpy()[:, None]
    theta = at["outcome__linked_level"].item() if "outcome__linked_level" in at else 0.0
    return slopes, theta, at["outcome__delta"].item()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SDM", "SDM, strata, units, per sd", "SAR, by time"])
def test_effects_are_those_of_one_more_for_everyone(name: str) -> None:
    """Of the matrix of derivatives: its diagonal, and its row sums."""
    fit = fit_of(**CASES[name])
    effects, exposed = fit.effects, table(PANEL, PANEL.exposures[:, 0]) != 0.0
    assert list(effects["path"].to_numpy()) == ["total", "direct", "received"]
    assert list(effects["path_role"].to_numpy()) == ["total", "direct", "spillover"]
    for draw in range(0, 200, 40):
        slopes, theta, delta = responses(fit, draw)
        ours = effects["effect"].isel(chain=0, draw=draw).to_numpy()
        inverse = np.linalg.inv(np.eye(UNITS) - delta * W)
        for c in range(effects.sizes["cell"]):
            t = int(effects["time"].to_numpy()[c]) - 2000
            rows = (str(effects["coast"].to_numpy()[c]) == COAST) & exposed[:, t]
            derivatives = inverse @ (np.diag(slopes[:, t]) + theta * W)
            total, direct = derivatives.sum(axis=1)[rows], np.diag(derivatives)[rows]
            assert effects["rows"].to_numpy()[c] == rows.sum()
            assert ours[0, c] == pytest.approx(total.mean(), abs=1e-10)
            assert ours[1, c] == pytest.approx(direct.mean(), abs=1e-10)
            assert ours[2, c] == pytest.approx(total.mean() - direct.mean(), abs=1e-10)


def test_with_one_slope_they_are_lesage_and_paces() -> None:
    fit = fit_of(reference=-1.0)  # every row is exposed
    beta, theta, delta = (fit.posterior[f"outcome__{x}"].to_numpy().reshape(4, 200) for x in (
        "level", "linked_level", "delta"
    ))  # fmt: skip
    inverse = np.linalg.inv(np.eye(UNITS) - delta[..., None, None] * W)
    q = np.trace(inverse @ W, axis1=2, axis2=3) / UNITS
    direct, total = beta * (1.0 + delta * q) + theta * q, (beta + theta) / (1.0 - delta)
    assert nqp.att(fit, path="direct").to_numpy() == pytest.approx(direct, abs=1e-10)
    assert nqp.att(fit).to_numpy() == pytest.approx(total, abs=1e-10)
    assert nqp.spillover_effects(fit).to_numpy() == pytest.approx(total - direct, abs=1e-10)
    impacts = nqp.impacts(fit).sel(covariate="x").stack(sample=("chain", "draw"))
    slopes = fit.posterior["outcome__slope"].stack(sample=("chain", "draw"))
    b, w = (slopes.sel(outcome__slope_label=name).to_numpy() for name in ("x", "W × x"))
    expected = (b + w) / (1.0 - delta.ravel())
    assert impacts.sel(path="total").to_numpy() == pytest.approx(expected, abs=1e-8)


def test_what_is_simulated_is_found_again() -> None:
    """Slopes by coast, two of them, that vary by unit; linked units' exposure and outcomes."""
    inverse = np.linalg.inv(np.eye(UNITS) - 0.3 * W)
    distance = []
    for seed in range(3):
        fit = fit_of(panel_of(0.3, 0.3, seed=seed), errors=nqp.AR1(), **VARYING)
        assert fit.gate.passed
        derivatives = inverse @ (np.diag(BETA) + 0.3 * W)
        truth = {"total": derivatives.sum(axis=1), "direct": np.diag(derivatives)}
        truth["received"] = truth["total"] - truth["direct"]
        for path, values in truth.items():
            draws = nqp.att(fit, by="coast", path=path)
            for coast in ("coastal", "inland"):
                some = draws.sel(coast=coast)
                gap = float(some.mean()) - values[coast == COAST].mean()
                distance.append(gap / float(some.std()))
    assert np.abs(distance).max() < 3.5
    assert np.sqrt(np.mean(np.square(distance))) < 1.5


def test_it_is_saved_and_told_in_both_languages(tmp_path: Path) -> None:
    fit = fit_of(draws=100)
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert again.effects["effect"].to_numpy() == pytest.approx(fit.effects["effect"].to_numpy())
    for language, words in (
        ("en", ("from a unit's own exposure", "the former with one coefficient")),
        ("zh", ("来自本单位的处理强度", "前者只有一个系数")),
    ):
        nqp.report(
            fit, tmp_path / language, language=language, formats=["html"], checks=[], force=True,
            progress=False,
        )  # fmt: skip
        page = (tmp_path / language / "report.html").read_text("utf-8").replace("&#39;", "'")
        assert all(word in page for word in words)


@pytest.mark.slow
def test_the_table_has_a_column_for_each_matrix() -> None:
    far = np.where(LINKS > 0, 0.0, 1.0) - np.eye(UNITS)
    wide = nqp.spatial_weights.matrix(pd.DataFrame(far, IDS, IDS), label="wide")
    fits = {"邻接": fit_of(), "地理": fit_of(spillovers=nqp.SpatialLag(wide))}
    checks = [nqp.check(fits["邻接"], "spatial_form", progress=False)]
    assert checks[0].evidence["freedom"].to_numpy().tolist() == [[2, 2, 1]] * 2
    spatial = nqp.table(fits, "spatial", spread="sd", checks=checks)
    rows = {row.label: row.cells for row in spatial.rows if not row.heading}
    assert list(rows)[:5] == ["trade", "W × trade", "x", "W × x", "ρ"]
    for label, path in (
        ("Direct effect (own exposure)", "direct"),
        ("Indirect effect (others' exposure)", "received"),
    ):
        mean = float(nqp.att(fits["地理"], path=path).mean())
        assert rows[label][1].values[0] == pytest.approx(mean)
    assert "Spillover effect on untreated observations" not in rows
    assert "treated rows" not in spatial.note
    assert "for all units, include feedback" in spatial.note
    assert [bool(cell.text) for cell in rows["LR, SDM to SEM"]] == [True, False]


def test_what_does_not_go_with_an_exposure_is_refused() -> None:
    for term in (nqp.Rings([100]), nqp.Donut(km=100), nqp.ShareTreated(WEIGHTS)):
        with pytest.raises(StudyError, match="nobody adopts a continuous exposure") as caught:
            design_of(spillovers=term)
        assert "nqp.SpatialLag(weights)" in str(caught.value)
    with pytest.raises(StudyError, match=r"design\.spillovers"):
        nqp.Mediation(design_of(), ["m"])
    flat = design_of(
        effect=nqp.NoPooling(varying=None), spillovers=nqp.SpatialLag(WEIGHTS, error=True)
    )
    with pytest.raises(StudyError, match="one common path"):
        model_frame_of(flat, PANEL)
