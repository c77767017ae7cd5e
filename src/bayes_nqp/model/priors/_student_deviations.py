"""Student-t deviations of members."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp._core.validation import value
from bayes_nqp.model.priors._deviations import Deviations, StatedScale


@value("deviations")
class StudentDeviations(Deviations):
    """Student-t deviations: a few members may be far from the others, and do not widen all.

    ``u_i = omega t_i``, with ``t_i`` Student-t of variance one, so that ``omega`` is the standard
    deviation as it is of normal deviations. Sampled row by row, and slowly.

    Parameters
    ----------
    nu : float, default 4
        Degrees of freedom.
    scale : float or ScalePrior, default 1, multiples of s
        Prior of ``omega``; a number is half-normal.

    Raises
    ------
    StudyError
        If ``nu`` is not above 2, or the scale is not a finite number above 0.

    References
    ----------
    Gelman, A., Carlin, J., Stern, H., Dunson, D., Vehtari, A. and Rubin, D. (2013). Bayesian Data
    Analysis, third edition, chapter 17. CRC Press.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> priors = nqp.Priors(member=nqp.StudentDeviations(nu=4))
    >>> design = nqp.StaggeredDiD(priors=priors)
    """

    nu: Annotated[float, Gt(2)] = 4.0
    scale: StatedScale = 1.0

    @property
    def label(self) -> Message:
        """Student-t."""
        return Message("Student-t")

    def words(self) -> Message:
        """Name the degrees of freedom."""
        return Message("Student-t with {} degrees of freedom", Numeral(f"{self.nu:g}"))

    def draw(
        self, generator: np.random.Generator, scale: Array, members: int, unit: float = 1.0
    ) -> Array:
        """``u = omega t``."""
        t = generator.standard_t(self.nu, (scale.size, members))
        return np.asarray(t * self._shrink * scale[:, None])

    def variable(self, name: str, scale: Any) -> Any:
        """``u = omega t``."""
        import pymc as pm

        return pm.StudentT(name, nu=self.nu, sigma=self._shrink, dims="member") * scale

    @property
    def _shrink(self) -> float:
        """``t`` of the textbooks has the variance ``nu / (nu - 2)``."""
        return float(np.sqrt((self.nu - 2.0) / self.nu))
