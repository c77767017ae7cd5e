"""Time effects: common, by level of the strata, or partially pooled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import once
from bayes_nqp._core.validation import value
from bayes_nqp.model.predictors.parts import GlobalPart, LocalPart
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import FLAT, Scale


@value("time")
class TimeEffects:
    """Time effects, common to all units or separate by strata.

    By default every combination of the factors by which effects vary has separate time effects, so
    that a contrast of effects does not include a contrast of trends.

    Parameters
    ----------
    by : sequence of str, default ()
        Factors whose levels (in combination) have separate time effects; none for common
        time effects.
    pooled : bool, default False
        If True, the levels' time effects are shrunk towards common ones.

    Examples
    --------
    >>> from bayes_nqp import TimeEffects
    >>> TimeEffects(["region"])
    TimeEffects(by=('region',), pooled=False)
    """

    by: tuple[str, ...] = ()
    pooled: bool = False

    def __init__(self, by: Sequence[str] | str = (), pooled: bool = False) -> None:
        names = (by,) if isinstance(by, str) else tuple(by)
        once("by", names)
        object.__setattr__(self, "by", names)
        object.__setattr__(self, "pooled", bool(pooled))


def time_parts(
    free: Index, n_levels: int, n_periods: int, *, pooled: bool, local: bool, priors: Priors
) -> list[GlobalPart | LocalPart]:
    """Return the parts of the linear predictor for time effects.

    Parameters
    ----------
    free : ndarray of int (coefficient)
        Level × period of each time effect that is not a reference.
    n_levels, n_periods : int
        Size of the table of time effects.
    pooled : bool
        True if levels are shrunk towards common time effects; ``free`` then lists all.
    local : bool
        True if each level belongs to one block only.
    priors : Priors
        Scales, in multiples of ``s``.
    """
    table = n_levels * n_periods
    if pooled:
        periods = np.unique(free % n_periods)[1:]
        columns = np.zeros((table, periods.size))
        for j, t in enumerate(periods):
            columns[np.arange(n_levels) * n_periods + t, j] = 1.0
        labels = [str(t) for t in periods]
        common = GlobalPart("time_effect", "time", columns, FLAT, labels, reported=False)
        scale = Scale("time_effect", priors.scale("time_effect"))
        return [common, LocalPart("time_deviation", "time", free, scale)]
    if local:
        return [LocalPart("time_effect", "time", free, FLAT)]
    columns = np.zeros((table, free.size))
    columns[free, np.arange(free.size)] = 1.0
    labels = [str(k) for k in free]
    return [GlobalPart("time_effect", "time", columns, FLAT, labels, reported=False)]
