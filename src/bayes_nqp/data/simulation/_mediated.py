"""Outcomes with mediators: observations, and the true effects by path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import door
from bayes_nqp.data.simulation._checks import Correlation, Size
from bayes_nqp.data.simulation._rows import Assignment
from bayes_nqp.data.simulation._spillover import Feedback, Received


@door
@dataclass(frozen=True, slots=True)
class Channel:
    """Effects of a policy on a mediator, and of the mediator on the outcome.

    Parameters
    ----------
    level, growth : float, default 0.6, 0.05
        Effect on the mediator at event time 0, and its increase in each further period.
    slope : float, default 0.5
        Slope of the outcome on the mediator.
    contrast : float, default 0
        Difference of the slope between the first two levels of the first factor, split
        symmetrically.
    interaction : float, default 0
        Change of the slope under treatment.
    deviation_sd : float, default 0.2
        Standard deviation of unit-level random effects in the effect on the mediator.
    rho, sigma : float, default 0.5, 1
        Autocorrelation of errors, standard deviation of innovations.
    trend : float, default 0
        Slope of the differential trend of the mediator in treated units, in ``sigma`` per period,
        from the first period on.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> idle = nqp.simulation.Channel(slope=0.0)
    >>> made = nqp.simulation.channels(
    ...     mediators={"idle": idle}, units=30, periods=6, cohorts=(4,), seed=1
    ... )
    >>> made.panel.roles.mediators
    ('idle',)
    """

    level: float = 0.6
    growth: float = 0.05
    slope: float = 0.5
    contrast: float = 0.0
    interaction: float = 0.0
    deviation_sd: Size = 0.2
    rho: Correlation = 0.5
    sigma: Positive = 1.0
    trend: float = 0.0


@dataclass(frozen=True, eq=False)
class MediatedTruth:
    """True components of each observation; the outcome is the last equation.

    Parameters
    ----------
    code, cell : ndarray of int (row)
        Unit; cell, or -1 if untreated.
    untreated : ndarray (equation, row)
        Left-hand sides without policy; for the outcome also without the contributions of mediators.
    own : ndarray (equation, member)
        Random effects in the treatment effects.
    curves : ndarray (equation, cell)
        Effects without random effects.
    slopes : ndarray (mediator, stratum)
        Slopes of the outcome on mediators.
    added : ndarray (mediator)
        Changes of the slopes under treatment.
    unit_effects : ndarray of int (unit), optional
        Level of the random effects of each unit; the unit by default.
    labels : ndarray of str (member), optional
        Names of the levels; names of units by default.
    shift : ndarray (equation, row), optional
        Contribution of a moderator to the effects on treated observations; zero by default.
    dose : ndarray (row), optional
        Exposure, a factor of effects; 1 by default.
    received : Received, optional
        Spillovers from the treatment of others; none by default.
    feedback : Feedback, optional
        Dependence of outcomes on those of linked units; none by default.
    """

    code: Index
    cell: Index
    who: Assignment
    untreated: Array
    own: Array
    curves: Array
    slopes: Array
    added: Array
    unit_effects: Index | None = None
    labels: npt.NDArray[np.str_] | None = None
    shift: Array | None = None
    dose: Array | None = None
    received: Received | None = None
    feedback: Feedback | None = None

    @property
    def on(self) -> npt.NDArray[np.bool_]:
        """Mark treated observations."""
        return self.cell >= 0

    @property
    def unit_effect(self) -> Index:
        """Return the level of the random effect of every observation."""
        return self.code if self.unit_effects is None else self.unit_effects[self.code]

    def effects(self) -> Array:
        """Return effects of one unit of exposure on each equation's left-hand side."""
        total = self.curves[:, self.cell[self.on]] + self.own[:, self.unit_effect[self.on]]
        return total if self.shift is None else total + self.shift[:, self.on]

    def mediators(self) -> Array:
        """Return observed mediators."""
        values = self.untreated[:-1].copy()
        values[:, self.on] += self._moved()[:-1]
        return values

    def outcome(self) -> Array:
        """Return the observed outcome."""
        slopes = self.slopes[:, self.who.stratum[self.code]] + self.added[:, None] * self.on
        values = self.untreated[-1] + (slopes * self.mediators()).sum(axis=0)
        values[self.on] += self._moved()[-1]
        values = values if self.received is None else values + self.received.effect
        return np.asarray(values if self.feedback is None else self.feedback.outcome(values))

    def _moved(self) -> Array:
        effects = self.effects()
        return effects if self.dose is None else effects * self.dose[self.on]

    def paths(self, effects: Array, stratum: Index, untreated: Array) -> Array:
        """Compute total, direct and indirect effects from effects on every equation.

        Parameters
        ----------
        untreated : ndarray (mediator, any)
            Untreated levels of the mediators.
        """
        slopes = self.slopes[:, stratum] + self.added[:, None]
        indirect = slopes * effects[:-1]
        direct = effects[-1] + self.added @ untreated
        return np.stack([direct + indirect.sum(axis=0), direct, *indirect])
