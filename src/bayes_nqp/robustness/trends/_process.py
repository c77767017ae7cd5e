"""Steps and bends before adoption within a box, and weights after adoption."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import log_ndtr, ndtri_exp

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.effects.estimands import strata_labels

_SWEEPS = 20


def truncated_normal(
    mean: Array, covariance: Array, bound: float, number: int, rng: np.random.Generator
) -> Array:
    """Draw from a normal distribution with all coordinates truncated to ± a bound.

    Draws start from sequential importance sampling with resampling, which is exact if the box
    truncates little. They continue with Gibbs sampling, each in a separate chain.

    Parameters
    ----------
    bound : float
        Bound of every coordinate's absolute value; at 0 all draws are 0.
    number : int
        Number of draws.

    References
    ----------
    Geweke, J. (1991). Efficient simulation from the multivariate normal and Student-t
    distributions subject to linear constraints. Computing Science and Statistics 23.
    """
    if bound == 0 or not mean.size:
        return np.zeros((number, mean.size))
    draws, log_weight = _sequential(mean, covariance, bound, number, rng)
    weight = np.exp(log_weight - log_weight.max())
    draws = draws[_resampled(weight / weight.sum(), rng)]
    # Gibbs: x_i given the others ~ N(m_i - sum_(j != i) P_ij (x_j - m_j) / P_ii, 1 / P_ii) within
    # the box, P the precision.
    precision = np.linalg.inv(covariance)
    sd = 1 / np.sqrt(np.diag(precision))
    for _ in range(_SWEEPS):
        for i in range(mean.size):
            pull = (draws - mean) @ precision[i] - precision[i, i] * (draws[:, i] - mean[i])
            centre = mean[i] - pull / precision[i, i]
            draws[:, i], _ = _within(centre, sd[i], bound, rng)
    return draws


def _sequential(
    mean: Array, covariance: Array, bound: float, number: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw coordinates sequentially, each within the box given earlier coordinates."""
    # x = m + L z: x_i given x_1 to x_(i-1) ~ N(m_i + sum_(j<i) L_ij z_j, L_ii²). The weight of a
    # draw is the product of the masses that the box leaves of these.
    factor = np.linalg.cholesky(covariance)
    draws, noise = np.empty((number, mean.size)), np.zeros((number, mean.size))
    log_weight = np.zeros(number)
    for i in range(mean.size):
        centre = mean[i] + noise @ factor[i]
        draws[:, i], log_mass = _within(centre, factor[i, i], bound, rng)
        noise[:, i] = (draws[:, i] - centre) / factor[i, i]
        log_weight += log_mass
    return draws, log_weight


