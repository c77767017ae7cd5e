"""Coefficients of the treatment of linked units, by event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bayes_nqp.arrays import Array


def theta_of(terms: Mapping[str, Array], events: Sequence[int]) -> Array:
    """``level + drift e + walk(e)`` at event times, or those of each, outcome units.

    Parameters
    ----------
    terms : mapping of str to ndarray (..., label)
        Coefficients by term, as they are reported.
    events : sequence of int
        One or more: all that the columns of linked units' treatment have.

    Returns
    -------
    ndarray (..., event)
        Outcome units.
    """
    e = np.array(events, dtype=np.int64)
    if (each := terms.get("linked_each")) is not None:
        return each
    theta = np.repeat(terms["linked_level"], e.size, axis=-1)
    if (drift := terms.get("linked_drift")) is not None:
        theta = theta + drift * e
    if (walk := terms.get("linked_walk")) is not None:
        # walk(e) = sum of steps 1 to e, or of steps -1 down to e: a triangle of ones either way.
        ahead = np.arange(1, max(int(e.max()), 0) + 1)
        back = np.arange(-1, min(int(e.min()), 0) - 1, -1)
        steps = np.concatenate([e[:, None] >= ahead, e[:, None] <= back], axis=1)
        theta = theta + walk @ steps.T.astype(np.float64)
    return np.asarray(theta)
