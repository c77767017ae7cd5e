"""Components of models: the dates of treatment, and equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.errors import Noise
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors import BARE, LEAD, TREATED, LinkedTime, ProcessPart, Series
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import Parameter, Scale

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
        `BARE`, `TREATED`, `LEAD` or `NEIGHBOUR`, as `terms` has them.
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
    series: Series | None = None
