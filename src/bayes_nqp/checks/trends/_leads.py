"""Leads of a separate fit, and what their joint posterior says."""

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
"""Probability of a sign from which an equal-tailed 95 % interval leaves zero out."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """What the joint posterior of some leads says.

    Parameters
    ----------
    tail : float
        Tail probability of zero.
    inside, bound : float
        Probability that all leads lie within the bound, outcome units.
    first : int
        Earliest event time of which that is asked.
    slope : ndarray (draw), outcome units per period
        Of the line through the reference that fits the leads best.
    alone, together : tuple of int
        Event times whose lead leaves zero out of its own 95 % interval, and out of the
        simultaneous band of all.
    """

    tail: float
    inside: float
    bound: float
    first: int
    slope: Array
    alone: tuple[int, ...]
    together: tuple[int, ...]


def joint_of(leads: xr.DataArray, bound: float, freedom: float, reference: int = -1) -> Joint:
    """Judge leads by event time.

    Parameters
    ----------
    leads : DataArray (chain, draw, event_time), outcome units
        With the coordinate ``rows``; event times without any are NaN.
    bound : float, outcome units
        Asked of the event times with at least half as many rows as the fullest has.
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
    """Tail probability of zero: of values farther from the mean than zero is.

    In the metric of the posterior covariance; the squared distance over the number of
    quantities is taken as F distributed. Counting draws instead would give zero wherever the
    tail is thinner than their number, and would know nothing of how few units are compared.

    Parameters
    ----------
    freedom : float
        Degrees of freedom of the covariance.
    """
    return tail_at(draws.mean(axis=0), precision_of(draws), freedom)


def tail_at(mean: Array, precision: Array, freedom: float) -> float:
    """The same of a mean and an inverse covariance that are known."""
    distance = max(float(mean @ precision @ mean), 0.0)
    return float(special.fdtrc(mean.size, freedom, distance / mean.size))


def freedom(treated: float, never: float) -> float:
    """Degrees of freedom of a difference between two groups of units (Welch, Satterthwaite).

    Parameters
    ----------
    treated, never : float
        Units ever treated, and never.

    Returns
    -------
    float
        That of the smaller group where the other is much larger.
    """
    sizes = np.maximum(np.array([treated, never], dtype=np.float64), 2.0)
    parts = 1.0 / sizes
    return float(parts.sum() ** 2 / (parts**2 / (sizes - 1.0)).sum())


def freedom_of(panel: Panel, inside: Mask | None = None) -> float:
    """Degrees of freedom of adopters against the never treated.

    Of pairs, which share the shocks of their ends, nodes count: those that pairs never treated have
    between them, and all others.

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
