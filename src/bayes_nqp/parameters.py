"""Parameters: the only home of the transforms and priors of what is sampled.

A parameter has a prior, and its prior an unconstrained scale: the log for a half-normal, the
log odds of ``(1 + rho) / 2`` for a correlation, the value itself for a normal. Log densities are
those of the unconstrained value, Jacobians included and normalised, so that marginal likelihoods
are absolute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, betaln, expit, log_expit, logit

from bayes_nqp.errors import StudyError

if TYPE_CHECKING:
    from bayes_nqp.language import Message

__all__ = [
    "FIXED",
    "FLAT",
    "Correlation",
    "CutCorrelation",
    "HalfNormal",
    "Normal",
    "Parameter",
    "ParameterSpace",
    "Prior",
    "Scale",
]

Array = npt.NDArray[np.float64]

FLAT = -2
"""Scale number of a coefficient with a flat prior."""
FIXED = -1
"""Scale number of a coefficient with a standard normal prior (its scale is in its column)."""

_LOWEST = 1e-300
_LARGEST_LOG = 345.0


@dataclass(frozen=True)
class Scale:
    """A prior scale of coefficients: estimated with a half-normal prior, or fixed.

    Parameters
    ----------
    name : str
        What it is the scale of.
    prior : float
        Half-normal scale, or the fixed value itself, in multiples of ``s``.
    estimated : bool, default True
        Whether it is sampled.
    """

    name: str
    prior: float
    estimated: bool = True


class Prior(Protocol):
    """A prior with the unconstrained scale on which its parameter is sampled."""

    def constrain(self, u: Array) -> Array:
        """Value at an unconstrained one."""

    def unconstrain(self, value: Array) -> Array:
        """Unconstrained value at a value."""

    def log_density(self, u: Array) -> Array:
        """Log density of the unconstrained value."""

    def log_kernel(self, value: Array) -> Array:
        """Log density of the value itself, up to a constant."""

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Values drawn from the prior."""

    @property
    def centre(self) -> float:
        """A value that is typical of the prior."""


