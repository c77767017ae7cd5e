"""Effects that vary by unit along a channel: the joint density, and what leaving cov out costs."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.linalg as sl
from dense import Dense, values_of
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._joint_problem import Joint, joint_of

COHORTS = (5, 6, 8)


def frame_of(
    units: int, periods: int, seed: int, *, corr: float = 0.0, spread: float = 0.5,
    missing: float = 0.0, a: float = 1.0, b: float = 0.5, sigma: float = 1.0,
) -> pd.DataFrame:  # fmt: skip
    """Simulate a mediator and an outcome; effect ``a + a_i`` and slope ``b + b_i`` of each unit.

    The frame's columns "a" and "b" hold the truth.
    """
    rng = np.random.default_rng(seed)
    covariance = spread**2 * np.array([[1.0, corr], [corr, 1.0]])
    own = rng.multivariate_normal([a, b], covariance, size=units)
    cohort = np.resize([*COHORTS, np.nan], units)
    region = np.where(np.arange(units) // 4 % 2 == 0, "inland", "coastal")
    noise = [_ar1(rng, units, periods, rho, sigma) for rho in (0.4, 0.6)]
    time = np.arange(1, periods + 1)
    treated = time[None] >= np.nan_to_num(cohort, nan=np.inf)[:, None]
    level = rng.normal(size=(2, units, 1))
    walk = 0.5 * rng.normal(size=(2, periods)).cumsum(axis=1)
    digital = level[0] + walk[0] + own[:, :1] * treated + noise[0]
    outcome = level[1] + walk[1] + 0.3 * treated + own[:, 1:] * digital + noise[1]
    frame = pd.DataFrame(
        {
            "unit": np.repeat([f"u{i:03d}" for i in range(units)], periods),
            "time": np.tile(time, units),
            "cohort": np.repeat(cohort, periods),
            "region": np.repeat(region, periods),
            "digital": digital.ravel(),
            "outcome": outcome.ravel(),
            "x": rng.normal(size=units * periods),
            "a": np.repeat(own[:, 0], periods),
            "b": np.repeat(own[:, 1], periods),
        }
    )
    return frame[rng.random(len(frame)) >= missing]


def _ar1(
    rng: np.random.Generator, units: int, periods: int, rho: float, sigma: float
) -> np.ndarray:
    out = np.empty((units, periods))
    out[:, 0] = rng.normal(size=units) * sigma / np.sqrt(1.0 - rho**2)
    for t in range(1, periods):
        out[:, t] = rho * out[:, t - 1] + sigma * rng.normal(size=units)
    return out


def panel_of(
    frame: pd.DataFrame, outcome: str = "outcome", covariates: tuple[str, ...] = ()
) -> nqp.Panel:
    return nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome=outcome, strata=["region"],
        covariates=list(covariates), mediators=[] if outcome == "digital" else ["digital"],
    )  # fmt: skip


class DenseJoint:
    """Both equations stacked; what units share is a covariance between their rows."""

    def __init__(
        self, design: nqp.StaggeredDiD, frame: pd.DataFrame, covariates: tuple[str, ...]
    ) -> None:
        self.mediator = Dense(design, panel_of(frame, "digital", covariates))
        self.outcome = Dense(design, panel_of(frame, "outcome", covariates))
        self.design = design
        y = self.outcome
        digital = y.panel.mediators[:, 0]
        means = pd.Series(digital).groupby(y.panel.unit_codes).transform("mean").to_numpy()
        within = digital - means
        size = np.sqrt(np.mean(within**2))
        self.column = digital[y.rows] / size

    @cached_property
    def flat(self) -> np.ndarray:
        """Flat columns of both, the mean slope among them."""
        return sl.block_diag(
            self.mediator.flat, np.concatenate([self.outcome.flat, self.column[:, None]], axis=1)
        )

    def covariance(self, m: dict, y: dict, omega: float, r: float) -> np.ndarray:
        """Covariance of all rows."""
        first, second = self.mediator.covariance(m), self.outcome.covariance(y)
        unit, column = self.outcome.unit, self.column
        same = unit[:, None] == unit
        region = self.outcome.strata["region"]
        contrast = self.design.priors.contrast**2 / 2.0
        by_region = contrast * ((region[:, None] == region) - 0.5)
        second = second + np.outer(column, column) * (omega**2 * same + by_region)
        omega_a = np.sqrt(self.mediator.deviation_variance(m))
        cross = r * omega_a * omega * np.outer(self.mediator.treated, column) * same
        return np.block([[first, cross], [cross.T, second]])

    def own(self, m: dict, y: dict, omega: float, r: float) -> tuple[np.ndarray, np.ndarray]:
        """Posterior means of every unit's effect and slope, less the means of their strata."""
        data = np.concatenate([self.mediator.y, self.outcome.y])
        inverse = np.linalg.inv(self.covariance(m, y, omega, r))
        x = self.flat
        beta = np.linalg.pinv(x.T @ inverse @ x, rcond=1e-11, hermitian=True) @ (
            x.T @ (inverse @ data)
        )
        rest = inverse @ (data - x @ beta)
        unit = self.outcome.unit
        member = (unit[:, None] == np.unique(unit)).astype(float)
        on_m = (self.mediator.treated[:, None] * member).T @ rest[: unit.size]
        on_y = (self.column[:, None] * member).T @ rest[unit.size :]
        omega_a = np.sqrt(self.mediator.deviation_variance(m))
        a = omega_a**2 * on_m + r * omega_a * omega * on_y
        return a, omega**2 * on_y + r * omega_a * omega * on_m

    def log_density(self, m: dict, y: dict, omega: float, r: float) -> float:
        """REML log density and priors, up to a constant."""
        basis = sl.orth(self.flat, rcond=1e-10)
        data = np.concatenate([self.mediator.y, self.outcome.y])
        factor = sl.cho_factor(self.covariance(m, y, omega, r), lower=True)
        inner = basis.T @ sl.cho_solve(factor, basis)
        moment = basis.T @ sl.cho_solve(factor, data)
        energy = data @ sl.cho_solve(factor, data) - moment @ np.linalg.solve(inner, moment)
        log_det = 2.0 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(inner)[1]
        prior = self.mediator.log_prior(m) + self.outcome.log_prior(y)
        prior += stats.halfnorm.logpdf(omega, scale=self.design.priors.member) + np.log(omega)
        half = (1.0 + r) / 2.0
        prior += stats.beta.logpdf(half, 2, 2) + np.log(half * (1.0 - half))
        return float(-0.5 * (log_det + energy) + prior)


