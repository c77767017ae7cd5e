"""Observations under permuted treatment: kept ones, their cells and their groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Index, Mask
from bayes_nqp.inference.model_frame._model_frame import ModelFrame
from bayes_nqp.model.designs import Calendar
from bayes_nqp.model.predictors import ESTIMATED_FROM, TREATED


@dataclass(frozen=True, eq=False)
class Ground:
    """Quantities common to all permutations.

    Parameters
    ----------
    seen : ndarray of bool (unit, period)
        Observations of the panel.
    treated : ndarray of bool (key, period)
        Treated periods of each class.
    key : ndarray of int (unit)
        Actual class of the calendar.
    by_cohort : ndarray of int (code + 1)
        Class of each cohort, -1 for none.
    cell : ndarray of int (stratum × key, period)
        Cell of such observations, -1 for none.
    group : ndarray of int (stratum × key)
        Group of such units, -1 for none.
    """

    seen: Mask
    treated: Mask
    key: Index
    by_cohort: Index
    cell: Index
    group: Index

    def key_of(self, cohorts: Index) -> Index:
        """Return the class of cohorts, -1 for those that the model frame does not have."""
        inside = cohorts + 1 < self.by_cohort.size
        return np.where(inside, self.by_cohort[np.where(inside, cohorts + 1, 0)], -1)


@dataclass(frozen=True, eq=False)
class PermutedRows:
    """Observations of the panel under each permutation.

    Parameters
    ----------
    key, code : ndarray of int (permutation, unit)
        Class of the calendar; class combined with the stratum.
    kept : ndarray of bool (permutation, unit)
        Units with untreated observations.
    counts : ndarray of int (permutation, stratum × key, period)
        Treated observations.
    periods : ndarray of bool (permutation, level, period)
        Time effects of units with several observations.
    connected : ndarray of bool (permutation)
        True if untreated observations connect all periods of every level.
    estimated : ndarray of bool (permutation)
        True if there are enough treated units to estimate the scale of their deviations.
    placed : ndarray of bool (permutation)
        True if all units with several observations are in groups of the model frame.
    """

    key: Index
    code: Index
    kept: Mask
    counts: Index
    periods: Mask
    connected: Mask
    estimated: Mask
    placed: Mask

    def like(self, actual: PermutedRows, *, same_rows: bool) -> Mask:
        """Return True for permutations with the coefficients of the actual assignment.

        With columns, their observations must also be the same.
        """
        same = self.connected & self.placed & (self.estimated == actual.estimated)
        same &= ((self.counts > 0) == (actual.counts > 0)).all(axis=(1, 2))
        same &= (self.periods == actual.periods).all(axis=(1, 2))
        return np.asarray(same & self.kept.all(axis=1) & actual.kept.all() if same_rows else same)

    def of(self, numbers: Index) -> PermutedRows:
        """Select some permutations."""
        return PermutedRows(*(getattr(self, name)[numbers] for name in self.__dataclass_fields__))


@lru_cache(maxsize=2)
def ground_of(model_frame: ModelFrame) -> Ground:
    (equation,), frame, timing = model_frame.equations, model_frame.codes, model_frame.model.timing
    assert isinstance(timing, Calendar)
    n_keys = len(timing.role)
    seen = np.zeros((frame.n_units, frame.n_periods), dtype=bool)
    seen[frame.unit, frame.time] = True
    by_cohort = np.full(int(model_frame.panel.cohort_codes.max()) + 2, -1, dtype=np.int64)
    by_cohort[np.asarray(model_frame.panel.cohort_codes) + 1] = timing.key
    size = len(frame.stratum_levels) * n_keys
    code = frame.stratum * n_keys + timing.key
    cell, group = np.full((size, frame.n_periods), -1), np.full(size, -1)
    rows = np.flatnonzero(model_frame.cell_of_row >= 0)
    cell[code[frame.unit[rows]], frame.time[rows]] = model_frame.cell_of_row[rows]
    inside = equation.rows.group >= 0
    group[code[inside]] = equation.rows.group[inside]
    treated = timing.role[:, : frame.n_periods] == TREATED
    return Ground(seen, treated, timing.key, by_cohort, cell, group)


def permuted_rows(model_frame: ModelFrame, ground: Ground, key: Index) -> PermutedRows:
    """Describe the observations under permuted classes of the calendar (permutation, unit)."""
    frame, seen, n_keys = model_frame.codes, ground.seen, len(ground.treated)
    code = frame.stratum * n_keys + key
    control = seen & ~ground.treated[key]
    usable = control.any(axis=2)
    repeated = usable & (seen.sum(axis=1) > 1)
    permutation, unit = np.nonzero(usable)
    shape = (len(key) * len(ground.cell), frame.n_units)
    onto = csr_array(
        (np.ones(unit.size), (permutation * len(ground.cell) + code[usable], unit)), shape
    )
    counts = (onto @ seen.astype(np.float64)).reshape(len(key), len(ground.cell), -1)
    counts = np.rint(counts).astype(np.int64)
    counts *= np.tile(ground.treated, (len(frame.stratum_levels), 1))
    periods, connected = [], np.ones(len(key), dtype=bool)
    for level in range(len(frame.level_names)):
        units = frame.level == level
        periods.append((repeated[:, units, None] & seen[units]).any(axis=1))
        every = (usable[:, units, None] & seen[units]).any(axis=1)
        free = control[:, units].astype(np.float64)
        reached = free.swapaxes(1, 2) @ free > 0
        for _ in range(frame.n_periods.bit_length()):
            reached = reached.astype(np.float64) @ reached > 0
        pairs = every[:, :, None] & every[:, None]
        connected &= (reached | ~pairs).all(axis=(1, 2))
    estimated = ground.treated.any(axis=1)[key].sum(axis=1) >= ESTIMATED_FROM
    placed = ((ground.group[code] >= 0) | ~repeated).all(axis=1)
    return PermutedRows(
        key, code, usable, counts, np.stack(periods, axis=1), connected, estimated, placed
    )  # fmt: skip
