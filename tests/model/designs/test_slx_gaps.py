"""Linked units' columns without a lag where units have gaps, islands, or sums that are not one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from linked_cities import IDS, LEVEL, PANEL, PERIODS, UNITS, design_of, links, tables
from same_density import assert_dense
from scipy import linalg
from tests.model.designs.test_slx import thetas

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of


def weights_of(islands: tuple[int, ...] = (2, 9), **rules: object) -> nqp.SpatialWeights:
    """Links of unequal strength that do not sum to one, and units that nobody is near."""
    near = links() * (0.5 + np.arange(UNITS) / UNITS)[:, None]
    near.iloc[list(islands)] = 0.0
    return nqp.spatial_weights.matrix(near, **{"standardised": "none", **rules})  # type: ignore[arg-type]


WEIGHTS = weights_of()
W = WEIGHTS.matrix.toarray()
SEEN = np.random.default_rng(8).random((UNITS, PERIODS)) > 0.15
SEEN[:, 0] |= ~SEEN[:, 1]  # everyone has a row before adoption
GAPS = PANEL.where(SEEN[PANEL.unit_codes, PANEL.time_codes])
TERM = nqp.SpatialLag(WEIGHTS, lag=False, durbin=["treatment"])


def slx_of(**changes: object) -> nqp.StaggeredDiD:
    """The design of the other tests, with linked units' treatment alone."""
    return design_of(**{"spillovers": TERM, **changes})


