"""A small panel with two channels of known slopes, its fit, and effects along paths."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from doors import shifted
from effects_dataset import random_effects

import bayes_nqp as nqp

PATHS = ("total", "direct", "digital", "finance")


@cache
def channels_fit() -> nqp.Fit:
    """Fit forty units: digital rises by 2 and enters with slope 1; finance does neither."""
    simulated = nqp.simulation.staggered(
        units=40, periods=8, cohorts=(4, 6), rho=0.3, sigma=0.5, seed=1
    )
    frame = simulated.panel.frame
    rng = np.random.default_rng(2)
    treated = (frame["time"] >= frame["cohort"]).astype(float)
    frame = frame.assign(
        digital=2 * treated + rng.normal(0, 0.6, len(frame)), finance=rng.normal(0, 0.6, len(frame))
    )
    frame["outcome"] += frame["digital"]
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"],
        mediators=["digital", "finance"],
    )  # fmt: skip
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1())
    return nqp.fit(
        nqp.Mediation(design), panel, nqp.Importance(draws=190, chains=2, seed=1), progress=False
    )


def random_paths(
    names: tuple[str, ...] = PATHS[2:], *, signs: tuple[float, ...] = (1.0, -1.0), **how: object
) -> xr.Dataset:
    """Draw effects along paths that add up: those of `names` have these signs."""
    effects = random_effects(paths=("total", "direct", *names), deviations=False, **how)  # type: ignore[arg-type]
    values = effects["effect"].to_numpy().copy()
    for k in range(len(names)):
        values[:, :, 2 + k] *= signs[k % len(signs)] * (k + 1) / 3
    values[:, :, 0] = values[:, :, 1:].sum(axis=2)
    return effects.assign(effect=(effects["effect"].dims, values))


def confounded_effects(rows: nqp.Mediated, mediator: str, rho: float) -> xr.Dataset:
    """Effects in a cross-section if one mediator were confounded with a known correlation."""
    shift = shifted(rows, mediator)["effect"] * (rho / np.sqrt(1 - rho**2))
    return rows.effects.assign(effect=rows.effects["effect"] + shift)
