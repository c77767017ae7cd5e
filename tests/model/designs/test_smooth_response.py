"""Smooth response to an exposure: against dense densities, least squares and a known function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.linalg as sl
from dense_exposure import DenseExposure
from doors import Context, methods
from exposed import exposed_frame
from same_density import assert_dense
from scipy.interpolate import make_interp_spline

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp.inference.fitting import response_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode

SAMPLER = nqp.Importance(draws=500, seed=1)
SMOOTH = nqp.SmoothResponse()


def knots_of(x: np.ndarray, number: int) -> np.ndarray:
    """Half of the knots at quantiles, and one in each wide gap at a value near an even grid."""
    half = (number + 1) // 2
    chosen = sorted({float(np.quantile(x, q, method="nearest")) for q in np.linspace(0, 1, half)})
    grid = np.linspace(chosen[0], chosen[-1], number - half + 2)
    more = {
        float(min(x, key=lambda value: abs(value - point)))
        for point in grid[1:-1]
    }  # fmt: skip
    wide = [m for m in more if min(abs(m - c) for c in chosen) > (grid[1] - grid[0]) / 2]
    return np.array(sorted({*chosen, *wide}))


def splines(x: np.ndarray, exposed: np.ndarray, number: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Natural splines of the knots at x (row, knot), and the knots."""
    knots = knots_of(x[exposed], number)
    spline = make_interp_spline(knots, np.eye(knots.size), bc_type="natural")
    at = np.clip(x, knots[0], knots[-1])
    return spline(at) + (x - at)[:, None] * spline.derivative()(at), knots


class DenseResponse(DenseExposure):
    """A smoothing spline of exposure, by Green and Silverman (1994, 2.1.2), beside the slopes."""

    def bends(self) -> np.ndarray:
        """Covariance of the spline at all rows (row, row), of mean variance one where exposed."""
        raw = self.panel.exposures[self.rows, 0]
        on = raw != self.design.reference
        values, knots = splines(raw, on)
        n, h = knots.size, np.diff(knots)
        q, r = np.zeros((n, n - 2)), np.zeros((n - 2, n - 2))
        for j in range(n - 2):
            q[j : j + 3, j] = 1 / h[j], -1 / h[j] - 1 / h[j + 1], 1 / h[j + 1]
            r[j, j] = (h[j] + h[j + 1]) / 3
            if j < n - 3:
                r[j, j + 1] = r[j + 1, j] = h[j + 1] / 6
        roughness = q @ np.linalg.solve(r, q.T)
        gram = values[on].T @ values[on] / on.sum()
        free = sl.null_space(np.stack([np.ones(n), knots]) @ gram)
        covariance = free @ np.linalg.solve(free.T @ roughness @ free, free.T)
        return np.asarray(values @ covariance @ values.T / np.trace(gram @ covariance))

    def covariance(self, p: Mapping[str, float]) -> np.ndarray:
        return np.asarray(super().covariance(p) + p["scale_response_bends"] ** 2 * self.bends())


def exposed(frame: pd.DataFrame, strata: tuple[str, ...] = ("region",)) -> nqp.Panel:
    return nqp.Panel.from_frame(
        frame, unit="province", time="year", outcome="y", exposures=["trade"], strata=list(strata)
    )


@pytest.mark.parametrize(
    ("effect", "reference"),
    [(nqp.PartialPooling(varying=None), 0.0), (nqp.PartialPooling(varying="unit"), 0.0),
     (nqp.CompletePooling(), 1.5)],
)  # fmt: skip
def test_density_is_dense(effect: nqp.PartialPooling, reference: float) -> None:
    frame = exposed_frame(2, units=20, periods=6)
    frame.loc[::7, "trade"] = reference
    design = nqp.ContinuousExposure("trade", effect, response=SMOOTH, reference=reference)
    panel = exposed(frame.drop(index=frame.index[3::17]))
    problem = model_frame_of(design, panel).equations[0].gaussian
    dense = DenseResponse(design, panel)
    assert_dense(problem, dense.log_likelihood, 0.5, 4, rel=1e-7, abs=1e-7)


