"""Fits that were not sampled: draws of parameters and coefficients are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from doors import Equation

import bayes_nqp as nqp
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics


def fit_at(
    design, panel: nqp.Panel, equation: Equation, x: np.ndarray, positions: np.ndarray | None
) -> Fit:
    """A fit whose draws have given parameters (draw, parameter) and coefficients (draw, slot)."""
    space = equation.problem.space
    units = [equation.scale if p.in_outcome_units else 1.0 for p in space.parameters]
    values = space.constrain(x) * units
    dims = ("chain", "draw")
    posterior = {f"outcome__{n}": (dims, values[None, :, k]) for k, n in enumerate(space.names)}
    coords = {"chain": [0], "draw": np.arange(len(x))}
    groups = {"posterior": xr.Dataset(posterior, coords=coords)}
    if positions is not None:
        groups["coefficients"] = xr.Dataset({"outcome__slots": ((*dims, "slot"), positions[None])})
    gate = ConvergenceDiagnostics(1.0, 1e3, 1e3, 0, np.nan, ())
    facts = {"scale": equation.scale, "panel_digest": panel.digest}
    return Fit(design, panel, nqp.Importance(seed=2), groups, gate, facts, {})


def cut(fit: Fit, draws: slice) -> Fit:
    """The fit with some of its draws."""
    return replace(fit, groups={k: x.isel(draw=draws) for k, x in fit.groups.items()})


def without_coefficients(fit: Fit) -> Fit:
    """The fit as one whose coefficients were too many to be kept."""
    groups = {k: x for k, x in fit.groups.items() if k != "coefficients"}
    assert len(groups) < len(fit.groups)
    return replace(fit, groups=groups)
