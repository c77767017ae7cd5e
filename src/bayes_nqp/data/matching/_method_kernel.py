"""Kernel weights: controls weighted by the distance of the propensity score."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.types import Positive
from bayes_nqp.data.matching._methods import matching
from bayes_nqp.data.matching._pool import Pool

BANDWIDTH = 0.06


@matching(Message("kernel weights of the propensity score"), place=40)
def kernel(pool: Pool, *, bandwidth: Positive = BANDWIDTH) -> Array:
    """Weight controls by an Epanechnikov kernel of the distance of propensity scores.

    Treated unit i gives control j the share ``K_ij / sum_l K_il``, where ``K = max(1 - u²,
    0)`` and ``u`` is the distance of propensity scores divided by the bandwidth. Treated units
    without a control within the bandwidth are dropped.

    Parameters
    ----------
    bandwidth : float, default 0.06, units of the propensity score
        Distance at which the weight becomes zero.

    References
    ----------
    Heckman, J. J., Ichimura, H. and Todd, P. (1998). Matching as an econometric evaluation
    estimator. Review of Economic Studies 65(2).
    """
    share = kernel_shares(pool.score[pool.treated], pool.score[~pool.treated], bandwidth)
    weights = np.zeros(pool.treated.size)
    weights[pool.treated] = share.sum(axis=1) > 0
    weights[~pool.treated] = share.sum(axis=0)
    return weights


def kernel_shares(treated: Array, controls: Array, bandwidth: float = BANDWIDTH) -> Array:
    """Return the shares of controls in the mean for each treated unit.

    Parameters
    ----------
    treated, controls : ndarray (treated), (control)
        Propensity scores.
    bandwidth : float, default 0.06
        Distance at which the weight becomes zero.

    Returns
    -------
    ndarray (treated, control)
        Rows sum to one, or to zero without a control within the bandwidth.
    """
    subject = f"kernel weights of {treated.size:,} and {controls.size:,} units"
    afford(32.0 * treated.size * controls.size, subject, "method='nearest', replacement=True")
    k = np.maximum(1.0 - ((treated[:, None] - controls) / bandwidth) ** 2, 0.0)
    total = k.sum(axis=1, keepdims=True)
    return np.asarray(k / np.where(total > 0, total, 1.0), dtype=np.float64)
