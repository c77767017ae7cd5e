"""Worlds of `spatial_silence` in which units receive of linked units' treatment, without a lag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from ._coverage import holds

WORLDS = ("shares", "growing", "saturates", "adds up", "onto untreated", "on the way")
ASKED = (
    "pretrends", "anticipation", "moran", "spatial_lm", "spatial_form", "spatial_errors",
    "spatial_weights", "spillover_heterogeneity",
)  # fmt: skip
SPEAKING = ("failed", "caution")
PATHS = ("total", "direct", "received", "untreated")
SEED, UNITS, PERIODS, RHO = 33_900_000, 120, 10, 0.5
IDS = [f"u{k:03d}" for k in range(UNITS)]


@dataclass(frozen=True)
class Made:
    """A panel, its weights, and what rows have (unit, period) of their own and of others."""

    panel: nqp.Panel
    weights: dict[str, nqp.SpatialWeights]
    policy: np.ndarray
    received: np.ndarray
    near: np.ndarray


def made(world: str, number: int) -> Made:
    """Simulate a panel of a world; weights are those of the fit, with rows that add up or not."""
    rng = np.random.default_rng([SEED, number])
    place = np.column_stack([105 + 12 * rng.random(UNITS), 25 + 10 * rng.random(UNITS)])
    flat = place * 111.0 * np.array([np.cos(np.radians(30.0)), 1.0])
    apart = np.linalg.norm(flat[:, None] - flat, axis=2) + 1e9 * np.eye(UNITS)
    links = np.zeros((UNITS, UNITS))
    links[np.arange(UNITS)[:, None], np.argsort(apart, axis=1)[:, :5]] = 1.0
    links = (apart < 150.0) * 1.0 if world == "adds up" else links
    start = np.where(rng.random(UNITS) < 0.4, rng.integers(3, 9, UNITS), 99)
    age = np.arange(PERIODS) - start[:, None]
    policy = (age >= 0) * 1.0
    share = links / np.maximum(links.sum(axis=1, keepdims=True), 1.0)
    near = share @ policy
    received = {
        "shares": 0.6 * near,
        "growing": share @ (policy * (0.3 + 0.1 * age)),
        "saturates": 0.6 * (near > 0.0),
        "adds up": 0.25 * links @ policy,
        "onto untreated": 0.8 * near * (1.0 - policy),
        "on the way": 0.6 * near,
    }[world]
    never = start[:, None] == 99
    line = never * (share @ (start < 99))[:, None] * np.arange(PERIODS)
    errors = rng.standard_normal((UNITS, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += RHO * errors[:, t - 1]
    y = policy + received + 0.5 * errors + rng.standard_normal((UNITS, 1))
    y += 0.2 * line if world == "on the way" else 0.0
    frame = pd.DataFrame(
        {"unit": np.repeat(IDS, PERIODS), "time": np.tile(np.arange(PERIODS), UNITS),
         "y": (y + 0.3 * np.arange(PERIODS)).ravel(),
         "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS),
         "longitude": np.repeat(place[:, 0], PERIODS),
         "latitude": np.repeat(place[:, 1], PERIODS), "line": line.ravel()}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", covariates=["line"]
    )
    table = pd.DataFrame(links, IDS, IDS)
    weights = {
        kind: nqp.spatial_weights.matrix(table, standardised=kind) for kind in ("row", "none")
    }
    return Made(panel, weights, policy, received, near)


def covered(
    term: Any, world: Made, covariates: tuple[str, ...] = ()
) -> tuple[nqp.Fit, dict[str, int]]:
    """A fit with what it says of neighbours, and which of its intervals cover."""
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), nqp.AR1(), nqp.TimeEffects(), spillovers=term,
        covariates=covariates, unidentified="drop",
    )  # fmt: skip
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1, draws=500), progress=False)
    cells = nqp.group_time_effects(fit)
    known = cells["identified"].to_numpy() & (cells["role"].to_numpy() == "treated")
    inside = (world.policy > 0.0) & np.isin(np.arange(PERIODS), cells["time"].to_numpy()[known])
    outside = (world.policy == 0.0) & (world.policy.sum(axis=0) > 0.0)
    if isinstance(term, nqp.ShareTreated):  # Cells are those of exposed rows alone.
        outside &= world.near > 0.0
    truth = {
        "total": (world.policy + world.received)[inside].mean(), "direct": 1.0,
        "received": world.received[inside].mean(), "untreated": world.received[outside].mean(),
    }  # fmt: skip
    draws = {path: nqp.att(fit, path=path) for path in PATHS[:3]}
    draws["untreated"] = nqp.spillover_effects(fit)
    return fit, {path: holds(draws[path], float(truth[path])) for path in PATHS}


def answer(world: str, number: int) -> dict[str, Any]:
    """Which intervals cover under an SLX and what is named next, and what is said."""
    simulated = made(world, number)
    slx = nqp.SpatialLag(simulated.weights["row"], lag=False, durbin=["treatment"])
    fit, out = covered(slx, simulated)
    results = {name: nqp.check(fit, name, progress=False) for name in ASKED}
    said = {name: str(result.verdict) for name, result in results.items()}
    if "near adopters" in str(results["pretrends"].sentence):
        out |= {f"next: {k}": x for k, x in covered(slx, simulated, ("line",))[1].items()}
    elif said["spillover_heterogeneity"] in SPEAKING:
        sentence = str(results["spillover_heterogeneity"].sentence)
        part = re.search(r"above=\[0, ([\d.]+)\]", sentence)
        term: Any = nqp.SpatialLag(simulated.weights["none"], lag=False)
        if part is not None:
            term = nqp.ShareTreated(simulated.weights["row"], above=[0.0, float(part[1])])
        out |= {f"next: {k}": x for k, x in covered(term, simulated)[1].items()}
    return out | said


def line(world: str, rows: pd.DataFrame) -> list[Any]:
    """A row of the table."""
    held, spoken = rows[list(PATHS)], rows[list(ASKED)].isin(SPEAKING)
    silent = ~held.astype(bool).all(axis=1) & ~spoken.any(axis=1)
    said = [f"{name} {share:.2f}" for name, share in spoken.mean().items()]
    columns = [f"next: {path}" for path in PATHS]
    told = rows[[x for x in columns if x in rows]].dropna()
    if len(told):
        said.append(f"next covers {', '.join(f'{x:.2f}' for x in told.mean())} of {len(told)}")
    covers = ", ".join(f"{x:.2f}" for x in held.mean())
    return [world, len(rows), covers, ", ".join(said), f"{silent.mean():.2f}"]
