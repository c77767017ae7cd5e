"""The event study as a table."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.estimands import By, by_event_time
from bayes_nqp.schema import FitOrEffects
from bayes_nqp.tables._summary import summary


@door
def event_study_table(
    fit_or_effects: FitOrEffects,
    by: By = None,
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    weights: str = "rows",
    balanced: int | None = None,
) -> pd.DataFrame:
    """Summarise the effect at every event time, overall or by group.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or effects in the schema of the waist.
    by : str, sequence of str or mapping, optional
        What else to keep apart, as in ``att``.
    prob : float, default 0.95
        Posterior probability of the interval.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    weights : str, default "rows"
        As in ``att``.
    balanced : int, optional
        As in ``att``.

    Returns
    -------
    DataFrame
        The columns of ``summary`` and the ``units`` behind each average, one row per group and
        event time.

    Raises
    ------
    StudyError
        As ``att`` and ``summary``.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp import schema
    >>> from bayes_nqp.tables import event_study_table
    >>> effects = schema.build(
    ...     np.random.default_rng(1).normal(size=(4, 100, 1, 2)),
    ...     strata={},
    ...     cohort=[2015, 2015],
    ...     time=[2015, 2016],
    ...     event_time=[0, 1],
    ...     rows=[3, 3],
    ...     units=[3, 3],
    ... )
    >>> event_study_table(effects)["event_time"].tolist()
    [0, 1]
    """
    draws = by_event_time(fit_or_effects, by, weights, balanced)
    table = summary(draws, prob, kind)
    complete = draws.isel(dict.fromkeys(v.SAMPLE_DIMS, 0)).notnull().to_numpy().ravel()
    place = list(table.columns).index(v.EVENT_TIME) + 1
    table.insert(place, v.UNITS, draws[v.UNITS].to_numpy().ravel()[complete])
    return table
