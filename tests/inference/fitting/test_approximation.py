"""Gaussian approximations of counts: their limit is Poisson regression, their weights are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from counted import counted, panel_of
from scipy.special import gammaln, logsumexp

import bayes_nqp as nqp
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.inference.fitting._approximation import Approximation, Observations, approximate
from bayes_nqp.inference.fitting._correction import Correction
from bayes_nqp.inference.model_frame import ModelFrame, model_frame_of
from bayes_nqp.numerics.linear_gaussian import draw

Array = npt.NDArray[np.float64]
FLAT = nqp.StaggeredDiD(
    nqp.NoPooling(varying=None), nqp.AR1(), likelihood=nqp.Poisson(), unidentified="drop"
)


def _at_no_errors(
    panel: nqp.Panel, design: nqp.StaggeredDiD | None = None
) -> tuple[ModelFrame, Array]:
    """Return the conditional means of cells as the errors' SD goes to zero: Poisson regression."""
    frame = model_frame_of(FLAT if design is None else design, panel)
    held = frame.equations[0].problem.space.unconstrain(np.array([[0.0, 1e-5]]))[0]
    near = approximate(Observations.of(frame), at=held, laplace=True, settled=1e-10, rounds=60)
    assert near.settled
    means = draw(near.equation.gaussian, held[None], None)
    cells = means.positions[0, near.equation.positions.cells]
    return frame, cells * near.equation.scale


def _poisson_regression(frame: ModelFrame, covariates: str = "", offset: str = "size") -> Array:
    """Compute the coefficients of cells by pyfixest."""
    pyfixest = pytest.importorskip("pyfixest")
    df = frame.panel.frame.copy()
    df["cell"] = ["none" if k < 0 else f"c{k:03d}" for k in frame.cell_of_row]
    df["level"] = df["side"].astype(str) + df["time"].astype(str)
    df["log_size"] = np.log(df[offset])
    model = pyfixest.fepois(
        f"y ~ i(cell, ref='none'){covariates} | unit + level", df, offset="log_size",
        fixef_tol=1e-11, iwls_tol=1e-11,
    )  # fmt: skip
    by_name = model.coef()
    names = [f"c{k:03d}" for k in range(frame.table.size)]
    return np.array([next(x for key, x in by_name.items() if name in key) for name in names])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps and a covariate"])
def test_without_errors_it_is_poisson_regression(gaps: bool) -> None:
    df = counted(40, 9, level=2.5, seed=3)
    df["x"] = np.random.default_rng(1).normal(size=len(df))
    if gaps:
        df = df[np.random.default_rng(2).random(len(df)) > 0.1]
    panel = panel_of(df, covariates=["x"] if gaps else [])
    frame, cells = _at_no_errors(panel)
    expected = _poisson_regression(frame, " + x" if gaps else "")
    np.testing.assert_allclose(cells, expected, atol=1e-8)


def _events(frame: ModelFrame, cells: Array) -> tuple[float, float]:
    """Return the proportional effect, and events per treated observation."""
    on = frame.cell_of_row >= 0
    y, tau = frame.panel.outcome[on], cells[frame.cell_of_row[on]]
    untreated = (y * np.exp(-tau)).sum()
    return float(y.sum() / untreated - 1.0), float((y.sum() - untreated) / on.sum())


@pytest.mark.filterwarnings("ignore")
def test_events_are_the_marginal_effect_of_extended_twfe() -> None:
    diff_diff = pytest.importorskip("diff_diff")
    df = counted(60, 6, level=2.0, seed=8)
    frame, cells = _at_no_errors(panel_of(df, strata=[], exposure=None))
    coded = df.assign(first=df["cohort"].fillna(0).astype(int))
    other = diff_diff.WooldridgeDiD(method="poisson").fit(
        coded, outcome="y", unit="unit", time="time", first_treat="first"
    )
    assert _events(frame, cells)[1] == pytest.approx(other.overall_att, abs=1e-7)


class _AnyAmount(nqp.Poisson):
    """Poisson regression of amounts that are no counts."""

    def impossible(
        self, outcome: Array, **given: Any
    ) -> tuple[npt.NDArray[np.bool_], Message, Message]:
        """Accept any amount."""
        return outcome < 0, NOTHING, NOTHING


