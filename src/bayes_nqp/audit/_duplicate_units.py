"""Detect units that move like other units, or with another stratum than their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.special import gammaincinv

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Codes, Measurements, Trace, middle, scale_of
from bayes_nqp.checks.shared import DOUBT

_CHANCE: Final = 1e-4
_NOISE: Final = 0.15
"""Largest distance of duplicates, in robust standard deviations of their changes."""
_FREE: Final = 4
_MOST: Final = 1_500
"""Largest number of units for comparisons of all pairs."""


def twins(column: Measurements, stratum: Codes, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Find pairs of units that are closer than independent errors allow.

    Closeness is relative to the changes of the units, also net of common changes of a stratum.
    """
    changes, net = _moves(column, stratum)
    seen = np.isfinite(net).all(axis=1) & (column.unit_scale > 20.0 * column.grain.max(axis=1))
    units_seen, free = np.flatnonzero(seen), net.shape[1]
    if free < _FREE or not 2 <= units_seen.size <= _MOST or not column.fine:
        return
    points = changes[units_seen]
    # Common changes are not evidence of duplication, nor are small remainders net of them.
    size = np.minimum(scale_of(net[units_seen]), scale_of(points))
    pairs = units_seen.size * (units_seen.size - 1) / 2.0
    # Squared distances of independent units are 2 chi-squared.
    limit = min(_NOISE**2, 4.0 * float(gammaincinv(free / 2.0, _CHANCE / pairs)) / free)
    reach = np.sqrt(limit * free) * float(np.median(size))
    near = cKDTree(points).query_pairs(reach, output_type="ndarray")
    if not near.size:
        return
    distance = np.mean((points[near[:, 0]] - points[near[:, 1]]) ** 2, axis=1)
    near = near[distance <= limit * np.minimum(*size[near].T) ** 2]
    if near.size:
        names = [f"{units[units_seen[b]]} = {units[units_seen[a]]}" for a, b in near]
        count = np.unique(near[:, 1]).size
        yield Trace(
            Message(
                "{n} unit has the same changes as another unit, with noise below {:.0%}",
                limit**0.5,
                plural="{n} units have the same changes as other units, with noise below {:.0%}",
                n=count,
            ),
            column.name, DOUBT, count, listed(names),
        )  # fmt: skip


def _moves(column: Measurements, stratum: Codes) -> tuple[Array, Array]:
    """Return changes in robust SDs of periods, with and without common stratum changes."""
    left = column.changes.copy()
    for level in np.unique(stratum):
        left[stratum == level] -= middle(left[stratum == level], axis=0)
    scale = scale_of(left.T)
    scale = np.where(scale > 0.0, scale, np.nan)
    return column.changes / scale, left / scale


_HALF: Final = 5.0
"""Half the distance of two strata, in SDs of units around their own, that identifies strata."""
_FEWEST: Final = (3, 0.02)
_JUMP: Final = 5.0
"""Median jump at adoption, in robust SDs of changes, that identifies adoption dates."""
_UNITS: Final = 8
_MOVES: Final = 5


def strangers(
    column: Measurements, stratum: Codes, free: Mask, units: npt.NDArray[np.str_]
) -> Iterator[Trace]:
    """Compare the changes of units with those of their stratum and of every other stratum.

    Parameters
    ----------
    stratum : ndarray of int (unit)
        Number of the stratum.
    free : ndarray of bool (unit, period)
        Untreated observations.
    """
    changes = np.where(free[:, 1:] & free[:, :-1], column.changes, np.nan)
    if changes.shape[1] < _MOVES or not column.moving:
        return
    levels = [k for k in np.unique(stratum) if (stratum == k).sum() >= _UNITS]
    paths = {k: _middle_half(changes[stratum == k]) for k in levels}
    strange = np.zeros(len(stratum), dtype=bool)
    for level in levels:
        mine = np.flatnonzero(stratum == level)
        left = changes[mine] - paths[level]
        for other in levels:
            strange[mine] |= _nearer(left, paths[other] - paths[level]) if other != level else False
    who = np.flatnonzero(strange)
    if who.size >= max(_FEWEST[0], _FEWEST[1] * len(stratum)):
        yield Trace(
            Message(
                "{n} unit follows the time path of another stratum, so its outcome may "
                "belong to another unit",
                plural=
                    "{n} units follow the time path of another stratum, so their outcomes"
                    " may belong to other units",
                n=who.size,
            ),
            column.name, DOUBT, who.size, listed(units[who]),
        )  # fmt: skip


def _nearer(left: Array, gap: Array) -> Mask:
    """Mark units closer to another stratum than to their own, if the strata differ (unit).

    Parameters
    ----------
    left : ndarray (unit, change)
        Changes net of the changes of the own stratum.
    gap : ndarray (change)
        Changes of the other stratum, net of the changes of the own stratum.
    """
    seen = np.isfinite(left) & np.isfinite(gap)
    toward = np.where(seen, left * gap, 0.0).sum(axis=1)
    length = np.where(seen, gap**2, 0.0).sum(axis=1)
    along = toward / np.sqrt(np.maximum(length, 1e-300))
    around = 0.7 * float(scale_of(left.reshape(1, -1))[0])
    spread = np.fmax(float(scale_of(along[None])[0]), around)
    far = np.sqrt(length) > 2.0 * _HALF * spread
    return np.asarray((spread > 0.0) & far & (2.0 * toward > length) & (seen.sum(axis=1) >= _MOVES))


def misdated(column: Measurements, cohort: Codes, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Find units that jump when other units adopt, and not at their own adoption."""
    changes = column.changes - middle(column.changes, axis=0)
    scale = float(scale_of(changes.reshape(1, -1))[0])
    adopts, dates = np.flatnonzero(cohort > 0), np.unique(cohort[cohort > 0])
    if not column.moving or not scale > 0.0 or adopts.size < _UNITS or dates.size < 2:
        return
    onset = changes[adopts, cohort[adopts] - 1]
    jump = float(np.nanmedian(onset)) if np.isfinite(onset).any() else 0.0
    if abs(jump) < _JUMP * scale:
        return
    jumps = changes[:, dates - 1] / jump
    at_home = dates[None, :] == cohort[:, None]
    alike = np.where(at_home, np.nan, jumps)
    still = ~(np.where(at_home, jumps, np.nan) > 0.5).any(axis=1)
    with np.errstate(invalid="ignore"):
        abroad = np.flatnonzero(((alike > 0.5) & (alike < 2.0)).any(axis=1) & still)
        chance = int(((alike < -0.5) & (alike > -2.0)).any(axis=1).sum())
    if abroad.size >= max(_FEWEST[0] + 3 * chance, 0.05 * len(cohort)):
        yield Trace(
            Message(
                "{n} unit jumps at the adoption date of others and not at its own, so its"
                " outcome or date may belong to another unit",
                plural=
                    "{n} units jump at the adoption date of others and not at their own, "
                    "so their outcomes or dates may belong to other units",
                n=abroad.size,
            ),
            column.name, DOUBT, abroad.size, listed(units[abroad]),
        )  # fmt: skip


def _middle_half(changes: Array) -> Array:
    """Return the mean of the middle half of units in each period (period)."""
    low, high = np.nanquantile(
        np.where(np.isfinite(changes).any(axis=0), changes, 0.0), (0.25, 0.75), axis=0
    )
    inside = (changes >= low) & (changes <= high)
    return np.asarray(
        np.where(inside, changes, 0.0).sum(axis=0) / np.maximum(inside.sum(axis=0), 1)
    )
