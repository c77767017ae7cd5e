"""All controls within a distance of the propensity score."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.types import Positive
from bayes_nqp.data.matching._methods import matching
from bayes_nqp.data.matching._pool import Pool


@matching(Message("all controls within a radius of the propensity score"), place=20)
def radius(pool: Pool, *, caliper: Positive = 0.2) -> Array:
    """Match each treated unit with all controls within a caliper.

    Each treated unit divides a weight of one equally between its matches.

    Parameters
    ----------
    caliper : float, default 0.2, SDs of the logit of the propensity score
        Largest distance of two logits.

    References
    ----------
    Dehejia, R. H. and Wahba, S. (2002). Propensity score-matching methods for nonexperimental
    causal studies. Review of Economics and Statistics 84(1).
    """
    left, right = pool.logit[pool.treated], pool.logit[~pool.treated]
    subject = f"matching {left.size:,} with {right.size:,} units within a radius"
    afford(18.0 * left.size * right.size, subject, "method='nearest', replacement=True")
    gap = np.abs(left[:, None] - right)
    return pool.shared(*np.nonzero(gap <= pool.width(caliper)))