def net(table: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Rows that are seen, less means of units, and then of periods."""
    x = np.where(seen, table, 0.0)
    x = np.where(seen, x - (x.sum(axis=1) / seen.sum(axis=1))[:, None], 0.0)
    return np.where(seen, x - x.sum(axis=0) / seen.sum(axis=0), 0.0)


def dense(design: nqp.StaggeredDiD, panel: nqp.Panel, values: dict[str, float]) -> float:
    """Log density of all contrasts of the rows that are seen, slopes flat."""
    s, priors = model_frame_of(design, panel).equations[0].scale, nqp.Priors()
    y, x, _ = tables(panel)
    _, _, event = tables(PANEL)  # known whether rows are seen or not
    seen = np.zeros((UNITS, PERIODS), dtype=bool)
    seen[panel.unit_codes, panel.time_codes] = True
    at, treated = seen.ravel(), (event >= 0) * 1.0
    noise = np.array([[value for name, value in values.items() if name == "rho"]])
    law = design.errors.covariance(PERIODS, noise)[0]
    v = np.kron(np.eye(UNITS), values["sigma"] ** 2 * law)[np.ix_(at, at)]

    def add(column: np.ndarray, sd: float) -> None:
        nonlocal v
        v = v + sd**2 * np.outer(column.ravel()[at], column.ravel()[at])

    # Links do not sum to one: priors are of W D over what it varies, in what D does.
    size = np.linalg.norm(net(W @ treated, seen)) / np.linalg.norm(net(treated, seen))
    for near, first in ((np.eye(UNITS), ""), (W / size, "linked_")):
        add(near @ treated, priors.level)
        add(near @ (treated * event), priors.drift)
        for k in range(1, int(event.max()) + 1):
            add(near @ (event >= k), values.get(f"scale_{first}walk", priors.walk))
    for row in range(UNITS if design.effect.varying else 0):
        add(treated * (np.arange(UNITS) == row)[:, None], values["scale_deviation"])
    flat = [
        np.kron(np.eye(UNITS), np.ones((PERIODS, 1))),
        np.kron(np.ones((UNITS, 1)), np.eye(PERIODS)),
    ]
    contrast = linalg.null_space(np.concatenate(flat, axis=1)[at].T).T
    root = np.linalg.cholesky(contrast @ v @ contrast.T)
    z = np.linalg.solve(root, contrast @ (y.ravel()[at] / s))
    f = np.linalg.solve(root, contrast @ x.ravel()[at])
    e = z - f * (f @ z) / (f @ f)
    return float(-0.5 * e @ e - np.log(np.diag(root)).sum() - 0.5 * np.log(f @ f))


@pytest.mark.parametrize("panel", [PANEL, GAPS], ids=["whole", "gaps"])
def test_the_density_is_the_dense_one(panel: nqp.Panel) -> None:
    design = slx_of(effect=nqp.CompletePooling(varying="unit"), errors=nqp.AR1())
    problem = model_frame_of(design, panel).equations[0].gaussian
    assert_dense(problem, partial(dense, design, panel))


@pytest.mark.slow
@pytest.mark.parametrize("varying", [None, "unit"])
def test_units_receive_of_treated_ones_that_are_not_seen(varying: str | None) -> None:
    design = slx_of(effect=nqp.CompletePooling(varying=varying), errors=nqp.AR1())
    fit = nqp.fit(design, GAPS, nqp.Importance(seed=1, draws=100), progress=False)
    _, _, event = tables(PANEL)
    near = np.sum([x * (W @ (event == e)) for e, x in enumerate(thetas(fit))], axis=0)
    treated = SEEN & (event >= 0)
    assert float(nqp.att(fit, path="received").mean()) == pytest.approx(near[treated].mean())
    untreated = SEEN & (event < 0) & (np.arange(PERIODS) >= 2)
    assert float(nqp.spillover_effects(fit, onto="untreated").mean()) == pytest.approx(
        near[untreated].mean()
    )
    total, own, others = (nqp.att(fit, path=x).to_numpy() for x in ("total", "direct", "received"))
    assert total == pytest.approx(own + others, abs=1e-12)
    mean = np.zeros((UNITS, PERIODS))
    cells = fit.posterior["outcome__cell_mean"].mean(["chain", "draw"]).to_numpy()
    shown = fit.effects.isel(cell=fit.effects["role"].to_numpy() == "treated")
    for c, value in enumerate(cells):
        coast, cohort, time = (shown[name].to_numpy()[c] for name in ("coast", "cohort", "time"))
        rows = (np.array(["inland", "coastal"])[LEVEL] == coast) & (
            PANEL.cohort_codes == cohort - 2000
        )
        mean[rows, int(time) - 2000] = value
    if varying:
        member = fit.posterior["outcome__deviation"].mean(["chain", "draw"])
        for label, value in zip(member["member"].to_numpy(), member.to_numpy(), strict=True):
            mean[IDS.index(str(label))] += value
    assert float(own.mean()) == pytest.approx(mean[treated].mean(), abs=1e-10)
    of_unit = nqp.att(fit, by="unit").mean(["chain", "draw"])
    for label in of_unit["unit"].to_numpy()[:5]:
        k = IDS.index(str(label))
        expected = (mean + near)[k, treated[k]].mean()
        assert float(of_unit.sel(unit=label)) == pytest.approx(expected, abs=1e-10)


def test_impacts_count_how_much_rows_sum_to() -> None:
    term = nqp.SpatialLag(WEIGHTS, lag=False)
    fit = nqp.fit(slx_of(spillovers=term), PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    impacts, slopes = nqp.impacts(fit).sel(covariate="x"), fit.posterior["outcome__slope"]
    theta = slopes.sel(outcome__slope_label="W × x").to_numpy()
    assert impacts.sel(path="indirect").to_numpy() == pytest.approx(theta * W.sum() / UNITS)
    only = nqp.SpatialLag(WEIGHTS, lag=False, durbin=["x"])
    fit = nqp.fit(slx_of(spillovers=only), PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    theta = fit.posterior["outcome__slope"].sel(outcome__slope_label="W × x").to_numpy()
    impacts = nqp.impacts(fit).sel(covariate="x", path="indirect").to_numpy()
    assert impacts == pytest.approx(theta * W.sum() / UNITS)


def test_covariates_of_linked_units_need_their_rows() -> None:
    with pytest.raises(PanelError, match="'x' of linked units is needed in every period") as caught:
        model_frame_of(slx_of(spillovers=nqp.SpatialLag(WEIGHTS, lag=False)), GAPS)
    assert "durbin=['treatment']" in str(caught.value)
    rows = ~((PANEL.unit_codes == 2) & (PANEL.time_codes == 3))
    alone = links()
    alone.iloc[:, 2] = 0.0  # nobody is linked to it
    term = nqp.SpatialLag(nqp.spatial_weights.matrix(alone), lag=False)
    assert model_frame_of(slx_of(spillovers=term), PANEL.where(rows)).cells.rows.sum() > 0


def test_a_lag_still_needs_every_row_neighbours_and_sums_of_one() -> None:
    lag = nqp.SpatialLag(weights_of(()), durbin=["treatment"])
    with pytest.raises(PanelError, match="needs every unit in every period"):
        model_frame_of(slx_of(spillovers=lag), GAPS)
    with pytest.raises(StudyError, match="do not sum to one"):
        model_frame_of(slx_of(spillovers=lag), PANEL)
    with pytest.raises(PanelError, match="units have none"):
        model_frame_of(slx_of(spillovers=nqp.SpatialLag(WEIGHTS)), PANEL)


def test_forms_with_a_lag_are_not_asked_where_they_cannot_be_fitted() -> None:
    for panel, why in ((GAPS, "needs every unit in every period"), (PANEL, "units have none")):
        fit = nqp.fit(slx_of(), panel, nqp.Importance(seed=1, draws=100), progress=False)
        result = nqp.check(fit, "spatial_form", progress=False)
        assert result.verdict == "not applicable"
        assert why in result.sentence


def test_somebody_must_be_linked_to_treated_units() -> None:
    near = links() * 0.0
    near.iloc[4, 5] = near.iloc[5, 4] = 1.0  # neither adopts
    term = nqp.SpatialLag(nqp.spatial_weights.matrix(near), lag=False)
    with pytest.raises(IdentificationError, match="spillover effects are not identified"):
        model_frame_of(slx_of(spillovers=term), PANEL)
