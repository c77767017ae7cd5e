"""Horseshoe deviations of members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import value
from bayes_nqp.model.priors._deviations import Deviations, StatedScale


@value("deviations")
class Horseshoe(Deviations):
    """Regularised horseshoe deviations: near zero for most units, and unrestricted for a few.

    ``u_i = omega v_i z_i`` with ``v_i² = c² l_i² / (c² + omega² l_i²)``, where z is normal and l
    half-Cauchy. Small deviations are shrunk to zero; large ones are normal with standard deviation
    ``c``, the slab. Sampling is observation by observation, and slow.

    Parameters
    ----------
    slab : float, default 2, multiples of s
        ``c``, the standard deviation of large deviations.
    scale : float or ScalePrior, default 0.1, multiples of s
        Prior of ``omega``, the common scale; a number is half-normal.

    Raises
    ------
    StudyError
        If one of them is not a finite number above 0.

    References
    ----------
    Piironen, J. and Vehtari, A. (2017). Sparsity information and regularization in the horseshoe
    and other shrinkage priors. Electronic Journal of Statistics 11(2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.StaggeredDiD(priors=nqp.Priors(member=nqp.Horseshoe()))
    """

    slab: Positive = 2.0
    scale: StatedScale = 0.1

    @property
    def label(self) -> Message:
        """Horseshoe."""
        return Message("horseshoe")

    def words(self) -> Message:
        """Describe the shrinkage of small and of large deviations."""
        return Message(
            "a regularised horseshoe: most are next to none, and a few as large as {}s",
            Numeral(f"{self.slab:g}"),
        )

    def draw(
        self, generator: np.random.Generator, scale: Array, members: int, unit: float = 1.0
    ) -> Array:
        """``u = omega v z``."""
        size = (scale.size, members)
        wide = scale[:, None] * np.abs(generator.standard_cauchy(size))
        return np.asarray(
            generator.standard_normal(size) * wide / np.hypot(1.0, wide / (self.slab * unit))
        )

    def variable(self, name: str, scale: Any) -> Any:
        """``u = omega v z``."""
        import pymc as pm

        wide = scale * pm.HalfCauchy(f"{name}_local", beta=1.0, dims="member")
        return pm.Normal(name, dims="member") * wide / (1.0 + (wide / self.slab) ** 2) ** 0.5

    def sd(self, scale: Array, unit: float = 1.0) -> Array:
        """``c sqrt(omega / (c + omega))``: a half-Cauchy l has E 1 / (1 + a² l²) = 1 / (1 + a)."""
        slab = self.slab * unit
        return np.asarray(slab * np.sqrt(scale / (slab + scale)))

    def __mul__(self, factor: float) -> Self:
        return replace(Deviations.__mul__(self, factor), slab=self.slab * factor)

    __rmul__ = __mul__