DESIGNS = {
    "ar1": (nqp.StaggeredDiD(nqp.Partial(["region"]), nqp.AR1()), (), 0.0),
    "ar1 with gaps and a covariate": (
        nqp.StaggeredDiD(nqp.Partial(["region"]), nqp.AR1()), ("x",), 0.15,
    ),
    "iid, one set of time effects": (
        nqp.StaggeredDiD(nqp.Partial(["region"]), nqp.IID(), time=nqp.TimeEffects()), (), 0.1,
    ),
    "never-treated controls": (
        nqp.StaggeredDiD(nqp.Partial(["region"]), nqp.AR1(), controls="never"), (), 0.0,
    ),
}  # fmt: skip


def joint_for(design: nqp.StaggeredDiD, panel: nqp.Panel) -> Joint:
    mediation = nqp.Mediation(design, vary_by="unit")
    return joint_of(mediation.plan(panel), design.priors)


@pytest.mark.parametrize("name", DESIGNS)
def test_density_is_the_dense_one(name: str) -> None:
    design, covariates, missing = DESIGNS[name]
    frame = frame_of(20, 10, seed=3, missing=missing)
    joint = joint_for(design, panel_of(frame, covariates=covariates))
    reference = DenseJoint(design, frame, covariates)
    points = np.random.default_rng(5).normal(size=(5, len(joint.names)))
    points[0, -1] = 3.0
    ours = joint.densities(points)
    first = joint.first
    names = joint.names[:first], joint.names[first:-2]
    theirs = [
        reference.log_density(
            values_of(names[0], x[:first]),
            values_of(names[1], x[first:-2]),
            float(np.exp(x[-2])),
            float(np.tanh(0.5 * x[-1])),
        )
        for x in points
    ]
    change = np.diff(theirs)
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())


SAMPLER = nqp.IMH(draws=500, thin=4, seed=1)
DESIGN = nqp.StaggeredDiD(nqp.Partial(["region"]), nqp.AR1())
MEDIATION = nqp.Mediation(DESIGN, vary_by="unit")


def told(corr: float) -> tuple[nqp.Fit, pd.DataFrame]:
    frame = frame_of(100, 12, seed=2, corr=corr, sigma=0.3)
    return nqp.fit(MEDIATION, panel_of(frame), SAMPLER, progress=False), frame


