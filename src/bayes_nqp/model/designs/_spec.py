"""Of what models are made: when units are treated, and equations."""

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
    """Which units have effects of their own in which periods, class by class.

    Units of one class and stratum share their cells. Classes are numbered as cells are to be.

    Parameters
    ----------
    key : ndarray of int (unit)
        Class of each unit.
    origin : ndarray of int (class, period)
        Period from which event time counts; -1 where there is none.
    role : ndarray of int (class, period)
        `BARE`, `TREATED`, `LEAD` or `NEIGHBOUR`, as `terms` has them.
    labels : mapping of str to ndarray (class) or (class, period)
        Further coordinates of cells, such as a ring.
    cell : ndarray of int (class, period), optional
        By which number rows of a stratum and period share a cell; by default that of their class.
    touched : ndarray of int (class), optional
        Period from which rows of a class are no controls, where that is before treatment: leads end
        there, and the period before it is the one that they are compared with.
    factors : mapping of str to tuple of ndarray of str (level) and of int (class, period)
        Factors of cells that change over time, such as which ends of a pair are treated: their
        levels, and the number of each. Effects of each level have a course of their own.
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
        """Treat units from adoption on, for good.

        Parameters
        ----------
        anticipation : int, default 0
            Periods by which treatment begins before adoption.
        leads : bool, default False
            Whether pre-periods but the last have flat effects.
        """
        adoption, key = np.unique(np.asarray(panel.cohort_codes), return_inverse=True)
        origin = np.repeat(adoption[:, None], panel.periods, axis=1).astype(np.int64)
        start, time = np.maximum(origin - anticipation, 0), np.arange(panel.periods)
        role = np.where((time >= start) & (origin >= 0), TREATED, BARE)
        calendar = cls(key.astype(np.int64), origin, role.astype(np.int64))
        return calendar.with_leads() if leads else calendar

    def with_leads(self) -> Self:
        """Give the periods before treatment but the last flat effects of their own."""
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
    """A continuous exposure: how much of it each row has.

    Parameters
    ----------
    name : str
        Of the column.
    values : ndarray (row), exposure's units
        Less the reference.
    reference : float, exposure's units
        At which there is no effect.
    per : {"unit", "sd"} or float
        For how much of it effects are stated.
    by_period : bool
        Whether slopes differ by period.
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
        As they enter, lagged where they are.
    lag : int, periods
        By which they come before the outcome.
    interaction : bool
        Whether treatment changes the slope.
    moderated : bool
        Whether the moderator shifts it.
    """

    name: str
    values: Array
    lag: int = 0
    interaction: bool = False
    moderated: bool = False


@dataclass(frozen=True, slots=True)
class Neighbours:
    """How effects of cells near treated ones share strength.

    Parameters
    ----------
    pooling : Pooling
        As of effects of treated cells; deviations of members are none.
    strata : tuple of str
        Factors by which they vary.
    """

    pooling: Pooling
    strata: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class BeforeSpec:
    """Outcomes of the period before, of the unit and of linked ones.

    Parameters
    ----------
    parameters : tuple of Parameter
        What their coefficients are made of besides delta.
    outcomes : tuple of ndarray (row), outcome units
        A column of each; whatever stands in first periods, which have a level of their own.
    law : callable
        From delta and parameters (B, 1 + parameter) to delta and coefficients (B, 1 + column).
    """

    parameters: tuple[Parameter, ...]
    outcomes: tuple[Array, ...]
    law: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class LagSpec:
    """Outcomes of other units that enter by a sampled parameter: ``y - delta W y``.

    Parameters
    ----------
    parameter : Parameter
        delta, a pure number.
    outcome : ndarray (row), outcome units
        ``W y``: the second outcome row.
    log_determinant : callable
        From values of delta (B), and of coefficients of the period before, to ``tr(M log(I - delta
        W))`` (B).
    periods : int
        By how many it counts: those of the grid, less one where unit effects take one.
    adjusted : bool, default False
        Whether W links units of different levels of time effects, or outcomes follow those of the
        period before: the density is then an adjusted likelihood.
    ties : csr_array (unit, unit), optional
        W, where covariates and effects have theirs of linked units taken off as well, so that it
        is errors that follow one another.
    before : BeforeSpec, optional
        Outcomes of the period before.
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
    """Whom the policy reaches through links, and the treatment of linked units as it enters.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    treated : mapping of LinkedTime to ndarray (row)
        Treatment of linked units by event time, and by level of the units that receive; none where
        it does not enter by itself.
    flat : bool, default False
        Whether each has a flat coefficient.
    receivers : ndarray of str (unit), optional
        Level of each unit that receives; without any one coefficient is that of all.
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
    """One equation: what it explains, and by what.

    Parameters
    ----------
    name : str
        "outcome", or the mediator that it explains.
    outcome : ndarray (row)
        What it explains.
    called : Message
        The same in words.
    pooling : Pooling
        How effects share strength.
    strata : tuple of str
        Factors by which effects and slopes vary.
    covariates, baseline : tuple of str
        Columns with a slope, and those whose first value has one per period.
    pooled_time : bool, default False
        Whether time effects of levels are shrunk towards common ones.
    mediators : sequence of MediatorSpec
        With slopes in this equation.
    moderated : bool, default True
        Whether the moderator, if there is one, shifts the effect.
    deviation : Scale, optional
        Of members' deviations; as the priors have it by default.
    key : ndarray of int (unit, ...), optional
        What classes differ by besides stratum and calendar.
    processes : sequence of ProcessPart
        What units have in common period by period.
    neighbours : Neighbours, optional
        Where the calendar has cells of neighbours.
    lag : LagSpec, optional
        Outcomes of other units.
    linked : LinkedSpec, optional
        Where the policy reaches other units through links.
    columns : mapping of str to ndarray (row)
        Further columns with a slope.
    series : Series, optional
        On which every unit has coefficients of its own.
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
