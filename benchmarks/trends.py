"""Run: python -m benchmarks.trends; an interrupted run goes on where it stopped.

Coverage where parallel trends hold and where they fail, under parallel and differential trends.
Worlds
and seeds stand here; what was fitted is kept in .cache/trends, and `--collect` writes its table
into benchmarks/results/trends.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import beta

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.data.simulation import Simulated, staggered

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".cache" / "trends"
SEED = 20_261_126
"""Panel k of world w and size s has the seed (SEED, w, s, k)."""
WORLDS = {
    "parallel": "none", "one factor": "factor", "lines": "lines", "bend": "bend",
    "two factors": "two factors",
}  # fmt: skip
ZONES = {6: 12, 7: 1, 9: 22, 10: 22, 11: 51}
"""Cities by the period in which they adopt, 2010 being the first: 2015, 2016, 2018, 2019, 2020."""
SIX = {"region": ("inland", "coastal"), "size": ("small", "middle", "large")}
SIZES = {
    "60 × 14": {"units": 60, "periods": 14},
    "285 × 12": {"units": 285, "periods": 12, "cohorts": ZONES},
    "60 × 14, one stratum": {"units": 60, "periods": 14, "strata": {}},
    "285 × 12, one stratum": {"units": 285, "periods": 12, "cohorts": ZONES, "strata": {}},
    "285 × 12, six strata": {
        "units": 285, "periods": 12, "cohorts": {6: 18, 9: 24, 10: 24, 11: 48}, "strata": SIX,
    },
}  # fmt: skip
DESIGNS = {"parallel": None, "differential": nqp.DifferentialTrends()}
CONTRAST = 0.4
MARK = "<!-- coverage: python -m benchmarks.trends -->"


def simulated(world: str, size: str, number: int) -> Simulated:
    """Make a panel: effects 1 + .1 e, units' deviations of .3, AR(1) of .5; a contrast of .4."""
    place = (list(WORLDS).index(world), list(SIZES).index(size), number)
    seed = int(np.random.SeedSequence((SEED, *place)).generate_state(1)[0])
    contrast = CONTRAST if SIZES[size].get("strata", SIX) else 0.0
    return staggered(
        **SIZES[size], effect="growing", growth=0.1, contrast=contrast, drift=WORLDS[world],
        seed=seed,
    )  # fmt: skip


def estimands(effects: nqp.Fit | xr.Dataset) -> Iterator[tuple[str, xr.DataArray]]:
    """Name the average effect, its strata, their contrast, and the event times."""
    yield "ATT", nqp.att(effects)
    cells = effects.effects if isinstance(effects, nqp.Fit) else effects
    if "region" in schema.factors(cells):
        strata = nqp.att(effects, by="region")
        for name in strata["region"].to_numpy():
            yield f"stratum {name}", strata.sel(region=name)
        inland, coastal = (strata.sel(region=name, drop=True) for name in ("inland", "coastal"))
        yield "contrast", inland - coastal
    event = nqp.att(effects, by="event_time")
    for e in event["event_time"].to_numpy():
        yield f"event time {e}", event.sel(event_time=e)


def one_panel(world: str, size: str, number: int) -> Iterator[dict[str, object]]:
    """Fit every design to one panel, and lay estimates beside the truth."""
    panel = simulated(world, size, number)
    truths = {name: float(x.mean()) for name, x in estimands(panel.truth)}
    for label, trends in DESIGNS.items():
        began = time.process_time()
        line = {"world": world, "size": size, "number": number, "design": label}
        try:
            fit = nqp.fit(
                nqp.StaggeredDiD(trends=trends), panel.panel, nqp.Importance(seed=number),
                progress=False, threads=1,
            )  # fmt: skip
        except NQPError as error:
            missed = {"passed": False, "error": str(error), "low": np.nan, "high": np.nan}
            yield from ({**line, **missed, "estimand": n, "truth": x} for n, x in truths.items())
            continue
        line["seconds"] = time.process_time() - began
        line["passed"], line["khat"] = fit.gate.passed, fit.gate.khat
        for name, draws in estimands(fit):
            low, high = np.quantile(draws.to_numpy(), [0.025, 0.975])
            yield {
                **line, "estimand": name, "truth": truths[name], "mean": float(draws.mean()),
                "low": float(low), "high": float(high),
            }  # fmt: skip


