"""Fits that were not sampled: draws of parameters and coefficients are given."""

from __future__ import annotations

import numpy as np
import xarray as xr
from doors import Equation

import bayes_nqp as nqp
from bayes_nqp.diagnostics import Gate
from bayes_nqp.fitting import Fit


def fit_at(
    design, panel: nqp.Panel, equation: Equation, x: np.ndarray, slots: np.ndarray | None
) -> Fit:
    """A fit whose draws have given parameters (draw, parameter) and coefficients (draw, slot)."""
    space = equation.problem.space
    units = [equation.scale if p.in_outcome_units else 1.0 for p in space.parameters]
    values = space.constrain(x) * units
    dims = ("chain", "draw")
    posterior = {f"outcome__{n}": (dims, values[None, :, k]) for k, n in enumerate(space.names)}
    coords = {"chain": [0], "draw": np.arange(len(x))}
    tree = {"posterior": xr.Dataset(posterior, coords=coords)}
    if slots is not None:
        tree["coefficients"] = xr.Dataset({"outcome__slots": ((*dims, "slot"), slots[None])})
    gate = Gate(1.0, 1e3, 1e3, 0, np.nan, ())
    facts = {"scale": equation.scale, "panel_digest": panel.digest}
    whole = xr.DataTree.from_dict(tree)
    return Fit(design, panel, nqp.Importance(seed=2), whole, gate, facts, {})
