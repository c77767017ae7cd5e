"""Units that move as others do, but for some noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.stats import chi2

from bayes_nqp.arrays import Array
from bayes_nqp.checks.data._column import Codes, Column, Trace, middle, scale_of
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.language import Message, listed

_CHANCE: Final = 1e-4
_NOISE: Final = 0.15
"""Largest distance of two units, in robust standard deviations of their changes."""
_CHANGES: Final = 4
_MOST: Final = 1_500
"""Units up to which all pairs are looked at."""


def twins(column: Column, stratum: Codes, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Find pairs that are nearer one another than independent errors ever are.

    Near is what is small beside their changes, also net of what a stratum has in common.
    """
    own, net = _moves(column, stratum)
    seen = np.isfinite(net).all(axis=1) & (column.unit_scale > 20.0 * column.grain.max(axis=1))
    whole, free = np.flatnonzero(seen), net.shape[1]
    if free < _CHANGES or not 2 <= whole.size <= _MOST or not column.fine:
        return
    points = own[whole]
    # What units have in common makes none alike; nor are small ones, once it is taken out.
    size = np.minimum(scale_of(net[whole]), scale_of(points))
    pairs = whole.size * (whole.size - 1) / 2.0
    # Squared distances of independent units are 2 chi-squared.
    limit = min(_NOISE**2, 2.0 * float(chi2.ppf(_CHANCE / pairs, free)) / free)
    reach = np.sqrt(limit * free) * float(np.median(size))
    near = cKDTree(points).query_pairs(reach, output_type="ndarray")
    if not near.size:
        return
    distance = np.mean((points[near[:, 0]] - points[near[:, 1]]) ** 2, axis=1)
    near = near[distance <= limit * np.minimum(*size[near].T) ** 2]
    if near.size:
        names = [f"{units[whole[b]]} = {units[whole[a]]}" for a, b in near]
        count = np.unique(near[:, 1]).size
        yield Trace(
            Message(
                "{n} unit moves as another does, but for noise of less than {:.0%}",
                limit**0.5,
                plural="{n} units move as others do, but for noise of less than {:.0%}",
                n=count,
            ),
            column.name, DOUBT, count, listed(names),
        )  # fmt: skip


def _moves(column: Column, stratum: Codes) -> tuple[Array, Array]:
    """Changes in robust sd's of periods, with what a stratum has in common and without it."""
    left = column.changes.copy()
    for level in np.unique(stratum):
        left[stratum == level] -= middle(left[stratum == level], axis=0)
    scale = scale_of(left.T)
    scale = np.where(scale > 0.0, scale, np.nan)
    return column.changes / scale, left / scale