def test_under_flat_priors_it_is_least_squares() -> None:
    """Natural splines of exposure beside unit and time effects."""
    frame = exposed_frame(3)
    panel = exposed(frame, ())
    design = nqp.ContinuousExposure(
        "trade", nqp.NoPooling(varying=None), nqp.IID(), response=nqp.SmoothResponse(knots=5)
    )
    fit = nqp.fit(design, panel, nqp.Importance(draws=20_000, seed=1), progress=False)
    x = frame["trade"].to_numpy()
    at = np.array([1.0, 2.0, 3.0])
    values, knots = splines(x, x != 0.0, 5)
    spline = make_interp_spline(knots, np.eye(knots.size), bc_type="natural")
    dummies = [pd.get_dummies(frame["province"]), pd.get_dummies(frame["year"])]
    columns = np.column_stack([values, *(np.asarray(d, dtype=float) for d in dummies)])
    slopes = np.linalg.lstsq(columns, frame["y"].to_numpy(), rcond=None)[0][: knots.size]
    none = spline(knots[:1]) - knots[0] * spline.derivative()(knots[:1])
    expected = (spline(at) - none) @ slopes
    draws = nqp.dose_response(fit, at)
    # draws given sigma are normal around least squares
    error = draws.std(("chain", "draw")) / np.sqrt(draws.sizes["chain"] * draws.sizes["draw"])
    assert (np.abs(draws.mean(("chain", "draw")) - expected) < 4 * error).all()


def known(seed: int, units: int = 60, periods: int = 12) -> pd.DataFrame:
    """Return rows with the response ``2 sin(1.2 d)``."""
    rng = np.random.default_rng([7, seed])
    dose = np.abs(rng.normal(size=(units, 1)) + rng.normal(0, 0.5, (units, periods)).cumsum(axis=1))
    y = rng.normal(size=(units, 1)) + 0.1 * np.arange(periods) + 2.0 * np.sin(1.2 * dose)
    y += rng.normal(0, 0.5, y.shape)
    return pd.DataFrame({
        "province": np.repeat(np.arange(units), periods),
        "year": np.tile(np.arange(periods), units),
        "trade": dose.ravel(), "y": y.ravel(),
        "region": np.repeat(np.where(np.arange(units) % 2, "east", "west"), periods),
    })  # fmt: skip


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    design = nqp.ContinuousExposure("trade", response=SMOOTH)
    return nqp.fit(design, exposed(known(1), ()), SAMPLER, progress=False)


def test_a_known_response_is_found(fit: nqp.Fit) -> None:
    at = np.array([0.3, 1.0, 1.7, 2.4])
    table = nqp.summary(nqp.dose_response(fit, at), 0.99)
    truth = 2.0 * np.sin(1.2 * at)
    assert (np.abs(table["mean"] - truth) < 0.4).all()
    assert ((table["lower"] < truth) & (truth < table["upper"])).all()
    slopes = nqp.dose_response(fit, at, derivative=True).mean(("chain", "draw"))
    assert (np.abs(slopes - 2.4 * np.cos(1.2 * at)) < 0.9).all()


def test_the_derivative_is_that_of_the_response(fit: nqp.Fit) -> None:
    at = np.array([0.4, 1.3, 2.2])
    step = 1e-5
    rise = (
        nqp.dose_response(fit, at + step).to_numpy() - nqp.dose_response(fit, at - step).to_numpy()
    )
    slopes = nqp.dose_response(fit, at, derivative=True)
    np.testing.assert_allclose(slopes, rise / (2 * step), atol=1e-6)


def test_no_exposure_has_no_response_and_lines_stay_lines(fit: nqp.Fit) -> None:
    assert float(np.abs(nqp.dose_response(fit, [0.0])).max()) == 0.0
    plain = nqp.fit(nqp.ContinuousExposure("trade"), fit.panel, SAMPLER, progress=False)
    assert response_of(plain) is None
    line = nqp.dose_response(plain, [1.0, 3.0]).to_numpy()
    np.testing.assert_allclose(line[..., 0], nqp.att(plain))
    np.testing.assert_allclose(line[..., 1], 3.0 * line[..., 0])


