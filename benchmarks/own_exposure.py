"""Run: python -m benchmarks.exposure_heterogeneity --panels N; an interrupted run goes on.

What `exposure_heterogeneity` says of a continuous exposure where units drift, or respond,
otherwise as their
own exposure grows, or varies, more, and where they do not; how often intervals cover the mean slope
over exposed rows, of the fit and beside the columns that the check enters. Rows a panel in
.cache/exposure_heterogeneity.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp

from ._store import ROOT, Program, Store
from .earned import markdown
from .worlds import PERIODS, ar1

type Array = npt.NDArray[np.float64]

STORE = Store("exposure_heterogeneity")
SEED: Final = 44_000_000
PAGE = ROOT / "benchmarks" / "results" / "exposure.md"
SIZES: Final = (40, 90)
WORLDS: Final = (
    "one slope", "slopes differ by unit", "half zeros, t(3) errors", "lines of units",
    "units whose exposure grows drift up", "the same, half as much",
    "units that gain more take more", "the same, half as much",
    "lasting shocks move both", "exposure measured with an error that lasts",
)  # fmt: skip
KINDS: Final = (
    "one slope", "slopes differ by unit", "half zeros", "lines", "drift", "half drift", "gains",
    "half gains", "common", "error",
)  # fmt: skip


def made(kind: str, units: int, number: int) -> tuple[nqp.Panel, float]:
    """A panel, and the mean slope over its exposed rows."""
    rng = np.random.default_rng([SEED, KINDS.index(kind), units, number])
    shape, t = (units, PERIODS), np.arange(PERIODS)
    level, growth = rng.normal(0.0, 0.5, (units, 1)), rng.uniform(0.0, 0.2, (units, 1))
    slope = np.full((units, 1), 0.4)
    errors = 0.6 * ar1(rng, units, 0.5, 1.0)
    half = 0.5 if "half" in kind else 1.0
    if kind == "slopes differ by unit":
        slope = slope + 0.1 * rng.standard_normal((units, 1))
    if "gains" in kind:
        gain = rng.standard_normal((units, 1))
        level, growth = 0.5 * gain, 0.1 + 0.05 * gain
        slope = slope + 0.15 * half * gain
    dose = np.exp(level + growth * t + 0.3 * ar1(rng, units, 0.5, 1.0))
    if kind == "common":
        shocks = ar1(rng, units, 0.7, 0.5)
        dose, errors = dose * np.exp(0.3 * shocks), errors + 0.3 * shocks
    if kind == "half zeros":
        dose = np.where(rng.random(shape) < 0.5, 0.0, np.exp(rng.standard_normal(shape)))
        errors = 0.6 * rng.standard_t(3, shape) / np.sqrt(3.0)
    drift = {"drift": growth, "half drift": 0.5 * growth, "lines": rng.normal(0, 0.06, (units, 1))}
    walk = np.cumsum(rng.normal(0.0, 0.4, PERIODS))
    y = rng.normal(0.0, 2.0, (units, 1)) + walk + errors + slope * dose
    y = y + drift.get(kind, np.zeros((units, 1))) * t
    if kind == "error":
        dose = dose * np.exp(0.25 * ar1(rng, units, 0.8, 1.0))
    unit, time = np.divmod(np.arange(dose.size), PERIODS)
    frame = pd.DataFrame({"unit": unit, "time": time, "y": y.ravel(), "dose": dose.ravel()})
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", outcome="y", exposures=["dose"])
    return panel, float((slope + 0.0 * dose)[dose != 0.0].mean())


def measured(kind: str, units: int, number: int) -> dict[str, Any]:
    """What is said of one panel."""
    panel, truth = made(kind, units, number)
    design, sampler = nqp.ContinuousExposure("dose"), nqp.Importance(seed=number)
    fit = nqp.fit(design, panel, sampler, progress=False)
    said = nqp.check(fit, "exposure_heterogeneity", progress=False)
    row = {"world": kind, "units": units, "number": number, "verdict": said.verdict}
    for name, (_, line) in zip(("covers", "lines", "gains"), said.evidence.iterrows(), strict=True):
        row[name] = bool(line["lower"] <= truth <= line["upper"])
        row[f"{name}_width"] = round(float(line["upper"] - line["lower"]), 5)
    return row


def table() -> str:
    """Coverage and verdicts, by world and size."""
    rows: list[list[Any]] = [
        ["world", "units", "panels", "covers", "caution", "failed", "wrong and holds",
         "beside lines (width)", "by how much it varies (width)"]
    ]  # fmt: skip
    frame = STORE.rows()
    for kind, world in zip(KINDS, WORLDS, strict=True):
        for units in SIZES:
            part = frame[(frame["world"] == kind) & (frame["units"] == units)]
            if part.empty:
                continue
            said, covers = part["verdict"], part["covers"].astype(bool)
            numbers = [
                covers.mean(), (said == "caution").mean(), (said == "failed").mean(),
                (~covers & (said == "passed")).mean(),
            ]  # fmt: skip
            other = [
                f"{part[x].astype(bool).mean():.2f} "
                f"({(part[f'{x}_width'] / part['covers_width']).median():.2f})"
                for x in ("lines", "gains")
            ]
            rows.append([world, units, len(part), *(f"{x:.2f}" for x in numbers), *other])
    return markdown(rows)


if __name__ == "__main__":
    Program(STORE, PAGE, KINDS, SIZES, measured, table).run(__doc__)
