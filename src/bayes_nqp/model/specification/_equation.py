"""Equations of a model: outcome, regressors and spillovers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.errors import Noise
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors import EffectCurve, LinkedTime, ProcessPart, Series
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import Parameter, Scale


@dataclass(frozen=True, eq=False)
class MediatorSpec:
    """A mediator in the equation of the outcome.

    Parameters
    ----------
    values : ndarray (row), its own units
        Values in the equation, lagged if ``lag`` is above zero.
    lag : int, periods
        Lag relative to the outcome.
    interaction : bool
        True if treatment changes the slope.
    moderated : bool
        True if the moderator shifts the slope.
    """

    name: str
    values: Array
    lag: int = 0
    interaction: bool = False
    moderated: bool = False


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pooling of effects on cells near treated ones.

    Parameters
    ----------
    pooling : Pooling
        As for effects of treated cells; without unit-level deviations.
    strata : tuple of str
        Factors by which these effects vary.
    """

    pooling: Pooling
    strata: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class BeforeSpec:
    """Outcomes of the previous period, of the unit and of its neighbours.

    Parameters
    ----------
    parameters : tuple of Parameter
        Parameters of their coefficients in addition to delta.
    outcomes : tuple of ndarray (row), outcome units
        One column for each; first periods, which have a separate level, may contain any value.
    law : callable
        From delta and parameters (B, 1 + parameter) to delta and coefficients (B, 1 + column).
    """

    parameters: tuple[Parameter, ...]
    outcomes: tuple[Array, ...]
    law: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class LagSpec:
    """Spatial lag of the outcome with a sampled coefficient: ``y - delta W y``.

    Parameters
    ----------
    parameter : Parameter
        delta, a pure number.
    outcome : ndarray (row), outcome units
        ``W y``: the second outcome.
    log_determinant : callable
        From values of delta (B), and of coefficients of the previous period, to ``tr(M log(I -
        delta W))`` (B).
    periods : int
        Number of periods that count in the determinant: those of the grid, less one if unit effects
        take one.
    adjusted : bool, default False
        True if W connects units of different levels of time effects, or the outcome depends on the
        previous period: the density is then an adjusted likelihood.
    ties : csr_array (unit, unit), optional
        W, if the spatial lag of covariates and effects is subtracted as well (spatial error model).
    before : BeforeSpec, optional
        Outcomes of the previous period.
    """

    parameter: Parameter
    outcome: Array
    log_determinant: Callable[..., Array]
    periods: int
    adjusted: bool = False
    ties: sparse.csr_array | None = None
    before: BeforeSpec | None = None


@dataclass(frozen=True, eq=False)
class LinkedSpec:
    """Units that the policy reaches through spatial weights, and the treatment of neighbours.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    treated : mapping of LinkedTime to ndarray (row)
        Treatment of neighbours by event time and by level of receivers; empty if it does not enter
        as a column.
    flat : bool, default False
        True if each column has a flat coefficient.
    receivers : ndarray of str (unit), optional
        Level of each receiving unit; by default all have one coefficient.
    """

    links: sparse.csr_array
    treated: Mapping[LinkedTime, Array] = field(default_factory=dict)
    flat: bool = False
    receivers: npt.NDArray[np.str_] | None = None

    def onto(self, level: str) -> sparse.csr_array:
        """``1_l W``: links of the units of a level that receive, and of no others."""
        if self.receivers is None:
            return self.links
        inside = sparse.diags_array((self.receivers == level).astype(np.float64))
        links = sparse.csr_array(inside @ self.links)
        links.eliminate_zeros()
        return links


@dataclass(frozen=True, eq=False)
class EquationSpec:
    """One equation: its outcome and its regressors.

    Parameters
    ----------
    name : str
        "outcome", or the name of a mediator.
    outcome : ndarray (row)
        Dependent variable.
    called : Message
        Name of the dependent variable in words.
    pooling : Pooling
        Pooling of effects.
    strata : tuple of str
        Factors by which effects and slopes vary.
    covariates, baseline : tuple of str
        Columns with a slope, and columns whose first value has a slope per period.
    pooled_time : bool, default False
        True if time effects of levels are shrunk towards common ones.
    mediators : sequence of MediatorSpec
        Mediators with slopes in this equation.
    moderated : bool, default True
        True if the moderator, if there is one, shifts the effect.
    deviation : Scale, optional
        Scale of unit-level deviations; the prior's by default.
    key : ndarray of int (unit, ...), optional
        Differences between classes in addition to stratum and calendar.
    processes : sequence of ProcessPart
        Components that units share period by period.
    neighbours : Neighbours, optional
        Pooling of effects on neighbours, if the calendar has such cells.
    lag : LagSpec, optional
        Spatial lag of the outcome.
    linked : LinkedSpec, optional
        Spillovers through spatial weights.
    columns : mapping of str to ndarray (row)
        Further columns with a slope.
    unit_columns : mapping of str to ndarray (unit)
        Values of units that have a slope per period.
    scales : mapping of str to Scale
        Prior scales of slopes of these columns and of curves, for a column in its own units; other
        slopes are flat.
    curves : tuple of EffectCurve
        Functions of moderators whose values in treated observations, net of the mean of their
        cell, have slopes.
    response : EffectCurve, optional
        Response to a continuous exposure: the line of effects, and bends among `columns`.
    series : Series, optional
        Series with unit-specific coefficients.
    """

    name: str
    outcome: Array
    called: Message
    pooling: Pooling
    strata: tuple[str, ...]
    noise: Noise
    priors: Priors
    covariates: tuple[str, ...]
    baseline: tuple[str, ...]
    pooled_time: bool = False
    mediators: Sequence[MediatorSpec] = ()
    moderated: bool = True
    deviation: Scale | None = None
    key: Index | None = None
    processes: Sequence[ProcessPart] = ()
    neighbours: Neighbours | None = None
    lag: LagSpec | None = None
    linked: LinkedSpec | None = None
    columns: Mapping[str, Array] = field(default_factory=dict)
    unit_columns: Mapping[str, Array] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)
    curves: tuple[EffectCurve, ...] = ()
    response: EffectCurve | None = None
    series: Series | None = None
