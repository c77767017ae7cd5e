"""Columns of linked units: what they have of the treatment, and coefficients tied to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp.arrays import Array
from bayes_nqp.parameters import FIXED, FLAT, Scale
from bayes_nqp.priors import Priors
from bayes_nqp.terms.cells import curve_parts
from bayes_nqp.terms.parts import GlobalPart

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["DELTA", "LINKED", "TIED", "Linked", "linked_parts", "tied_parts"]


DELTA: Final = "delta"
"""Name of the coefficient of ``W y`` among the draws."""
LINKED: Final = "W × event_time"
"""How the columns of linked units' treatment are called, before the event time."""
TIED: Final = "tied"
"""Name of the part, and how columns begin, whose coefficients are tied to those of others."""


class Linked:
    """Columns of the panel to what linked units have of them.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    """

    def __init__(self, links: sparse.csr_array, panel: Panel) -> None:
        self.links, self.shape = links, (panel.n_units, panel.periods)
        self.at = panel.unit_codes, panel.time_codes

    def __call__(self, column: Array) -> Array:
        """``W x`` of a column (row)."""
        table = np.zeros(self.shape)
        table[self.at] = column
        return self.table(table)

    @property
    def unseen(self) -> npt.NDArray[np.bool_]:
        """Rows some of whose linked units are not seen in that period (row)."""
        absent = np.ones(self.shape)
        absent[self.at] = 0.0
        return self.table(absent) > 0.0

    def table(self, values: Array) -> Array:
        """``W x`` of a table (unit, period), in rows."""
        return np.asarray((self.links @ values.astype(np.float64))[self.at])


def linked_parts(
    event_times: Sequence[int],
    start: int,
    n_strata: int,
    n_columns: int,
    priors: Priors,
    size: float = 1.0,
    *,
    flat: bool = False,
) -> list[GlobalPart]:
    """Coefficients of the treatment of linked units by event time, pooled as effects are.

    Parameters
    ----------
    event_times : sequence of int
        Of their varying columns, which stand one after another.
    start : int
        The first of these columns.
    n_strata, n_columns : int
        Numbers of strata and of varying columns.
    size : float, default 1
        What the columns were divided by, in units of what effects are stated for.
    flat : bool, default False
        Whether each has a flat coefficient instead.
    """
    if not event_times:
        return []
    e = np.array(event_times, dtype=np.int64)
    place = np.eye(n_columns)[:, start : start + e.size]
    if flat:
        labels, display = [str(event) for event in e], np.eye(e.size) / size
        columns = np.tile(place, (n_strata, 1))
        return [GlobalPart("linked_each", "slopes", columns, FLAT, labels, display)]
    parts = curve_parts(e, np.ones(e.size, dtype=bool), priors)
    return [
        replace(
            part, name=f"linked_{part.name}", place="slopes", scale=_linked(part.scale),
            columns=np.tile(place @ part.columns, (n_strata, 1)),
            display=part.display if part.display is None else part.display / size,
        )
        for part in parts
    ]  # fmt: skip


def _linked(scale: Scale | int) -> Scale | int:
    """A scale of its own, where it is estimated."""
    return replace(scale, name=f"linked_{scale.name}") if isinstance(scale, Scale) else scale


def tied_parts(names: Sequence[str], n_strata: int) -> list[GlobalPart]:
    """The part of columns whose coefficients are tied to those of others.

    Parameters
    ----------
    names : sequence of str
        Of all varying columns.
    """
    at = [k for k, name in enumerate(names) if name.startswith(f"{TIED} ")]
    if not at:
        return []
    columns = np.tile(np.eye(len(names))[:, at], (n_strata, 1))
    labels = [names[k] for k in at]
    return [GlobalPart(TIED, "slopes", columns, FIXED, labels, reported=False)]
