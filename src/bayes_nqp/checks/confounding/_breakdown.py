"""The correlation from which an interval holds zero: one definition for panels and rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.checks.confounding._panel import strength

__all__ = ["breakdown"]

Array = npt.NDArray[np.float64]

_HALVINGS = 14
_EDGE = 0.999


def breakdown(value: Array, pull: Array, curvature: Array, zero: Array, prob: float) -> Array:
    """Find the weakest confounding with which the interval of an effect holds zero.

    Sought between none and the crossing; where no correlation takes the effect to zero, up to
    the strongest that every draw allows.

    Parameters
    ----------
    value, pull, curvature : ndarray (..., draw)
        At a correlation effects are ``value − pull * strength(rho, curvature)``.
    zero : ndarray (...)
        Crossing of the posterior median; missing where there is none.
    prob : float
        Posterior probability of the interval, equal-tailed.

    Returns
    -------
    ndarray (...)
        0 where the interval holds zero without confounding; missing where it never does.
    """
    sign = np.sign(np.median(value, axis=-1))

    def sure(rho: Array) -> npt.NDArray[np.bool_]:
        effect = value - pull * strength(rho[..., None], curvature)
        return np.asarray((effect * sign[..., None] > 0).mean(axis=-1) > (1 + prob) / 2)

    away = np.sign(np.median(value * pull, axis=-1)) * _EDGE
    limit = away / np.sqrt(np.maximum(curvature.max(axis=-1), 1.0))
    low, high = np.zeros_like(zero), np.where(np.isnan(zero), limit, zero)
    out = np.where(sure(high), np.nan, 0.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        kept = sure(middle)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    return np.asarray(np.where(sure(np.zeros_like(zero)), low + out, 0.0 * value[..., 0]))
