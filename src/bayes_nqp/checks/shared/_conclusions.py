"""Conclusions of robustness rows compared with that of the fit, with one error rate for all rows.

Let b be the estimate of the fit and a that of a row, with posterior SDs s and t. If the fit is
correct it is efficient, so that ``a - b`` has the variance ``v² = t² - s²`` and is independent of b
(Hausman 1978, lemma 2.1). Let the interval of the fit exclude zero, with b > 0. A row changes the
conclusion if its interval includes zero and

    ``b - a > max(z v, s)``,                                                                   (1)

that is, if the estimate moves by more than one posterior SD of the fit, and by more than chance
explains. Given b, chance alone does so with a probability of at most

    ``p = Φ(-max(z, (b - c t) / v, s / v))``,  c = 1.96,                                       (2)

because the row must come within ``c t`` of zero. z is the smallest value from 1.64 on for which
these probabilities sum to 5 % over all rows: the bound of Bonferroni, in which rows that are too
precise to lose the conclusion by chance do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp.checks.shared._verdicts import FAILING, NEW_SIGN, SIGN_PROBABILITY, otherwise

_LEVEL: Final = 0.05
"""Probability that any of all rows changes the conclusion by chance."""
_LARGEST: Final = 10.0
"""Bound on z, at which the probability (2) is below 1e-23."""


@dataclass(frozen=True, slots=True, eq=False)
class Conclusions:
    """Conclusions of specifications compared with that of the first.

    Parameters
    ----------
    opposite, changed, weaker : ndarray of bool (specification)
        Rows with the opposite sign; with another conclusion; and rows with an interval around zero,
        unlike that of the fit, although their difference may be chance.
    """

    opposite: Mask
    changed: Mask
    weaker: Mask


def conclusions_of(evidence: xr.Dataset) -> Conclusions:
    """Compare the conclusion of every specification with that of the first.

    Parameters
    ----------
    evidence : Dataset
        As returned by `compared`. Specifications without ``fewer`` differ from the fit in their
        standard error only: their conclusion changes if the probability of the sign falls below
        0.9, because this width is no loss of observations.
    """
    draws = evidence["att"].to_numpy().reshape(-1, evidence.sizes["specification"])
    mean, sd, positive = draws.mean(axis=0), draws.std(axis=0), (draws > 0).mean(axis=0)
    certain = np.maximum(positive, 1.0 - positive) >= SIGN_PROBABILITY
    sign = np.where(mean[0] > 0, 1.0, -1.0)
    chance = np.sqrt(np.maximum(sd**2 - sd[0] ** 2, 0.0))
    others = evidence["fewer"].to_numpy()
    z = _threshold(sign * mean[0], sd, chance, others, bool(certain[0]))
    gap = sign * (mean - mean[0])
    moved = np.abs(gap) > np.maximum(z * chance, sd[0])
    if certain[0]:
        turned = (sign * mean < -sd) & (np.abs(gap) > max(z, -ndtri(FAILING / 2.0)) * chance)
        within = (np.sign(positive - 0.5) != sign) | ~certain
    else:
        turned = np.zeros(mean.size, dtype=bool)
        within = np.maximum(positive, 1.0 - positive) > NEW_SIGN
    changed = np.where(others, within & moved, otherwise(positive[0], positive))
    weaker = bool(certain[0]) & ~certain & ~changed & ~turned
    changed[0] = turned[0] = weaker[0] = False
    return Conclusions(turned, changed & ~turned, weaker)


def _threshold(first: float, sd: Array, chance: Array, others: Mask, certain: bool) -> float:
    """Return z of (1).

    Parameters
    ----------
    first : float
        Absolute value of the estimate of the fit, outcome units.
    sd, chance : ndarray (specification), outcome units
        Posterior SDs t, and SDs v of the difference from the fit.
    others : ndarray of bool (specification)
        Specifications to which (1) applies.
    certain : bool
        True if the interval of the fit excludes zero.
    """
    random = others & (chance > 0)
    t, v = sd[random], chance[random]
    bound = -ndtri(1.0 - SIGN_PROBABILITY)
    # Without a conclusion of the fit, a row may reach a new one on either side.
    far = -ndtri(1.0 - NEW_SIGN) * t
    needed = [first - bound * t] if certain else [far - first, far + first]
    least = np.concatenate([np.maximum(x, sd[0]) / v for x in needed])

    def excess(z: float) -> float:
        return float(ndtr(-np.maximum(z, least)).sum()) - _LEVEL

    lowest = float(-ndtri(_LEVEL))
    return lowest if excess(lowest) <= 0.0 else float(brentq(excess, lowest, _LARGEST))
