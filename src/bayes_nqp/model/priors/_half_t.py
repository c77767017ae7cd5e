"""Half-t priors of scales."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import value
from bayes_nqp.numerics.parameters import ScalePrior


@value("scale")
class HalfT(ScalePrior):
    """Half-t prior of a scale: alike near zero, and open to much larger values than half-normal.

    Parameters
    ----------
    nu : float
        Degrees of freedom; 1 is the half-Cauchy.
    scale : float, multiples of s
        Scale of the Student-t that is folded at zero.

    Raises
    ------
    StudyError
        If one of them is not a finite number above 0.

    References
    ----------
    Gelman, A. (2006). Prior distributions for variance parameters. Bayesian Analysis 1(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> priors = nqp.Priors(member=nqp.HalfT(3, 0.5))
    >>> design = nqp.StaggeredDiD(priors=priors)
    """

    nu: Positive
    scale: float

    @property
    def kind(self) -> Message:
        """Half-t, and of how many degrees of freedom."""
        return Message("half-Student-t ({} degrees of freedom)", Numeral(f"{self.nu:g}"))

    def log_pdf(self, value: Array) -> Array:
        """``log 2 t_nu(x / scale) / scale``."""
        half = 0.5 * (self.nu + 1.0)
        constant = gammaln(half) - gammaln(0.5 * self.nu) - 0.5 * np.log(self.nu * np.pi)
        ratio = value / self.scale
        heights = constant - np.log(self.scale) - half * np.log1p(ratio**2 / self.nu)
        return np.asarray(np.log(2.0) + heights)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw absolute values of Student-t numbers."""
        return np.asarray(np.abs(generator.standard_t(self.nu, size)) * self.scale)

    def variable(self, name: str) -> Any:
        """PyMC's half-t."""
        import pymc as pm

        return pm.HalfStudentT(name, nu=self.nu, sigma=self.scale)
