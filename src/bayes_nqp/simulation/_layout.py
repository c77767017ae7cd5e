"""Which unit belongs to which stratum and cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from bayes_nqp.arrays import Index
from bayes_nqp.errors import StudyError


@dataclass(frozen=True, eq=False)
class Assignment:
    """The units of a simulated panel.

    Parameters
    ----------
    units : ndarray of str (unit)
        Labels.
    stratum : ndarray of int (unit)
        Number of the combination of levels.
    cohort : ndarray of int (unit)
        First treated period, 0 for never.
    levels : mapping of str to ndarray of str (stratum)
        Level of every factor in every combination.
    """

    units: npt.NDArray[np.str_]
    stratum: Index
    cohort: Index
    levels: Mapping[str, npt.NDArray[np.str_]]


def layout(
    units: int,
    strata: Mapping[str, Sequence[str]],
    cohorts: Sequence[int],
    never: float,
    sizes: Mapping[int, int] | None = None,
) -> Assignment:
    """Deal units to strata in turn, and to cohorts in turn within each stratum.

    Parameters
    ----------
    units : int
        How many.
    strata : mapping of str to sequence of str
        Levels of every factor.
    cohorts : sequence of int
        First treated periods.
    never : float
        Share never treated, in every stratum, to the nearest unit.
    sizes : mapping of int to int, optional
        Units of each cohort, dealt to strata in turn; in place of ``never``.

    Raises
    ------
    StudyError
        If there are fewer units than ``sizes`` asks for.
    """
    # Sorted as panels sort their levels, so that cells come in the order of a design's.
    combinations = list(product(*(sorted(levels) for levels in strata.values())))
    stratum = np.arange(units) % len(combinations)
    cohort, dealt = np.zeros(units, dtype=np.int64), 0
    if sizes is not None:
        queue = np.repeat(list(sizes), list(sizes.values()))
        if queue.size > units or min(sizes.values()) < 1:
            raise StudyError(
                f"'cohorts' is {dict(sizes)!r}, of {units} units",
                hint="1 or more units for each first treated period, and no more than there are",
            )
        cohort[: queue.size] = queue
        return _labelled(stratum, cohort, combinations, strata)
    for s in range(len(combinations)):
        members = np.flatnonzero(stratum == s)
        treated = members[round(never * members.size) :]
        # Strata go on where the last one stopped, so that cohorts stay of equal size.
        turn = (dealt + np.arange(treated.size)) % len(cohorts)
        cohort[treated] = np.asarray(cohorts, dtype=np.int64)[turn]
        dealt += treated.size
    return _labelled(stratum, cohort, combinations, strata)


def _labelled(
    stratum: Index,
    cohort: Index,
    combinations: Sequence[Sequence[str]],
    strata: Mapping[str, Sequence[str]],
) -> Assignment:
    width, units = len(str(stratum.size)), stratum.size
    labels = np.array([f"u{k + 1:0{width}d}" for k in range(units)], dtype=str)
    levels = {
        name: np.array([combination[f] for combination in combinations], dtype=str)
        for f, name in enumerate(strata)
    }
    return Assignment(labels, stratum.astype(np.int64), cohort, levels)