@pytest.fixture(scope="session")
def together() -> tuple[nqp.Fit, pd.DataFrame]:
    return told(0.7)


def interval(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def treated_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["time"] >= frame["cohort"]]


def product_of_means(fit: nqp.Fit, frame: pd.DataFrame) -> np.ndarray:
    """E[a] E[b] over treated rows, draw by draw: the indirect effect without the covariance."""
    posterior, cells = fit.posterior, fit.effects
    rows = treated_rows(frame).groupby("unit").size()
    share = rows[posterior["member"].to_numpy()].to_numpy() / rows.sum()
    weight = cells["rows"].to_numpy() / cells["rows"].to_numpy().sum()
    a = posterior["digital__cell_effect"].to_numpy() @ weight
    b = posterior["outcome__b"].sel(mediator="digital")
    regions = frame.groupby("unit")["region"].first()[posterior["member"].to_numpy()]
    mean_b = b.sel(outcome__stratum=regions.to_numpy()).to_numpy()
    return (a * ((mean_b + posterior["outcome__b_deviation"].to_numpy()) @ share)).ravel()


@pytest.mark.xdist_group("joint")
def test_the_covariance_belongs_to_the_indirect_effect(
    together: tuple[nqp.Fit, pd.DataFrame],
) -> None:
    fit, frame = together
    rows = treated_rows(frame)
    truth = float((rows["a"] * rows["b"]).mean())
    low, high = interval(nqp.nie(fit).to_numpy().ravel())
    assert low < truth < high
    assert not low < rows["a"].mean() * rows["b"].mean() < high
    without = interval(product_of_means(fit, frame))
    assert not without[0] < truth < without[1]
    corr = interval(fit.posterior["outcome__corr_ab"].to_numpy().ravel())
    assert corr[0] > 0.3
    assert corr[0] < 0.7 < corr[1]


@pytest.mark.xdist_group("joint")
def test_without_correlation_both_agree() -> None:
    fit, frame = told(0.0)
    rows = treated_rows(frame)
    nie = nqp.nie(fit).to_numpy().ravel()
    low, high = interval(nie)
    assert low < float((rows["a"] * rows["b"]).mean()) < high
    product = product_of_means(fit, frame)
    covariance = float(np.mean((rows["a"] - rows["a"].mean()) * (rows["b"] - rows["b"].mean())))
    assert nie.mean() - product.mean() == pytest.approx(covariance, abs=0.05)
    assert low < product.mean() < high


@pytest.mark.xdist_group("joint")
def test_effects_of_units_are_recovered(together: tuple[nqp.Fit, pd.DataFrame]) -> None:
    fit, frame = together
    truth = frame.groupby("unit")[["a", "b"]].first().loc[fit.posterior["member"].to_numpy()]
    a = fit.posterior["digital__deviation"].mean(["chain", "draw"])
    b = fit.posterior["outcome__b_deviation"].mean(["chain", "draw"])
    assert np.corrcoef(a, truth["a"])[0, 1] > 0.8
    assert np.corrcoef(b, truth["b"])[0, 1] > 0.8
    own = treated_rows(frame).groupby("unit")[["a", "b"]].first()
    by_unit = nqp.nie(fit, by="unit").sel(mediator="digital").mean(["chain", "draw"])
    expected = (own["a"] * own["b"]).loc[by_unit["unit"].to_numpy()]
    assert np.corrcoef(by_unit, expected)[0, 1] > 0.8
    for name, values in (("digital__scale_deviation", 0.5), ("outcome__scale_b", 0.5)):
        low, high = interval(fit.posterior[name].to_numpy().ravel())
        assert low < values < high


@pytest.mark.xdist_group("joint")
def test_paths_add_up_and_are_means_of_products(
    together: tuple[nqp.Fit, pd.DataFrame],
) -> None:
    fit, frame = together
    effect = fit.effects["effect"]
    parts = effect.sel(path="direct") + effect.sel(path="digital")
    np.testing.assert_allclose(effect.sel(path="total"), parts, rtol=0, atol=1e-12)
    posterior, cell = fit.posterior, fit.effects.isel(cell=3)
    here = treated_rows(frame)
    here = here[
        (here["region"] == str(cell["region"].item()))
        & (here["cohort"] == float(cell["cohort"]))
        & (here["time"] == float(cell["time"]))
    ]
    own = {
        name: posterior[name].sel(member=here["unit"].to_numpy())
        for name in ("digital__deviation", "outcome__b_deviation")
    }
    slope = posterior["outcome__b"].sel(outcome__stratum=str(cell["region"].item()))
    a = posterior["digital__cell_mean"].isel(cell=3) + own["digital__deviation"]
    b = slope.sel(mediator="digital") + own["outcome__b_deviation"]
    np.testing.assert_allclose(
        (a * b).mean("member"), effect.sel(path="digital").isel(cell=3), rtol=0, atol=1e-10
    )


