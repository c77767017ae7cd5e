"""What a prior is, and one of a scale."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message, Numeral

LOWEST = 1e-300
"""In place of a value of zero, which has no log."""
LARGEST_LOG = 345.0
"""Beyond which squares of exponentials overflow."""


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
        return np.asarray(np.exp(np.clip(u, -LARGEST_LOG, LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Take the log of a value, or of the least positive number in its place."""
        return np.asarray(np.log(np.maximum(value, LOWEST)))

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
