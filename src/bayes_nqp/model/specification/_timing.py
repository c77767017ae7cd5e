"""Dates of treatment, or values of a continuous exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import numpy.typing as npt

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.data.panel import switches
from bayes_nqp.model.predictors import AFTER, BARE, LEAD, TREATED

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@dataclass(frozen=True, eq=False)
class Calendar:
    """Units and periods with separate effects, class by class.

    Units of one class and stratum share their cells. Classes are numbered in the order of cells.

    Parameters
    ----------
    key : ndarray of int (unit)
        Class of each unit.
    origin : ndarray of int (class, period)
        Period from which event time counts; -1 if there is none.
    role : ndarray of int (class, period)
        `BARE`, `TREATED`, `LEAD`, `NEIGHBOUR` or `AFTER`.
    labels : mapping of str to ndarray (class) or (class, period)
        Further coordinates of cells, such as a distance band.
    cell : ndarray of int (class, period), optional
        Number by which observations of a stratum and period share a cell; by default their class.
    touched : ndarray of int (class), optional
        Period from which observations of a class are no controls, if that is before treatment.
        Leads end there, and the previous period is their reference.
    factors : mapping of str to tuple of ndarray of str (level) and of int (class, period)
        Factors of cells that change over time, such as the treated ends of a pair: their levels,
        and the level of each class and period. Effects of each level have a separate course.
    """

    key: Index
    origin: Index
    role: Index
    labels: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    cell: Index | None = None
    touched: Index | None = None
    factors: Mapping[str, tuple[npt.NDArray[np.str_], Index]] = field(default_factory=dict)

    @classmethod
    def of_adoption(cls, panel: Panel, *, anticipation: int = 0, leads: bool = False) -> Self:
        """Treat units permanently from adoption on.

        Parameters
        ----------
        anticipation : int, default 0
            Number of periods before adoption in which treatment begins.
        leads : bool, default False
            True if all pre-adoption periods but the last have flat effects.
        """
        adoption, key = np.unique(np.asarray(panel.cohort_codes), return_inverse=True)
        origin = np.repeat(adoption[:, None], panel.periods, axis=1).astype(np.int64)
        start, time = np.maximum(origin - anticipation, 0), np.arange(panel.periods)
        role = np.where((time >= start) & (origin >= 0), TREATED, BARE)
        calendar = cls(key.astype(np.int64), origin, role.astype(np.int64))
        return calendar.with_leads() if leads else calendar

    @classmethod
    def of_paths(
        cls, panel: Panel, *, effects: bool = True, anticipation: int = 0, leads: bool = False
    ) -> Self:
        """Treat units in every spell of a treatment that ends and may begin again.

        Classes are paths. Units of a stratum share a cell while treated if they have the same first
        entry, last entry and number of spells, and after exit if also the last exit is the same.
        Event time counts from the last entry, after exit from the last exit.

        Parameters
        ----------
        effects : bool, default True
            True if observations after exit have effects; False if they are controls.
        anticipation, leads
            See `of_adoption`; before the first entry.
        """
        on, key = np.unique(panel.treatment_path, axis=0, return_inverse=True)
        spell, entry, end = switches(on)
        time, ever = np.arange(panel.periods), on.any(axis=1)[:, None]
        first = np.where(ever, on.argmax(axis=1)[:, None], -1)
        off = ever & (time > first) & ~on
        early = ever & (time < first) & (time >= first - anticipation)
        role = np.where(on | early, TREATED, np.where(off & effects, AFTER, BARE))
        origin = np.where(on, entry, np.where(off & effects, end, first))
        # Phase, first entry, last entry, last exit and number of spells of each class and period.
        told = np.stack(np.broadcast_arrays(
            on + 2 * off, first, np.where(on | off, entry, -1), np.where(off, end, -1), spell,
        ), axis=-1)  # fmt: skip
        cell = np.unique(told.reshape(-1, told.shape[-1]), axis=0, return_inverse=True)[1]
        labels = {v.SPELL: spell, v.FIRST_SWITCH: np.where(ever, time - first, -1)}
        calendar = cls(
            key.ravel().astype(np.int64), origin.astype(np.int64), role.astype(np.int64), labels,
            cell=cell.reshape(on.shape).astype(np.int64),
        )  # fmt: skip
        return calendar.with_leads() if leads else calendar

    def with_leads(self) -> Self:
        """Give all periods before treatment but the last a flat effect."""
        time, start = np.arange(self.role.shape[1]), self.start[:, None]
        end = start if self.touched is None else np.minimum(start, self.touched[:, None])
        lead = (start >= 0) & (time < end - 1) & (self.role == BARE)
        return replace(self, role=np.where(lead, LEAD, self.role))

    def without_leads(self) -> Self:
        """Make controls of the periods before treatment."""
        return replace(self, role=np.where(self.role == LEAD, BARE, self.role))

    @property
    def start(self) -> Index:
        """First treated period of each class, -1 where there is none."""
        treated = self.role == TREATED
        return np.where(treated.any(axis=1), treated.argmax(axis=1), -1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class DoseSpec:
    """A continuous exposure and its value in each observation.

    Parameters
    ----------
    name : str
        Name of the column.
    values : ndarray (row), exposure's units
        Exposure minus the reference.
    reference : float, exposure's units
        Exposure without an effect.
    per : {"unit", "sd"} or float
        Amount of exposure for which effects are stated.
    by_period : bool
        True if slopes differ by period.
    """

    name: str
    values: Array
    reference: float
    per: Literal["unit", "sd"] | float
    by_period: bool


type Timing = Calendar | DoseSpec
"""When units are treated, or how much of an exposure they have."""
