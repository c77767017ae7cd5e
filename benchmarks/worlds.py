"""Run: python -m benchmarks.worlds; with --only, --units, --panels, --part i/n, --collect.

Coverage of the fit under parallel trends (the default) and of the reported model average, in
simulation scenarios in which trends are parallel and in which they are not; and how often each
misses while no check warns. A row a panel in .cache/worlds; an interrupted run goes on where it
stopped. `--collect` adds what is there to benchmarks/measured, and writes
benchmarks/results/model_average.md.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.checks import confidence_of, reported_posterior, run_checks

from ._store import ROOT, Store

Array = npt.NDArray[np.float64]
SEED = 21_000_000
PERIODS = 12
COHORTS = np.array([5, 7, 9, 10])
SIZES = (60, 200)
ASKED = (
    "pretrends", "placebo_time", "anticipation", "error_model", "selection", "displacement",
)  # fmt: skip
ANSWERS = ("default", "reported")
WARNINGS = ("failed", "caution")
"""Verdicts that warn. "Could not tell" is none: it is given on every clean panel of 60 units."""
UNSEEN, LOW = ("crowded out", "late shock"), 0.88
"""Scenarios in which no observation before adoption differs; coverage below which cells count."""
OVERVIEW = "<!-- python -m benchmarks.worlds overview -->"


class Draft:
    """Units, their untreated outcomes and when they adopt: what a world may change.

    Parameters
    ----------
    rng : Generator
    units : int
    """

    def __init__(self, rng: np.random.Generator, units: int) -> None:
        self.rng, self.units, self.t = rng, units, np.arange(PERIODS)
        self.region = np.arange(units) % 2
        self.province = np.arange(units) // 2 % max(units // 6, 10)
        self.start = self.adoption(rng.random(units))
        self.level = (
            rng.normal(0.0, 2.0, (units, 1))
            + np.cumsum(rng.normal(0.0, 0.4, (2, PERIODS)), axis=1)[self.region]
        )
        self.errors = ar1(rng, units, 0.5, 1.0)
        self.effect = 1.0 + 0.1 * np.maximum(self.t - self.start[:, None], 0)
        self.effect = self.effect + rng.normal(0.0, 0.3, (units, 1))
        self.besides: Array = np.zeros((units, PERIODS))
        self.columns: dict[str, Array] = {}

    def adoption(self, ease: Array) -> npt.NDArray[np.int64]:
        """First treated period by an ease of adoption in (0, 1); a third never adopts."""
        place = np.argsort(np.argsort(ease)) / ease.size
        later = COHORTS[self.rng.integers(0, COHORTS.size, ease.size)]
        return np.where(place < 2 / 3, later, PERIODS)

    @property
    def ever(self) -> npt.NDArray[np.bool_]:
        """Units that adopt (unit, 1)."""
        return self.start[:, None] < PERIODS

    @property
    def event(self) -> Array:
        """Periods since adoption (unit, period); far below zero of those who never adopt."""
        return np.where(self.ever, self.t - self.start[:, None], -99)

    @property
    def untreated(self) -> Array:
        """Outcomes without the policy (unit, period)."""
        return self.level + self.errors + self.besides


def ar1(rng: np.random.Generator, units: int, rho: float, sd: float) -> Array:
    """Stationary autoregressive errors (unit, period)."""
    out = rng.normal(0.0, sd, (units, PERIODS))
    out[:, 0] /= np.sqrt(1.0 - rho**2)
    for t in range(1, PERIODS):
        out[:, t] += rho * out[:, t - 1]
    return out


def parallel(d: Draft) -> None:
    """All that the default assumes is true."""


def heavy(d: Draft) -> None:
    """Innovations with three degrees of freedom."""
    shocks = d.rng.standard_t(3, (d.units, PERIODS)) / np.sqrt(3.0)
    for t in range(1, PERIODS):
        shocks[:, t] += 0.5 * shocks[:, t - 1]
    d.errors = shocks


def unequal(d: Draft) -> None:
    """Adopters vary more than the others."""
    d.errors = d.errors * np.where(d.ever, 1.4, 0.8)


def gains(d: Draft) -> None:
    """Units with large effects adopt early."""
    order = np.argsort(-d.effect[:, 0])
    start = np.sort(d.start)
    d.start = d.start.copy()
    d.start[order] = start
    d.effect = d.effect[:, :1] + 0.1 * np.maximum(d.t - d.start[:, None], 0)


def provinces(d: Draft) -> None:
    """Shocks of a province that last; provinces adopt as a whole."""
    number = d.province.max() + 1
    d.besides = ar1(d.rng, number, 0.5, 0.6)[d.province]
    d.start = d.adoption(d.rng.random(number)[d.province] + 1e-9 * np.arange(d.units))
    first = np.full(number, PERIODS)
    for p in range(number):
        first[p] = d.start[d.province == p][0]
    d.start = first[d.province]
    d.columns["province"] = d.province


def falls_behind(d: Draft) -> None:
    """One area falls behind at a date; adopters are more often there."""
    area = d.rng.random(d.units) < np.where(d.ever[:, 0], 0.65, 0.25)
    d.besides = -0.9 * area[:, None] * (d.t >= 6)
    d.columns["area"] = area.astype(int)


def dip(d: Draft) -> None:
    """Units adopt after a bad year."""
    total = d.errors
    d.start = np.full(d.units, PERIODS)
    free = np.ones(d.units, dtype=bool)
    for cohort in COHORTS:
        worst = np.where(free, total[:, cohort - 1], np.inf)
        chosen = np.argsort(worst)[: d.units // 6]
        d.start[chosen], free[chosen] = cohort, False


def persistent_dip(d: Draft) -> None:
    """Units adopt after three bad years, of shocks that last."""
    slow = ar1(d.rng, d.units, 0.8, 0.6)
    d.besides = slow
    d.start, free = np.full(d.units, PERIODS), np.ones(d.units, dtype=bool)
    for cohort in COHORTS:
        worst = np.where(free, slow[:, cohort - 3 : cohort].mean(axis=1), np.inf)
        chosen = np.argsort(worst)[: d.units // 6]
        d.start[chosen], free[chosen] = cohort, False


def two_good_years(d: Draft) -> None:
    """Units adopt after two good years."""
    d.start = np.full(d.units, PERIODS)
    free = np.ones(d.units, dtype=bool)
    for cohort in COHORTS:
        best = np.where(free, d.errors[:, cohort - 2 : cohort].mean(axis=1), -np.inf)
        chosen = np.argsort(-best)[: d.units // 6]
        d.start[chosen], free[chosen] = cohort, False


def base_years(d: Draft) -> None:
    """Whoever had good years before the first adoption never adopts; others begin in turn."""
    slow = ar1(d.rng, d.units, 0.8, 0.6)
    d.besides = slow
    mean = slow[:, COHORTS[0] - 3 : COHORTS[0]].mean(axis=1)
    d.start = d.adoption(np.argsort(np.argsort(mean)) / d.units)


def anticipation(d: Draft) -> None:
    """Units respond a period before they adopt."""
    d.besides = 0.8 * (d.event == -1)


def two_steps(d: Draft) -> None:
    """A response that grows over two periods before adoption."""
    d.besides = 0.4 * (d.event == -2) + 0.8 * (d.event == -1)


def three_steps(d: Draft) -> None:
    """A response that grows over three periods before adoption."""
    d.besides = 0.3 * (d.event == -3) + 0.6 * (d.event == -2) + 0.9 * (d.event == -1)


def announced(d: Draft) -> None:
    """A policy that is announced three periods before it begins, and answered at once."""
    d.besides = 0.8 * ((d.event >= -3) & (d.event < 0))


def two_factors(d: Draft) -> None:
    """Two strong factors whose loadings drive adoption."""
    loads = d.rng.normal(0.0, 1.0, (d.units, 2))
    d.start = d.adoption(-loads.sum(axis=1) + d.rng.normal(0.0, 1.0, d.units))
    series = np.cumsum(d.rng.normal(0.1, 0.5, (2, PERIODS)), axis=1)
    d.besides = loads @ series


def common_walk(d: Draft) -> None:
    """Adopters load on a random walk."""
    load = 0.5 * d.ever + d.rng.normal(0.0, 0.4, (d.units, 1))
    d.besides = load * np.cumsum(d.rng.normal(0.0, 0.5, PERIODS))


def lines(d: Draft) -> None:
    """Adopters drift along lines of their own."""
    d.besides = d.ever * d.rng.normal(0.08, 0.03, (d.units, 1)) * d.t


def bend(d: Draft) -> None:
    """A drift of adopters that levels off before most adopt."""
    d.besides = 0.12 * d.ever * np.minimum(d.t, 6)


def cycle(d: Draft) -> None:
    """Adopters have a larger business cycle, with a random phase."""
    wave = np.sin(2.0 * np.pi * (d.t / 7.0 + d.rng.random()))
    d.besides = d.ever * d.rng.normal(0.5, 0.2, (d.units, 1)) * wave


def rebased(d: Draft) -> None:
    """Adopters are measured otherwise from three periods before adoption on."""
    d.besides = 0.6 * (d.event >= -3)


def crowded_out(d: Draft) -> None:
    """Units without the policy lose as more of their region adopt."""
    for region in (0, 1):
        inside = d.region == region
        share = (d.event[inside] >= 0).mean(axis=0)
        d.besides[inside] -= 0.8 * share * (d.event[inside] < 0)


def late_shock(d: Draft) -> None:
    """Adopters alone are hit at one date after most adopted: no period before it shows it."""
    d.besides = 0.6 * d.ever * (d.t >= 9)


def counts(d: Draft) -> None:
    """Logs of counts, zeros dropped: marked here, made of the outcome in the end."""
    d.columns["counts"] = np.ones(d.units)


def loud_adopters(d: Draft) -> None:
    """Errors of those who adopt, a quarter of the units, are three times as large."""
    d.start = np.where(d.rng.random(d.units) < 0.375, d.start, PERIODS)
    d.errors = np.where(d.ever, 3.0, 1.0) * d.errors


@dataclass(frozen=True)
class Collection:
    """Scenarios measured together and tabulated in benchmarks/results/model_average.md.

    Parameters
    ----------
    name : str
        Of the program and the folder.
    worlds : mapping of str to callable
        What each changes of a draft; its place is part of the seed.
    first : int, default 0
        Number of the first panel, part of the seed.
    """

    name: str
    worlds: Mapping[str, Callable[[Draft], None]]
    first: int = 0

    @property
    def store(self) -> Store:
        """Of what was measured."""
        return Store(self.name)

    @property
    def mark(self) -> str:
        """What stands before and after the table."""
        return f"<!-- python -m benchmarks.{self.name} -->"


WORLDS: Final[dict[str, Callable[[Draft], None]]] = {
    x.__name__.replace("_", " "): x
    for x in (
        parallel, heavy, unequal, gains, provinces, falls_behind, counts, dip, anticipation,
        two_factors, common_walk, lines, bend, persistent_dip, two_steps, cycle, rebased,
        crowded_out, late_shock, loud_adopters, three_steps, announced, two_good_years, base_years,
    )
}  # fmt: skip


def made(
    world: str, units: int, number: int, worlds: Mapping[str, Callable[[Draft], None]] = WORLDS
) -> tuple[nqp.Panel, float]:
    """A panel, and the average effect on its treated rows."""
    place = list(worlds).index(world)
    rng = np.random.default_rng([SEED, place, units, number])
    d = Draft(rng, units)
    worlds[world](d)
    treated = d.event >= 0
    outcome = d.untreated + treated * d.effect
    kept = np.ones_like(treated)
    if d.columns.pop("counts", None) is not None:
        # Effects and errors a third as large, in logs of counts with a mean of some four.
        rate = np.exp(1.2 + (outcome - d.level) / 3.0 + (d.level - d.level.mean()) / 6.0)
        number_of = rng.poisson(rate)
        kept = number_of > 0
        outcome = np.log(np.maximum(number_of, 1))
        treated, d.effect = treated & kept, d.effect / 3.0
    i = np.repeat(np.arange(units), PERIODS)
    cohort = np.where(d.ever[:, 0], d.start + 2004.0, np.nan)
    columns = {name: values[i] for name, values in d.columns.items()}
    frame = pd.DataFrame({
        "unit": [f"u{k}" for k in i], "year": np.tile(d.t + 2004, units), "cohort": cohort[i],
        "region": np.where(d.region[i] == 1, "inland", "coastal"), "y": outcome.ravel(), **columns,
    })[kept.ravel()]  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", strata=["region"]
    )
    return panel, float(d.effect[treated].mean())


def interval(effects: object) -> tuple[float, float]:
    """The 95 % interval of the average effect."""
    low, high = np.quantile(nqp.att(effects), (0.025, 0.975))
    return float(low), float(high)


def measured(
    world: str, units: int, number: int, worlds: Mapping[str, Callable[[Draft], None]] = WORLDS
) -> dict[str, Any]:
    """Intervals, probabilities of assumptions, verdicts and the grade on one panel."""
    began = time.process_time()
    panel, truth = made(world, units, number, worlds)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=number), progress=False)
    results = run_checks(fit, (*ASKED, "identification"))
    posterior = reported_posterior(fit)
    average = posterior.average
    assert average is not None
    grade = confidence_of(results, support=average.support, averaged=True).grade
    row: dict[str, Any] = {"world": world, "units": units, "number": number}
    row |= {"truth": round(truth, 4), **{x.name: x.verdict for x in results if x.name in ASKED}}
    row |= {f"p_{name}": round(float(p), 4) for name, p in average.families["posterior"].items()}
    row |= {"identification": round(average.support, 4), "grade": grade}
    for name, effects in (("default", posterior.fitted), ("reported", posterior.effects)):
        low, high = interval(effects)
        row |= {f"{name}_low": round(low, 4), f"{name}_high": round(high, 4)}
    return row | {"seconds": round(time.process_time() - began, 2)}


def run(collection: Collection, only: list[str], sizes: list[int], panels: int, part: str) -> None:
    """Measure what is not there yet, a panel of every world in turn."""
    first, of = (int(x) for x in part.split("/"))
    ready = collection.store.ready()
    for number in range(collection.first + first - 1, collection.first + panels, of):
        for units in sizes:
            for world in only:
                if (world, units, number) in ready:
                    continue
                try:
                    row = measured(world, units, number, collection.worlds)
                except NQPError as error:
                    row = {"world": world, "units": units, "number": number, "error": str(error)}
                collection.store.add(row, f"{first}of{of}")


def table(collection: Collection) -> str:
    """Coverage and width of both answers, and misses without a warning, by scenario and size."""
    head = (
        "| scenario | units | panels | default covers | reported covers (width) | P(parallel) "
        "| undetected: default | undetected: reported | some check warns | grade high or medium |"
    )
    rows = [head, "|" + " --- |" * 10]
    frame = collection.store.rows()
    frame = frame[frame["truth"].notna()]
    place = frame["world"].map({name: k for k, name in enumerate(collection.worlds)})
    frame = frame.assign(place=place).sort_values(["place", "units"])
    for (world, units), part in frame.groupby(["world", "units"], sort=False):
        held, width = of_answers(part)
        warned = warns(part)
        cells = [f"{held['default'].mean():.2f}"]
        cells += [f"{held['reported'].mean():.2f} ({width['reported'] / width['default']:.2f})"]
        cells += [f"{part['p_parallel'].median():.2f}"]
        cells += [f"{(~held[x] & ~warned).mean():.2f}" for x in ANSWERS]
        graded = part["grade"].isin(("high", "medium")).mean()
        cells += [f"{warned.mean():.2f}", f"{graded:.2f}"]
        rows.append(" | ".join([f"| {world}", str(units), str(len(part)), *cells]) + " |")
    return "\n".join(rows)


def of_answers(part: pd.DataFrame) -> tuple[dict[str, pd.Series[bool]], dict[str, float]]:
    """Whether each answer covers the truth, and its mean width."""
    held = {x: part["truth"].between(part[f"{x}_low"], part[f"{x}_high"]) for x in ANSWERS}
    width = {x: float((part[f"{x}_high"] - part[f"{x}_low"]).mean()) for x in ANSWERS}
    return held, width


def warns(part: pd.DataFrame) -> pd.Series[bool]:
    """Whether some check fails or is in doubt."""
    return part[list(ASKED)].isin(WARNINGS).any(axis=1)


def overview() -> str:
    """Tabulate what was measured before and after the prior and the thresholds were fixed."""
    before, after = Store("worlds").rows(), Store("later_worlds").rows()
    sets = {
        "on which prior and thresholds were set": before,
        "of these, with a violation that pre-adoption observations can show, or with none": (
            before[~before["world"].isin(UNSEEN)]
        ),
        "written after prior and thresholds were fixed": after,
    }
    head = (
        "| scenarios | number | panels | default covers | reported covers | cells below 0.88 "
        "| width | undetected: default | undetected: reported |"
    )
    rows = [head, "|" + " --- |" * 9]
    for name, frame in sets.items():
        frame = frame[frame["truth"].notna()].reset_index(drop=True)
        held, warned = of_answers(frame)[0], warns(frame)
        cells = [of_answers(x) for _, x in frame.groupby(["world", "units"])]
        low = sum(covers["reported"].mean() < LOW for covers, _ in cells)
        width = np.mean([x["reported"] / x["default"] for _, x in cells])
        line = [f"| {name}", str(frame["world"].nunique()), str(len(frame))]
        line += [f"{held[x].mean():.2f}" for x in ANSWERS]
        line += [f"{low} of {len(cells)}", f"{width:.2f}"]
        line += [f"{(~held[x] & ~warned).mean():.3f}" for x in ANSWERS]
        rows.append(" | ".join(line) + " |")
    return "\n".join(rows)


def collect(collection: Collection) -> None:
    """Add rows of runs to the file; write the tables of benchmarks/results/model_average.md."""
    collection.store.keep()
    path = ROOT / "benchmarks" / "results" / "model_average.md"
    text = path.read_text(encoding="utf-8")
    for mark, lines in ((collection.mark, table(collection)), (OVERVIEW, overview())):
        before, _, after = text.split(mark)
        text = f"{before}{mark}\n\n{lines}\n\n{mark}{after}"
    path.write_text(text, encoding="utf-8")


def main(collection: Collection, about: str | None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=about)
    names = list(collection.worlds)
    parser.add_argument("--only", nargs="+", default=names, choices=names)
    parser.add_argument("--units", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--part", default="1/1", help="i/n: every n-th panel from the i-th on")
    parser.add_argument(
        "--collect", action="store_true", help="write benchmarks/results/model_average.md alone"
    )
    arguments = parser.parse_args()
    if arguments.collect:
        collect(collection)
        return
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    run(collection, arguments.only, arguments.units, arguments.panels, arguments.part)


if __name__ == "__main__":
    main(Collection("worlds", WORLDS), __doc__)
