"""Columns of treatment effects, and of spillover effects by exposure time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bayes_nqp._core.arrays import Mask
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors.cells import (
    BARE,
    LEAD,
    NEIGHBOUR,
    TREATED,
    CellTable,
    cell_parts,
    curve_parts,
)
from bayes_nqp.model.predictors.parts import GlobalPart, LocalPart
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import FLAT, Scale

RECEIVED = "received"
"""How names of parts begin that treated and untreated rows receive."""
EXPOSURE_TIME = "exposure_time"
"""The label of cells with periods since exposure; -1 of treated cells without any."""
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
    """Return the parts of treatment effects, and of spillover effects by exposure time.

    A treated and exposed cell has the sum ``tau_c + kappa_rx`` of its treatment effect c (stratum ×
    cohort × time) and of the spillover effect in ring r, x periods after exposure. An untreated
    exposed cell has ``kappa_rx`` alone.

    Parameters
    ----------
    pooling : Pooling
        Pooling of treated cells.
    strata : tuple of str
        Factors by which their effects vary.
    received : Pooling
        Pooling of spillover effects.
    received_strata : tuple of str
        Factors by which spillover effects vary.
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
    """Return a part of spillover effects: rings share the scales of their courses."""
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
    """Give cells of one stratum, cohort and time that differ in exposure a common treatment effect.

    A cell without such a companion keeps a coefficient with a single loading.
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
