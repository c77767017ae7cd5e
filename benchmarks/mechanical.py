"""Run: python -m benchmarks.mechanical --panels 25 [--collect].

How often the check `mechanical` names a mediator that is a ratio, difference or share of the
outcome, with its other part in the file or not, and how often it speaks of actual mediators, strong
ones among them; how often `data` names an index that was built within periods, and a pooled one.
Panels of 40 and of 100 units; every third is rounded to four and to three decimals.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp

from ._store import Program, Store
from .earned import markdown

Array = npt.NDArray[np.float64]

STORE = Store("mechanical")
PAGE = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "checks.md"
PERIODS = 10
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)
DIGITS = (None, 4, 3)
MADE = ("ratio", "difference of logarithms", "share")
WORLDS = (
    *(f"{kind}, its other part {where}" for kind in MADE for where in ("in the file", "not in it")),
    "an actual mediator", "an actual mediator, strong", "an index built by period",
    "the same, its indicators not in the file", "a pooled index",
)  # fmt: skip


def errors(rng: np.random.Generator, units: int) -> Array:
    """AR(1) errors of sd one, of any autocorrelation up to .8, normal or t(4)."""
    rho = rng.uniform(0.0, 0.8)
    shape = (units, PERIODS)
    out = rng.normal(size=shape) if rng.random() < 0.7 else rng.standard_t(4, size=shape) / 2**0.5
    for t in range(1, PERIODS):
        out[:, t] = rho * out[:, t - 1] + (1.0 - rho**2) ** 0.5 * out[:, t]
    return np.asarray(out)


def series(rng: np.random.Generator, units: int, sd: float) -> Array:
    """Unit effects, shocks that all share, and errors (unit, period)."""
    shared = np.cumsum(rng.normal(size=PERIODS))
    return sd * (2.0 * rng.normal(size=(units, 1)) + 0.5 * shared + errors(rng, units))


def mediated(world: str, rng: np.random.Generator, units: int) -> tuple[pd.DataFrame, Array]:
    """A panel with a mediator "m", and where units are treated."""
    start = np.where(rng.random(units) < 0.35, PERIODS, rng.integers(3, PERIODS - 2, units))
    on = (np.arange(PERIODS) >= start[:, None]).astype(np.float64)
    columns: dict[str, Array] = {}
    if "actual" in world:
        sd = np.exp(rng.uniform(-2.0, 0.0))
        slope = rng.choice([-1.0, 1.0]) * np.exp(rng.uniform(-1.9, 1.1))
        noise = sd * np.exp(rng.uniform(-1.6, 0.7))
        if "strong" in world:
            slope = rng.choice([-1.0, 1.0]) * rng.choice([0.8, 1.0, 1.5, 2.0, 3.0])
            noise = abs(slope) * sd * rng.choice([0.05, 0.1, 0.2])
        m = series(rng, units, sd) + sd * rng.choice([0.0, 0.5, 1.0, 2.0]) * on
        direct = noise * rng.choice([0.0, 0.5, 1.0])
        columns["y"] = slope * m + series(rng, units, noise) + direct * on
        columns["m"] = np.exp(m) if rng.random() < 0.5 else m
    else:
        sd = np.exp(rng.uniform(-2.3, -0.7))
        log_y = 2.0 + series(rng, units, sd) + sd * rng.choice([0.3, 0.5, 1.0]) * on
        log_x = 2.5 + series(rng, units, sd * np.exp(rng.uniform(-0.7, 0.7)))
        y, x = np.exp(log_y), np.exp(log_x)
        columns["y"] = log_y if rng.random() < 0.5 else y
        ratio = y / x if rng.random() < 0.5 else x / y
        columns["m"] = (
            ratio if "ratio" in world else log_x - log_y if "difference" in world else y / (x + y)
        )
        columns |= {} if "not in" in world else {"x": x}
    return frame_of(columns, start), on


def frame_of(columns: dict[str, Array], start: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Lay tables out as rows."""
    unit, time = np.divmod(np.arange(len(start) * PERIODS), PERIODS)
    adoption = np.where(start == PERIODS, np.nan, start)[unit]
    tables = {name: table.ravel() for name, table in columns.items()}
    return pd.DataFrame({"unit": unit, "time": time, "cohort": adoption, **tables})


