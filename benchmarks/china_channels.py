"""Through which channels pilot zones reach the new quality productivity of cities, as Markdown.

python -m benchmarks.china_channels city_nqpf_cbec_2010_2021.csv

The file is that of `benchmarks.china_cities`, with the mediators `ln_green_inv_patents` (green
invention patents), `sh3` (share of services) and `findev` (financial development). The time of the
fit with three mediators is set beside that of the outcome alone, on the same rows.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from benchmarks.china_cities import ROLES, line, read, table

import bayes_nqp as nqp

MEDIATORS = ("ln_green_inv_patents", "sh3", "findev")
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1())
CHANNELS = nqp.Mediation(DESIGN, MEDIATORS)
BAR, TURNS = 4.0, 5


def panel_of(df: pd.DataFrame) -> nqp.Panel:
    """Cities whose region is known."""
    known = df[df["region"].notna()]
    return nqp.Panel.from_frame(known, **ROLES, strata=["region"], mediators=list(MEDIATORS))


def decomposition(fit: nqp.Fit) -> None:
    """Print effects along every path, overall and by region, and what they are made of."""
    print("## Total, direct and indirect effects\n")
    region = {"total": nqp.total(fit, by="region"), "direct": nqp.nde(fit, by="region")}
    via, via_region = nqp.nie(fit), nqp.nie(fit, by="region")
    table({"total": nqp.total(fit), "direct": nqp.nde(fit), "indirect:": via})
    print("## By region\n")
    table({**region, "indirect:": via_region})
    print("## Contrasts\n")
    apart = {
        f"inland − coastal, {name}": nqp.contrast(draws, region="inland", minus="coastal")
        for name, draws in {**region, "indirect:": via_region}.items()
    }
    between = {
        f"{a} − {b}{where}": nqp.contrast(draws, mediator=a, minus=b)
        for a, b in combinations(MEDIATORS, 2)
        for where, draws in (("", via), (",", via_region))
    }
    table({**apart, **between})
    print("## Proportion mediated\n")
    proportions(fit)
    print("## Effects on mediators, and slopes of the outcome on them\n")
    slopes = fit.posterior["outcome__b"]
    table({"slope:": named(slopes), "inland − coastal, slope:": gap(slopes)})
    scales = {}
    for name in (*MEDIATORS, "outcome"):
        for parameter in ("rho", "sigma"):
            scales[f"{name} {parameter}"] = fit.posterior[f"{name}__{parameter}"]
    table(scales)


def proportions(fit: nqp.Fit) -> None:
    """Print the shares of the total effect, or why they are withheld."""
    for name, by in (("", None), ("by region", "region")):
        share = nqp.proportion_mediated(fit, by=by)
        if share.attrs["withheld"]:
            print(f"Withheld {name}: {share.attrs['withheld']}.\n")
        shown = {}
        for mediator in share["mediator"].to_numpy():
            one = share.sel(mediator=mediator)
            for level in [None] if by is None else one["region"].to_numpy():
                draws = one if level is None else one.sel(region=level)
                if not np.isnan(draws).all():
                    shown[f"{mediator} {level or ''}".strip()] = draws
        if shown:
            table(shown)


def named(slopes: xr.DataArray) -> xr.DataArray:
    """The same, without the equation's name before the stratum's."""
    return slopes.rename({d: str(d).rpartition("__")[2] for d in slopes.dims})


def gap(slopes: xr.DataArray) -> xr.DataArray:
    """Inland − coastal."""
    draws = named(slopes)
    levels = [str(x) for x in draws["stratum"].to_numpy()]
    one, other = (next(x for x in levels if name in x) for name in ("inland", "coastal"))
    return nqp.contrast(draws, stratum=one, minus=other)


def wall_clock(panel: nqp.Panel, sampler: nqp.Importance) -> None:
    """Print how long both fits take, in turns, after each has been made once."""
    rows = CHANNELS.rows(panel)
    fits: dict[str, Callable[[], nqp.Fit]] = {
        "outcome alone": lambda: nqp.fit(DESIGN, rows, sampler, progress=False),
        "three mediators": lambda: nqp.fit(CHANNELS, panel, sampler, progress=False),
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in fits}
    for turn in range(TURNS + 1):
        for name, make in fits.items():
            begin, used = time.perf_counter(), time.process_time()
            make()
            if turn:
                seconds[name].append((time.perf_counter() - begin, time.process_time() - used))
    print(f"## Time, {TURNS} fits in turns, both warm\n")
    print(line("fit", "fastest", "median", "processor, median"))
    print(line("---", "---:", "---:", "---:"))
    times = []
    for name, found in seconds.items():
        wall, processor = np.array(found).T
        times.append(np.array([wall.min(), np.median(wall), np.median(processor)]))
        print(line(name, *(f"{x:.2f} s" for x in times[-1])))
    print(
        line("three mediators over the outcome alone", *(f"{x:.2f}" for x in times[1] / times[0]))
    )
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"\nThe bar is {BAR:g} times. Load of the machine: {load} on {os.cpu_count()} cores.\n")


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-only", action="store_true", help="only the wall clock")
    given = parser.parse_args()
    sampler = nqp.Importance(seed=given.seed)
    panel = panel_of(read(given.path))
    rows = CHANNELS.rows(panel)
    print("# Channels of pilot zones to ln(nqpf)\n")
    print(f"`{CHANNELS!r}`, `{sampler!r}`\n\n```\n{rows!r}\n```\n")
    print(
        f"{rows.n_rows} rows of {rows.n_units} cities have all three mediators, of "
        f"{panel.n_rows} rows of {panel.n_units} cities.\n"
    )
    if not given.time_only:
        fit = nqp.fit(CHANNELS, panel, sampler, progress=False)
        print(f"Gate: {fit.gate}.\n")
        decomposition(fit)
    wall_clock(panel, sampler)


if __name__ == "__main__":
    main()
