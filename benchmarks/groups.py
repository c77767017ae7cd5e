"""Run: python -m benchmarks.groups; an interrupted run goes on where it stopped.

Whether the checks `error_model` and `time_effects` see what groups of units share, and whether what
they say to fit covers: panels where all that the default assumes is true, where provinces adopt
and have shocks that last, and where a region falls behind and its units adopt more often. Two
strata with time effects of their own, four cohorts, effects that differ, AR(1) errors of .5.
`--collect` writes the table into benchmarks/results/checks.md.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError

from ._store import ROOT, Store

STORE = Store("groups")
MARK = "<!-- python -m benchmarks.groups -->"
SEED = 20_261_130
"""Panel k of world w at n units has the seed (SEED, w, n, k)."""
WORLDS = ("the model is true", "shocks of provinces last", "a region falls behind")
UNITS, YEARS, PROVINCES = (60, 200), np.arange(2008, 2020), 20
COHORTS = np.array([2012, 2014, 2016, 9999])
SHOCKS, BEHIND = 0.5, 1.0
"""Sd of a province's shock where innovations have .7; what the region loses from 2013 on."""

Array = npt.NDArray[np.float64]


def lasting(rng: np.random.Generator, rows: int, sd: float) -> Array:
    """Draw stationary AR(1) of .5 with a standard deviation, by row."""
    out = np.zeros((rows, YEARS.size))
    out[:, 0] = rng.normal(size=rows)
    for t in range(1, YEARS.size):
        out[:, t] = 0.5 * out[:, t - 1] + np.sqrt(0.75) * rng.normal(size=rows)
    return sd * out


def simulated(world: str, units: int, number: int) -> tuple[nqp.Panel, float]:
    """Make a panel, and the average effect on its treated rows."""
    rng = np.random.default_rng((SEED, WORLDS.index(world), units, number))
    unit = np.arange(units)
    province, region, zone = unit % PROVINCES, unit % 4, unit // 4 % 2
    cohort = rng.permutation(np.resize(COHORTS, PROVINCES))[province]
    if world == "a region falls behind":
        more, fewer = [0.2, 0.2, 0.4, 0.2], [0.15, 0.15, 0.15, 0.55]
        cohort = np.array([rng.choice(COHORTS, p=fewer if r else more) for r in region])
    treated = YEARS >= cohort[:, None]
    effect = treated * (0.8 + 0.3 * zone + rng.normal(0, 0.2, units))[:, None]
    common = np.cumsum(rng.normal(0, 0.3, (2, YEARS.size)), axis=1)[zone]
    y = rng.normal(0, 1.5, (units, 1)) + common + effect
    y = y + lasting(rng, units, 0.7 / np.sqrt(0.75))
    if world == "shocks of provinces last":
        y = y + lasting(rng, PROVINCES, SHOCKS)[province]
    if world == "a region falls behind":
        y = y - BEHIND * ((region == 0)[:, None] & (YEARS >= 2013))
    row = np.repeat(unit, YEARS.size)
    frame = pd.DataFrame(
        {
            "unit": np.char.add("u", row.astype(str)),
            "year": np.tile(YEARS, units),
            "cohort": np.where(cohort == COHORTS[-1], np.nan, cohort)[row],
            "zone": np.array(["a", "b"])[zone[row]],
            "province": np.char.add("p", province[row].astype(str)),
            "region": np.char.add("r", region[row].astype(str)),
            "y": y.ravel(),
        }
    )
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", strata=["zone"]
    )
    return panel, float(effect[treated].mean())


def remedy(world: str, panel: nqp.Panel) -> tuple[nqp.StaggeredDiD, nqp.Panel]:
    """Design that the checks name in a world, and the panel that it is fitted to."""
    if world != "a region falls behind":
        shocks = nqp.ClusterTimeEffects("province", errors=nqp.AR1())
        return nqp.StaggeredDiD(shocks=shocks), panel
    roles = {**panel.arguments, "strata": ["zone", "region"]}
    time = nqp.TimeEffects(["zone", "region"])
    design = nqp.StaggeredDiD(nqp.PartialPooling("zone"), time=time)
    return design, nqp.Panel.from_frame(panel.frame, **roles)


def one_panel(world: str, units: int, number: int) -> dict[str, object]:
    """Fit the default and the remedy, and ask both checks of the default."""
    panel, truth = simulated(world, units, number)
    line: dict[str, object] = {"world": world, "units": units, "number": number}
    sampler = nqp.Importance(draws=300, seed=number)
    designs = {"default": (nqp.StaggeredDiD(), panel), "remedy": remedy(world, panel)}
    for name, (design, rows) in designs.items():
        try:
            fit = nqp.fit(design, rows, sampler, progress=False, threads=1)
        except NQPError:
            continue
        draws = nqp.att(fit).to_numpy()
        low, high = np.quantile(draws, [0.025, 0.975])
        line |= {name: bool(low <= truth <= high), f"{name}_sd": float(draws.std())}
        if name == "default":
            for check in ("error_model", "time_effects"):
                found = nqp.check(fit, check, progress=False)
                line[check] = found.verdict
    return line


def run(panels: int) -> None:
    """Measure what is not there yet."""
    ready = STORE.ready()
    for number in range(panels):
        for units in UNITS:
            for world in WORLDS:
                if (world, units, number) not in ready:
                    STORE.add(one_panel(world, units, number))


def table() -> str:
    """Shares of panels, as Markdown."""
    rows = [
        "| world | units | panels | `error_model` fails (in doubt) | `time_effects` fails "
        "(in doubt) | default covers | remedy covers | its sd over the default's |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (world, units), part in STORE.rows().groupby(["world", "units"], sort=False):
        cells = [
            f"{(part[check] == 'failed').mean():.2f} ({(part[check] == 'caution').mean():.2f})"
            for check in ("error_model", "time_effects")
        ]
        known = part.dropna(subset="remedy")
        cells += [f"{x:.2f}" for x in (part["default"].mean(), known["remedy"].mean())]
        cells += [f"{(known['remedy_sd'] / known['default_sd']).mean():.2f}"]
        rows.append(f"| {world} | {units} | {len(part)} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    """Fit all panels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=60)
    parser.add_argument("--collect", action="store_true")
    arguments = parser.parse_args()
    if not arguments.collect:
        run(arguments.panels)
    text = table()
    print(text)
    if arguments.collect:
        STORE.keep()
        page = ROOT / "benchmarks" / "results" / "checks.md"
        before, _, after = page.read_text(encoding="utf-8").partition(MARK)
        rest = after.lstrip("\n").partition("\n\n")[2]
        page.write_text(f"{before}{MARK}\n\n{text}\n\n{rest}", encoding="utf-8")


if __name__ == "__main__":
    main()
