"""Distribution of the outcome around its linear predictor: frozen values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.registry import register

__all__ = ["Gaussian", "Likelihood", "StudentT"]


@register("likelihood")
@door
@dataclass(frozen=True, slots=True)
class Gaussian:
    """Normal errors: exact compression, whatever the number of rows."""


@register("likelihood")
@door
@dataclass(frozen=True, slots=True)
class StudentT:
    """Student-t innovations, robust to outlying rows; sampled row by row, and slowly.

    Parameters
    ----------
    nu : float or None, default None
        Degrees of freedom; None estimates them under a Gamma(2, 0.1) prior above 2.

    Raises
    ------
    StudyError
        If ``nu`` is not above 2.

    References
    ----------
    Juárez, M. and Steel, M. (2010). Model-based clustering of non-Gaussian panel data based on
    skew-t distributions. Journal of Business & Economic Statistics 28(1).
    """

    nu: float | None = None

    def __post_init__(self) -> None:
        if self.nu is not None and not (math.isfinite(self.nu) and self.nu > 2):
            raise StudyError(
                f"'nu' is {self.nu!r}", hint="a number above 2, or None to estimate it"
            )


Likelihood = Gaussian | StudentT
