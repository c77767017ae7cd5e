"""Codes of a panel's observations and units under a model: strata, levels, cells, members."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import unit_column
from bayes_nqp.model.designs import Calendar, DoseSpec, ModelSpec
from bayes_nqp.model.predictors import BARE, LEAD, TREATED
from bayes_nqp.numerics.sufficient_statistics import distinct_rows


@dataclass(frozen=True, eq=False)
class PanelCodes:
    """Codes of a panel's observations and units under one model.

    Parameters
    ----------
    unit, time : ndarray of int (row)
        Codes.
    stratum, level, key, cohort, unit_effect : ndarray of int (unit)
        Combination of strata; time-effect level; class of the calendar; first treated period with
        anticipation (-1 = never); member, the owner of a deviation.
    origin : ndarray of int (row)
        Period from which event time counts (-1 = none).
    role : ndarray of int (row)
        `BARE`, `TREATED`, `LEAD`, `NEIGHBOUR` or `AFTER`; with a continuous exposure, observations
        with a nonzero exposure are treated.
    stratum_levels : ndarray of int (stratum, factor)
        Level of every factor in each combination.
    level_names : tuple of str
        Labels of the time-effect levels.
    unit_effect_labels : ndarray of str (unit effect)
        Labels of members.
    counts : ndarray (unit)
        Number of units that each entry represents.
    """

    unit: Index
    time: Index
    stratum: Index
    level: Index
    key: Index
    cohort: Index
    unit_effect: Index
    origin: Index
    role: Index
    stratum_levels: Index
    level_names: tuple[str, ...]
    unit_effect_labels: npt.NDArray[np.str_]
    counts: Array

    @property
    def weight(self) -> Array:
        """Return the number of units that each observation represents (row)."""
        return self.counts[self.unit]

    @property
    def treated(self) -> Mask:
        """Return True for treated observations (row)."""
        return np.asarray(self.role == TREATED)

    @property
    def lead(self) -> Mask:
        """Return True for observations of lead cells (row)."""
        return np.asarray(self.role == LEAD)

    @property
    def own_effect(self) -> Mask:
        """Return True for observations of cells with effects (row), which are no controls."""
        return np.asarray(self.role != BARE)

    @property
    def untreated(self) -> Mask:
        """Return True for untreated observations, including pre-adoption coefficients (row)."""
        return np.asarray((self.role == BARE) | (self.role == LEAD))

    @property
    def level_of_stratum(self) -> Index:
        """Return the level of time effects of each stratum (stratum)."""
        level = np.zeros(len(self.stratum_levels), dtype=np.int64)
        level[self.stratum] = self.level
        return level

    @property
    def n_units(self) -> int:
        """Return the number of units."""
        return int(self.stratum.size)

    @property
    def n_periods(self) -> int:
        """Return the length of the time grid."""
        return int(self.time.max()) + 1


def combine(codes: Index) -> tuple[Index, Index]:
    """Number combinations of codes (row, factor): by row, and the table (combination, factor)."""
    if codes.shape[1] == 0:
        return np.zeros(codes.shape[0], dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    table, number = distinct_rows(codes.astype(np.int64))
    return number, table


def codes_of(model: ModelSpec) -> PanelCodes:
    """Number strata, levels and members, and assign roles to observations."""
    panel, facts = model.panel, model.facts
    factors = panel.roles.strata
    none = np.zeros((panel.unit_labels.size, 0), dtype=np.int64)
    table = np.column_stack([none, *(panel.strata_codes[f] for f in factors)])
    stratum, stratum_levels = combine(table)
    time_by = facts.time_strata(panel)
    level, level_table = combine(table[:, [factors.index(f) for f in time_by]])
    names = tuple(
        " × ".join(str(panel.levels[f][k]) for f, k in zip(time_by, row, strict=True))
        for row in level_table
    )
    if facts.varying is None or facts.varying == "unit":
        unit_effect, labels = np.arange(panel.unit_labels.size), panel.unit_labels
    else:
        unit_effect, labels = unit_column(panel, facts.varying, "varying")
        if labels.size < 2:
            raise StudyError(
                Message(
                    "'varying' is {!r}, which has the same value for all units, so that "
                    "there are no deviations to estimate",
                    facts.varying,
                ),
                where=str(labels[0]),
                hint="varying=None, or varying='unit'",
            )
    unit = np.asarray(panel.unit_codes, dtype=np.int64)
    time = np.asarray(panel.time_codes, dtype=np.int64)
    key, cohort, origin, role = _roles(model.timing, unit, time, panel.unit_labels.size)
    return PanelCodes(
        unit, time, stratum, level, key, cohort, unit_effect.astype(np.int64), origin, role,
        stratum_levels, names, labels, panel.counts,
    )  # fmt: skip


def _roles(
    timing: Calendar | DoseSpec, unit: Index, time: Index, n_units: int
) -> tuple[Index, Index, Index, Index]:
    """Return class and first treated period of units, and origin and role of observations.

    With a continuous exposure there are two classes: units with a nonzero exposure in any
    observation, as if treated from the first period on, and all others; there is no adoption.
    """
    if isinstance(timing, Calendar):
        key = timing.key
        at = key[unit], time
        return key, timing.start[key], timing.origin[at], timing.role[at]
    exposed = timing.values != 0.0
    ever = np.bincount(unit[exposed], minlength=n_units) > 0
    key = np.where(ever, 0, -1)
    return key, key, np.full(unit.size, -1, dtype=np.int64), np.where(exposed, TREATED, BARE)
