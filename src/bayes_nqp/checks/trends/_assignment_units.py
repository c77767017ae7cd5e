"""Units of assignment for permutation tests: single units, or groups that adopt together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel, unit_column
from bayes_nqp.inference.fitting import Fit

_CROWDED = 2
"""Units per group, and treated groups per cohort, from which a column defines groups."""


@dataclass(frozen=True, slots=True, eq=False)
class AssignmentUnits:
    """Units to which adoption is randomly reassigned: single units, or groups that adopt together.

    Parameters
    ----------
    name : str
        The column of the groups; "unit" if single units are reassigned.
    of_unit : ndarray of int (unit)
        Group of every unit.
    cohort, stratum : ndarray of int (group)
        Codes; strata are those of factors that are constant within groups.
    """

    name: str
    of_unit: Index
    cohort: Index
    stratum: Index


def assignment_units_of(fit: Fit, panel: Panel, groups: str | None) -> AssignmentUnits:
    """Return the units of assignment: `groups`, or the widest column whose levels adopt together.

    Raises
    ------
    StudyError
        If there is no column `groups`.
    PanelError
        If the column changes within units, or units of one value adopt at different times.
    """
    if groups is None:
        columns = [*_stated(fit, panel), *_columns(panel)]
        name, codes = min(columns, key=lambda column: column[1].max(initial=-1), default=("", None))
        codes = np.arange(panel.unit_labels.size) if codes is None else codes
        return _places(panel, name or v.UNIT, codes)
    codes, labels = unit_column(panel, groups, "groups")
    apart = [str(labels[k]) for k in np.unique(codes) if _cohorts(panel, codes == k).size > 1]
    if apart:
        raise PanelError(
            Message("units of one value of {!r} adopt at different times", groups),
            where=", ".join(apart[:3]),
            hint=f"groups={panel.roles.unit!r} reassigns adoption to single units",
        )
    return _places(panel, groups, codes)


def _stated(fit: Fit, panel: Panel) -> Iterator[tuple[str, Index]]:
    """Yield the column that effects vary by, if units of each level adopt together."""
    name = fit.facts.varying
    if name not in (None, v.UNIT):
        codes, _ = unit_column(panel, name, "varying")
        if _together(panel, codes):
            yield name, codes


def _columns(panel: Panel) -> Iterator[tuple[str, Index]]:
    """Yield columns constant within units, with several units per level that adopt together."""
    cohorts = _cohorts(panel, np.asarray(panel.cohort_codes) >= 0).size
    named = {panel.roles.unit, panel.roles.time, panel.roles.cohort, panel.roles.outcome}
    for name in panel.frame.columns:
        if name in named:
            continue
        rows = pd.factorize(panel.frame[name])[0].astype(np.int64)
        codes = np.full(panel.unit_labels.size, -1)
        codes[panel.unit_codes] = rows
        constant = (codes >= 0).all() and (codes[panel.unit_codes] == rows).all()
        if not constant or _CROWDED * (codes.max() + 1) > panel.unit_labels.size:
            continue
        adopting = np.unique(codes[np.asarray(panel.cohort_codes) >= 0]).size
        if adopting > _CROWDED * cohorts and _together(panel, codes):
            yield str(name), codes


def _cohorts(panel: Panel, units: npt.NDArray[np.bool_]) -> Index:
    return np.unique(np.asarray(panel.cohort_codes)[units])


def _together(panel: Panel, codes: Index) -> bool:
    """Return True if all units of each code belong to one cohort."""
    pairs = np.unique(np.stack([codes, panel.cohort_codes]), axis=1)
    return bool(np.unique(pairs[0]).size == pairs.shape[1])


def _places(panel: Panel, name: str, codes: Index) -> AssignmentUnits:
    _, first, of_unit = np.unique(codes, return_index=True, return_inverse=True)
    stratum = np.zeros(first.size, dtype=np.int64)
    for factor in panel.roles.strata:
        level = np.asarray(panel.strata_codes[factor])
        if (level[first][of_unit] == level).all():
            stratum = stratum * len(panel.levels[factor]) + level[first]
    cohort = np.asarray(panel.cohort_codes, dtype=np.int64)[first]
    return AssignmentUnits(name, of_unit, cohort, stratum)
