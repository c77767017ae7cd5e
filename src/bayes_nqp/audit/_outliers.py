"""Detect the deletion of outliers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.audit._column import two_ways_out

_DELETED: Final = joined([
    Message("Effects that led to extreme values were deleted with these observations."),
    advised(Message("Next: keep these values, and fit again with heavy-tailed errors, {} in the "
"design.",
Code("likelihood=nqp.StudentT()", '[design] likelihood = { type = "StudentT" }'),)),
])  # fmt: skip
_CHANCE: Final = 0.003
"""Level of the test for ends more abrupt than in a normal distribution."""
_SHARES: Final = ((0.0, 1.0), (0.0, 100.0))
"""Range of shares, which have abrupt ends by nature."""
_FEWEST: Final = 50
"""Number of distinct values below which ends belong to a scale."""
_WIDEST: Final = 2.0
"""Largest increase of log(sigma) relative to the estimate without truncation."""
_TAIL, _MANY, _BLUNT, _SEVERAL, _TRIMMED = 0.05, 20, 0.3, 6, 0.03
"""Share of rows in a tail and their smallest number; share of them in the outer half of their
range, and number of units, that indicate truncation; tolerated share of missing rows if both
tails are truncated."""


def far_from_others(values: Array) -> Iterator[Message]:
    """Test if the observations end abruptly, as after the deletion of outliers.

    Parameters
    ----------
    values : ndarray (unit, period)
        The outcome, NaN without an observation.

    Yields
    ------
    Message
        Bounds of the observations, and a remedy.
    """
    values = values[np.isfinite(values).any(axis=1)]
    seen = values[np.isfinite(values)]
    shares = any(low <= seen.min() and seen.max() <= high for low, high in _SHARES)
    if not shares and np.unique(seen).size >= _FEWEST:
        yield from _from_their_unit(values)
        yield from _from_all(values)


def blunt(values: Array) -> tuple[float, int]:
    """Measure the thinning of the lower tail of a table of units and periods.

    Parameters
    ----------
    values : ndarray (unit, period)
        NaN if missing.

    Returns
    -------
    tuple of float and int
        Share of the lowest twentieth below the midpoint of its range: 0.1 for normal values, less
        for heavier tails. Number of units used; zero if observations are too few.
    """
    order = np.argsort(values, axis=None)[: int(_TAIL * np.isfinite(values).sum())]
    if order.size < _MANY:
        return 0.0, 0
    tail, unit = values.ravel()[order], order // values.shape[1]
    near = tail <= 0.5 * (tail[0] + tail[-1])
    return float(near.mean()), int(np.unique(unit[near]).size)


def _from_all(values: Array) -> Iterator[Message]:
    """Test if units far from most others have more missing rows, with both tails truncated."""
    missing = ~np.isfinite(values)
    share, level = missing.mean(axis=1), np.nanmean(values, axis=1)
    r = float(np.corrcoef(share, np.abs(level - np.median(level)))[0, 1])
    # Fisher's z of the correlation, one-sided.
    chance = float(ndtr(-np.arctanh(r) * np.sqrt(len(share) - 3.0)))
    ends = [blunt(values), blunt(-values)]
    sharp = min(units for _, units in ends) >= _SEVERAL and sum(x for x, _ in ends) > 2.0 * _BLUNT
    if chance < _CHANCE and sharp and missing.mean() > _TRIMMED:
        finding = Message(
            "Observations are missing in units with extreme outcomes ({:.1%} of all), and the "
            "other values end at {:.3g} and {:.3g} as if trimmed there.",
            float(missing.mean()), float(np.nanmin(values)), float(np.nanmax(values)),
        )  # fmt: skip
        yield joined([finding, _DELETED])


def _from_their_unit(values: Array) -> Iterator[Message]:
    """Test if distances from the usual level of a unit end abruptly."""
    present = np.isfinite(values)
    residual = two_ways_out(values)[present]
    distance = (values - np.nanmean(values, axis=1, keepdims=True))[present]
    # Distances from unit means, with common period effects; and from both means.
    chances = [(_chance(r, r - residual), r) for r in (distance, residual)]
    chance, r = min(chances, key=lambda pair: pair[0])
    chance *= len(chances)
    if chance < _CHANCE:
        finding = Message(
            "Observations are missing ({:.1%} of all), and the others end {:.3g} from the"
            " usual level of their unit, as if outliers were deleted (p = {:.1g}).",
            1.0 - float(present.mean()), float(np.abs(r).max()), chance,
        )  # fmt: skip
        yield joined([finding, _DELETED])


def _chance(r: Array, mean: Array) -> float:
    r"""Return the p-value of an abrupt end of normal distances r around their means.

    No distance exceeds c = max |r|. If larger distances were deleted, the density of r is ``φ((r -
    m) / σ) / σ`` over ``Φ((c - m) / σ) - Φ((-c - m) / σ)``. The gain in log likelihood, with both σ
    estimated, is approximately ``sum P(|r| > c)``. Without deletion it is exponential: the
    probability of a gain g is ``e^-g``.
    """
    n, c, squares = r.size, np.abs(r).max(), float(np.sum((r - mean) ** 2))
    if squares == 0.0:
        return 1.0
    usual = 0.5 * np.log(squares / n)

    def loss(log_sigma: float) -> float:
        sigma = np.exp(log_sigma)
        within = ndtr((c - mean) / sigma) - ndtr((-c - mean) / sigma)
        return float(n * log_sigma + np.log(within).sum() + squares / (2.0 * sigma**2))

    best = minimize_scalar(loss, bounds=(usual, usual + _WIDEST), method="bounded").fun
    return float(np.exp(min(best - n * (usual + 0.5), 0.0)))
