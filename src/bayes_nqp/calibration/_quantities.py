"""Calibrated quantities: scalar parameters and reported estimands."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.effects.estimands import att, contrast, text

_CONTRASTED = 4
"""Largest number of levels with all pairs compared; otherwise each is compared with the first."""


def quantities(parameters: xr.Dataset, effects: xr.Dataset) -> dict[str, Array]:
    """Collect the draws of all calibrated quantities by name.

    Parameters
    ----------
    parameters : Dataset
        Dataset with variables ``equation__name`` (chain, draw); others are ignored.
    effects : Dataset
        Group-time effects: a truth, or draws.

    Returns
    -------
    dict of str to ndarray (chain, draw)
        Parameters by name, and estimands: "att", "att[region=inland]", "inland − coastal",
        "att[event_time=0]", "att[cohort=2015]".
    """
    named = {
        str(name).split("__", 1)[1]: np.asarray(values.to_numpy(), dtype=np.float64)
        for name, values in parameters.items()
        if "__" in str(name) and values.dims == (v.CHAIN, v.DRAW)
    }
    named["att"] = att(effects).to_numpy()
    factors = schema.factors(effects)
    for dim in (*factors, *([v.EVENT_TIME, v.COHORT] if schema.is_timed(effects) else [])):
        draws = att(effects, dim)
        labels = draws[dim].to_numpy()
        if labels.size > 1:
            named |= {
                f"att[{dim}={text(x)}]": draws.isel({dim: k}).to_numpy()
                for k, x in enumerate(labels)
            }
        if dim in factors:
            named |= _contrasts(draws, dim)
    return {name: values for name, values in named.items() if not np.isnan(values).any()}


def _contrasts(draws: xr.DataArray, dim: str) -> dict[str, Array]:
    labels = draws[dim].to_numpy()
    pairs = list(combinations(labels, 2))
    if labels.size > _CONTRASTED:
        pairs = [(labels[0], x) for x in labels[1:]]
    compared = [contrast(draws, {dim: a}, minus=b) for a, b in pairs]
    return {str(difference.contrast.item()): difference.to_numpy() for difference in compared}