ROLES: dict[str, Any] = {"unit": "unit", "time": "time", "cohort": "cohort"}


@cache
def plain() -> nqp.Fit:
    """A fit whose draws serve all panels of indices: `data` looks at rows."""
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4,), seed=1).panel
    return nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), panel, SAMPLER, progress=False)


def indexed(world: str, rng: np.random.Generator, units: int, number: int) -> nqp.Panel:
    """A panel whose outcome is an index of indicators, and what the file has of it."""
    start = np.where(rng.random(units) < 0.35, PERIODS, rng.integers(3, PERIODS - 2, units))
    on = np.arange(PERIODS) >= start[:, None]
    names = [f"i{k}" for k in range((3, 6, 10)[number % 3])]
    frame = frame_of(
        {name: np.exp(0.4 * series(rng, units, 0.5) + 0.2 * on) for name in names}, start
    )
    system, yearly = nqp.IndexSystem.of(names), number % 2 and "pooled" not in world
    recipe = nqp.ProductivityIndex(
        system,
        nqp.Entropy(scope="yearly" if "pooled" not in world else "pooled"),
        nqp.MinMax(scope="yearly" if yearly else "pooled"),
    )
    index = recipe.build(frame, unit="unit", time="time")
    if "not in" in world:
        mean = frame[names].mean(axis=1).groupby(frame["time"])
        scaled = (
            lambda x: (x - x.min()) / (x.max() - x.min()),
            lambda x: (x - x.mean()) / x.std(),
            lambda x: x.rank(pct=True),
        )[number % 3]
        frame = frame.drop(columns=names).assign(y=mean.transform(scaled))
    else:
        frame["y"] = index.values
    frame["y"] = frame["y"] if number % 3 == 0 else frame["y"].round(4)
    return nqp.Panel.from_frame(frame, outcome="y", **ROLES)


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """The verdict on one panel, and whether the column is named."""
    rng = np.random.default_rng((WORLDS.index(world), units, number))
    key = {"world": world, "units": units, "number": number}
    if "index" in world or "indicators" in world:
        panel = indexed(world, rng, units, number)
        found = nqp.check(replace(plain(), panel=panel), "data", progress=False)
        assert isinstance(found.evidence, pd.DataFrame)
        named = any("within periods" in str(x) for x in found.evidence["fault"])
        return {**key, "verdict": found.verdict, "named": named}
    frame, _ = mediated(world, rng, units)
    digits = DIGITS[number % 3]
    frame = frame if digits is None else frame.round(digits)
    panel = nqp.Panel.from_frame(frame, outcome="y", mediators=["m"], **ROLES)
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(varying=None)))
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    verdict = nqp.check(fit, "mechanical", progress=False).verdict
    return {**key, "verdict": verdict, "named": verdict in ("caution", "failed")}


def table() -> str:
    """Shares of panels in which the column is named."""
    known = STORE.rows()
    rows: list[list[object]] = [["panels of", "asked", "panels", "named", "failed"]]
    for world in WORLDS:
        mine = known[known["world"] == world]
        if mine.empty:
            continue
        asked = "`data`" if "index" in world or "indicators" in world else "`mechanical`"
        rates = [
            f"{x.astype(float).mean():.2f}" for x in (mine["named"], mine["verdict"] == "failed")
        ]
        rows.append([world, asked, len(mine), *rates])
    return markdown(rows)


PROGRAM = Program(STORE, PAGE, WORLDS, (40, 100), measured, table)

if __name__ == "__main__":
    PROGRAM.run(__doc__)
