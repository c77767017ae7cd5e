"""Differential trends: how far those who adopt may drift from the others, as pre-periods teach."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.registry import register

__all__ = ["DifferentialTrends"]


@register("trends", "differential")
@door
@dataclass(frozen=True, slots=True)
class DifferentialTrends:
    """Cohorts that adopt drift from the never treated along a line and a random walk.

    Adopters of stratum s and cohort k have ``b_s t + w_st + b_k t + w_kt`` beside their time
    effects, t centred. The walks run from the first period on, so that the sizes of their steps,
    which pre-periods teach, are those of the steps after adoption. Effects exclude the drift.

    Parameters
    ----------
    line : float, default 0.5, multiples of s a period
        Standard deviation of ``b_s``, the line of all adopters of a stratum.
    walk : float, default 0.25, multiples of s
        Prior scale (half-normal) of the steps of ``w_s``, the walk of all adopters of a stratum.
    cohort_line : float, default 0.1, multiples of s a period
        Prior scale (half-normal) of the standard deviation of ``b_k``, by cohort.
    cohort_walk : float, default 0.25, multiples of s
        Prior scale (half-normal) of the steps of ``w_k``, by cohort.

    Raises
    ------
    StudyError
        If a scale is not a positive number.

    References
    ----------
    Rambachan, A. and Roth, J. (2023). A more credible approach to parallel trends. Review of
    Economic Studies 90(5). Here the line is what smoothness bounds, and steps after adoption are
    as large as before it.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(trends=nqp.DifferentialTrends()).trends.walk
    0.25
    """

    line: float = 0.5
    walk: float = 0.25
    cohort_line: float = 0.1
    cohort_walk: float = 0.25

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, int | float) or not 0.0 < value < math.inf:
                raise StudyError(f"'{item.name}' is {value!r}", hint="a positive number")
