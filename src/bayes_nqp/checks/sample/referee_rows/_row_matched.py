"""Robustness row: units matched by propensity score.

Matching: for treated units i, a logistic regression on their means of outcome and covariates before
the first adoption (standardised, x_i) gives the propensity score

    p_i = 1 / (1 + exp(-a - x_i'b)),  (a, b) maximising sum_i log p - (.01 / 2) b'b.

Each treated unit is matched to the nearest never-treated unit by logit p, within a caliper of 0.2
SD of logit p over all units. Units without a match within the caliper are dropped, as are
never-treated units that match no treated unit (Austin 2011).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import minimize

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_units
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, panel_of

_CALIPER, _RIDGE = 0.2, 0.01
_FEWEST: Final = 10
"""Smallest number of treated and of never-treated units for a propensity score."""


@robustness_row(
    Message("matching"),
    place=70,
    shows=Message(
        "Matching: tests the sensitivity to units without similar controls; similarity in"
        " observed variables is no evidence of parallel trends."
    ),
)
def matched(fit: Fit, requested: Requested) -> Specifications:
    """Keep treated units with a similar never-treated unit, and these."""
    label = Message("nearest neighbours by propensity score")
    yield label, lambda: some_units(fit, neighbours(panel_of(fit)))


def neighbours(panel: Panel) -> Mask:
    """Return a mask of treated units with a match within the caliper, and of their matches (unit).

    Raises
    ------
    NotApplicable
        If fewer than ten units are treated or never treated, or some units have no observation
        before the first adoption.
    """
    ever = panel.cohort_codes >= 0
    if min(ever.sum(), (~ever).sum()) < _FEWEST:
        few = Message("fewer than {} treated or never-treated units", _FEWEST)
        raise NotApplicable(few)
    early = panel.time_codes < panel.cohort_codes[ever].min()
    columns = np.column_stack([panel.outcome, panel.covariates])[early]
    owner, number = panel.unit_codes[early], np.zeros(panel.unit_labels.size)
    np.add.at(number, owner, 1.0)
    if not number.all():
        raise NotApplicable(Message("some units have no observation before the first adoption"))
    sums = np.zeros((panel.unit_labels.size, columns.shape[1]))
    np.add.at(sums, owner, columns)
    x = sums / number[:, None]
    # x_i is standardised; constant columns are dropped.
    x = x[:, x.std(axis=0) > 0]
    x = (x - x.mean(axis=0)) / x.std(axis=0)

    def loss(b: Array) -> tuple[float, Array]:
        logit = b[0] + x @ b[1:]
        p = 1.0 / (1.0 + np.exp(-logit))
        value = np.logaddexp(0.0, np.where(ever, -logit, logit)).sum() + _RIDGE / 2 * b[1:] @ b[1:]
        slope = p - ever
        return float(value), np.concatenate([[slope.sum()], x.T @ slope + _RIDGE * b[1:]])

    b = minimize(loss, np.zeros(1 + x.shape[1]), jac=True, method="L-BFGS-B").x
    logit = b[0] + x @ b[1:]
    controls = np.flatnonzero(~ever)
    gap = np.abs(logit[ever][:, None] - logit[controls])
    near = gap.min(axis=1) <= _CALIPER * logit.std()
    mask = np.zeros(panel.unit_labels.size, dtype=bool)
    mask[np.flatnonzero(ever)[near]] = True
    mask[controls[gap.argmin(axis=1)[near]]] = True
    return mask
