"""Priors of the correlation induced by unmeasured confounding."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Count, Positive
from bayes_nqp._core.validation import value

_LIMIT = 0.95


@value("correlation")
class NormalCorrelation:
    """Normal prior N(0, sd²) of the correlation, truncated to −0.95 to 0.95.

    Parameters
    ----------
    sd : float, default 0.2
        Standard deviation before truncation.

    Raises
    ------
    StudyError
        If ``sd`` is not a positive number.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.NormalCorrelation()
    NormalCorrelation(sd=0.2)
    """

    sd: Positive = 0.2

    def draw(self, number: Count, rng: np.random.Generator) -> Array:
        """Draw correlations."""
        from scipy.stats import truncnorm

        edge = _LIMIT / self.sd
        return np.asarray(self.sd * truncnorm.rvs(-edge, edge, size=number, random_state=rng))


@value("correlation")
class UniformCorrelation:
    """Uniform prior of the correlation between two limits.

    Raises
    ------
    StudyError
        If the limits are not in increasing order, or outside −0.95 to 0.95.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.UniformCorrelation(0, 0.4)
    UniformCorrelation(low=0, high=0.4)
    """

    low: float = -0.3
    high: float = 0.3

    def __post_init__(self) -> None:
        if not -_LIMIT <= self.low <= self.high <= _LIMIT:
            raise StudyError(
                f"'low' is {self.low!r} and 'high' is {self.high!r}",
                hint=f"in order, between {-_LIMIT} and {_LIMIT}",
            )

    def draw(self, number: Count, rng: np.random.Generator) -> Array:
        """Draw correlations."""
        return rng.uniform(self.low, self.high, number)


type RhoPrior = NormalCorrelation | UniformCorrelation
