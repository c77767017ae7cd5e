"""Spillovers through spatial weights: columns of neighbours, and effects with their spillovers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from bayes_nqp._core.arrays import Array
from bayes_nqp.model.predictors.cells import ESTIMATED_FROM, curve_parts
from bayes_nqp.model.predictors.parts import GlobalPart
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import FIXED, FLAT, Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


DELTA: Final = "delta"
"""Name of the coefficient of ``W y`` among the draws."""
SHARED: Final = "shared_persistence"
"""Name of what a period keeps of an outcome that all units share, ``(tau + psi) / (1 - delta)``."""
OPPOSITE: Final = "opposite_persistence"
"""Name of what it keeps where linked units are opposite, ``(tau - psi) / (1 + delta)``."""
LINKED: Final = "W × event_time"
"""How the columns of linked units' treatment are called, before the event time."""
TIED: Final = "tied"
"""Name of the part, and how columns begin, whose coefficients are tied to those of others."""


class Linked:
    """Map columns of the panel to their spatial lags.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    """

    def __init__(self, links: sparse.csr_array, panel: Panel) -> None:
        self.links, self.shape = links, (panel.unit_labels.size, panel.periods)
        self.at = panel.unit_codes, panel.time_codes

    def __call__(self, column: Array) -> Array:
        """``W x`` of a column (row)."""
        table = np.zeros(self.shape)
        table[self.at] = column
        return self.table(table)

    @property
    def unseen(self) -> npt.NDArray[np.bool_]:
        """Observations with a neighbour that is not observed in that period (row)."""
        absent = np.ones(self.shape)
        absent[self.at] = 0.0
        return self.table(absent) > 0.0

    def table(self, values: Array) -> Array:
        """``W x`` of a table (unit, period), in rows."""
        return np.asarray((self.links @ values.astype(np.float64))[self.at])


@dataclass(frozen=True, slots=True)
class LinkedTime:
    """For how long linked units have been treated, and which units receive it.

    Parameters
    ----------
    event : int
        Event time of the linked units.
    level : str, default ""
        Of the units that receive; all of them by default.
    """

    event: int
    level: str = ""

    def __str__(self) -> str:
        return f"{self.event}, {self.level}" if self.level else str(self.event)


def linked_name(column: str) -> str:
    """Name the same column of linked units."""
    return f"W × {column}"


def linked_parts(
    times: Sequence[LinkedTime],
    start: int,
    n_strata: int,
    n_columns: int,
    priors: Priors,
    size: float = 1.0,
    *,
    flat: bool = False,
) -> list[GlobalPart]:
    """Return the coefficients of the treatment of neighbours by event time, pooled as effects are.

    Coefficients of each level of receivers have a separate level, linear growth and random walk;
    walks share one scale.

    Parameters
    ----------
    times : sequence of LinkedTime
        Event times of the varying columns, which are adjacent.
    start : int
        The first of these columns.
    n_strata, n_columns : int
        Numbers of strata and of varying columns.
    size : float, default 1
        Divisor of the columns, in the units for which effects are stated.
    flat : bool, default False
        If True, each column has a flat coefficient instead.
    """
    if not times:
        return []
    place = np.eye(n_columns)[:, start : start + len(times)]
    if flat:
        labels, display = [str(time) for time in times], np.eye(len(times)) / size
        columns = np.tile(place, (n_strata, 1))
        return [GlobalPart("linked_each", "slopes", columns, FLAT, labels, display)]
    return [
        replace(
            part, name=f"linked_{part.name}", place="slopes", scale=_linked(part.scale),
            columns=np.tile(place @ part.columns, (n_strata, 1)),
            display=_over(part, size),
        )
        for part in _courses(times, priors)
    ]  # fmt: skip


def _over(part: GlobalPart, size: float) -> Array | None:
    """Return the transformation to coefficients of the columns before division."""
    if size == 1.0:
        return part.display
    display = np.eye(part.columns.shape[1]) if part.display is None else part.display
    return display / size


def _courses(times: Sequence[LinkedTime], priors: Priors) -> list[GlobalPart]:
    """Return level, linear growth and walk of each level of receivers, in one part each."""
    e, whose = np.array([x.event for x in times]), np.array([x.level for x in times])
    parts: dict[str, list[GlobalPart]] = {}
    for level in dict.fromkeys(whose.tolist()):
        inside = whose == level
        for part in curve_parts(np.where(inside, e, 0), inside, priors):
            labels = [f"{label}, {level}" if level else label for label in part.labels]
            parts.setdefault(part.name, []).append(replace(part, labels=labels))
    return [_together(same) for same in parts.values()]


def _together(parts: Sequence[GlobalPart]) -> GlobalPart:
    """One part of several of one name, side by side; many steps estimate their scale."""
    columns = np.concatenate([part.columns for part in parts], axis=1)
    displays = [part.display for part in parts if part.display is not None]
    scale = parts[0].scale
    if isinstance(scale, Scale):
        scale = replace(scale, estimated=columns.shape[1] >= ESTIMATED_FROM)
    return replace(
        parts[0], columns=columns, scale=scale,
        labels=[label for part in parts for label in part.labels],
        display=linalg.block_diag(*displays) if displays else None,
    )  # fmt: skip


def _linked(scale: Scale | int) -> Scale | int:
    """Return a separate scale, if it is estimated."""
    return replace(scale, name=f"linked_{scale.name}") if isinstance(scale, Scale) else scale


def tied_parts(names: Sequence[str], n_strata: int) -> list[GlobalPart]:
    """Return the part of columns whose coefficients are tied to those of other columns.

    Parameters
    ----------
    names : sequence of str
        Names of all varying columns.
    """
    at = [k for k, name in enumerate(names) if name.startswith(f"{TIED} ")]
    if not at:
        return []
    columns = np.tile(np.eye(len(names))[:, at], (n_strata, 1))
    labels = [names[k] for k in at]
    return [GlobalPart(TIED, "slopes", columns, FIXED, labels, reported=False)]


ONTO: Final = ("untreated", "treated")
"""Whose rows may receive something."""
