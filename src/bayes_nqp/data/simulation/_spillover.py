"""Spillovers from other units' treatment and outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import Panel


@dataclass(frozen=True, eq=False)
class Feedback:
    """Spatial lag ``y = delta W y + beta D + theta W D + …``, period by period.

    Observations are sorted by unit, each with all periods.

    Parameters
    ----------
    links : ndarray (unit, unit)
        Weights matrix W with row sums of one.
    delta : float
        Coefficient of linked units' outcomes.
    theta : float
        Coefficient of linked units' exposure.
    """

    links: Array
    delta: float
    theta: float

    @property
    def inverse(self) -> Array:
        """Return ``(I - delta W)^-1`` (unit, unit)."""
        return np.asarray(np.linalg.inv(np.eye(len(self.links)) - self.delta * self.links))

    def outcome(self, values: Array) -> Array:
        """Return outcomes (row) from the outcomes without spillovers (row)."""
        return np.asarray((self.inverse @ values.reshape(len(self.links), -1)).ravel())

    def effects(self, paths: Array) -> Array:
        """Return effects of one more unit for all: own paths, then spillovers (path, row).

        Parameters
        ----------
        paths : ndarray (path, row)
            Effects without other units: total, direct, and through mediators.
        """
        tables, inverse = paths.reshape(len(paths), len(self.links), -1), self.inverse
        back = self.theta * np.diag(inverse @ self.links)[:, None]
        stay = np.diag(inverse)[:, None] * tables
        stay[:2] += back
        total = inverse @ (tables[0] + self.theta)
        return np.concatenate([total[None], stay[1:], (total - stay[0])[None]]).reshape(
            len(paths) + 1, -1
        )


LAND: Final = ((103.0, 119.0), (23.0, 37.0))
"""Range of longitude and latitude of units in `staggered`, in degrees."""
PLACES: Final = ("longitude", "latitude")
"""Columns of coordinates."""
_RING, _SINCE = "ring", "exposure_time"


class Nearness(Protocol):
    """Distance bands of units and the time of entry: `nqp.Rings`, `nqp.ShareTreated`."""

    @property
    def rings(self) -> tuple[str, ...]:
        """Return labels of distance bands, beginning with the nearest (ring)."""

    def since(self, panel: Panel) -> Index:
        """Return the first period of a unit in each band or a nearer one (unit, ring)."""


@value("simulation")
class Spillover:
    """Spillovers on units near treated units.

    Parameters
    ----------
    exposure : Rings or ShareTreated
        Definition of nearness, as in a model.
    untreated : sequence of float (ring)
        Spillover effects on untreated observations in each distance band, beginning with the
        nearest, in the units of the simulation's effects.
    treated : sequence of float (ring), default ()
        Spillover effects on treated observations; none by default.
    growth : float, default 0
        Increase per further period of exposure, in bands with non-zero effects.

    Raises
    ------
    StudyError
        If the number of effects differs from the number of bands.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100, 200]), untreated=[0.5, 0.25])
    >>> simulated = nqp.simulation.staggered(units=100, spillover=near, seed=1)
    >>> nqp.spillover_effects(simulated.truth, by="ring").to_numpy().ravel()
    array([0.5 , 0.25])
    """

    exposure: Nearness
    untreated: Sequence[float]
    treated: Sequence[float] = ()
    growth: float = 0.0

    def __post_init__(self) -> None:
        if not hasattr(self.exposure, "since"):
            raise StudyError(
                Message("'{}' is {!r}", "exposure", self.exposure),
                hint="nqp.Rings([100, 200]), or nqp.ShareTreated(weights)",
            )
        count = len(self.exposure.rings)
        for name, sizes in (("untreated", self.untreated), ("treated", self.treated)):
            sizes = tuple(sizes)
            if len(sizes) != count and (sizes or name == "untreated"):
                raise StudyError(
                    Message(
                        "{!r} has {} numbers, but there are {} distance bands",
                        name,
                        len(sizes),
                        count,
                    ),
                    hint="one number for each band, beginning with the nearest",
                )
            if not np.isfinite(sizes).all():
                raise StudyError(Message("'{}' is {!r}", name, sizes), hint="finite numbers")
            object.__setattr__(self, name, sizes or (0.0,) * count)


@dataclass(frozen=True, eq=False)
class Received:
    """Spillovers on the observations of a table.

    Parameters
    ----------
    ring : ndarray of int (row)
        The nearest distance band of the unit; -1 beyond the last.
    since : ndarray of int (row)
        Periods since the first exposure in this band or a nearer one; -1 without exposure.
    time : ndarray of int (row)
        Period, on the scale of the cohorts.
    effect : ndarray (row)
        Effect of the treatment of others.
    rings : tuple of str
        Labels of distance bands.
    """

    ring: Index
    since: Index
    time: Index
    effect: Array
    rings: tuple[str, ...]


def scattered(units: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw longitude and latitude of units at random in `LAND` (unit)."""
    return {name: rng.uniform(*ends, units) for name, ends in zip(PLACES, LAND, strict=True)}