@pytest.mark.xdist_group("joint")
def test_members_average_to_cells(together: tuple[nqp.Fit, pd.DataFrame]) -> None:
    fit, frame = together
    rows = treated_rows(frame)
    by_unit = nqp.nie(fit, by="unit").sel(mediator="digital")
    count = rows.groupby("unit").size()[by_unit["unit"].to_numpy()].to_numpy()
    mean = (by_unit * count).sum("unit") / count.sum()
    np.testing.assert_allclose(mean, nqp.nie(fit).sel(mediator="digital"), rtol=0, atol=1e-10)


@pytest.mark.xdist_group("joint")
def test_saving_and_loading(together: tuple[nqp.Fit, pd.DataFrame], tmp_path: Path) -> None:
    fit, _ = together
    again = nqp.load(fit.save(tmp_path / "joint.nc"))
    assert again.design == MEDIATION
    assert again.digest == fit.digest
    np.testing.assert_array_equal(
        again.posterior["outcome__corr_ab"], fit.posterior["outcome__corr_ab"]
    )


def test_draws_are_those_of_the_dense_posterior() -> None:
    frame = frame_of(16, 9, seed=4)
    joint = joint_for(DESIGN, panel_of(frame))
    reference = DenseJoint(DESIGN, frame, ())
    x = 0.3 * np.random.default_rng(1).normal(size=len(joint.names))
    x[-1] = 1.5
    found = joint.draw(x[None], None)
    first = joint.first
    m = values_of(joint.names[:first], x[:first])
    y = values_of(joint.names[first:-2], x[first:-2])
    a, b = reference.own(m, y, float(np.exp(x[-2])), float(np.tanh(0.5 * x[-1])))
    order = np.argsort(joint.units)
    np.testing.assert_allclose(found.own[0, order, 0], a, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.own[0, order, 1], b, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    "arguments",
    [
        {"vary_by": "region"},
        {"vary_by": "unit", "interaction": True},
        {"vary_by": "unit", "lag": 1},
        {"vary_by": "unit", "mediators": ["digital", "finance"]},
        {"vary_by": "unit", "design": nqp.StaggeredDiD(nqp.Complete(varying=None))},
    ],
)
def test_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(StudyError, match="vary_by"):
        nqp.Mediation(**arguments)


def test_two_mediators_of_a_panel_and_gradients_are_refused() -> None:
    frame = frame_of(20, 10, seed=3).assign(finance=lambda d: d["x"] + d["digital"])
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"],
        mediators=["digital", "finance"],
    )  # fmt: skip
    with pytest.raises(StudyError, match="one mediator, and the panel has 2"):
        nqp.fit(MEDIATION, panel, progress=False)
    with pytest.raises(StudyError, match="NUTS"):
        nqp.fit(MEDIATION, panel_of(frame), nqp.NUTS(), progress=False)
    with pytest.raises(StudyError, match="one equation at a time"):
        nqp.conditional_mean(MEDIATION, panel_of(frame))


def test_a_new_unit_has_both_deviations_with_their_correlation(together) -> None:
    """The mean over draws is that of products: the covariance is in it."""
    fit, _ = together
    effects = nqp.cell_effects(fit, "population")
    via = nqp.att(effects, path="digital")
    posterior = fit.posterior
    covariance = (
        posterior["digital__scale_deviation"] * posterior["outcome__scale_b"]
        * posterior["outcome__corr_ab"]
    )  # fmt: skip
    sd = float(via.std()) / np.sqrt(via.size)
    stratum = fit.plan.table.stratum
    first = posterior["digital__cell_mean"].to_numpy()
    slope = posterior["outcome__b"].isel(mediator=0).to_numpy()[..., stratum]
    rows = fit.plan.cells.rows / fit.plan.cells.rows.sum()
    plain = float(((first * slope) @ rows).mean())
    assert float(via.mean()) == pytest.approx(plain + float(covariance.mean()), abs=4 * sd)
    assert float(covariance.mean()) > 5 * sd
    np.testing.assert_allclose(
        nqp.total(effects), nqp.nde(effects) + nqp.nie(effects, mediators="digital"), atol=1e-10
    )