def run(panels: int, parts: Sequence[int], sizes: Sequence[str]) -> None:
    """Fit what is not there yet, world after world."""
    STORE.mkdir(parents=True, exist_ok=True)
    for number in range(panels):
        if number % parts[1] != parts[0]:
            continue
        for size in sizes:
            for world in WORLDS:
                place = (
                    STORE / f"{size.replace(' × ', 'x')}-{world.replace(' ', '_')}-{number}.json"
                )
                if not place.exists():
                    lines = list(one_panel(world, size, number))
                    draft = place.with_suffix(".draft")
                    draft.write_text(json.dumps(lines), encoding="utf-8")
                    draft.rename(place)


def table() -> pd.DataFrame:
    """Lay all that was fitted out; a fit that failed its gate is a miss."""
    lines = [
        line for path in sorted(STORE.glob("*.json"))
        for line in json.loads(path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    frame = pd.DataFrame(lines)
    inside = (frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"])
    return frame.assign(
        covered=inside & frame["passed"], width=frame["high"] - frame["low"],
        error=frame["mean"] - frame["truth"],
    )  # fmt: skip


def section(frame: pd.DataFrame) -> str:
    """Coverage by world, size and design, with binomial intervals."""
    kind = frame["estimand"].str.replace(r"^stratum.*", "strata", regex=True)
    kind = kind.str.replace(r"^event time.*", "event times", regex=True)
    keys = ["size", "world", "design"]
    rows = []
    for (size, world, design), part in frame.groupby(keys, sort=False):
        cells = [size, world, design, str(part["number"].nunique())]
        for name in ("ATT", "strata", "contrast", "event times"):
            some = part[kind[part.index] == name]
            hits, n = int(some["covered"].sum()), len(some)
            if not n:
                cells.append("")
                continue
            share = hits / n
            high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
            mark = "" if name == "event times" or high >= 0.93 else " **below**"
            cells.append(f"{share:.3f}{mark}")
        average = part[part["estimand"] == "ATT"]
        cells += [
            f"{average['width'].mean():.2f}", f"{average['error'].mean():+.2f}",
            f"{np.sqrt((average['error'] ** 2).mean()):.2f}", f"{average['seconds'].mean():.2f}",
            f"{1.0 - average['passed'].mean():.1%}",
        ]  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    names = [
        "size", "world", "trends", "panels", "ATT", "strata", "contrast", "event times", "width",
        "bias", "RMSE", "CPU s", "gate failed",
    ]  # fmt: skip
    head = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join([MARK, "", *head, *rows, "", MARK])


def collect() -> None:
    """Write the table into its place in benchmarks/results/trends.md."""
    path = ROOT / "benchmarks" / "results" / "trends.md"
    text = path.read_text(encoding="utf-8")
    before, _, after = text.split(MARK)
    path.write_text(before + section(table()) + after, encoding="utf-8")


def main() -> None:
    """Run, or collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=500, help="of each world and size")
    parser.add_argument("--part", default="0/1", help="k/n: every n-th panel, from the k-th on")
    parser.add_argument("--sizes", nargs="*", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--collect", action="store_true", help="write benchmarks/results/trends.md")
    parser.add_argument("--show", action="store_true", help="print the table")
    asked = parser.parse_args()
    if asked.show:
        print(section(table()))
    elif asked.collect:
        collect()
    else:
        first, count = (int(x) for x in asked.part.split("/"))
        run(asked.panels, (first, count), asked.sizes)


if __name__ == "__main__":
    main()
