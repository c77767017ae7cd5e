"""Coefficients of own treatment and of that of linked units, on average over treated rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.fitting._reported import equation_draws
from bayes_nqp.terms import TREATED

if TYPE_CHECKING:
    from bayes_nqp.fitting._fit import Fit

__all__ = ["treatment_coefficients"]


def treatment_coefficients(fit: Fit) -> xr.DataArray:
    """Draw the coefficients of treatment, tau and theta, on average over treated rows.

    Where outcomes follow those of linked units these are no effects: feedback is not in them.

    Returns
    -------
    DataArray (chain, draw, term), outcome units
        "own", and "linked" where treatment of linked units has coefficients: level, drift and
        walk at the event times of the rows.
    """
    plan = fit.plan
    rows = np.where(plan.cells.role == TREATED, plan.cells.rows, 0)
    tau = equation_draws(fit, "cell_mean")
    assert tau is not None
    terms = {"own": tau @ (rows / rows.sum())}
    level = equation_draws(fit, "linked_level")
    if level is not None:
        event = plan.table.event_time[rows > 0]
        weights = rows[rows > 0] / rows.sum()
        terms["linked"] = level[..., 0]
        drift, walk = (equation_draws(fit, f"linked_{name}") for name in ("drift", "walk"))
        if drift is not None:
            terms["linked"] = terms["linked"] + drift[..., 0] * (weights @ event)
        if walk is not None:
            last, first = int(event.max()), int(event.min())
            steps = [event >= k for k in range(1, last + 1)]
            steps += [event <= k for k in range(-1, first - 1, -1)]
            terms["linked"] = terms["linked"] + walk @ (np.stack(steps) @ weights)
    return xr.DataArray(
        np.stack(list(terms.values()), axis=-1), dims=(*v.SAMPLE_DIMS, "term"),
        coords={"term": list(terms), v.GATE: fit.effects[v.GATE].item()},
    )  # fmt: skip
