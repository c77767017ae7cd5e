"""Sun and Abraham: a dummy for every cohort and event time, averaged by cohort shares.

Let M be the projection that removes unit and time effects, and X the dummies. Then b = (X'MX)^-1
X'M y and v = M X (X'MX)^-1 c for averages c of b; residuals are those of least squares. Standard
errors are clustered by unit, with the factor G / (G - 1) (N - 1) / (N - K). K counts dummies and
periods, but not units, which are nested in the clusters.
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator, never_treated


@estimator(
    "Sun–Abraham",
    Message(
        "parallel trends with never-treated units; reference: last period before "
        "adoption; pre-adoption periods unrestricted"
    ),
    place=30,
)
def sun_abraham(rows: Sample) -> EventCurve:
    """Average the cells of a saturated regression (Sun and Abraham 2021)."""
    never_treated(rows)
    free = ~rows.never & (rows.event != rows.reference)
    # A cohort without observations in the reference period has no reference.
    seen = rows.cohort[~rows.never & (rows.event == rows.reference)]
    mask = rows.never | np.isin(rows.cohort, seen)
    if not mask.all():
        return sun_abraham(rows.where(mask))
    # X: [G_i = g, t = s] for every cohort and event time except the reference.
    key = rows.cohort * (rows.time.max() + 1) + rows.time
    cells, cell = np.unique(key[free], return_inverse=True)
    x = np.zeros((rows.y.size, cells.size))
    x[np.flatnonzero(free), cell] = 1.0
    times, w = rows.targets(free)
    # b = (X'MX)^-1 X'M y, hence c'b = v'y with c = X'w: shares of cohorts at an event time.
    mx = rows.residual(x)
    inverse = np.linalg.pinv(mx.T @ mx, rcond=1e-12, hermitian=True)
    v = mx @ inverse @ (x.T @ w)
    # e = M y - M X b.
    residual = rows.residual(rows.y[:, None])
    residual = residual - mx @ (inverse @ (mx.T @ residual))
    # G / (G - 1) (N - 1) / (N - K).
    units, size = rows.n_units, rows.y.size
    rank = cells.size + np.unique(rows.time).size
    factor = units / (units - 1) * (size - 1) / max(size - rank, 1)
    return rows.estimates(times, v, residual, factor)
