"""What a simulation refuses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.limits import afford

_ROW = 1_000
"""Bytes of memory that a row takes while it is made."""


def check_layout(
    units: int,
    periods: int,
    cohorts: tuple[int, ...],
    factors: Mapping[str, Sequence[str]],
    never: float,
    contrast: float,
) -> None:
    """Refuse strata, cohorts or shares that make no panel.

    Parameters
    ----------
    never, contrast : float
        As in `staggered`.

    Raises
    ------
    StudyError
        If one of them is out of range.
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
            f"'cohorts' is {cohorts!r}", hint=f"different periods from 2 to {periods}, the last one"
        )
    if not 0.0 <= never < 1.0:
        raise StudyError(f"'never' is {never!r}", hint="a share from 0 up, below 1")
    check_size(units, periods)
    first = next(iter(factors.values()), ())
    if contrast and len(first) < 2:
        raise StudyError(
            f"'contrast' is {contrast!r}, and the first factor of 'strata' has no two levels",
            hint='strata={"region": ["inland", "coastal"]}',
        )


def check_size(units: int, periods: int) -> None:
    """Refuse more rows, or a longer covariance over time, than memory holds.

    Raises
    ------
    StudyError
        With the memory that they would take.
    """
    afford(
        float(_ROW) * units * periods + 8.0 * periods**2,
        f"a panel of {units:,} units and {periods:,} periods",
        "fewer of them",
    )


_POSITIVE, _SIZE, _CORRELATION = (0.0, math.inf, False), (0.0, math.inf, True), (-1.0, 1.0, False)
_BOUNDS: Final = {
    "sigma": _POSITIVE,
    **dict.fromkeys(("spread", "deviation_sd", "shocks", "shock_sd", "noise"), _SIZE),
    **dict.fromkeys(("rho", "shock_rho", "lag"), _CORRELATION),
    "missing": (0.0, 1.0, True),
    "never": (0.0, 1.0, False),
}
"""Lowest and highest value by the name of an argument, and whether the lowest itself is allowed."""


def check_numbers(**numbers: float) -> None:
    """Refuse numbers that are not finite, or out of the range that their name has.

    Parameters
    ----------
    **numbers : float
        Arguments of a simulation.

    Raises
    ------
    StudyError
        If one of them is out of range.
    """
    for name, value in numbers.items():
        low, high, closed = _BOUNDS.get(name, (-math.inf, math.inf, False))
        if not math.isfinite(value):
            raise StudyError(f"'{name}' is {value!r}", hint="a finite number")
        if not (low < value < high or (closed and value == low)):
            hint = f"between {low:g} and {high:g}"
            if high == math.inf:
                hint = f"{low:g} or more" if closed else f"a number above {low:g}"
            raise StudyError(f"'{name}' is {value!r}", hint=hint)


def check_choice(choices: tuple[str, ...], **values: object) -> None:
    """Refuse what is neither a function nor one of the choices.

    Parameters
    ----------
    **values : object
        Arguments of a simulation.

    Raises
    ------
    StudyError
        If one of them is neither.
    """
    for name, value in values.items():
        if not callable(value) and value not in choices:
            raise StudyError(f"'{name}' is {value!r}", hint=f"{nearest(str(value), choices)} "
                             "(or a function)")  # fmt: skip
