"""Change since the last period before adoption: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/robustness/estimators/_estimator_changes.py
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator("Changes of the treated", Message("no change without the policy"), place=95)
def changes(rows: Sample) -> EventCurve:
    """Average changes of treated units since their last period before adoption."""
    times, w = rows.targets(rows.treated)
    last = np.flatnonzero((rows.time == rows.cohort - 1) & (rows.cohort >= 0))
    place = np.full(rows.unit.max() + 1, -1)
    place[rows.unit[last]] = last
    # theta = sum_r w_r (y_r - y_last(r))
    v = w.copy()
    np.subtract.at(v, place[rows.unit[rows.treated]], w[rows.treated])
    return rows.estimates(times, v, np.zeros((rows.y.size, 1)))