def _within(
    centre: Array, sd: float, bound: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw univariate normals within ± a bound; also return the log probability of it."""
    low, high = (-bound - centre) / sd, (bound - centre) / sd
    # Mirrored if the box is in the upper tail: log Phi is accurate in the lower tail.
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    below, above = log_ndtr(low), log_ndtr(high)
    # log(Phi(high) - Phi(low)), and the quantile of Phi(low) + U times that mass.
    log_mass = above + np.log1p(-np.exp(np.minimum(below - above, -1e-300)))
    uniform = np.log(rng.uniform(np.finfo(float).tiny, 1.0, centre.size))
    point = ndtri_exp(np.minimum(np.logaddexp(below, uniform + log_mass), above))
    point = np.where(flip, -point, point)
    return np.clip(centre + sd * point, -bound, bound), log_mass


def _resampled(weight: Array, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Resample systematically."""
    number = weight.size
    places = (rng.random() + np.arange(number)) / number
    return np.minimum(np.searchsorted(np.cumsum(weight), places), number - 1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class TrendCells:
    """Cells of leads or of effects.

    Parameters
    ----------
    key : ndarray of str (cell)
        Stratum and cohort.
    step : ndarray of int (cell)
        Periods since the reference minus one: the reference is −1, the first effect 0.
    """

    draws: Array
    key: npt.NDArray[np.str_]
    step: npt.NDArray[np.int64]
    rows: Array

    @classmethod
    def of(cls, effects: xr.Dataset, reference: int) -> TrendCells:
        """Read a Dataset of group-time effects.

        Parameters
        ----------
        reference : int
            Event time of the reference.
        """
        draws = effects[v.EFFECT].isel({v.PATH: 0}).transpose(*v.SAMPLE_DIMS, v.CELL).to_numpy()
        keys = [
            f"{stratum}\x1f{cohort}"
            for stratum, cohort in zip(
                strata_labels(effects), effects[v.COHORT].to_numpy(), strict=True
            )
        ]
        step = effects[v.EVENT_TIME].to_numpy().astype(np.int64) - reference - 1
        rows = effects[v.ROWS].to_numpy().astype(np.float64)
        return cls(draws.reshape(-1, draws.shape[-1]), np.asarray(keys, dtype=str), step, rows)

    def only(self, mask: npt.NDArray[np.bool_]) -> TrendCells:
        """Keep some cells."""
        return TrendCells(self.draws[:, mask], self.key[mask], self.step[mask], self.rows[mask])


@dataclass(frozen=True, slots=True, eq=False)
class Violations:
    """One group's estimand, and the violations of parallel trends that affect it.

    Parameters
    ----------
    effect : ndarray (draw), outcome units
        The estimand under parallel trends.
    steps : ndarray (draw, step), outcome units
        Differences between consecutive periods before adoption, averaged over the cohorts (within
        strata) observed in both periods, weighted by observations.
    step_times : tuple of int
        Event time at which each step starts; −2 is the last.
    bends : ndarray (draw, bend), outcome units
        Changes from one step to the next, averaged over cohorts observed in all three periods.
    bend_times : tuple of int
        Event time at which each bend starts; −3 is the last.
    differential_trend : ndarray (draw) or None, outcome units
        Contribution of the extrapolated last slope of each cohort to the estimand.
    reach : ndarray (step)
        Weight of each step after adoption in the estimand: for step k, the sum of the weights of
        periods from k on.
    """

    effect: Array
    steps: Array
    step_times: tuple[int, ...]
    bends: Array
    bend_times: tuple[int, ...]
    differential_trend: Array | None
    reach: Array

    @property
    def largest(self) -> Array:
        """Return the largest absolute step before adoption (draw), outcome units."""
        return np.asarray(np.abs(self.steps).max(axis=1))


def process_of(leads: TrendCells, effects: TrendCells, weight: Array) -> Violations:
    """Compute one group's process of violations.

    Parameters
    ----------
    leads, effects : TrendCells
        Cells of this group.
    weight : ndarray (cell)
        Weights of the effects in the estimand.
    """
    # Number of the cell by key (stratum and cohort) and event time.
    cell = {(k, int(e)): i for i, (k, e) in enumerate(zip(leads.key, leads.step, strict=True))}
    keys, first = sorted(set(leads.key.tolist())), int(min(leads.step, default=-1))
    # Step b_(e+1) - b_e and bend b_e - 2 b_(e+1) + b_(e+2) of the leads b, b_-1 = 0.
    steps, step_times = _averages(leads, cell, keys, range(first, -1), {0: -1.0, 1: 1.0})
    bends, bend_times = _averages(leads, cell, keys, range(first, -2), {0: 1.0, 1: -2.0, 2: 1.0})
    # A violation at event time e is the sum of steps 0 to e: step k enters all e >= k.
    reach = np.array([weight[effects.step >= k].sum() for k in range(int(effects.step.max()) + 1)])
    return Violations(
        effect=effects.draws @ weight,
        steps=steps,
        step_times=step_times,
        bends=bends,
        bend_times=bend_times,
        differential_trend=_differential_trend(leads, cell, effects, weight),
        reach=reach,
    )


def _averages(
    leads: TrendCells,
    cell: dict[tuple[str, int], int],
    keys: Iterable[str],
    times: Iterable[int],
    pattern: dict[int, float],
) -> tuple[Array, tuple[int, ...]]:
    """Average a difference of consecutive periods over cohorts observed in all of them."""
    columns, present = [], []
    for time in times:
        column, total = np.zeros(leads.rows.size), 0.0
        # The last period before adoption is the reference: its lead is zero and has no cell.
        need = {time + k: factor for k, factor in pattern.items() if time + k != -1}
        for key in keys:
            # Weight of a cohort: the observations of the smallest cell in the difference.
            if all((key, e) in cell for e in need):
                rows = min(leads.rows[cell[key, e]] for e in need)
                total += rows
                for e, factor in need.items():
                    column[cell[key, e]] += rows * factor
        if total > 0:
            columns.append(column / total)
            present.append(time)
    if not columns:
        return np.empty((leads.draws.shape[0], 0)), ()
    return leads.draws @ np.stack(columns, axis=1), tuple(present)


def _differential_trend(
    leads: TrendCells, cell: dict[tuple[str, int], int], effects: TrendCells, weight: Array
) -> Array | None:
    """Extrapolate every cohort's last slope; cohorts without a slope use the average."""
    # An extrapolated slope s is s (e + 1) at event time e: in the estimand s sum_e w_e (e + 1).
    span: dict[str, float] = {}
    for key, step, part in zip(effects.key.tolist(), effects.step.tolist(), weight, strict=True):
        span[key] = span.get(key, 0.0) + float(part) * (step + 1)
    # The last slope of a cohort is b_-1 - b_-2 = -b_-2.
    last = {key: cell[key, -2] for key in span if (key, -2) in cell}
    sizes = sum(abs(span[key]) for key in last)
    if sizes == 0:
        return None
    total = sum(span.values())
    if len(last) == len(span):
        return np.asarray(-sum(span[key] * leads.draws[:, i] for key, i in last.items()))
    slope = -sum(abs(span[key]) * leads.draws[:, i] for key, i in last.items()) / sizes
    return np.asarray(total * slope)
