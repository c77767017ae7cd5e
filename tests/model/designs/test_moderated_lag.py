"""A moderator beside a spatial lag: density, effects of the calendar, and effects at its values."""

from __future__ import annotations

import linked_provinces as provinces
import numpy as np
import pytest
from linked_cities import COAST, PANEL, PERIODS, UNITS, WEIGHTS, W, dense, design_of, truth_of
from same_density import assert_dense

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.fitting import fit_given_lag
from bayes_nqp.inference.model_frame import model_frame_of

M = np.zeros((UNITS, PERIODS))
M[PANEL.unit_codes, PANEL.time_codes] = PANEL.moderators[:, 0]
EVENT = np.arange(PERIODS) - PANEL.cohort_codes[:, None]
TREATED = (PANEL.cohort_codes[:, None] >= 0) & (EVENT >= 0)
CENTRE = M[TREATED].mean()
SAMPLER = nqp.Importance(seed=1, draws=200)


@pytest.mark.parametrize("durbin", [True, False])
@pytest.mark.parametrize("varying", ["unit", None])
def test_the_density_is_the_dense_one(varying: str | None, durbin: bool) -> None:
    """One more column, treatment times moderator, whose slope is flat."""
    design = design_of(
        effect=nqp.CompletePooling(varying=varying), errors=nqp.AR1(), moderator="m",
        spillovers=nqp.SpatialLag(WEIGHTS, durbin=durbin),
    )  # fmt: skip
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    levels, more = np.zeros(UNITS, dtype=np.int64), (TREATED * (M - CENTRE),)
    assert_dense(problem, lambda x: dense(PANEL, design, x, W, levels, more=more), abs=1e-8)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Effects, and what the moderator adds, by stratum; links across strata."""
    design = design_of(effect=nqp.PartialPooling(["coast"], varying=None), moderator="m")
    return nqp.fit(design, PANEL, SAMPLER, progress=False)


def rows_of(fit: nqp.Fit, z: np.ndarray) -> dict[str, np.ndarray]:
    """Effects of twenty draws, row by row, had the moderator been z (draw, unit, period)."""
    truth = truth_of(fit, W)
    posterior = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    delta = posterior["outcome__delta"].to_numpy()[:20]
    theta = posterior["outcome__moderation"]
    names = [str(x) for x in theta["outcome__stratum"].to_numpy()]
    at = np.array([names.index(str(coast)) for coast in COAST])
    shift = theta.to_numpy()[:20][:, at, None] * z * TREATED
    inverse = np.stack([np.linalg.inv(np.eye(UNITS) - d * W) for d in delta])
    once = np.diagonal(inverse, axis1=1, axis2=2)[..., None]
    total, direct = truth["total"] + inverse @ shift, truth["direct"] + once * shift
    return {"total": total, "direct": direct, "received": total - direct}


@pytest.mark.slow
def test_effects_are_those_of_the_calendar(fit: nqp.Fit) -> None:
    rows, effects = rows_of(fit, M - fit.model_frame.moderator.centre), fit.effects
    draws = effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    draws = draws.to_numpy()[:20]
    for c in range(effects.sizes["cell"]):
        cell = effects.isel(cell=c)
        t, inside = int(cell["time"]) - 2000, str(cell["coast"].item()) == COAST
        own = str(cell["role"].item()) == "treated"
        same = PANEL.cohort_codes == (float(cell["cohort"]) - 2000 if own else np.nan)
        some = inside & (same if own else ~TREATED[:, t])
        for k, path in enumerate(("total", "direct", "received")):
            value = rows[path][:, some, t].mean(axis=1)
            if not own:
                value = rows["total"][:, some, t].mean(axis=1) * (path != "direct")
            assert draws[:, k, c] == pytest.approx(value, abs=1e-8)


@pytest.mark.slow
def test_effects_at_values_are_those_of_everyone_at_them(fit: nqp.Fit) -> None:
    """Own and received, draw by draw: the slope is that of the reduced form."""
    for value in (-0.7, 1.2):
        z = np.full(M.shape, value - fit.model_frame.moderator.centre)
        rows = rows_of(fit, z)
        for path, values in rows.items():
            draws = nqp.moderated(fit, [value], path=path).to_numpy().reshape(-1)[:20]
            assert draws == pytest.approx(values[:, TREATED].mean(axis=1), abs=1e-8)
    parts = [nqp.moderated_difference(fit, path=path) for path in ("direct", "received")]
    total = nqp.moderated_difference(fit)
    assert (parts[0] + parts[1]).to_numpy() == pytest.approx(total.to_numpy(), abs=1e-10)


@pytest.mark.parametrize("varying", [None, "unit"])
def test_units_add_up(varying: str | None) -> None:
    design = design_of(effect=nqp.CompletePooling(varying=varying), moderator="m")
    fit = nqp.fit(design, PANEL, SAMPLER, progress=False)
    for path in ("total", "direct", "received"):
        by_unit = nqp.att(fit, by="unit", path=path)
        rows = by_unit["rows"]
        average = ((by_unit * rows).sum("unit") / rows.sum()).to_numpy()
        assert average == pytest.approx(nqp.att(fit, path=path).to_numpy(), abs=1e-9)


def test_the_moderator_is_recovered() -> None:
    """Treated units do more by .8 of the moderator, and so do those they are linked to."""
    more = np.linalg.solve(np.eye(UNITS) - 0.4 * W, 0.8 * M * TREATED)
    panel = PANEL.with_outcome(PANEL.outcome + more[PANEL.unit_codes, PANEL.time_codes])
    fit = nqp.fit(design_of(moderator="m"), panel, SAMPLER, progress=False)
    slope = fit.posterior["outcome__moderation"]
    assert abs(float(slope.mean()) - 0.8) < 3.5 * float(slope.std())
    gap = nqp.moderated_difference(fit, path="received")
    assert float((gap > 0).mean()) > 0.95


@pytest.mark.parametrize(
    ("term", "named"),
    [
        (nqp.SpatialLag(WEIGHTS, lag=False), "lag=False"),
        (nqp.SpatialLag(WEIGHTS, error=True), "error=True"),
        (nqp.SpatialLag(WEIGHTS, dynamics=True), "dynamics=True"),
    ],
)
def test_what_it_does_not_go_with_is_named(term: nqp.SpatialLag, named: str) -> None:
    with pytest.raises(StudyError, match=named):
        model_frame_of(design_of(moderator="m", spillovers=term), PANEL)


@pytest.mark.slow
def test_slopes_of_an_exposure_are_shifted_for_everyone() -> None:
    """The matrix of derivatives of one more for all, each with its own moderator, or one value."""
    frame = provinces.PANEL.frame
    frame = frame.assign(z=np.random.default_rng(2).standard_normal(len(frame)))
    panel = nqp.Panel.from_frame(frame, **{**provinces.PANEL.arguments, "moderators": ["z"]})
    effect = nqp.PartialPooling(["coast"], varying=None)
    fit = nqp.fit(provinces.design_of(effect=effect, moderator="z"), panel, SAMPLER, progress=False)
    z = provinces.table(panel, panel.moderators[:, 0]) - fit.model_frame.moderator.centre
    exposed, effects = provinces.table(panel, panel.exposures[:, 0]) != 0.0, fit.effects
    w, coast = provinces.W, provinces.COAST
    for draw in (0, 70, 190):
        at = fit.posterior.isel(chain=0, draw=draw)
        delta, theta = at["outcome__delta"].item(), at["outcome__linked_level"].item()
        names = [str(x) for x in at["outcome__stratum"].to_numpy()]
        shift = at["outcome__moderation"].to_numpy()[[names.index(str(x)) for x in coast]]
        inverse = np.linalg.inv(np.eye(len(w)) - delta * w)
        ours = effects["effect"].isel(chain=0, draw=draw).to_numpy()
        line = nqp.moderated(fit, [2.0], by=["coast", "time"], path="received")
        line = line.isel(chain=0, draw=draw, z=0)
        for c in range(effects.sizes["cell"]):
            cell = effects.isel(cell=c)
            t, side = int(cell["time"]) - 2000, str(cell["coast"].item())
            rows = (side == coast) & exposed[:, t]
            for values in (z[:, t], np.full(len(w), 2.0 - fit.model_frame.moderator.centre)):
                slopes = np.array([
                    at["outcome__cell_mean"].to_numpy()[
                        (effects["coast"].to_numpy() == str(x))
                        & (effects["time"].to_numpy() == cell["time"].item())
                    ][0]
                    for x in coast
                ])  # fmt: skip
                derivatives = inverse @ (np.diag(slopes + shift * values) + theta * w)
                total, direct = derivatives.sum(axis=1)[rows], np.diag(derivatives)[rows]
                if np.ptp(values) == 0.0:
                    received = (total - direct).mean()
                    got = line.sel(coast=side, time=cell["time"].item()).item()
                    assert got == pytest.approx(received, abs=1e-8)
                else:
                    assert ours[0, c] == pytest.approx(total.mean(), abs=1e-8)
                    assert ours[1, c] == pytest.approx(direct.mean(), abs=1e-8)


@pytest.mark.parametrize("durbin", [True, False])
def test_checks_of_errors_are_given_the_lag(durbin: bool) -> None:
    """Spillovers of a Durbin model are covariates of the fit, own moderation is as in the fit."""
    lag = nqp.SpatialLag(WEIGHTS, durbin=durbin)
    design = design_of(effect=nqp.PartialPooling(["coast"], varying=None), moderator="m")
    fitted = nqp.fit(design.variant({"spillovers": lag}), PANEL, SAMPLER, progress=False)
    alone, _ = fit_given_lag(fitted)
    assert alone.facts.moderator == "m"
    columns = model_frame_of(alone.design, alone.rows).equations[0].rows.columns
    expected = fitted.model_frame.equations[0].rows.columns
    assert {x.name for x in columns} == {x.name for x in expected}
    for name in ("scale_dependence", "influence"):
        found = nqp.check(fitted, name, progress=False)
        assert found.verdict != "not applicable"
        assert "conditional on the spatial coefficient" in found.details
