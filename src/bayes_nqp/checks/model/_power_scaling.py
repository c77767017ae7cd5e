"""Power-scaling sensitivity: how fast a posterior moves as a factor of it gains weight.

As ArviZ has it (tests compare), of all quantities at once, and without importing ArviZ, which takes
as long as the check. A power of 1 % leaves weights so even that their tails need no smoothing.
"""

from __future__ import annotations

import numpy as np

from bayes_nqp.arrays import Array

_POWERS = (0.99, 1.01)


def sensitivity(draws: Array, log_density: Array) -> Array:
    """Rate at which posteriors leave the actual one, by the logarithm (base 2) of the power.

    Parameters
    ----------
    draws : ndarray (chain, draw, quantity)
        From the posterior.
    log_density : ndarray (chain, draw)
        Of what is scaled.

    Returns
    -------
    ndarray (quantity)
        NaN of a quantity that does not vary.

    References
    ----------
    Kallioinen, N. et al. (2024). Detecting and diagnosing prior and likelihood sensitivity with
    power-scaling. Statistics and Computing 34(57).
    """
    values, log_factor = draws.reshape(-1, draws.shape[-1]), log_density.ravel()
    order = np.argsort(values, axis=0)
    width = np.diff(np.take_along_axis(values, order, axis=0), axis=0)
    rates = []
    for power in _POWERS:
        # Draws from p are draws from p f^(power - 1) with these weights.
        weights = np.exp((power - 1.0) * (log_factor - log_factor.mean()))
        weights = (weights / weights.sum())[order]
        distance = np.maximum(_distance(width, weights), _distance(width[::-1], weights[::-1]))
        rates.append(distance / abs(np.log2(power)))
    return np.asarray(np.mean(rates, axis=0))


def _distance(width: Array, weights: Array) -> Array:
    """Cumulative Jensen–Shannon distance of weighted draws from these, in ascending order.

    ``(int P log2(P / M) + Q log2(Q / M)) / int (P + Q)``, its root, with M the mean of the
    distribution functions P and Q: other parts of the divergences cancel.

    Parameters
    ----------
    width : ndarray (S - 1, quantity)
        Between draws.
    weights : ndarray (S, quantity)
        In the order of the draws; of each quantity their sum is one.

    References
    ----------
    Nguyen, H.-V. and Vreeken, J. (2015). Non-parametric Jensen-Shannon divergence. ECML PKDD.
    """
    p = (np.arange(1, len(weights)) / len(weights))[:, None]
    q = np.cumsum(weights, axis=0)[:-1]
    mean = 0.5 * (p + q)
    apart = p * np.log2(p / mean) + q * np.log2(q / mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (width * apart).sum(axis=0) / (width * (p + q)).sum(axis=0)
    return np.asarray(np.sqrt(np.maximum(share, 0.0)))
