"""Observations of a panel for other estimators, and common parts of their estimates.

Every estimate is linear in outcomes, and its variance is clustered by unit:

    theta_q = sum_r v_rq y_r,    var theta_q = f sum_i (sum_{r in i} v_rq e_rq)^2,

with weights v, residuals e and a small-sample factor f that depends on the estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.data.panel import Panel

AVERAGE: Final = np.iinfo(np.int64).max
"""Event time used for the average over all treated observations."""
WARNS: Final = Message("{} warns: {}")
"""Warning of a package, which is quoted in English."""


@dataclass(frozen=True, slots=True, eq=False)
class EventCurve:
    """Effects by event time, and their average over treated observations.

    Parameters
    ----------
    event_time : array of int (estimate)
        `AVERAGE` for the average.
    mean, sd : array (estimate), outcome units
        Estimates and their standard errors, clustered by unit.
    notes : tuple of Message, default ()
        Sentences about these estimates, such as warnings of a package.
    """

    event_time: Index
    mean: Array
    sd: Array
    notes: tuple[Message, ...] = ()

    @property
    def warned(self) -> bool:
        """True if a note quotes a warning of a package."""
        return any(note.template == WARNS.template for note in self.notes)


@dataclass(frozen=True, eq=False)
class Sample:
    """Outcomes with unit, time and cohort.

    Parameters
    ----------
    y : array (row)
        Outcome units.
    unit, time, cohort : array of int (row)
        Codes; cohort -1 is never treated.
    ahead : int
        Number of periods before adoption with possible anticipation effects.
    start : int, default 1
        Number of the first period; a year if periods are consecutive years.
    x, z : dict of str to array (row)
        Covariates, and baseline values of units, by name; only some estimators use them.
    weights : array (row) or None, default None
        Precision weights of observations; only two-way fixed effects use them.
    """

    y: Array
    unit: Index
    time: Index
    cohort: Index
    ahead: int = 0
    start: int = 1
    x: Mapping[str, Array] = field(default_factory=dict)
    z: Mapping[str, Array] = field(default_factory=dict)
    weights: Array | None = None

    @classmethod
    def of(
        cls,
        panel: Panel,
        ahead: int = 0,
        covariates: Sequence[str] = (),
        baseline: Sequence[str] = (),
    ) -> Sample:
        """Select the units that are observed before effects begin.

        If treatments end, observations after the first exit are left out.

        Parameters
        ----------
        panel : Panel
            The data, of single units.
        ahead : int, default 0
            Number of periods before adoption with possible anticipation effects.
        covariates, baseline : sequence of str, default ()
            Columns: covariates, and variables of which each unit's first value counts.
        """
        panel.need_units(Message("this estimator"))
        times = panel.time_labels
        yearly = times.dtype.kind in "iu" and times[0] > 0 and np.all(np.diff(times) == 1)
        columns = {
            name: panel.frame[name].to_numpy(np.float64) for name in (*covariates, *baseline)
        }
        first = np.searchsorted(panel.unit_codes, panel.unit_codes)
        rows = cls(
            np.asarray(panel.outcome, np.float64), panel.unit_codes, panel.time_codes,
            panel.cohort_codes[panel.unit_codes], ahead, int(times[0]) if yearly else 1,
            {name: columns[name] for name in covariates},
            {name: columns[name][first] for name in baseline}, panel.weights,
        )  # fmt: skip
        before = np.bincount(rows.unit[~rows.treated], minlength=panel.unit_labels.size) > 0
        ended = np.cumsum(np.diff(panel.treatment_path, axis=1, prepend=False), axis=1) > 1
        return rows.where(before[rows.unit] & ~ended[panel.unit_codes, panel.time_codes])

    def where(self, mask: Mask) -> Sample:
        """Select observations, with units renumbered."""
        return replace(
            self,
            y=self.y[mask],
            unit=np.unique(self.unit[mask], return_inverse=True)[1],
            time=self.time[mask],
            cohort=self.cohort[mask],
            x={name: x[mask] for name, x in self.x.items()},
            z={name: z[mask] for name, z in self.z.items()},
            weights=None if self.weights is None else self.weights[mask],
        )

    @cached_property
    def never(self) -> Mask:
        """Mark observations of never-treated units."""
        return self.cohort < 0

    @cached_property
    def event(self) -> Index:
        """Return periods since adoption; undefined for never-treated units."""
        return self.time - self.cohort

    @cached_property
    def treated(self) -> Mask:
        """Mark observations with a possible effect."""
        return ~self.never & (self.event >= -self.ahead)

    @property
    def reference(self) -> int:
        """Return the last event time without effects."""
        return -1 - self.ahead

    @property
    def n_units(self) -> int:
        """Return the number of units."""
        return int(self.unit.max()) + 1

    def by_unit(self, values: Array) -> Array:
        """Sum over the observations of each unit, (row, q) to (unit, q)."""
        out = np.zeros((self.n_units, values.shape[1]))
        np.add.at(out, self.unit, values)
        return out

    def targets(self, mask: Mask) -> tuple[Index, Array]:
        """Return the weights of averages by event time and over all treated observations.

        Returns
        -------
        tuple of arrays (q) and (row, q)
            Event times, and weights that sum to one.
        """
        times = np.unique(self.event[mask])
        member = np.column_stack(
            [*(mask & (self.event == e) for e in times), mask & self.treated & (self.event >= 0)]
        )
        return np.append(times, AVERAGE), member / np.maximum(member.sum(axis=0), 1)

    def estimates(self, times: Index, v: Array, e: Array, factor: float = 1.0) -> EventCurve:
        """Compute estimates from weights (row, q) and residuals (row, q) or (row, 1)."""
        # var(v'y) = factor sum_i (sum_t v_it e_it)²: errors of a unit have any covariance.
        spread = np.sqrt(factor * (self.by_unit(v * e) ** 2).sum(axis=0))
        return EventCurve(times, v.T @ self.y, spread)

    def untwoway(self, r: Array, mask: Mask | None = None) -> tuple[Array, Array]:
        """Solve the normal equations of unit and time effects for right-hand sides X'r.

        With N the incidence of units and periods, D its row sums, B = D^-1 N and r_i, r_t the sums
        of r by unit and by period: S b = r_t - B'r_i, S = diag(N'1) - B'N; a = D^-1 (r_i - N b).

        Parameters
        ----------
        r : array (row, q)
            Right-hand sides.
        mask : array of bool (row), optional
            Observations from which effects are estimated.

        Returns
        -------
        tuple of arrays (unit, q) and (time, q)
            Unit effects a and period effects b.
        """
        mask = np.ones(self.y.size, dtype=bool) if mask is None else mask
        periods = int(self.time.max()) + 1
        n = np.zeros((self.n_units, periods))
        np.add.at(n, (self.unit[mask], self.time[mask]), 1.0)
        # r_i and r_t, over all observations.
        sums, by_time = self.by_unit(r), np.zeros((periods, r.shape[1]))
        np.add.at(by_time, self.time, r)
        # B = D^-1 N; S = diag(N'1) - B'N is singular: a constant can shift between a and b.
        share = n / n.sum(axis=1, keepdims=True)
        s = np.diag(n.sum(axis=0)) - share.T @ n
        b = np.linalg.pinv(s, rcond=1e-12, hermitian=True) @ (by_time - share.T @ sums)
        return (sums - n @ b) / n.sum(axis=1, keepdims=True), b

    def residual(self, x: Array) -> Array:
        """Remove unit and time effects from columns (row, q)."""
        a, b = self.untwoway(x)
        return x - a[self.unit] - b[self.time]


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """An estimator of effects by event time.

    Parameters
    ----------
    label : Message
        Name of the estimator.
    assumes : Message
        Assumptions and reference period.
    estimate : callable
        Function from observations to estimates.
    """

    label: str
    assumes: Message
    estimate: Callable[[Sample], EventCurve]


ESTIMATORS: Final = Plugins[Estimator]("bayes_nqp.robustness.estimators", "_estimator_")
"""Every other estimator by name."""


def estimator(
    label: str, assumes: Message, place: float = 1000
) -> Callable[[Callable[[Sample], EventCurve]], Callable[[Sample], EventCurve]]:
    """Register a function as an estimator with the name of the function."""

    def decorate(function: Callable[[Sample], EventCurve]) -> Callable[[Sample], EventCurve]:
        ESTIMATORS.add(function.__name__, Estimator(label, assumes, function), place, function)
        return function

    return decorate


def never_treated(rows: Sample) -> None:
    """Check that the sample contains never-treated units.

    Raises
    ------
    NotApplicable
        If all units are treated at some time.
    """
    if not rows.never.any():
        raise NotApplicable(
            Message("all units are treated at some time; there is no never-treated unit")
        )
