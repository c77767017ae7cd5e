"""Statistics of a panel's observations, computed alike on observed and on replicated outcomes.

Unit and time effects are removed by least squares first, so that no statistic depends on them.
Statistics of errors use untreated observations only.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model._tail import autocorrelation
from bayes_nqp.inference.model_frame import ModelFrame, RowLayout, row_layout

LAGS = (1, 2, 3)
_LEAST = 20
"""Smallest number of observations for the SD of a group."""
_ABSORBED = 1e-10
"""Share of a column's squares, net of unit means, below which unit effects explain it."""


class Untreated:
    """Untreated observations of a plan: those in no cell, of units with at least two of them."""

    def __init__(self, model_frame: ModelFrame) -> None:
        self.model_frame, self.equation = model_frame, model_frame.equations[0]
        self.layout: RowLayout = row_layout(model_frame, self.equation)
        layout, frame = self.layout, model_frame.codes
        free = layout.cell == model_frame.table.size
        enough = np.bincount(layout.unit[free], minlength=frame.n_units) > 1
        self.rows: Index = np.flatnonzero(free & enough[layout.unit])
        self.time: Index = self.equation.rows.time[self.rows]
        _, self.unit = np.unique(layout.unit[self.rows], return_inverse=True)
        self.who: Index = layout.unit[self.rows]
        self.count = np.bincount(self.unit).astype(np.float64)
        self.columns = self._columns()

    def _columns(self) -> Any:
        """Return time effects of levels, and covariates, on all observations (row, column)."""
        layout = self.layout
        _, time_effect = np.unique(layout.time_effect, return_inverse=True)
        size, varying = int(time_effect.max()) + 1, max(len(self.equation.rows.columns), 1)
        rows = np.concatenate([np.arange(layout.rows.size), layout.entry_row])
        column = np.concatenate([time_effect, size + layout.entry_slope % varying])
        values = np.concatenate([np.ones(layout.rows.size), layout.entry_value])
        table = csr_array((values, (rows, column)), shape=(layout.rows.size, size + varying))
        return table

    @cached_property
    def _solve(self) -> tuple[Any, Any, Array, Array]:
        """Columns on untreated observations, sums by unit, their unit means, and the solution."""
        x = self.columns[self.rows]
        units = csr_array(
            (np.ones(self.rows.size), (self.unit, np.arange(self.rows.size))),
            shape=(self.count.size, self.rows.size),
        )
        sums = (units @ x).toarray()
        gram = (x.T @ x).toarray() - sums.T @ (sums / self.count[:, None])
        # Columns of treated observations alone are constants within units on untreated ones.
        varies = np.diag(gram) > _ABSORBED * x.multiply(x).sum(axis=0)
        size = np.where(varies, np.sqrt(np.maximum(np.diag(gram), 0.0)), np.inf)
        inverse = np.linalg.pinv(gram / np.outer(size, size), rcond=1e-10, hermitian=True)
        return x, units, sums / self.count[:, None], inverse / np.outer(size, size)

    def residuals(self, outcome: Array) -> tuple[Array, Array, Array]:
        """Remove unit effects, time effects and slopes from the untreated observations.

        Parameters
        ----------
        outcome : ndarray (replication, row)
            Outcome of all observations of the plan.

        Returns
        -------
        tuple of ndarray
            Residuals (replication, untreated row); coefficients of the columns (replication,
            column); unit effects (replication, unit of an untreated row).
        """
        x, units, means, inverse = self._solve
        y = outcome[:, self.rows]
        level = (units @ y.T).T / self.count
        y = y - level[:, self.unit]
        slopes = (x.T @ y.T).T @ inverse
        shared = slopes @ means.T
        left = y - (x @ slopes.T).T + shared[:, self.unit]
        return np.asarray(left), slopes, level - shared

    def differences(self, outcome: Array) -> Array:
        """Return differences of treated observations from their prediction by untreated ones.

        Returns
        -------
        ndarray (replication, treated row)
            Treated observations of units that have untreated ones.
        """
        _, slopes, level = self.residuals(outcome)
        place = np.full(self.model_frame.codes.n_units, -1)
        place[self.who] = self.unit
        treated = self.model_frame.codes.treated[self.layout.rows]
        rows = np.flatnonzero(treated & (place[self.layout.unit] >= 0))
        expected = level[:, place[self.layout.unit[rows]]] + (self.columns[rows] @ slopes.T).T
        return np.asarray(outcome[:, rows] - expected)

    def pairs(self, lag: int) -> tuple[Index, Index]:
        """Return untreated observations of one unit some periods apart: earlier, later."""
        key = self.unit * (int(self.time.max()) + lag + 1) + self.time
        earlier = np.searchsorted(key, key - lag)
        paired = (key[earlier] == key - lag) & (self.unit[earlier] == self.unit)
        return earlier[paired], np.flatnonzero(paired)

    def shape(self, residuals: Array) -> dict[str, Array]:
        """Compute autocorrelation, tails and ratios of variances."""
        weights = self.equation.rows.weights
        e = residuals if weights is None else residuals * np.sqrt(weights[self.rows])
        variance = (e**2).mean(axis=1)
        statistics: dict[str, Array] = {}
        for lag in LAGS:
            earlier, later = self.pairs(lag)
            if earlier.size >= _LEAST:
                product = (e[:, earlier] * e[:, later]).mean(axis=1)
                statistics[autocorrelation(lag)] = product / variance
        if autocorrelation(2) in statistics:
            first, second = (statistics[autocorrelation(k)] for k in (1, 2))
            partial = (second - first**2) / (1.0 - first**2)
            statistics[Message("partial autocorrelation, lag {}", 2)] = partial
        earlier, later = self.pairs(1)
        if earlier.size < _LEAST:
            return statistics
        steps = e[:, later] - statistics[autocorrelation(1)][:, None] * e[:, earlier]
        square = (steps**2).mean(axis=1)
        stratum = np.asarray(self.model_frame.codes.stratum)[self.who[later]]
        return {
            **statistics,
            Message("kurtosis of innovations"): (steps**4).mean(axis=1) / square**2,
            Message("largest innovation"): np.abs(steps).max(axis=1) / np.sqrt(square),
            **_spread(Message("spread between strata"), steps, stratum),
            **_spread(Message("spread between periods"), steps, self.time[later]),
        }

    def before(self, outcome: Array, residuals: Array) -> dict[str, Array]:
        """Compute differences of the ever treated from the others before adoption.

        Returns
        -------
        dict of str to ndarray (replication,), units of the outcome
            Statistics that the untreated observations identify.
        """
        frame = self.model_frame.codes
        cohort = np.asarray(frame.cohort)[self.who]
        ever = (cohort >= 0).astype(np.float64)
        slope = self._regressed(ever * self.time, outcome)
        if slope is None:
            return {}
        values = {
            Message("pre-period slope"): slope,
            Message("last pre-period"): self._regressed(
                (cohort >= 0) * (self.time == cohort - 1.0), outcome
            ),
            Message("pre-period steps"): self._steps(residuals, cohort),
        }
        return {name: value for name, value in values.items() if value is not None}

    def _regressed(self, values: Array, outcome: Array) -> Array | None:
        """Return the coefficient of one more column, given unit and time effects and slopes."""
        every = np.zeros((1, self.layout.rows.size))
        every[0, self.rows] = values
        column = self.residuals(every)[0][0]
        size = float(column @ column)
        if size <= 1e-8 * max(float(values @ values), 1e-300):
            return None
        return np.asarray(outcome[:, self.rows] @ column / size)

    def _steps(self, residuals: Array, cohort: Index) -> Array | None:
        """Return the root mean square of mean steps of the ever treated between event times."""
        event_time = self.time - cohort
        rows = (cohort >= 0) & (event_time < 0)
        count = np.bincount(-event_time[rows])
        periods = np.flatnonzero(count >= max(0.5 * count.max(initial=0), 3))
        if periods.size < 2:
            return None
        means = np.stack(
            [residuals[:, rows & (event_time == -e)].mean(axis=1) for e in periods], axis=1
        )
        return np.asarray(np.sqrt((np.diff(means, axis=1) ** 2).mean(axis=1)))


def _spread(name: Message, steps: Array, group: Index) -> dict[str, Array]:
    """Return the largest over the smallest SD among groups with enough observations."""
    count = np.bincount(group)
    large = np.flatnonzero(count >= _LEAST)
    if large.size < 2:
        return {}
    table = csr_array(
        (np.ones(group.size), (group, np.arange(group.size))), shape=(count.size, group.size)
    )[large]
    spread = np.sqrt((table @ (steps**2).T) / count[large, None])
    return {name: np.asarray(spread.max(axis=0) / np.maximum(spread.min(axis=0), 1e-300))}
