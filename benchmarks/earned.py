"""Run: python -m benchmarks.earned choose, then rates; an interrupted run goes on where it stopped.

How large the log Bayes factor of parallel over differential trends is where trends are parallel and
where they are not. `choose` gives the threshold from seeds of its own; `rates` what the check
`pretrends` says on others, and what leads and slope alone, its rule before, say of the same
panels, given parameters at their posterior mode. `--collect` writes what is there into
docs/trends.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

import bayes_nqp as nqp
from bayes_nqp.checks.shared import FAILS, worst_of
from bayes_nqp.checks.trends._bayes_factor import AGAINST, HELD, log_bayes_factor
from bayes_nqp.errors import NQPError
from bayes_nqp.simulation import staggered

from .pretrends import judged

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".cache" / "earned"
SEEDS = {"choose": 11_000_000, "rates": 12_000_000}
"""Panel k has the seed of its set plus k: those of `choose` fix the threshold, of `rates` not."""
WORLDS = {"parallel": "none", "lines": "lines", "bend": "bend", "one factor": "factor"}
WRONG = ("lines", "bend")
UNITS = (30, 60, 150, 285)
BEFORE = (4, 6, 8)
AFTER = 5
THRESHOLDS = (3.0, 3.5, 4.0, 4.5)
MARKS = {which: f"<!-- python -m benchmarks.earned {which} -->" for which in SEEDS}


def stepped(cells: pd.DataFrame) -> pd.Series[float]:
    """Effects of all cohorts that grow by one at a calendar date."""
    return 0.5 + 1.0 * (cells["time"] >= 10)


def ramped(cells: pd.DataFrame) -> pd.Series[float]:
    """Effects of all cohorts that grow from a calendar date on."""
    return 0.25 * (cells["time"] - 6).clip(lower=0)


LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "9 periods, 4 before": {"periods": 9, "cohorts": (5, 6, 8)},
    "20 periods, 9 before": {"periods": 20, "cohorts": (10, 11, 13)},
    "one cohort": {"cohorts": (7,)},
    "cohorts of 3, 12, 75": {"cohorts": {7: 3, 8: 12, 10: 75}},
    "cohorts of 4, 3, 3": {"cohorts": {7: 4, 8: 3, 10: 3}},
    "two strata": {"strata": {"region": ("inland", "coastal")}},
    "AR(1) of .3": {"rho": 0.3},
    "AR(1) of .9": {"rho": 0.9},
    "AR(1) and white noise": {"noise": "ar1+white"},
    "t(4) innovations": {"noise": "student"},
    "effects step at a date": {"effect": stepped},
    "effects ramp from a date": {"effect": ramped},
}
"""What is other than 150 units, 11 periods, six before the first of three cohorts."""


def simulated(which: str, world: str, number: int, **other: Any) -> nqp.Panel:
    """Make a panel: three cohorts, effects 1 + .1 e, AR(1) of .5."""
    usual = {"strata": {}, "effect": "growing", "growth": 0.1, "drift": WORLDS[world]}
    return staggered(**{**usual, **other, "seed": SEEDS[which] + number}).panel


def size(units: int, before: int) -> dict[str, Any]:
    """Three cohorts that adopt within four periods."""
    cohorts = (before + 1, before + 2, before + 4)
    return {"units": units, "periods": before + AFTER, "cohorts": cohorts}


def chosen(number: int) -> Iterator[tuple[str, Any]]:
    """Log Bayes factors of a panel of each size and world."""
    for units, before, world in product(UNITS, BEFORE, WORLDS):
        yield (
            f"{world}|{units}|{before}",
            lambda u=units, b=before, w=world: {
                "first": factor(simulated("choose", w, number, **size(u, b)), nqp.AR1(), number)
            },
        )


def rated(number: int) -> Iterator[tuple[str, Any]]:
    """Both rules on a panel of each size and world, and of each layout where trends matter."""
    before = BEFORE[number % len(BEFORE)]
    for units, world in product(UNITS, WORLDS):
        yield (
            f"{world}|{units}|{before}",
            lambda u=units, w=world: both(simulated("rates", w, number, **size(u, before)), number),
        )
    for layout, world in product(LAYOUTS, ("parallel", *WRONG)):
        yield (
            f"{world}|{layout}",
            lambda x=layout, w=world: both(
                simulated("rates", w, number, **{**size(150, 6), **LAYOUTS[x]}), number
            ),
        )


def factor(panel: nqp.Panel, noise: object, number: int) -> float:
    """Lowest log Bayes factor over strata with time effects of their own; missing without one."""
    parts = [panel]
    if panel.roles.strata:
        (name,) = panel.roles.strata
        parts = [panel.where((panel.frame[name] == x).to_numpy()) for x in panel.levels[name]]
    try:
        return min(log_bayes_factor(nqp.StaggeredDiD(), x, noise, number)[0] for x in parts)
    except NQPError:
        return float("nan")


def both(panel: nqp.Panel, number: int) -> dict[str, object]:
    """What leads and slope say, and factors: under richer errors only where these decide."""
    old = judged(panel, number).verdict
    first = factor(panel, nqp.AR1(), number)
    richer = first
    if old != FAILS and not AGAINST <= first <= min(THRESHOLDS):
        richer = factor(panel, nqp.AR1().richer[0], number)
    return {"first": first, "richer": richer, "old": old}


TASKS = {"choose": chosen, "rates": rated}


def run(which: str, panels: int) -> None:
    """Compute what is not there yet."""
    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / f"{which}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    ready = {(line["cell"], line["number"]) for line in map(json.loads, lines)}
    with path.open("a", encoding="utf-8") as file:
        for number in range(panels):
            for cell, task in TASKS[which](number):
                if (cell, number) not in ready:
                    file.write(json.dumps({"cell": cell, "number": number, **task()}) + "\n")
                    file.flush()


def table(which: str) -> pd.DataFrame:
    """Read what is there: a row a panel."""
    lines = (STORE / f"{which}.jsonl").read_text(encoding="utf-8").splitlines()
    frame = pd.DataFrame([json.loads(line) for line in lines])
    names = frame["cell"].str.split("|", expand=True)
    return frame.assign(world=names[0], size=names[1], before=names[2])


def choice(frame: pd.DataFrame) -> str:
    """Shares above several thresholds, over all lengths of the time before adoption."""
    rows = [["world", "units", "panels", *(f"above {x:g}" for x in THRESHOLDS), "90 % lie below"]]
    for (world, units), part in frame.groupby(["world", "size"], sort=False):
        counts = [int((part["first"] > x).sum()) for x in THRESHOLDS]
        tails = [f"{part['first'].quantile(0.9):.2f}"]
        rows.append([world, units, len(part), *(share(k, len(part)) for k in counts), *tails])
    return markdown(rows)


def rates(frame: pd.DataFrame) -> str:
    """What both rules say of the same panels."""
    low, high = frame[["first", "richer"]].min(axis=1), frame[["first", "richer"]].max(axis=1)
    missing = frame[["first", "richer"]].isna().any(axis=1)
    earned = np.select(
        [missing, high < AGAINST, low > HELD], ["in doubt", "fails", "holds"], "in doubt"
    )
    frame = frame.assign(
        new=[worst_of(pair) for pair in zip(earned, frame["old"], strict=True)], none=missing
    )
    head = ["world", "panel", "panels", "holds", "fails", "old: holds", "old: fails", "no factor"]
    rows: list[list[Any]] = [head]
    every = frame.assign(size="all of them")
    for (world, name), part in pd.concat([every, frame]).groupby(["world", "size"], sort=False):
        name = f"{name} units" if name.isdigit() else name
        cells = [
            share(int((part[rule] == verdict).sum()), len(part))
            for rule, verdict in product(("new", "old"), ("holds", "fails"))
        ]
        rows.append([world, name, len(part), *cells, int(part["none"].sum())])
    return markdown(rows)


def share(count: int, number: int) -> str:
    """A share and its 95 % binomial interval."""
    low = beta.ppf(0.025, count, number - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, number - count) if count < number else 1.0
    return f"{count / number:.2f} ({low:.2f}–{high:.2f})"


def markdown(rows: list[list[Any]]) -> str:
    """Lay cells out as a table."""
    head, *body = [" | ".join(map(str, row)) for row in rows]
    return "\n".join(f"| {x} |" for x in (head, " | ".join(["---"] * len(rows[0])), *body))


SECTIONS = {"choose": choice, "rates": rates}


def collect() -> None:
    """Write the tables into their places in docs/trends.md."""
    path = ROOT / "docs" / "trends.md"
    text = path.read_text(encoding="utf-8")
    for which, mark in MARKS.items():
        before, _, after = text.split(mark)
        text = f"{before}{mark}\n\n{SECTIONS[which](table(which))}\n\n{mark}{after}"
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Run, show, or collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=list(SEEDS), nargs="?", default="rates")
    parser.add_argument("--panels", type=int, default=100, help="of each world and layout")
    parser.add_argument("--show", action="store_true", help="print what is there")
    parser.add_argument("--collect", action="store_true", help="write docs/trends.md")
    asked = parser.parse_args()
    if asked.collect:
        collect()
        return
    if not asked.show:
        run(asked.which, asked.panels)
    print(SECTIONS[asked.which](table(asked.which)))


if __name__ == "__main__":
    main()
