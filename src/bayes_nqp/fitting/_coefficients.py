"""Coefficients of draws: kept with a fit in the slots that its rows load on, or drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._parameters import unconstrained
from bayes_nqp.fitting._slots import slot_places
from bayes_nqp.gaussian import draw
from bayes_nqp.rowmodel import node_names

if TYPE_CHECKING:
    from bayes_nqp.fitting._fit import Fit
    from bayes_nqp.planning import Equation, Plan

__all__ = ["COEFFICIENTS", "coefficients_of", "labelled_slots", "pairs_coefficients"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

COEFFICIENTS = "coefficients"
"""The group of a fit's tree that holds them."""

_STORED = 25_000_000
"""Above this many numbers (200 MB) they are not kept."""

_STREAM = 1
"""Tells the stream of coefficients from others of the same seed."""


def labelled_slots(plan: Plan, equation: Equation, slots: Array) -> xr.Dataset | None:
    """Label draws of an equation's slots.

    Returns
    -------
    Dataset or None
        ``<equation>__slots`` (chain, draw, slot); None where it would take more than 200 MB.
    """
    if slots.size > _STORED:
        return None
    return xr.Dataset(
        {f"{equation.name}__slots": ((*v.SAMPLE_DIMS, "slot"), slots)},
        coords={
            v.CHAIN: np.arange(slots.shape[0]),
            v.DRAW: np.arange(slots.shape[1]),
            "slot": _labels(plan, equation, slots.shape[2]),
        },
        attrs={"unit": "multiples of s"},
    )


def _labels(plan: Plan, equation: Equation, size: int) -> npt.NDArray[np.str_]:
    """What each slot is: a time effect, the effect of a cell, or the slope of a column."""
    places = slot_places(plan, equation)
    nodes = node_names(plan.frame.level_names, np.arange(plan.frame.n_periods))
    columns = [column.name for column in equation.rows.columns]
    named = (
        ("time_effect", places.time, nodes),
        ("cell", places.cells, np.arange(places.cells.size).astype(str)),
        ("slope", places.slopes, [f"{s} · {c}" for s in plan.stratum_names for c in columns]),
        ("path", places.paths, np.arange(places.paths.size).astype(str)),
    )
    out = np.full(size + 1, "", dtype=object)
    for kind, place, labels in named:
        out[place] = [f"{kind}[{label}]" for label in labels]
    return out[:size].astype(str)


def pairs_coefficients(fit: Fit) -> bool:
    """Whether a fit holds the coefficients of its draws.

    Returns
    -------
    bool
        If not, what is computed from coefficients belongs to no single draw of an effect.
    """
    return COEFFICIENTS in fit.tree.children


def coefficients_of(fit: Fit, equation: Equation, chosen: Index) -> Array:
    """Slots of some draws: those that the fit holds, or others given the draws' parameters.

    The latter have the same distribution, but are not those whose effects the fit holds.

    Parameters
    ----------
    chosen : ndarray of int (draw)
        Among the draws of all chains, one after another.

    Raises
    ------
    StudyError
        If the equation was drawn together with others, and its coefficients were not kept.
    """
    if pairs_coefficients(fit):
        slots = fit.tree[COEFFICIENTS][f"{equation.name}__slots"].to_numpy()
        return np.asarray(slots.reshape(-1, slots.shape[-1])[chosen], dtype=np.float64)
    if fit.facts.joined:
        raise StudyError(
            "both legs of channels that vary by unit were drawn together, and one equation alone "
            "says nothing of its rows",
            hint="vary_by=None",
        )
    points = unconstrained(equation, fit.posterior)
    points = points.reshape(-1, points.shape[-1])[chosen]
    stream = np.random.default_rng(np.random.SeedSequence([int(fit.sampler.seed or 0), _STREAM]))
    return draw(equation.gaussian, points, stream).slots
