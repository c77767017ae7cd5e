"""Imputation: untreated outcomes predicted from unit and time effects.

Let X_0 be the unit and time dummies of untreated observations, X_1 those of treated observations,
and w the weights of treated observations. Then v_1 = w and v_0 = -X_0 (X_0'X_0)^-1 X_1'w. Residuals
come from the first stage; those of treated observations are centred by cohort and event time.
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "Borusyak–Jaravel–Spiess",
    Message(
        "parallel trends in all periods; reference: all pre-adoption periods; controls: "
        "all untreated observations"
    ),
    place=20,
)
def imputation(rows: Sample) -> EventCurve:
    """Impute untreated outcomes (Borusyak, Jaravel and Spiess 2024)."""
    times, v, residual = imputed(rows)
    key = np.unique(rows.cohort * (rows.time.max() + 1) + rows.time, return_inverse=True)[1]
    return rows.estimates(times, v, centred(residual, key, rows.treated)[:, None])


def imputed(rows: Sample) -> tuple[Index, Array, Array]:
    """Return weights (row, q) of averages of imputed effects, and residuals (row).

    Raises
    ------
    NotApplicable
        If no period contains both treated and untreated observations.
    """
    free = ~rows.treated
    mask = rows.treated & np.isin(rows.time, rows.time[free])
    if not mask.any():
        raise NotApplicable(Message("no period contains both treated and untreated observations"))
    times, w = rows.targets(mask)
    # (X_0'X_0)^-1 X_1'w: only untreated observations enter X_0'X_0.
    a, b = rows.untwoway(w, free)
    v = np.where(free[:, None], -(a[rows.unit] + b[rows.time]), w)
    # Unit and period effects from untreated observations: (X_0'X_0)^-1 X_0'y_0.
    a, b = rows.untwoway(np.where(free, rows.y, 0.0)[:, None], free)
    return times, v, np.where(free | mask, rows.y - (a[rows.unit] + b[rows.time])[:, 0], 0.0)


def centred(residual: Array, key: Index, treated: Mask) -> Array:
    """Subtract the mean by key from residuals of treated observations."""
    count = np.maximum(np.bincount(key, treated), 1.0)
    mean = np.bincount(key, np.where(treated, residual, 0.0)) / count
    return np.where(treated, residual - mean[key], residual)