@dataclass(frozen=True, slots=True)
class HalfNormal:
    """Half-normal prior of a positive value, sampled on the log scale.

    Parameters
    ----------
    scale : float
        Standard deviation of the normal that is folded at zero.

    Raises
    ------
    StudyError
        If the scale is not a finite number above 0.
    """

    scale: float

    def __post_init__(self) -> None:
        if not 0.0 < self.scale < np.inf:
            raise StudyError(
                f"'scale' of HalfNormal is {self.scale!r}", hint="a number above 0; 1.0 is wide"
            )

    def constrain(self, u: Array) -> Array:
        """Take the exponential; far out it stops short of overflow."""
        return np.asarray(np.exp(np.clip(u, -_LARGEST_LOG, _LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Take the log of a value, or of the least positive number in its place."""
        return np.asarray(np.log(np.maximum(value, _LOWEST)))

    def log_density(self, u: Array) -> Array:
        """``log 2 N(e^u | 0, scale²) + u``."""
        ratio = self.constrain(u) / self.scale
        return np.asarray(0.5 * np.log(2.0 / np.pi) - np.log(self.scale) - 0.5 * ratio**2 + u)

    def log_kernel(self, value: Array) -> Array:
        """``-x² / 2 scale²``."""
        return np.asarray(-0.5 * (value / self.scale) ** 2)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw absolute values of normals."""
        return np.abs(generator.standard_normal(size)) * self.scale

    @property
    def centre(self) -> float:
        """Its scale."""
        return self.scale


@dataclass(frozen=True, slots=True)
class Correlation:
    """Beta prior of ``(1 + rho) / 2``, sampled as its log odds.

    Parameters
    ----------
    a, b : float
        Of the beta distribution.
    """

    a: float
    b: float

    def constrain(self, u: Array) -> Array:
        """``rho = tanh(u / 2)``."""
        return np.asarray(np.tanh(0.5 * u))

    def unconstrain(self, value: Array) -> Array:
        """Log odds of ``(1 + rho) / 2``."""
        return np.asarray(logit(0.5 * (1.0 + value)))

    def log_density(self, u: Array) -> Array:
        """``a log p + b log(1 - p) - log B(a, b)`` at ``p = (1 + rho) / 2``; no digit is lost."""
        return np.asarray(self.a * log_expit(u) + self.b * log_expit(-u) - betaln(self.a, self.b))

    def log_kernel(self, value: Array) -> Array:
        """``(a - 1) log(1 + rho) + (b - 1) log(1 - rho)``."""
        return np.asarray((self.a - 1.0) * np.log1p(value) + (self.b - 1.0) * np.log1p(-value))

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw ``2 p - 1`` with ``p`` from the beta distribution."""
        return 2.0 * generator.beta(self.a, self.b, size) - 1.0

    @property
    def centre(self) -> float:
        """No correlation."""
        return 0.0


@dataclass(frozen=True, slots=True)
class CutCorrelation:
    """Beta prior of ``(1 + x) / 2``, cut to an interval; sampled as log odds of the place there.

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
        """``x = low + (high - low) / (1 + e^-u)``."""
        return np.asarray(self.low + (self.high - self.low) * expit(u))

    def unconstrain(self, value: Array) -> Array:
        """Log odds of the place in the interval."""
        return np.asarray(logit((value - self.low) / (self.high - self.low)))

    def log_density(self, u: Array) -> Array:
        """That of the beta distribution, over its mass in the interval, times ``dx / du``."""
        below, above = betainc(self.a, self.b, self._ends)
        slope = log_expit(u) + log_expit(-u) + np.log(0.5 * (self.high - self.low))
        powers = self.log_kernel(self.constrain(u)) - (self.a + self.b - 2.0) * np.log(2.0)
        return np.asarray(powers - betaln(self.a, self.b) - np.log(above - below) + slope)

    def log_kernel(self, value: Array) -> Array:
        """``(a - 1) log(1 + x) + (b - 1) log(1 - x)``."""
        return np.asarray((self.a - 1.0) * np.log1p(value) + (self.b - 1.0) * np.log1p(-value))

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw by the inverse of the distribution."""
        below, above = betainc(self.a, self.b, self._ends)
        mass = below + (above - below) * generator.random(size)
        return np.asarray(2.0 * betaincinv(self.a, self.b, mass) - 1.0)

    @property
    def _ends(self) -> Array:
        return 0.5 * (1.0 + np.array([self.low, self.high]))

    @property
    def centre(self) -> float:
        """Zero."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal prior around zero, sampled as it is.

    Parameters
    ----------
    scale : float
        Its standard deviation.
    """

    scale: float

    def constrain(self, u: Array) -> Array:
        """Leave the value as it is."""
        return u

    def unconstrain(self, value: Array) -> Array:
        """Leave the value as it is."""
        return value

    def log_density(self, u: Array) -> Array:
        """``log N(u | 0, scale²)``."""
        return np.asarray(-0.5 * (u / self.scale) ** 2 - np.log(self.scale * np.sqrt(2.0 * np.pi)))

    def log_kernel(self, value: Array) -> Array:
        """``-x² / 2 scale²``."""
        return np.asarray(-0.5 * (value / self.scale) ** 2)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw normals."""
        return generator.standard_normal(size) * self.scale

    @property
    def centre(self) -> float:
        """Zero."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """One sampled parameter.

    Parameters
    ----------
    in_outcome_units : bool, default True
        Whether it is stored times ``s``; a correlation or a ratio is not.
    folds : bool, default False
        Whether it may vanish, so that its posterior can lean against zero: proposals are then
        made on its own scale and folded there.
    typical : float, optional, multiples of s
        A value to look at it by, where none is given; that of the prior by default.
    meaning : Message, optional
        What it is, as a report begins a sentence on its prior: ``Message("the ratio of …")``.
        By default its name stands there.
    """

    name: str
    prior: Prior
    in_outcome_units: bool = True
    folds: bool = False
    typical: float | None = None
    meaning: Message | None = None


@dataclass(frozen=True)
class ParameterSpace:
    """The sampled parameters of a problem, in order.

    Points are (point, parameter) arrays of unconstrained values, values those on the
    parameters' own scales, in multiples of ``s``.
    """

    parameters: tuple[Parameter, ...]

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(p.name for p in self.parameters)

    @property
    def typical(self) -> Array:
        """A typical value of each (parameter), multiples of s."""
        values = [p.prior.centre if p.typical is None else p.typical for p in self.parameters]
        return np.array(values, dtype=np.float64)

    @property
    def folds(self) -> npt.NDArray[np.bool_]:
        """Which parameters may vanish (parameter)."""
        return np.array([p.folds for p in self.parameters], dtype=bool)

    def constrain(self, points: Array) -> Array:
        """Values at unconstrained points."""
        columns = [p.prior.constrain(points[..., k]) for k, p in enumerate(self.parameters)]
        return np.stack(columns, axis=-1) if columns else np.zeros_like(points)

    def unconstrain(self, values: Array) -> Array:
        """Unconstrained points at values."""
        columns = [p.prior.unconstrain(values[..., k]) for k, p in enumerate(self.parameters)]
        return np.stack(columns, axis=-1) if columns else np.zeros_like(values)

    def log_prior(self, points: Array) -> Array:
        """Log prior density of unconstrained points."""
        total = np.zeros(len(points))
        for k, parameter in enumerate(self.parameters):
            total += parameter.prior.log_density(points[:, k])
        return total

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Values drawn from the prior."""
        columns: Sequence[Array] = [p.prior.draw(generator, size) for p in self.parameters]
        return np.stack(columns, axis=-1) if columns else np.zeros((size, 0))
