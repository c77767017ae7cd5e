"""Run: python -m benchmarks.slopes --panels 40 [--only WORLD …] [--seed FIRST].

How often intervals of a slope, or of an indirect effect, cover, and how often `dose_response`,
`past_exposure`, `mediator_periods` and `mediator_slopes` speak: 40 units × 10 periods with an
exposure that grows and is skewed, 60 × 12 with a mediator. An interrupted run goes on.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp

from ._store import Store
from .earned import markdown
from .selection import errors

Array = npt.NDArray[np.float64]

SEED = 31_000_000
CHECKS = {"exposure": ("dose_response", "past_exposure"),
          "channel": ("mediator_periods", "mediator_slopes")}  # fmt: skip
EXPOSURES = (
    "a line", "a line, slopes differ by unit", "a line, half zeros, t(3) errors", "a logarithm",
    "a threshold", "a square", "the period before acts", "exposure measured with error",
)  # fmt: skip
CHANNELS = (
    "one slope", "one slope, t(3) errors", "one slope, legs differ by unit",
    "the mediator acts a period later", "the policy changes the slope", "the slope bends",
    "the mediator follows the outcome", "the mediator follows last outcome",
    "mediator measured with error", "the slope is another in those who adopt",
)  # fmt: skip
STORE = Store("slopes", ("world", "seed", "number"))


def exposed(world: str, rng: np.random.Generator) -> tuple[nqp.Panel, float]:
    """A panel, and the mean derivative of the response over its rows."""
    units, periods = shape = (40, 10)
    growth = rng.uniform(0.0, 0.35, (units, 1)) * np.arange(periods)
    dose = np.exp(rng.normal(0.0, 0.8, (units, 1)) + growth + 0.3 * rng.normal(size=shape))
    if "zeros" in world:
        dose = np.where(rng.random(shape) < 0.5, 0.0, np.exp(rng.normal(size=shape)))
    if "before" in world:
        dose = np.exp(0.6 * rng.normal(size=shape))
    if "square" in world:
        dose = rng.uniform(0.0, 2.0, (units, 1)) + 0.3 * rng.normal(size=shape) + 0.1 * growth
    slopes = 0.3 + 0.1 * rng.normal(size=(units, 1)) * ("differ" in world)
    response, slope = slopes * dose, slopes + 0.0 * dose
    if "logarithm" in world:
        response, slope = np.log1p(dose), 1.0 / (1.0 + dose)
    if "threshold" in world:
        response, slope = 1.5 * (dose > 2.0), 0.0 * dose
    if "square" in world:
        response, slope = 0.4 * dose**2, 0.8 * dose
    if "before" in world:
        response = response + 0.5 * np.concatenate([dose[:, :1], dose[:, :-1]], axis=1)
    common = np.cumsum(rng.normal(0.0, 0.3, (1, periods)), axis=1)
    noise = 0.5 * errors(rng, shape, heavy="t(3)" in world)
    outcome = rng.normal(0.0, 2.0, (units, 1)) + common + response + noise
    if "error" in world and "t(3)" not in world:
        dose = dose * np.exp(0.4 * rng.normal(size=shape))
    rows = _rows(shape, y=outcome, dose=dose)
    panel = nqp.Panel.from_frame(rows, unit="unit", time="time", outcome="y", exposures=["dose"])
    return panel, float(slope[dose != 0.0].mean())


def mediated(world: str, rng: np.random.Generator) -> tuple[nqp.Panel, float]:
    """A panel, and the indirect effect on its treated rows."""
    units, periods = shape = (60, 12)
    start = np.where(rng.random(units) < 0.35, 99, rng.choice([5, 7, 9], units))[:, None]
    on = (np.arange(periods) >= start).astype(np.float64)
    legs = 1.0 + 0.4 * rng.normal(size=(units, 1)) * ("legs" in world)
    heavy = "t(3)" in world
    mediator = rng.normal(0.0, 1.0, (units, 1)) + 0.8 * errors(rng, shape, heavy=heavy) + legs * on
    before, since = (np.concatenate([x[:, :1], x[:, :-1]], axis=1) for x in (mediator, on))
    common = np.cumsum(rng.normal(0.0, 0.4, (1, periods)), axis=1)
    outcome = rng.normal(0.0, 2.0, (units, 1)) + common + errors(rng, shape, heavy=heavy)
    outcome = outcome + on * (1.0 + 0.3 * rng.normal(size=(units, 1)))
    through, indirect = 0.6 * mediator, 0.6 * legs * on
    if "later" in world:
        through, indirect = 0.6 * before, 0.6 * since
    elif "changes" in world:
        through, indirect = (0.3 + 0.6 * on) * mediator, 0.9 * on
    elif "those who adopt" in world:
        through, indirect = np.where(start < 99, 0.5, 0.2) * mediator, 0.5 * legs * on
    elif "bends" in world:
        through = 0.3 * mediator**2
        indirect = 0.3 * (mediator**2 - (mediator - on) ** 2)
    elif "follows" in world:
        through, indirect = 0.0 * on, 0.0 * on
    outcome = outcome + through
    if "last" in world:
        mediator = 0.5 * np.concatenate([outcome[:, :1], outcome[:, :-1]], axis=1)
    elif "follows" in world:
        mediator = 0.5 * outcome
    if "follows" in world:
        mediator = mediator + 0.6 * rng.normal(size=shape)
    if "measured" in world:
        mediator = mediator + 0.8 * rng.normal(size=shape)
    rows = _rows(shape, y=outcome, m=mediator)
    rows["cohort"] = np.where(start[:, 0] == 99, np.nan, start[:, 0])[rows["unit"]]
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
    panel = nqp.Panel.from_frame(rows, **roles, mediators=["m"])
    return panel, float(np.broadcast_to(indirect, shape)[on > 0.0].mean())


def _rows(shape: tuple[int, int], **columns: Array) -> pd.DataFrame:
    unit, time = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    return pd.DataFrame({"unit": unit, "time": time, **{k: x.ravel() for k, x in columns.items()}})


def measure(world: str, seed: int, number: int) -> dict[str, object]:
    """Whether the interval covers, and what the two checks say."""
    rng, sampler = np.random.default_rng(seed + number), nqp.Importance(draws=500, seed=1)
    kind = "exposure" if world in EXPOSURES else "channel"
    panel, truth = (exposed if kind == "exposure" else mediated)(world, rng)
    design = nqp.ContinuousExposure("dose") if kind == "exposure" else nqp.Mediation()
    fit = nqp.fit(design, panel, sampler, progress=False)
    draws = nqp.att(fit) if kind == "exposure" else nqp.nie(fit)
    low, high = np.quantile(draws, (0.025, 0.975))
    said = {name: str(nqp.check(fit, name, progress=False).verdict) for name in CHECKS[kind]}
    return {
        "world": world,
        "seed": seed,
        "number": number,
        "covers": bool(low < truth < high),
        **said,
    }


def table(worlds: tuple[str, ...], names: tuple[str, str], seed: int) -> str:
    """What is known of worlds."""
    known = STORE.rows()
    rows: list[list[object]] = [["world", "panels", "covers", *(
        f"`{name}` {what}" for name in names for what in ("caution", "failed")
    )]]  # fmt: skip
    for world in worlds:
        mine = known[(known["world"] == world) & (known["seed"] == seed)]
        if mine.empty:
            continue
        rates = [f"{(mine[n] == w).mean():.2f}" for n in names for w in ("caution", "failed")]
        rows.append([world, len(mine), f"{mine['covers'].astype(float).mean():.2f}", *rates])
    return markdown(rows)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--only", nargs="*", default=[*EXPOSURES, *CHANNELS])
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    ready = STORE.ready()
    for number in range(asked.panels):
        for world in asked.only:
            if (world, asked.seed, number) not in ready:
                STORE.add(measure(world, asked.seed, number))
    print(table(EXPOSURES, ("dose_response", "past_exposure"), asked.seed))
    print(table(CHANNELS, ("mediator_periods", "mediator_slopes"), asked.seed))


if __name__ == "__main__":
    main()
