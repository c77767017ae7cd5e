"""Stationary AR(1) errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.errors._noise import Noise, Steps, structures
from bayes_nqp.numerics.parameters import Correlation, Parameter

if TYPE_CHECKING:
    from bayes_nqp.model.priors import Priors


@value("errors")
class AR1(Noise):
    """Stationary first-order autoregressive errors; unit effects are integrated out.

    ``sigma`` is the standard deviation of the innovations and ``rho`` the correlation of
    errors one period apart. Gaps in a unit's rows are handled exactly. Its prior is
    ``Priors.rho``.

    References
    ----------
    Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics 119(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(errors=nqp.AR1()).errors
    AR1()
    """

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """``rho``, the correlation of errors one period apart."""
        meaning = Message("their autocorrelation")
        prior = Correlation(*priors.rho)
        return (Parameter("rho", prior, in_outcome_units=False, meaning=meaning),)

    def covariance(self, n_periods: int, values: Array) -> Array:
        """``V_ts = rho^|t - s| / (1 - rho²)``."""
        rho = values[:, :1]
        apart = abs(np.subtract.outer(np.arange(n_periods), np.arange(n_periods)))
        powers = rho ** np.arange(n_periods) / ((1.0 - rho) * (1.0 + rho))
        return np.asarray(powers[:, apart])

    def steps(self, gap: Any, values: Sequence[Any]) -> Steps:
        """``e_t = rho^g e_(t - g) + u``, where u has variance ``(1 - rho^2g) / (1 - rho²)``.

        A first row comes after an endless gap: it owes nothing to any other.
        """
        (rho,) = values
        later = gap > 0
        # No gap of 0 as an exponent, for its slope at rho = 0 is 0 times infinity.
        carry = later * rho ** (gap + (gap < 1))
        return Steps(((1.0 - carry**2) / (1.0 - rho**2)) ** 0.5, carry)

    @property
    def formula(self) -> tuple[str, str, Mapping[str, Message]]:
        """A share of the error before, and an innovation."""
        meaning = Message("autocorrelation of errors")
        return "ε_{it} = ρ ε_{i,t−1} + e_{it}", "σ^{2}", {"ρ": meaning}

    @property
    def markov(self) -> bool:
        """A row keeps a share of the error before it."""
        return True

    @property
    def poorer(self) -> tuple[Noise, ...]:
        """Independent errors."""
        return structures("IID")

    def label(self) -> str:
        """Short name."""
        return "AR(1)"

    def phrase(self) -> str:
        """Name for comparisons with other specifications."""
        return Message("AR(1) errors")
