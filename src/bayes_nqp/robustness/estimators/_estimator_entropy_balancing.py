"""Entropy balancing: never-treated units weighted to the covariate means of each cohort.

For a cohort with n units, covariate means m and changes d, and controls with weights w,

    b = mean(d) - sum_j w_j d_j,    sum_j w_j (x_j - m) = 0.

Let beta be the coefficients of the regression of the controls' changes on covariates with weights
w, and c = sum_j w_j d_j. Weights and m are estimated, so that units influence b by

    (d_i - mean(d) - (x_i - m)'beta) / n,    -w_j (d_j - c - (x_j - m)'beta).

This follows from the moments w'(x - m) = 0 and mean(x) - m = 0. The estimate is also that of
regression adjustment with these weights.
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching import entropy_weights
from bayes_nqp.robustness.estimators._balanced_changes import Changes, compared
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator

_EXACT = 1e-8


@estimator(
    "Entropy balancing",
    Message(
        "parallel trends with never-treated units weighted to the covariate means of each cohort; "
        "reference: last period before adoption"
    ),
    place=17,
)
def entropy_balancing(rows: Sample) -> EventCurve:
    """Weight never-treated units to the covariate means of cohorts (Hainmueller 2012)."""
    return compared(rows, _balanced)


def _balanced(changes: Changes) -> tuple[Array, Array, Mask]:
    """Compare a cohort with controls of the same weighted means."""
    x, d, mine = changes.pool.z, changes.d, changes.cohort
    means = x[mine].mean(axis=0)
    w, left = entropy_weights(x[changes.controls], means)
    if np.abs(left).max() > _EXACT:
        raise NotApplicable(
            Message("no weights of never-treated units have the covariate means of some cohorts")
        )
    away, c = x[changes.controls] - means, w @ d[changes.controls]
    centred = d[changes.controls] - c
    # beta = (sum w a a')^-1 sum w a (d - c), a = x - m.
    beta = np.linalg.pinv((away.T * w) @ away, hermitian=True) @ ((away.T * w) @ centred)
    effect = d[mine].mean(axis=0)
    psi = np.zeros_like(d)
    psi[mine] = (d[mine] - effect - (x[mine] - means) @ beta) / mine.sum()
    psi[changes.controls] = -w[:, None] * (centred - away @ beta)
    return effect - c, psi, mine