def received_by(
    spillover: Spillover, frame: pd.DataFrame, unit: str, time: str, cohort: str
) -> Received:
    """Return the spillovers on each row of a table.

    Parameters
    ----------
    frame : DataFrame
        Frame with all columns required by the exposure, such as coordinates.
    unit, time, cohort : str
        Columns of the frame.
    """
    blank = frame.assign(received=np.arange(len(frame), dtype=np.float64))
    panel = Panel.from_frame(blank, unit=unit, time=time, cohort=cohort, outcome="received")
    code = pd.Index(panel.unit_labels).get_indexer(pd.Index(frame[unit].astype(str)))
    period = pd.Index(panel.time_labels).get_indexer(pd.Index(frame[time]))
    first = spillover.exposure.since(panel)[code]
    inside = first <= period[:, None]
    ring = np.where(inside.any(axis=1), inside.argmax(axis=1), -1)
    start = np.take_along_axis(first, np.maximum(ring, 0)[:, None], axis=1).ravel()
    since = np.where(ring >= 0, period - start, -1)
    treated = (frame[time] >= frame[cohort]).to_numpy(dtype=bool)
    sizes = np.where(treated[:, None], spillover.treated, spillover.untreated)
    size = np.where(ring >= 0, np.take_along_axis(sizes, np.maximum(ring, 0)[:, None], 1)[:, 0], 0)
    effect = size + spillover.growth * since * (size != 0.0)
    return Received(
        ring.astype(np.int64), since.astype(np.int64), frame[time].to_numpy(), effect,
        spillover.exposure.rings,
    )  # fmt: skip


def exposed_cells(
    cell: Index, cells: pd.DataFrame, levels: Mapping[str, npt.NDArray[np.str_]], received: Received
) -> tuple[Index, pd.DataFrame]:
    """Number treated cells, then cells of untreated exposed observations.

    Parameters
    ----------
    cell : ndarray of int (row)
        Cell of treated observations, or -1.
    cells : DataFrame
        Levels of the strata, cohort, time and event_time, one row for each cell.
    levels : mapping of str to ndarray of str (row)
        Levels of the strata, in every row.

    Returns
    -------
    ndarray of int (row)
        Number of the cell, or -1 for untreated observations without exposure.
    DataFrame
        Extension of ``cells`` with role, ring and exposure_time: for neighbours, cohort is the
        first exposure, and event_time counts periods since it.
    """
    on, exposed, time = cell >= 0, received.ring >= 0, received.time
    facts = cells.iloc[np.maximum(cell, 0)].reset_index(drop=True)
    facts[v.ROLE] = np.where(on, v.TREATED, v.NEIGHBOUR)
    facts[v.COHORT] = np.where(on, facts[v.COHORT], time - received.since)
    facts[v.TIME] = time
    facts[v.EVENT_TIME] = np.where(on, facts[v.EVENT_TIME], received.since)
    facts = facts.assign(**levels)
    facts[_RING] = np.array(["", *received.rings])[received.ring + 1]
    facts[_SINCE] = received.since
    rows = np.flatnonzero(on | exposed)
    keys = [v.ROLE, *levels, v.COHORT, v.TIME, _RING, _SINCE]
    # Treated cells come first.
    facts = facts.iloc[rows].assign(**{v.ROLE: facts[v.ROLE].iloc[rows] == v.NEIGHBOUR})
    number = facts.groupby(keys, sort=True).ngroup().to_numpy()
    table = facts.drop_duplicates(keys).sort_values(keys, ignore_index=True)
    table[v.ROLE] = np.where(table[v.ROLE], v.NEIGHBOUR, v.TREATED)
    fine = np.full(cell.size, -1)
    fine[rows] = number
    return fine, table
