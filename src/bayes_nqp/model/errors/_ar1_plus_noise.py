"""Stationary AR(1) errors plus white noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.errors._ar1 import AR1
from bayes_nqp.model.errors._noise import Noise, Steps, structures
from bayes_nqp.numerics.parameters import Parameter

if TYPE_CHECKING:
    from bayes_nqp.model.priors import Priors


_CARRIED = AR1()
"""What is carried from row to row."""


@value("errors")
class AR1PlusNoise(Noise):
    """Stationary AR(1) errors with white noise on top, such as measurement error.

    Correlations then fall quickly at first and slowly after, which AR(1) alone cannot follow.
    ``noise`` is the standard deviation of the white noise over that of the innovations
    (``sigma``), with the prior ``Priors.noise``.

    References
    ----------
    Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics 119(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(errors=nqp.AR1PlusNoise()).errors
    AR1PlusNoise()
    """

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """``rho`` of the AR(1) part, and ``noise``, a ratio that may vanish."""
        ratio = Parameter(
            "noise", priors.scale("noise"), in_outcome_units=False, folds=True, typical=0.5,
            meaning=Message("the ratio of noise to innovations"),
        )  # fmt: skip
        return (*AR1().parameters(n_periods, priors), ratio)

    def covariance(self, n_periods: int, values: Array) -> Array:
        """``V_ts = rho^|t - s| / (1 - rho²) + noise² [t = s]``."""
        white = values[:, 1, None, None] ** 2 * np.eye(n_periods)
        return np.asarray(_CARRIED.covariance(n_periods, values) + white)

    def white(self, values: Array) -> Array:
        """``noise²``."""
        return np.asarray(values[:, 1] ** 2)

    def steps(self, gap: Any, values: Sequence[Any]) -> Steps:
        """Return the steps of AR(1) with white noise added."""
        rho, noise = values
        return replace(AR1().steps(gap, [rho]), white=noise)

    @property
    def formula(self) -> tuple[str, str, Mapping[str, Message]]:
        """An AR(1) process, and white noise on top."""
        law = "ε_{it} = h_{it} + n_{it},  h_{it} = ρ h_{i,t−1} + e_{it}"
        noise = Message("white noise, with standard deviation νσ")
        return law, "σ^{2}", {**AR1().formula[2], "n_{it}": noise}

    @property
    def poorer(self) -> tuple[Noise, ...]:
        """Independent and AR(1) errors."""
        return structures("IID", "AR1")

    def label(self) -> str:
        """Short name."""
        return Message("AR(1) plus noise")

    def phrase(self) -> str:
        """Name for comparisons with other specifications."""
        return Message("AR(1) + noise")
