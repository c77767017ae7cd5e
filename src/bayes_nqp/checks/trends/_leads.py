"""Leads of a separate fit, and tests of their joint posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import special

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp.data.panel import Panel, is_paired, pairs_of
from bayes_nqp.effects.estimands import simultaneous_signs

_ALONE = 0.975
"""Probability of a sign from which an equal-tailed 95 % interval excludes zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Statistics of the joint posterior of some leads.

    Parameters
    ----------
    tail : float
        Tail probability of zero.
    inside, bound : float
        Probability that all leads lie within the bound, outcome units.
    first : int
        Earliest event time for this probability.
    slope : ndarray (draw), outcome units per period
        Slope of the line through the reference that fits the leads best.
    alone, together : tuple of int
        Event times at which the pointwise 95 % interval, and the simultaneous band, exclude zero.
    """

    tail: float
    inside: float
    bound: float
    first: int
    slope: Array
    alone: tuple[int, ...]
    together: tuple[int, ...]


def joint_of(leads: xr.DataArray, bound: float, freedom: float, reference: int = -1) -> Joint:
    """Test leads by event time.

    Parameters
    ----------
    leads : DataArray (chain, draw, event_time), outcome units
        With the coordinate ``rows``; event times without observations are NaN.
    bound : float, outcome units
        Applies to event times with at least half as many observations as the largest number.
    freedom : float
        Degrees of freedom of the tail probability.
    reference : int, default -1
        Event time of the leads' reference.
    """
    leads = leads.isel({v.EVENT_TIME: ~np.isnan(leads.isel(chain=0, draw=0).to_numpy())})
    event_time = leads[v.EVENT_TIME].to_numpy()
    draws = leads.transpose(*v.SAMPLE_DIMS, v.EVENT_TIME).to_numpy().reshape(-1, event_time.size)
    rows = leads[v.ROWS].to_numpy()
    well = rows >= 0.5 * rows.max()
    span = (event_time - reference).astype(np.float64)
    weights = precision_of(draws) @ span
    signs = simultaneous_signs(leads)
    alone = signs["probability"].to_numpy() >= _ALONE
    return Joint(
        tail=tail_of(draws, freedom),
        inside=float((np.abs(draws[:, well]) < bound).all(axis=1).mean()),
        bound=bound,
        first=int(event_time[well].min()),
        slope=draws @ (weights / (span @ weights)),
        alone=tuple(event_time[alone].astype(int).tolist()),
        together=tuple(event_time[signs["named"].to_numpy()].astype(int).tolist()),
    )


def precision_of(draws: Array) -> Array:
    """Invert the covariance of draws, without the bias of inverting an estimate.

    References
    ----------
    Hartlap, J., Simon, P. and Schneider, P. (2007). Why your model parameter confidences might
    be too optimistic. Astronomy & Astrophysics 464(1).
    """
    number, size = draws.shape
    covariance = np.atleast_2d(np.cov(draws, rowvar=False))
    shrunk = max(number - size - 2, 1) / (number - 1)
    return np.asarray(shrunk * np.linalg.pinv(covariance, hermitian=True))


def tail_of(draws: Array, freedom: float) -> float:
    """Return the tail probability of zero: of values farther from the mean than zero.

    Distances use the metric of the posterior covariance. The squared distance over the number of
    quantities is taken as F distributed. A count of draws would be zero whenever the tail is
    thinner than one over their number, and would not reflect the small number of units.

    Parameters
    ----------
    freedom : float
        Degrees of freedom of the covariance.
    """
    return tail_at(draws.mean(axis=0), precision_of(draws), freedom)


def tail_at(mean: Array, precision: Array, freedom: float) -> float:
    """Return the same tail probability for a known mean and precision matrix."""
    distance = max(float(mean @ precision @ mean), 0.0)
    return float(special.fdtrc(mean.size, freedom, distance / mean.size))


def freedom(treated: float, never: float) -> float:
    """Return degrees of freedom of a difference between two groups (Welch, Satterthwaite).

    Parameters
    ----------
    treated, never : float
        Numbers of ever-treated and never-treated units.

    Returns
    -------
    float
        Close to that of the smaller group if the other is much larger.
    """
    sizes = np.maximum(np.array([treated, never], dtype=np.float64), 2.0)
    parts = 1.0 / sizes
    return float(parts.sum() ** 2 / (parts**2 / (sizes - 1.0)).sum())


def freedom_of(panel: Panel, inside: Mask | None = None) -> float:
    """Return degrees of freedom of treated against never-treated units.

    For pairs, which share the shocks of their ends, nodes are counted: those that never-treated
    pairs have between them, and all others.

    Parameters
    ----------
    inside : ndarray of bool (unit), optional
        Units that are compared; all by default.
    """
    ever = np.asarray(panel.cohort_codes) >= 0
    some = np.ones(ever.size, dtype=bool) if inside is None else inside
    if is_paired(panel):
        ends = pairs_of(panel).ends
        never = np.unique(ends[:, some & ~ever]).size
        return freedom(np.unique(ends[:, some]).size - never, never)
    return freedom(*(panel.counts[some & group].sum() for group in (ever, ~ever)))
