"""Parameters: the only home of the transforms and priors of what is sampled.

A parameter has a prior, and its prior an unconstrained scale: the log for a scale, the log odds of
``(1 + rho) / 2`` for a correlation, the value itself for a normal. Log densities are those of the
unconstrained value, Jacobians included and normalised, so that marginal likelihoods are absolute.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, betaln, expit, gammaln, log_expit, logit

from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message, Numeral

__all__ = [
    "FIXED",
    "FLAT",
    "Correlation",
    "CutCorrelation",
    "Gamma",
    "HalfNormal",
    "Normal",
    "Parameter",
    "ParameterSpace",
    "Prior",
    "Scale",
    "ScalePrior",
]

Array = npt.NDArray[np.float64]

FLAT = -2
"""Scale number of a coefficient with a flat prior."""
FIXED = -1
"""Scale number of a coefficient with a standard normal prior (its scale is in its column)."""

_LOWEST = 1e-300
_LARGEST_LOG = 345.0


class Prior(ABC):
    """A prior with the unconstrained scale on which its parameter is sampled."""

    __slots__ = ()

    @abstractmethod
    def constrain(self, u: Array) -> Array:
        """Value at an unconstrained one."""

    @abstractmethod
    def unconstrain(self, value: Array) -> Array:
        """Unconstrained value at a value."""

    @abstractmethod
    def log_density(self, u: Array) -> Array:
        """Log density of the unconstrained value."""

    @abstractmethod
    def log_kernel(self, value: Array) -> Array:
        """Log density of the value itself, up to a constant."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Values drawn from the prior."""

    @abstractmethod
    def variable(self, name: str) -> Any:
        """State the value as a variable of the PyMC model in context."""

    @property
    @abstractmethod
    def centre(self) -> float:
        """A value that is typical of the prior."""

    @abstractmethod
    def words(self) -> Message:
        """Name the distribution, as it follows on "is"."""

    def subject(self, name: str, meaning: Message | None) -> Message:
        """Say what has the distribution, given the name and the meaning of the parameter."""
        return meaning or Message("the prior of {}", name)


