"""Nearest neighbours by propensity score, with or without replacement."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.types import Positive
from bayes_nqp.data.matching._methods import matching
from bayes_nqp.data.matching._pool import Pool


@matching(Message("nearest neighbours by propensity score"), place=10)
def nearest(
    pool: Pool,
    *,
    k: Annotated[int, Ge(1)] = 1,
    caliper: Positive = 0.2,
    replacement: bool = False,
) -> Array:
    """Match each treated unit with the k nearest controls within a caliper.

    Each treated unit divides a weight of one equally between its matches.

    Parameters
    ----------
    k : int, default 1
        Controls of each treated unit, at most.
    caliper : float, default 0.2, SDs of the logit of the propensity score
        Largest distance of two logits.
    replacement : bool, default False
        If True, a control may be matched several times. If False, controls are assigned in k
        rounds, each of which maximises the number of matches and then minimises the sum of
        distances.

    References
    ----------
    Austin, P. C. (2011). Optimal caliper widths for propensity-score matching. Pharmaceutical
    Statistics 10(2). Rosenbaum, P. R. (1989). Optimal matching for observational studies. Journal
    of the American Statistical Association 84(408).
    """
    left, right = pool.logit[pool.treated], pool.logit[~pool.treated]
    find = _with_replacement if replacement else _assigned
    return pool.shared(*find(left, right, k, pool.width(caliper)))


def _with_replacement(left: Array, right: Array, k: int, width: float) -> tuple[Index, Index]:
    """Return the treated and the control of each match."""
    near = np.arange(1, min(k, right.size) + 1)
    # The bound of the tree is exclusive.
    bound = np.nextafter(width, np.inf)
    nearest = KDTree(right[:, None]).query(left[:, None], k=near, distance_upper_bound=bound)[1]
    owner, place = np.nonzero(nearest < right.size)
    return owner, nearest[owner, place]


def _assigned(left: Array, right: Array, k: int, width: float) -> tuple[Index, Index]:
    """Return the treated and the control of each match, assigned optimally in k rounds."""
    size = left.size * right.size
    subject = f"matching {left.size:,} with {right.size:,} units without replacement"
    # About n² m operations of a nanosecond each.
    hours = 1e-9 * size * min(left.size, right.size) / 3600
    afford(24.0 * size, subject, "replacement=True", hours=hours)
    owners, controls, free = [], [], np.arange(right.size)
    for _ in range(min(k, right.size)):
        gap = np.abs(left[:, None] - right[free])
        # A pair beyond the caliper costs more than all pairs within: as few of them as possible.
        beyond = (min(gap.shape) + 1) * (width + 1.0)
        owner, place = linear_sum_assignment(np.where(gap <= width, gap, beyond))
        within = gap[owner, place] <= width
        owners.append(owner[within])
        controls.append(free[place[within]])
        free = np.delete(free, place[within])
        if not within.any() or not free.size:
            break
    return np.concatenate(owners), np.concatenate(controls)
