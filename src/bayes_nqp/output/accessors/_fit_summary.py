"""``fit.summary()``: the average effect, overall or by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bayes_nqp as nqp
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    import pandas as pd


@attribute("Fit")
def summary(
    fit: nqp.Fit, by: By = None, *, prob: float = 0.95, weights: str = "rows"
) -> pd.DataFrame:
    """Summarise the average effect: ``nqp.summary(nqp.att(fit, by))``.

    Parameters
    ----------
    by : str, sequence of str or mapping, optional
        Groups, as in `att`: a stratum factor, "event_time", "cohort", "unit".
    prob : float, default 0.95
        Posterior probability of the interval, equal-tailed.
    weights : str, default "rows"
        As in `att`.

    Returns
    -------
    DataFrame
        Result of `summary`, outcome units.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> fit.summary("event_time")["event_time"].tolist()
    [0, 1, 2, 3, 4]
    """
    return nqp.summary(nqp.att(fit, by, weights), prob)
