"""Coefficients of draws, as a fit keeps them: in the slots that its rows load on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.model_frame import time_effect_names

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation, ModelFrame


COEFFICIENTS = "coefficients"
"""Group of a fit's tree that contains them."""

_STORED = 25_000_000
"""Above this many numbers (200 MB) they are not stored."""


def labelled_positions(
    model_frame: ModelFrame, equation: Equation, positions: Array
) -> xr.Dataset | None:
    """Label draws of an equation's slots.

    Returns
    -------
    Dataset or None
        ``<equation>__slots`` (chain, draw, slot); None where it would take more than 200 MB.
    """
    if positions.size > _STORED:
        return None
    return xr.Dataset(
        {f"{equation.name}__slots": ((*v.SAMPLE_DIMS, "slot"), positions)},
        coords={
            v.CHAIN: np.arange(positions.shape[0]),
            v.DRAW: np.arange(positions.shape[1]),
            "slot": _labels(model_frame, equation, positions.shape[2]),
        },
        attrs={"unit": "multiples of s"},
    )


def _labels(model_frame: ModelFrame, equation: Equation, size: int) -> npt.NDArray[np.str_]:
    """Return the meaning of each slot: time effect, effect of a cell, or slope."""
    places = equation.positions
    time_effects = time_effect_names(
        model_frame.codes.level_names, np.arange(model_frame.codes.n_periods)
    )
    columns = [column.name for column in equation.rows.columns]
    named = (
        ("time_effect", places.time, time_effects),
        ("cell", places.cells, np.arange(places.cells.size).astype(str)),
        (
            "slope",
            places.slopes.ravel(),
            [f"{s} · {c}" for s in model_frame.stratum_names for c in columns],
        ),
        ("path", places.paths, np.arange(places.paths.size).astype(str)),
    )
    out = np.full(size + 1, "", dtype=object)
    for kind, place, labels in named:
        out[place] = [f"{kind}[{label}]" for label in labels]
    return out[:size].astype(str)