def test_the_slope_is_the_line_of_the_response_over_exposed_observations(fit: nqp.Fit) -> None:
    dose = fit.panel.frame["trade"].to_numpy()
    curve = nqp.dose_response(fit, np.unique(dose)).isel(chain=0, draw=slice(5))
    number = np.unique(dose, return_counts=True)[1]
    slopes = [np.polyfit(np.unique(dose), row, 1, w=np.sqrt(number))[0] for row in curve.to_numpy()]
    np.testing.assert_allclose(slopes, nqp.att(fit).isel(chain=0, draw=slice(5)), atol=1e-8)


def test_slopes_differ_by_group(fit: nqp.Fit) -> None:
    frame = known(2)
    frame.loc[frame["region"] == "east", "y"] += 1.0 * frame["trade"]
    design = nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"]), response=SMOOTH)
    apart = nqp.fit(design, exposed(frame), SAMPLER, progress=False)
    found = nqp.dose_response(apart, [2.0], by="region").mean(("chain", "draw")).squeeze("trade")
    assert float(found.sel(region="east") - found.sel(region="west")) == pytest.approx(2.0, abs=0.5)
    figure = nqp.plots.dose_response(apart, by="region")
    assert len(figure.axes) == 2


def test_it_is_saved_and_loaded(fit: nqp.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.nc")
    loaded = nqp.load(tmp_path / "fit.nc")
    assert loaded.design == fit.design
    assert decode(encode(fit.design)) == fit.design
    np.testing.assert_allclose(nqp.dose_response(loaded), nqp.dose_response(fit))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_reported(fit: nqp.Fit, language: str, tmp_path: Path) -> None:
    text = "\n".join(str(block) for block in methods(Context(fit, [], language=language)))
    assert ("smoothing spline" if language == "en" else "平滑样条") in text
    fit.report(tmp_path / "report", formats=["html"], language=language, checks=[], progress=False)
    page = next(tmp_path.rglob("*.html")).read_text(encoding="utf-8")
    assert ("Response to exposure" if language == "en" else "对处理强度的反应") in page
    assert "dose_response" in {path.stem for path in tmp_path.rglob("*.png")}


def test_the_check_of_linearity_names_it_and_does_not_apply_to_it(fit: nqp.Fit) -> None:
    plain = nqp.fit(nqp.ContinuousExposure("trade"), fit.panel, SAMPLER, progress=False)
    found = nqp.check(plain, "dose_response", progress=False)
    assert found.verdict == "failed"
    assert nqp.check(fit, "dose_response", progress=False).verdict == "not applicable"
    assert nqp.check(fit, "future_exposure", progress=False).verdict != "not applicable"


def test_what_it_does_not_go_with_is_refused(fit: nqp.Fit) -> None:
    few = known(3).assign(trade=lambda f: f["trade"].round() % 3)
    with pytest.raises(IdentificationError, match="too few for a"):
        nqp.fit(fit.design, exposed(few, ()), SAMPLER, progress=False)
    frame = known(4)
    frame["m"] = np.random.default_rng(1).normal(size=len(frame))
    with pytest.raises(StudyError, match="response"):
        nqp.Mediation(nqp.ContinuousExposure("trade", response=SMOOTH), ["m"])
    with pytest.raises(StudyError, match="fills 'response'"):
        nqp.StaggeredDiD(terms=[SMOOTH])
    with pytest.raises(StudyError, match="not finite"):
        nqp.dose_response(fit, [np.nan])
    units = fit.panel.unit_labels
    ring = pd.DataFrame(np.roll(np.eye(units.size), 1, axis=1), units, units)
    lag = nqp.SpatialLag(nqp.spatial_weights.matrix(ring))
    linked = nqp.ContinuousExposure("trade", response=SMOOTH, spillovers=lag)
    with pytest.raises(StudyError, match="'spillovers' does not allow"):
        nqp.fit(linked, fit.panel, SAMPLER, progress=False)
    adopted = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel
    plain = nqp.fit(nqp.StaggeredDiD(), adopted, SAMPLER, progress=False)
    with pytest.raises(StudyError, match="no continuous exposure"):
        nqp.dose_response(plain)
