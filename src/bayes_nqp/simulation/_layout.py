"""Which unit belongs to which stratum and cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

__all__ = ["Layout", "layout"]

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layout:
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
    units: int, strata: Mapping[str, Sequence[str]], cohorts: Sequence[int], never: float
) -> Layout:
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
    """
    # Sorted as panels sort their levels, so that cells come in the order of a design's.
    combinations = list(product(*(sorted(levels) for levels in strata.values())))
    stratum = np.arange(units) % len(combinations)
    cohort = np.zeros(units, dtype=np.int64)
    dealt = 0
    for s in range(len(combinations)):
        members = np.flatnonzero(stratum == s)
        treated = members[round(never * members.size) :]
        # Strata go on where the last one stopped, so that cohorts stay of equal size.
        turn = (dealt + np.arange(treated.size)) % len(cohorts)
        cohort[treated] = np.asarray(cohorts, dtype=np.int64)[turn]
        dealt += treated.size
    width = len(str(units))
    labels = np.array([f"u{k + 1:0{width}d}" for k in range(units)], dtype=str)
    levels = {
        name: np.array([combination[f] for combination in combinations], dtype=str)
        for f, name in enumerate(strata)
    }
    return Layout(labels, stratum.astype(np.int64), cohort, levels)
