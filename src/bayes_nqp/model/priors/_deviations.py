"""Priors of unit-level deviations, given their common scale."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Words
from bayes_nqp.numerics.parameters import HalfNormal, Scaled, ScalePrior

type StatedScale = float | Annotated[ScalePrior, Words("a prior such as nqp.HalfT(3, 0.5)")]
"""What a scale may be: a number is half-normal."""


def scale_prior(value: float | ScalePrior) -> ScalePrior:
    """Take a number for a half-normal prior of that scale."""
    return value if isinstance(value, ScalePrior) else HalfNormal(value)


def plain_scale(value: float | ScalePrior) -> float | ScalePrior:
    """Replace a half-normal prior by its scale, the number that denotes it."""
    return value.shorthand if isinstance(value, ScalePrior) else value


class Deviations(Scaled, ABC):
    """Distribution of unit-level deviations given their common scale: a frozen dataclass.

    A subclass defines ``label``, ``words``, ``draw`` and ``variable``. Deviations that are not
    normal given their scale are sampled observation by observation.

    Parameters
    ----------
    scale : float or ScalePrior, multiples of s
        Prior of the common scale; a number is half-normal.

    Raises
    ------
    StudyError
        If the scale is not a finite number above 0.
    """

    __slots__ = ()
    scale: StatedScale
    gaussian: ClassVar[bool] = False
    """Whether they are normal given their scale."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", plain_scale(self.scale))
        if not isinstance(self.scale, ScalePrior) and not 0.0 < self.scale < np.inf:
            raise StudyError(
                f"'scale' of {type(self).__name__} is {self.scale!r}",
                hint="a number above 0, or a prior such as nqp.HalfT(3, 0.5)",
            )

    @property
    def prior(self) -> ScalePrior:
        """Prior of the common scale."""
        return scale_prior(self.scale)

    @property
    @abstractmethod
    def label(self) -> Message:
        """Name them, as "Student-t"; it goes before "deviations"."""

    @abstractmethod
    def words(self) -> Message:
        """Describe the distribution in words that follow "deviations of units are"."""

    @abstractmethod
    def draw(
        self, generator: np.random.Generator, scale: Array, members: int, unit: float = 1.0
    ) -> Array:
        """Draw deviations given their common scale.

        Parameters
        ----------
        scale : ndarray (draw,), multiples of s times unit
            Common scale.
        unit : float, default 1
            Of the scale and the deviations, for one of ``s``.

        Returns
        -------
        ndarray (draw, member)
            In the units of the scale.
        """

    @abstractmethod
    def variable(self, name: str, scale: Any) -> Any:
        """Define deviations of the dimension "member" in the PyMC model in context.

        Parameters
        ----------
        name : str
            Name of the standardised variable.
        scale : tensor or float, multiples of s
            Common scale.
        """

    def sd(self, scale: Array, unit: float = 1.0) -> Array:
        """Standard deviation given the common scale, in its units: itself by default."""
        return scale


@dataclass(frozen=True, slots=True)
class NormalDeviations(Deviations):
    """Normal deviations, the default that a number or a prior of scales denotes.

    Parameters
    ----------
    scale : float or ScalePrior, default 1, multiples of s
        Prior of their standard deviation.
    """

    scale: StatedScale = 1.0
    gaussian: ClassVar[bool] = True

    @property
    def label(self) -> Message:
        """Normal."""
        return Message("normal")

    def words(self) -> Message:
        """Normal around zero."""
        return Message("normal around zero")

    def draw(
        self, generator: np.random.Generator, scale: Array, members: int, unit: float = 1.0
    ) -> Array:
        """``u = omega z``."""
        return np.asarray(generator.standard_normal((scale.size, members)) * scale[:, None])

    def variable(self, name: str, scale: Any) -> Any:
        """``u = omega z``."""
        import pymc as pm

        return pm.Normal(name, dims="member") * scale
