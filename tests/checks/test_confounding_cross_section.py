"""Effects in a cross-section over the strength of unmeasured confounding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr
from mediated import confounded_effects

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

Array = npt.NDArray[np.float64]


def left(y: npt.ArrayLike, columns: Array) -> Array:
    """Residuals of least squares."""
    y = np.asarray(y, dtype=float)
    return np.asarray(y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0])


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = 800
    treat, x = rng.integers(0, 2, rows), rng.normal(size=rows)
    region = rng.integers(0, 2, rows)
    skill = 0.6 * treat + x + rng.normal(size=rows)
    effort = 0.5 * treat + 0.5 * skill + rng.normal(size=rows)
    wage = 0.3 * treat + (0.4 + 0.3 * region) * skill - 0.3 * effort + rng.normal(size=rows)
    return pd.DataFrame(
        {"treat": treat, "x": x, "skill": skill, "effort": effort, "wage": wage,
         "region": np.asarray(["inland", "coastal"])[region]}
    )  # fmt: skip


@pytest.fixture(scope="module")
def one(frame: pd.DataFrame) -> nqp.Mediated:
    return nqp.mediate(
        frame, outcome="wage", treatment="treat", mediators="skill", covariates="x", draws=3000
    )


@pytest.fixture(scope="module")
def two(frame: pd.DataFrame) -> nqp.Mediated:
    return nqp.mediate(
        frame, outcome="wage", treatment="treat", mediators=["skill", "effort"], covariates="x",
        strata="region", interaction=True,
    )  # fmt: skip


@pytest.mark.slow
def test_jobs_crossing_agrees_with_the_closed_form(shared_data: Path) -> None:
    path = shared_data / "mediation" / "jobs.csv"
    rows = pd.read_csv(path)
    found = nqp.mediate(
        path, outcome="depress2", treatment="treat", mediators=["job_seek"],
        covariates=["econ_hard", "sex", "age"], draws=5000,
    )  # fmt: skip
    curve = nqp.mediation_sensitivity(found, "job_seek", prior=None)
    base = np.column_stack([np.ones(len(rows)), rows[["treat", "econ_hard", "sex", "age"]]])
    mediator, outcome = left(rows["job_seek"], base), left(rows["depress2"], base)
    closed = float(np.corrcoef(mediator, outcome)[0, 1])
    assert closed == pytest.approx(-0.2735, abs=1e-4)
    # The posterior's sd is .031 and there are 20,000 draws.
    assert float(curve["crossing"].sel(path="job_seek")) == pytest.approx(closed, abs=0.0015)
    given = left(rows["depress2"], np.column_stack([base, rows["job_seek"]]))
    shares = mediator.var() / rows["job_seek"].var() * given.var() / rows["depress2"].var()
    assert float(curve["r2"].sel(path="job_seek")) == pytest.approx(closed**2, rel=0.01)
    total = float(curve["r2_total"].sel(path="job_seek"))
    assert total == pytest.approx(closed**2 * shares, rel=0.03)
    assert float(curve["breakdown"].sel(path="job_seek")) == 0


def test_breakdown_is_where_the_interval_reaches_zero(one: nqp.Mediated) -> None:
    first = nqp.mediation_sensitivity(one, prior=None)["breakdown"].sel(path="skill").item()
    curve = nqp.mediation_sensitivity(one, rho=[first - 0.01, first + 0.01], prior=None)
    low = curve["lower"].sel(confounded="skill", path="skill").to_numpy()
    assert low[0] > 0 > low[1]
    none = nqp.mediation_sensitivity(one, rho=[0.0], prior=None)
    for end in ("lower", "upper"):
        np.testing.assert_allclose(
            none[f"original_{end}"], none[end].isel(rho=0, confounded=0), atol=1e-12
        )
    with pytest.raises(StudyError, match="'balanced'"):
        nqp.mediation_sensitivity(one, balanced=2)


def test_curve_crosses_zero_at_the_crossing(frame: pd.DataFrame, one: nqp.Mediated) -> None:
    base = np.column_stack([np.ones(len(frame)), frame[["treat", "x"]]])
    closed = np.corrcoef(left(frame["skill"], base), left(frame["wage"], base))[0, 1]
    curve = nqp.mediation_sensitivity(one, rho=[closed - 0.1, closed, closed + 0.1])
    via = curve["estimate"].sel(confounded="skill", path="skill").to_numpy()
    assert via[0] > 0 > via[2]
    assert via[1] == pytest.approx(0, abs=0.005)
    total = float(nqp.total(one).mean())
    np.testing.assert_allclose(curve["estimate"].sum("path"), total, atol=1e-9)
    at = curve["estimate"].sel(path="direct", confounded="skill").isel(rho=1)
    assert float(at) == pytest.approx(total, abs=0.005)


def test_slopes_are_those_without_the_unmeasured_cause(two: nqp.Mediated) -> None:
    """The error of the outcome is what the formula says, whichever mediator is confounded."""
    posterior = two.posterior
    covariance = posterior["mediator_covariance"].to_numpy()
    sigma = posterior["outcome__sigma"].to_numpy()
    for j, name in enumerate(two.mediators):
        moved = confounded_effects(two, name, 0.5)
        change = (moved["effect"] - two.effects["effect"]).sel(path=list(two.mediators))
        a = np.stack([posterior[f"{m}__cell_effect"].to_numpy() for m in two.mediators], axis=2)
        # What was taken off the slopes, as covariances with the mediators' errors.
        taken = -(change.to_numpy() / a)[..., 0]
        pull = np.einsum("cdkm,cdm->cdk", covariance, taken)
        np.testing.assert_allclose(np.delete(pull, j, axis=2), 0, atol=1e-9)
        explained = np.einsum("cdk,cdk->cd", pull, taken)
        rho = np.sqrt(explained / (explained + sigma**2))
        np.testing.assert_allclose(rho, 0.5, atol=1e-9)
        np.testing.assert_allclose(nqp.total(moved), nqp.total(two), atol=1e-9)


@pytest.mark.slow
def test_groups_priors_and_labels(two: nqp.Mediated) -> None:
    prior = nqp.UniformCorrelation(0.3, 0.3)
    curve = nqp.mediation_sensitivity(two, rho=[0.0, 0.3], by="region", prior=prior)
    assert curve["estimate"].dims == ("confounded", "path", "region", "rho")
    assert curve["path"].values.tolist() == ["skill", "effort", "all mediators", "direct"]
    moved = nqp.nie(confounded_effects(two, "effort", 0.3), by="region")
    xr.testing.assert_allclose(
        xr.DataArray(moved.mean(["chain", "draw"]).sel(mediator="skill")).reset_coords(drop=True),
        curve["estimate"].sel(confounded="effort", path="skill", rho=0.3).reset_coords(drop=True),
    )
    adjusted = curve["adjusted"].sel(confounded="effort", path="skill").mean(["chain", "draw"])
    np.testing.assert_allclose(adjusted, moved.mean(["chain", "draw"]).sel(mediator="skill"))
    assert str(curve["gate"].item()) == "passed"
    alone = nqp.mediation_sensitivity(two, "effort", rho=[0.0, 0.3], by="region", prior=None)
    xr.testing.assert_allclose(
        alone["lower"].reset_coords(drop=True),
        curve["lower"].sel(confounded="effort").reset_coords(drop=True),
    )


def test_bad_arguments_are_named(one: nqp.Mediated) -> None:
    with pytest.raises(StudyError, match="'rho' is"):
        nqp.mediation_sensitivity(one, rho=[0.2, 1.0])
    with pytest.raises(StudyError, match="did you mean 'skill'"):
        nqp.mediation_sensitivity(one, "skil")
    with pytest.raises(StudyError, match="'fit' is a Dataset"):
        nqp.mediation_sensitivity(one.effects)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="'rho'"):
        nqp.mediation_sensitivity(one, rho=[float("nan")])
