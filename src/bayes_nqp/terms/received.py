"""Effects where units receive something of others' treatment: own parts, and parts received."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from bayes_nqp.arrays import Mask
from bayes_nqp.parameters import FLAT, Scale
from bayes_nqp.pooling import Pooling
from bayes_nqp.priors import Priors
from bayes_nqp.terms.cells import (
    BARE,
    LEAD,
    NEIGHBOUR,
    TREATED,
    CellTable,
    cell_parts,
    curve_parts,
)
from bayes_nqp.terms.parts import GlobalPart, LocalPart

__all__ = ["EXPOSURE_TIME", "ONTO", "RECEIVED", "exposed_parts"]


RECEIVED = "received"
"""How names of parts begin that treated and untreated rows receive."""
EXPOSURE_TIME = "exposure_time"
"""The label of cells with periods since exposure; -1 of treated cells without any."""
ONTO: Final = ("untreated", "treated")
"""Whose rows may receive something."""
_COURSE = ("level", "drift", "walk")
"""Parts that follow exposure time: each ring has its own."""


def exposed_parts(
    cells: CellTable,
    pooling: Pooling,
    strata: tuple[str, ...],
    received: Pooling,
    received_strata: tuple[str, ...],
    priors: Priors,
) -> list[GlobalPart | LocalPart]:
    """Parts of effects of treated cells, and of what cells receive by ring and exposure time.

    A treated cell that is exposed has the sum ``tau_c + kappa_rx`` of its own effect c (stratum ×
    cohort × time) and of what it receives in ring r, x periods after exposure; an untreated one
    ``kappa_rx`` of its own.

    Parameters
    ----------
    pooling : Pooling
        Of treated cells.
    strata : tuple of str
        Factors by which their effects vary.
    received : Pooling
        Of what is received.
    received_strata : tuple of str
        Factors by which that varies.
    """
    parts = [*_lead_parts(cells), *_whole(cell_parts(cells, pooling, strata, priors), cells)]
    for name, inside, view in _sides(cells):
        labels = view.labels.get("ring", np.full(cells.size, ""))
        rings = np.unique(labels[inside])
        flat = received.flat and name == RECEIVED
        for ring in () if flat else rings:
            at = replace(view, role=np.where(inside & (labels == ring), NEIGHBOUR, BARE))
            called = f"{name}[{ring}]" if rings.size > 1 else name
            course = curve_parts(at.event_time, at.role == NEIGHBOUR, priors)
            parts += [_renamed(part, called, name) for part in course]
        at = replace(view, role=np.where(inside, NEIGHBOUR, BARE))
        others = cell_parts(at, received, received_strata, priors, role=NEIGHBOUR)
        parts += [
            _renamed(part, name, name)
            for part in others
            if part.name not in _COURSE and (name == RECEIVED or part.name.startswith("strata_"))
        ]
    return parts


def _renamed[P: GlobalPart | LocalPart](part: P, name: str, scale: str) -> P:
    """A part of what is received: rings share the scales of their courses."""
    called = part.scale
    if isinstance(called, Scale):
        called = replace(called, name=f"{scale}_{called.name}")
    return replace(part, name=f"{name}_{part.name}", scale=called)


def _sides(cells: CellTable) -> Iterator[tuple[str, Mask, CellTable]]:
    """Untreated cells that receive, then treated ones, with exposure time as event time."""
    near = cells.role == NEIGHBOUR
    if near.any():
        yield RECEIVED, near, cells
    if EXPOSURE_TIME in cells.labels:
        time = cells.labels[EXPOSURE_TIME].astype(np.int64)
        exposed = (cells.role == TREATED) & (time >= 0)
        if exposed.any():
            view = replace(cells, event_time=time, cohort=cells.time - time)
            yield f"{RECEIVED}_treated", exposed, view


def _lead_parts(cells: CellTable) -> list[GlobalPart]:
    """Flat coefficients before exposure, one for each exposure time."""
    leads = cells.role == LEAD
    if not leads.any():
        return []
    times = np.unique(cells.event_time[leads])
    columns = (leads[:, None] & (cells.event_time[:, None] == times)).astype(np.float64)
    return [GlobalPart("lead", "cells", columns, FLAT, [str(t) for t in times])]


def _whole(
    parts: list[GlobalPart | LocalPart], cells: CellTable
) -> Iterator[GlobalPart | LocalPart]:
    """Give cells of one stratum, cohort and time that differ in exposure one effect of their own.

    Cells of which there is one keep a coefficient that loads on a single slot.
    """
    for part in parts:
        if not isinstance(part, LocalPart):
            yield part
            continue
        index = part.index
        keys = np.stack([cells.stratum[index], cells.cohort[index], cells.time[index]], axis=1)
        _, group, size = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
        group = group.ravel()
        alone = size[group] == 1
        if alone.any():
            yield replace(part, index=index[alone])
        together = np.unique(group[~alone])
        if together.size:
            columns = np.zeros((cells.size, together.size))
            columns[index[~alone], np.searchsorted(together, group[~alone])] = 1.0
            labels = [str(k) for k in range(together.size)]
            yield GlobalPart(f"{part.name}_shared", "cells", columns, part.scale, labels)
