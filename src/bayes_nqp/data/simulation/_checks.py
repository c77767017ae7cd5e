"""Checks of the arguments of simulations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated

from annotated_types import Ge, Interval

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.limits import afford

type Size = Annotated[float, Ge(0)]
"""A standard deviation, or what others are multiplied by."""
type Correlation = Annotated[float, Interval(gt=-1, lt=1)]
type Share = Annotated[float, Interval(ge=0, lt=1)]
type Part = Annotated[float, Interval(gt=0, lt=1)]
"""A share of which there is some."""

_ROW = 1_000
"""Memory per observation during simulation, in bytes."""


def check_layout(
    units: int,
    periods: int,
    cohorts: tuple[int, ...],
    factors: Mapping[str, Sequence[str]],
    contrast: float,
) -> None:
    """Refuse strata, cohorts or shares that do not define a panel.

    Parameters
    ----------
    contrast : float
        See `staggered`.

    Raises
    ------
    StudyError
        If an argument is out of range.
    """
    for name, levels in factors.items():
        if not levels or len(set(levels)) != len(levels):
            raise StudyError(f"'strata' {name!r} has levels {levels!r}", hint="different names")
    combinations = math.prod(len(levels) for levels in factors.values())
    if units < 2 * combinations:
        raise StudyError(
            f"'units' is {units}, for {combinations} combinations of strata",
            hint=f"{2 * combinations} or more",
        )
    if not cohorts or len(set(cohorts)) != len(cohorts) or not all(
        2 <= c <= periods for c in cohorts
    ):  # fmt: skip
        raise StudyError(
            f"'cohorts' is {cohorts!r}",
            hint=f"different periods from 2 to {periods}, the last period",
        )
    check_size(units, periods)
    first = next(iter(factors.values()), ())
    if contrast and len(first) < 2:
        raise StudyError(
            f"'contrast' is {contrast!r}, but the first factor of 'strata' lacks two levels",
            hint='strata={"region": ["inland", "coastal"]}',
        )


def check_size(units: int, periods: int) -> None:
    """Refuse panels or covariance matrices that do not fit into memory.

    Raises
    ------
    StudyError
        If memory is insufficient; the message gives the required memory.
    """
    afford(
        float(_ROW) * units * periods + 8.0 * periods**2,
        f"a panel of {units:,} units and {periods:,} periods",
        "fewer of them",
    )
