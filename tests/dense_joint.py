"""Two equations stacked densely: the reference for effects that vary by unit along a channel."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
import scipy.linalg as sl
from dense import Dense, values_of
from dense_exposure import DenseExposure
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp.model.designs import SingleEquation

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
            "place": np.repeat(np.arange(units) // 8 % 2, periods),
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
        self, design: SingleEquation, frame: pd.DataFrame, covariates: tuple[str, ...]
    ) -> None:
        self._state(design, *(panel_of(frame, x, covariates) for x in ("digital", "outcome")))

    def _state(self, design: SingleEquation, first: nqp.Panel, second: nqp.Panel) -> None:
        """State both equations, and the mediator's column in the second."""
        equation = Dense if design.facts.adopted else DenseExposure
        self.mediator, self.outcome = equation(design, first), equation(design, second)
        self.design = design
        y = self.outcome
        digital = y.panel.mediators[:, 0]
        means = pd.Series(digital).groupby(y.panel.unit_codes).transform("mean").to_numpy()
        within = digital - means
        size = np.sqrt(np.mean(within**2))
        self.column = digital[y.rows] / size

    @property
    def loading(self) -> np.ndarray:
        """What multiplies a unit's deviation of the effect: treatment, or the exposure (row)."""
        return self.mediator.in_unit_effect.sum(axis=1)

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
        cross = r * omega_a * omega * np.outer(self.loading, column) * same
        return np.block([[first, cross], [cross.T, second]])

    def posterior(self, m: dict, y: dict, omega: float, r: float) -> tuple[np.ndarray, ...]:
        """Mean and covariance of what units add, in multiples of ``s``, and means of cells.

        Of every unit's effect on the mediator, then of slopes and direct effects, less the means
        of their cells and strata; then the cells' effects on the mediator, and direct ones.
        """
        first, second = self.mediator, self.outcome
        rows, units = second.unit.size, np.unique(second.unit)
        data = np.concatenate([first.y, second.y])
        inverse = np.linalg.inv(self.covariance(m, y, omega, r))
        x = inverse @ self.flat
        whole = inverse - x @ np.linalg.pinv(self.flat.T @ x, rcond=1e-11, hermitian=True) @ x.T
        member = (second.unit[:, None] == units).astype(float)
        loads = sl.block_diag(
            first.treated[:, None] * member,
            np.concatenate(
                [self.column[:, None] * member, second.treated[:, None] * member], axis=1
            ),
        )
        a, u = (d.deviation_variance(p) for d, p in ((first, m), (second, y)))
        cross = r * np.sqrt(a) * omega
        own = np.array([[a, cross, 0.0], [cross, omega**2, 0.0], [0.0, 0.0, u]])
        prior = np.kron(own, np.eye(units.size))
        gain = prior @ loads.T @ whole
        cells = [
            d.cell_covariance(p) @ d.in_cell.T @ (whole @ data)[at : at + rows]
            for d, p, at in ((first, m, 0), (second, y, rows))
        ]
        return gain @ data, prior - gain @ loads @ prior, *cells

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

    def log_density_at(
        self, first: tuple[str, ...], second: tuple[str, ...], x: np.ndarray
    ) -> float:
        """The same at an unconstrained point of the parameters of both, and of what joins them."""
        return self.log_density(*self.split(first, second, x))

    @staticmethod
    def split(
        first: tuple[str, ...], second: tuple[str, ...], x: np.ndarray
    ) -> tuple[dict, dict, float, float]:
        """Parameters of each equation, ``omega_b`` and the correlation."""
        n = len(first)
        joining = float(np.exp(x[-2])), float(np.tanh(0.5 * x[-1]))
        return values_of(first, x[:n]), values_of(second, x[n:-2]), *joining
