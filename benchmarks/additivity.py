"""Run: python -m benchmarks.additivity --panels N; an interrupted run goes on.

What `scale_dependence` says where units of all levels move alike and where they do not, of fits to
levels: counts with zeros, shares and answers near a bound, ratings, an outcome measured in another
unit from a date on. How often intervals of the average effect cover, as they are, less what the
check takes off, and with time effects by thirds of early levels. Rows a panel in .cache/additivity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

import bayes_nqp as nqp

from ._store import ROOT, Program, Store
from .earned import markdown
from .worlds import PERIODS, ar1

type Array = npt.NDArray[np.float64]
type Outcomes = tuple[Array, Array]

STORE = Store("scale_dependence")
SEED: Final = 43_000_000
PAGE = ROOT / "benchmarks" / "results" / "checks.md"
SIZES: Final = (60, 150)
T: Final = np.arange(PERIODS)
LATE: Final = np.maximum(T - 4, 0)


class Draft:
    """Levels of units, who adopts when (high units more often, as far as `high` says), errors."""

    def __init__(self, rng: np.random.Generator, units: int, high: float) -> None:
        self.rng, self.z = rng, rng.standard_normal((units, 1))
        ease = high * self.z[:, 0] + rng.standard_normal(units)
        ever = np.argsort(np.argsort(-ease)) < 0.6 * units
        self.start = np.where(ever, np.array([4, 5, 7, 9])[rng.integers(0, 4, units)], PERIODS)
        self.force = (self.start[:, None] <= T) * 1.0
        self.errors = ar1(rng, units, 0.5, 1.0)
        self.walk = np.cumsum(rng.normal(0.0, 0.4, PERIODS))
        self.policy = self.force * (1.0 + 0.3 * rng.standard_normal((units, 1)))

    def counts(self, mean: Array, added: Array) -> Outcomes:
        """Poisson rows, and what the policy adds to their mean."""
        return self.rng.poisson(mean + added).astype(np.float64), added


def levels(d: Draft) -> Outcomes:
    """Levels have nothing to do with movement."""
    return 2.0 * d.z + d.walk + d.errors + d.policy, d.policy


def lasting(d: Draft) -> Outcomes:
    """The same, errors of .8."""
    return 2.0 * d.z + d.walk + 0.7 * ar1(d.rng, d.z.size, 0.8, 1.0) + d.policy, d.policy


def heavy(d: Draft) -> Outcomes:
    """The same, errors with three degrees of freedom, a line in common."""
    noise = d.rng.standard_t(3, d.errors.shape) / np.sqrt(3.0)
    return 2.0 * d.z + 0.3 * T + noise + d.policy, d.policy


def sizes(d: Draft) -> Outcomes:
    """Levels are log normal, a line in common."""
    return np.exp(2.0 + 0.8 * d.z) + 0.3 * T + 0.8 * d.errors + d.policy, d.policy


def additive_counts(d: Draft) -> Outcomes:
    """Counts whose means move alike: from 1 to 20, a line in common."""
    return d.counts(np.clip(6.0 + 3.0 * d.z, 1.0, 20.0) + 0.2 * T, 1.0 * d.force)


def spread_counts(d: Draft) -> Outcomes:
    """Counts whose spread goes with their size, and nothing moves."""
    shape = 0.3 + d.rng.gamma(1.5, 1.0, d.z.shape)
    luck = d.rng.gamma(shape * np.ones(PERIODS), 1.0 / shape)
    mean = 6.0 * np.exp(0.9 * d.z) * np.ones(PERIODS)
    return d.rng.poisson(mean * luck * (1.0 + 0.2 * d.force)) * 1.0, 0.2 * mean * d.force


def middle(d: Draft) -> Outcomes:
    """Shares about one half."""
    without = 0.3 * d.z + 0.05 * d.walk + 0.3 * d.errors
    return _shares(without, 0.3 * d.force)


def proportion(d: Draft) -> Outcomes:
    """Counts with zeros, 5 % more a period, and 30 % with the policy."""
    mean = 2.5 * np.exp(0.7 * d.z + 0.25 * d.errors + 0.05 * T)
    return d.counts(mean, 0.3 * mean * d.force)


def proportion_late(d: Draft) -> Outcomes:
    """The same, 10 % a period from the fifth on."""
    mean = 2.5 * np.exp(0.7 * d.z + 0.25 * d.errors + 0.10 * LATE)
    return d.counts(mean, 0.3 * mean * d.force)


def ceiling(d: Draft) -> Outcomes:
    """Shares near one, log odds on a line."""
    return _shares(0.5 + d.z + 0.12 * T + 0.3 * d.errors, 0.4 * d.force)


def ceiling_late(d: Draft) -> Outcomes:
    """The same, from the fifth period on."""
    return _shares(0.5 + d.z + 0.20 * LATE + 0.3 * d.errors, 0.4 * d.force)


def answers(d: Draft) -> Outcomes:
    """Zeros and ones, log odds that rise from the fifth period on."""
    odds = 0.3 + 1.5 * d.z + 0.30 * LATE
    with_policy, without = expit(odds + 0.5 * d.force), expit(odds)
    return (d.rng.random(odds.shape) < with_policy) * 1.0, with_policy - without


def rescaled(d: Draft) -> Outcomes:
    """From the eighth period on all is measured in a unit that makes it 1.3 times as much."""
    size = np.where(T >= 7, 1.3, 1.0)
    return (6.0 + 2.0 * d.z + d.walk + d.errors + d.policy) * size, d.policy * size


def _shares(odds: Array, policy: Array) -> Outcomes:
    return expit(odds + policy), expit(odds + policy) - expit(odds)


ALIKE: Final[dict[str, Callable[[Draft], Outcomes]]] = {
    "levels": levels,
    "levels, errors of .8": lasting,
    "levels, three degrees of freedom": heavy,
    "levels that differ much": sizes,
    "counts, additive": additive_counts,
    "counts, spread by size, no movement": spread_counts,
    "shares about one half": middle,
}
APART: Final[dict[str, Callable[[Draft], Outcomes]]] = {
    "counts in proportion": proportion,
    "counts in proportion, from the fifth period on": proportion_late,
    "shares near one": ceiling,
    "shares near one, from the fifth period on": ceiling_late,
    "zeros and ones, from the fifth period on": answers,
    "measured in another unit from the eighth period on": rescaled,
}
WORLDS: Final = ALIKE | APART


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """What is said of one panel."""
    rng = np.random.default_rng([SEED, list(WORLDS).index(world), units, number])
    draft = Draft(rng, units, high=1.0)
    y, effect = WORLDS[world](draft)
    truth = float(effect[draft.force == 1.0].mean())
    i = np.repeat(np.arange(units), PERIODS)
    first = y[:, :4].mean(axis=1) + 1e-9 * np.arange(units)
    frame = pd.DataFrame(
        {"unit": [f"u{k}" for k in i], "time": np.tile(T, units), "y": y.ravel(),
         "cohort": np.where(draft.start < PERIODS, draft.start, np.nan)[i],
         "third": np.argsort(np.argsort(first))[i] * 3 // units}
    )  # fmt: skip
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
    sampler = nqp.Importance(seed=number)
    fit = nqp.fit(nqp.StaggeredDiD(), nqp.Panel.from_frame(frame, **roles), sampler, progress=False)
    like = nqp.StaggeredDiD(
        nqp.CompletePooling(), time=nqp.TimeEffects(["third"]), unidentified="drop"
    )
    other = nqp.fit(
        like, nqp.Panel.from_frame(frame, **roles, strata=["third"]), sampler, progress=False
    )
    said = nqp.check(fit, "scale_dependence", progress=False)
    less = said.evidence.iloc[2]
    row = {"world": world, "units": units, "number": number, "verdict": said.verdict}
    for name, draws in {"covers": nqp.att(fit), "thirds": nqp.att(other)}.items():
        low, high = np.quantile(draws, (0.025, 0.975))
        row[name] = bool(low <= truth <= high)
        row[f"{name}_width"] = round(float(high - low), 5)
    less_covers = bool(less["lower"] <= truth <= less["upper"])
    return row | {"less": less_covers, "less_width": round(less["upper"] - less["lower"], 5)}


def table() -> str:
    """Coverage, verdicts and silence, by world and size."""
    rows: list[list[Any]] = [
        ["world", "units", "panels", "covers", "caution", "failed", "inconclusive",
         "wrong and none of these", "less what is off (width)", "thirds (width)"]
    ]  # fmt: skip
    frame = STORE.rows()
    for world in WORLDS:
        for units in SIZES:
            part = frame[(frame["world"] == world) & (frame["units"] == units)]
            if part.empty:
                continue
            said, covers = part["verdict"], part["covers"].astype(bool)
            shares = [(said == x).mean() for x in ("caution", "failed", "inconclusive")]
            numbers = [covers.mean(), *shares, (~covers & (said == "passed")).mean()]
            other = [
                f"{part[x].astype(bool).mean():.2f} "
                f"({(part[f'{x}_width'] / part['covers_width']).median():.2f})"
                for x in ("less", "thirds")
            ]
            rows.append([world, units, len(part), *(f"{x:.2f}" for x in numbers), *other])
    return markdown(rows)


if __name__ == "__main__":
    Program(STORE, PAGE, WORLDS, SIZES, measured, table).run(__doc__)