class ScalePrior(Prior):
    """A prior of a positive value, sampled on the log scale: a frozen dataclass with its scale.

    A new one is a family ``p(x / scale) / scale``. It states ``kind``, ``log_pdf``, ``draw`` and
    ``variable``; what is said, sampled and scaled follows.

    Parameters
    ----------
    scale : float
        A typical value, and the value itself where nothing is there to estimate it from.

    Raises
    ------
    StudyError
        If the scale is not a finite number above 0.
    """

    __slots__ = ()
    scale: float

    def __post_init__(self) -> None:
        if not 0.0 < self.scale < np.inf:
            raise StudyError(
                f"'scale' of {type(self).__name__} is {self.scale!r}",
                hint="a number above 0; 1.0 is wide",
            )

    @property
    @abstractmethod
    def kind(self) -> Message:
        """Name the family, as "half-normal"; it goes before "with scale"."""

    @abstractmethod
    def log_pdf(self, value: Array) -> Array:
        """Log density of the value itself, normalised."""

    def constrain(self, u: Array) -> Array:
        """Take the exponential; far out it stops short of overflow."""
        return np.asarray(np.exp(np.clip(u, -_LARGEST_LOG, _LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Take the log of a value, or of the least positive number in its place."""
        return np.asarray(np.log(np.maximum(value, _LOWEST)))

    def log_density(self, u: Array) -> Array:
        """``log p(e^u) + u``, the last for ``dx / du``."""
        return np.asarray(self.log_pdf(self.constrain(u)) + u)

    def log_kernel(self, value: Array) -> Array:
        """``log p(x)``."""
        return self.log_pdf(value)

    @property
    def centre(self) -> float:
        """Its scale."""
        return self.scale

    def words(self) -> Message:
        """Name the family and the scale."""
        scale = Numeral(f"{self.scale:g}")
        return Message("{kind} with scale {scale}", kind=self.kind, scale=scale)

    def over(self, scales: str) -> Message:
        """Name the family with scales in words, as "0.5s for cohorts"."""
        return Message("{kind} with scale {scales}", kind=self.kind, scales=scales)

    def __mul__(self, factor: float) -> Self:
        changed: Self = replace(self, scale=self.scale * factor)  # type: ignore[type-var]
        return changed

    __rmul__ = __mul__

    def __truediv__(self, factor: float) -> Self:
        return self * (1.0 / factor)


@dataclass(frozen=True, slots=True)
class HalfNormal(ScalePrior):
    """Half-normal prior of a positive value.

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

    @property
    def kind(self) -> Message:
        """Half-normal."""
        return Message("half-normal")

    def log_pdf(self, value: Array) -> Array:
        """``log 2 N(x | 0, scale²)``."""
        ratio = value / self.scale
        return np.asarray(0.5 * np.log(2.0 / np.pi) - np.log(self.scale) - 0.5 * ratio**2)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw absolute values of normals."""
        return np.abs(generator.standard_normal(size)) * self.scale

    def variable(self, name: str) -> Any:
        """PyMC's half-normal."""
        import pymc as pm

        return pm.HalfNormal(name, sigma=self.scale)


@dataclass(frozen=True)
class Scale:
    """The scale of some coefficients, in multiples of ``s``: estimated, or fixed.

    Parameters
    ----------
    name : str
        What it is the scale of.
    prior : ScalePrior
        Its prior; where it is not estimated it is fixed at the prior's centre.
    estimated : bool, default True
        Whether it is sampled.
    """

    name: str
    prior: ScalePrior
    estimated: bool = True

    @property
    def fixed(self) -> float:
        """Its value where it is not estimated."""
        return self.prior.centre


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

    def variable(self, name: str) -> Any:
        """State ``p``, called half, and ``rho = 2 p - 1``."""
        import pymc as pm

        half = pm.Beta(_half(name), alpha=self.a, beta=self.b)
        return pm.Deterministic(name, 2.0 * half - 1.0)

    def words(self) -> Message:
        """Name the beta distribution of ``(1 + rho) / 2``."""
        return _beta(self.a, self.b)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """``(1 + rho) / 2``."""
        return _transformed(name, meaning)

    @property
    def centre(self) -> float:
        """No correlation."""
        return 0.0


@dataclass(frozen=True, slots=True)
class CutCorrelation(Prior):
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

    def variable(self, name: str) -> Any:
        """State ``(1 + x) / 2``, called half, and x."""
        import pymc as pm

        below, above = self._ends.tolist()
        beta = pm.Beta.dist(self.a, self.b)
        half = pm.Truncated(_half(name), beta, lower=below, upper=above)
        return pm.Deterministic(name, 2.0 * half - 1.0)

    def words(self) -> Message:
        """Name the beta distribution of ``(1 + x) / 2``, and between which values."""
        ends = (Numeral(f"{end:.3g}") for end in self._ends)
        return Message("{} between {} and {}", _beta(self.a, self.b), *ends)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """``(1 + x) / 2``."""
        return _transformed(name, meaning)

    @property
    def _ends(self) -> Array:
        return 0.5 * (1.0 + np.array([self.low, self.high]))

    @property
    def centre(self) -> float:
        """Zero."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Normal(Prior):
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

    def variable(self, name: str) -> Any:
        """PyMC's normal."""
        import pymc as pm

        return pm.Normal(name, sigma=self.scale)

    def words(self) -> Message:
        """Name the standard deviation."""
        return Message("normal with sd {}", Numeral(f"{self.scale:g}"))

    @property
    def centre(self) -> float:
        """Zero."""
        return 0.0


def _half(name: str) -> str:
    """Name ``(1 + x) / 2`` after x, behind what comes before ``__``."""
    before, mark, own = name.rpartition("__")
    return f"{before}{mark}half_{own}"


def _beta(a: float, b: float) -> Message:
    return Message("Beta({}, {})", Numeral(f"{a:g}"), Numeral(f"{b:g}"))


def _transformed(name: str, meaning: Message | None) -> Message:
    if meaning is not None:
        return Message("(1 + ρ)/2 of {}", meaning)
    return Message("the prior of {}", f"(1 + {name})/2")


@dataclass(frozen=True, slots=True)
class Gamma(Prior):
    """Gamma prior of what a value has above its lower end, sampled as the log of that.

    Parameters
    ----------
    shape, rate : float
        Of the gamma distribution.
    above : float, default 0
        The lower end.
    """

    shape: float
    rate: float
    above: float = 0.0

    def constrain(self, u: Array) -> Array:
        """``above + e^u``; far out it stops short of overflow."""
        return np.asarray(self.above + np.exp(np.clip(u, -_LARGEST_LOG, _LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Take the log of what is above the end, or of the least positive number in its place."""
        return np.asarray(np.log(np.maximum(value - self.above, _LOWEST)))

    def log_density(self, u: Array) -> Array:
        """``a log b - log Γ(a) + a u - b e^u``."""
        constant = self.shape * np.log(self.rate) - gammaln(self.shape)
        return np.asarray(constant + self.shape * u - self.rate * (self.constrain(u) - self.above))

    def log_kernel(self, value: Array) -> Array:
        """``(a - 1) log(x - above) - b (x - above)``."""
        more = value - self.above
        return np.asarray((self.shape - 1.0) * np.log(more) - self.rate * more)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw from the gamma distribution, and add the end."""
        return self.above + generator.gamma(self.shape, 1.0 / self.rate, size)

    def variable(self, name: str) -> Any:
        """State what is above the end, and the value."""
        import pymc as pm

        more = pm.Gamma(f"{name}_less_{self.above:g}", alpha=self.shape, beta=self.rate)
        return pm.Deterministic(name, self.above + more)

    def words(self) -> Message:
        """Name shape and rate."""
        numbers = (Numeral(f"{x:g}") for x in (self.shape, self.rate))
        return Message("Gamma({}, {})", *numbers)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """What is above the end."""
        subject = meaning or Message("the prior of {}", name)
        return Message("{} less {}", subject, Numeral(f"{self.above:g}")) if self.above else subject

    @property
    def centre(self) -> float:
        """Its mean."""
        return self.above + self.shape / self.rate


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
