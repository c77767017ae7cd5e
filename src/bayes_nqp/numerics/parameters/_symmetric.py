"""Priors of correlations, and normal priors around zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betainc, betaincinv, betaln, expit, log_expit, logit

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.numerics.parameters._prior import Prior


@dataclass(frozen=True, slots=True)
class Correlation(Prior):
    """Beta prior of ``(1 + rho) / 2``, sampled as its log odds.

    Parameters
    ----------
    a, b : float
        Of the beta distribution.
    """

    a: float
    b: float

    def constrain(self, u: Array) -> Array:
        """Return ``rho = tanh(u / 2)``."""
        return np.asarray(np.tanh(0.5 * u))

    def unconstrain(self, value: Array) -> Array:
        """Return the log odds of ``(1 + rho) / 2``."""
        return np.asarray(logit(0.5 * (1.0 + value)))

    def log_density(self, u: Array) -> Array:
        """Return the log density without cancellation.

        It is ``a log p + b log(1 - p) - log B(a, b)`` at ``p = (1 + rho) / 2``.
        """
        return np.asarray(self.a * log_expit(u) + self.b * log_expit(-u) - betaln(self.a, self.b))

    def log_kernel(self, value: Array) -> Array:
        """Return ``(a - 1) log(1 + rho) + (b - 1) log(1 - rho)``."""
        return np.asarray((self.a - 1.0) * np.log1p(value) + (self.b - 1.0) * np.log1p(-value))

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw ``2 p - 1`` with ``p`` from the beta distribution."""
        return 2.0 * generator.beta(self.a, self.b, size) - 1.0

    def variable(self, name: str) -> Any:
        """Add ``p``, called half, and ``rho = 2 p - 1``."""
        import pymc as pm

        half = pm.Beta(_half(name), alpha=self.a, beta=self.b)
        return pm.Deterministic(name, 2.0 * half - 1.0)

    def words(self) -> Message:
        """Name the beta distribution of ``(1 + rho) / 2``."""
        return _beta(self.a, self.b)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """Name ``(1 + rho) / 2``."""
        return _transformed(name, meaning)

    @property
    def centre(self) -> float:
        """Return zero correlation."""
        return 0.0


@dataclass(frozen=True, slots=True)
class CutCorrelation(Prior):
    """Beta prior of ``(1 + x) / 2``, truncated to an interval.

    It is sampled as the log odds of the position in the interval.

    Parameters
    ----------
    a, b : float
        Of the beta distribution.
    low, high : float
        Ends of the interval, inside (-1, 1).
    """

    a: float
    b: float
    low: float
    high: float

    def constrain(self, u: Array) -> Array:
        """Return ``x = low + (high - low) / (1 + e^-u)``."""
        return np.asarray(self.low + (self.high - self.low) * expit(u))

    def unconstrain(self, value: Array) -> Array:
        """Return the log odds of the position in the interval."""
        return np.asarray(logit((value - self.low) / (self.high - self.low)))

    def log_density(self, u: Array) -> Array:
        """Return the beta density over its mass in the interval, times ``dx / du``."""
        below, above = betainc(self.a, self.b, self._ends)
        slope = log_expit(u) + log_expit(-u) + np.log(0.5 * (self.high - self.low))
        powers = self.log_kernel(self.constrain(u)) - (self.a + self.b - 2.0) * np.log(2.0)
        return np.asarray(powers - betaln(self.a, self.b) - np.log(above - below) + slope)

    def log_kernel(self, value: Array) -> Array:
        """Return ``(a - 1) log(1 + x) + (b - 1) log(1 - x)``."""
        return np.asarray((self.a - 1.0) * np.log1p(value) + (self.b - 1.0) * np.log1p(-value))

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw by inversion of the distribution function."""
        below, above = betainc(self.a, self.b, self._ends)
        mass = below + (above - below) * generator.random(size)
        return np.asarray(2.0 * betaincinv(self.a, self.b, mass) - 1.0)

    def variable(self, name: str) -> Any:
        """Add ``(1 + x) / 2``, called half, and x."""
        import pymc as pm

        below, above = self._ends.tolist()
        beta = pm.Beta.dist(self.a, self.b)
        half = pm.Truncated(_half(name), beta, lower=below, upper=above)
        return pm.Deterministic(name, 2.0 * half - 1.0)

    def words(self) -> Message:
        """Name the beta distribution of ``(1 + x) / 2`` and its bounds."""
        ends = (Numeral(f"{end:.3g}") for end in self._ends)
        return Message("{} between {} and {}", _beta(self.a, self.b), *ends)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """Name ``(1 + x) / 2``."""
        return _transformed(name, meaning)

    @property
    def _ends(self) -> Array:
        return 0.5 * (1.0 + np.array([self.low, self.high]))

    @property
    def centre(self) -> float:
        """Return zero."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Normal(Prior):
    """Normal prior around zero, sampled without a transform.

    Parameters
    ----------
    scale : float
        Its standard deviation.
    """

    scale: float

    def constrain(self, u: Array) -> Array:
        """Return the value unchanged."""
        return u

    def unconstrain(self, value: Array) -> Array:
        """Return the value unchanged."""
        return value

    def log_density(self, u: Array) -> Array:
        """Return ``log N(u | 0, scale²)``."""
        return np.asarray(-0.5 * (u / self.scale) ** 2 - np.log(self.scale * np.sqrt(2.0 * np.pi)))

    def log_kernel(self, value: Array) -> Array:
        """Return ``-x² / 2 scale²``."""
        return np.asarray(-0.5 * (value / self.scale) ** 2)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw normals."""
        return generator.standard_normal(size) * self.scale

    def variable(self, name: str) -> Any:
        """Add PyMC's normal."""
        import pymc as pm

        return pm.Normal(name, sigma=self.scale)

    def words(self) -> Message:
        """Name the standard deviation."""
        return Message("normal with sd {}", Numeral(f"{self.scale:g}"))

    @property
    def centre(self) -> float:
        """Return zero."""
        return 0.0


def _half(name: str) -> str:
    """Name ``(1 + x) / 2`` after x, with the same prefix before ``__``."""
    before, mark, name_of_part = name.rpartition("__")
    return f"{before}{mark}half_{name_of_part}"


def _beta(a: float, b: float) -> Message:
    return Message("Beta({}, {})", Numeral(f"{a:g}"), Numeral(f"{b:g}"))


def _transformed(name: str, meaning: Message | None) -> Message:
    if meaning is not None:
        return Message("(1 + ρ)/2 of {}", meaning)
    return Message("the prior of {}", f"(1 + {name})/2")