@pytest.mark.filterwarnings("ignore")
def test_castle_doctrine_is_poisson_regression() -> None:
    """Homicides of the castle-doctrine panel, from rates: 8.1 %, 28 homicides a state and year."""
    castle = pytest.importorskip("causaldata").castle.load_pandas().data
    first = castle[castle["post"] == 1].groupby("sid")["year"].min()
    df = pd.DataFrame({
        "unit": "s" + castle["sid"].astype(str), "time": castle["year"],
        "cohort": castle["sid"].map(first), "y": castle["homicide"] * castle["popwt"] / 1e5,
        "size": castle["popwt"], "side": "all",
    })  # fmt: skip
    frame, cells = _at_no_errors(panel_of(df, strata=[]), FLAT.replace(likelihood=_AnyAmount()))
    np.testing.assert_allclose(cells, _poisson_regression(frame), atol=1e-8)
    assert _events(frame, cells) == pytest.approx((0.081146, 28.253296), abs=1e-6)


@pytest.fixture(scope="module")
def near() -> tuple[Observations, Approximation]:
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), nqp.AR1PlusNoise(), likelihood=nqp.Poisson()
    )
    frame = model_frame_of(design, panel_of(counted(12, 6, level=0.3, seed=5)))
    observations = Observations.of(frame)
    return observations, approximate(observations)


def test_moments_settle(near: tuple[Observations, Approximation]) -> None:
    """z = m + (y - mu) / mu and v = 1 / mu, mu the expected rate, within what is left to settle."""
    observations, found = near
    assert found.settled
    s, y = observations.raw.scale, observations.outcome
    mu = np.exp(s * found.mean + observations.offset + 0.5 * s**2 * found.variance)
    np.testing.assert_allclose(found.variances, 1.0 / mu / s**2, rtol=0.03)
    np.testing.assert_allclose(found.outcome, found.mean + (y - mu) / mu / s, atol=0.1)


def test_weights_are_their_integrals(near: tuple[Observations, Approximation]) -> None:
    """Each unit's weight against Monte Carlo from the prior of its errors, in closed form for a."""
    observations, found = near
    problem, s = found.equation.gaussian, observations.raw.scale
    rng = np.random.default_rng(3)
    x = found.point + 0.3 * rng.normal(size=(3, found.point.size))
    coefficients = draw(problem, x, rng)
    correction = Correction(observations, found, np.random.default_rng(4), size=512)
    ours = correction.by_unit(x, coefficients)[0]
    grid, units = observations.grid, correction.units
    y, offset = grid(observations.outcome)[units], grid(observations.offset)[units]
    z, v = grid(found.outcome)[units], grid(found.variances)[units]
    eta = grid(observations.expected(coefficients))[:, units]
    values, periods = problem.values(x), y.shape[1]
    law = problem.noise.covariance(periods, values.noise) * (values.sigma**2)[:, None, None]
    for b, covariance in enumerate(law):
        errors = rng.standard_normal((20_000, periods)) @ np.linalg.cholesky(covariance).T
        for i in range(len(units)):
            log_rate = s * (eta[b, i] + errors) + offset[i]
            log_p = log_rate @ y[i] - y[i].sum() * logsumexp(log_rate, axis=1)
            log_p += gammaln(y[i].sum()) - gammaln(y[i] + 1.0).sum() - np.log(s)
            p = np.exp(log_p - log_p.max())
            exact, error = np.log(p.mean()) + log_p.max(), p.std() / p.mean() / np.sqrt(p.size)
            # The density of z, with the level integrated out of all of its periods.
            q, r = np.linalg.inv(covariance + np.diag(v[i])), z[i] - eta[b, i]
            one = q.sum(axis=1)
            energy = r @ q @ r - (one @ r) ** 2 / one.sum()
            log_z = 0.5 * np.linalg.slogdet(q)[1] - 0.5 * np.log(one.sum()) - 0.5 * energy
            log_z -= 0.5 * (periods - 1) * np.log(2.0 * np.pi)
            assert abs(ours[b, i] - (exact - log_z)) < 4.0 * error + 0.01


def test_order_of_rows_and_names_of_units_do_not_matter() -> None:
    df = counted(12, 6, seed=7)
    renamed = df.assign(unit="v" + df["unit"].str[::-1]).sample(frac=1.0, random_state=1)
    ends = []
    for each in (df, renamed):
        frame = model_frame_of(FLAT.replace(effect=nqp.CompletePooling()), panel_of(each))
        ends.append(approximate(Observations.of(frame), settled=1e-6, rounds=60))
    first, second = ends
    np.testing.assert_allclose(first.point, second.point, atol=1e-4)
    order = pd.factorize(df["unit"].str[::-1], sort=True)[0]
    np.testing.assert_allclose(first.mean[np.lexsort((df["time"], order))], second.mean, atol=1e-4)
