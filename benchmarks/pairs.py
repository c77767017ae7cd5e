"""Coverage of effects on pairs of nodes, of one end and of both, where nodes have shocks.

    python -m benchmarks.pairs [--panels 100] [--only NAME] [--seed FIRST] [--collect]
    python -m benchmarks.pairs --leads [--panels 40]    what `pretrends` says of clean panels
    python -m benchmarks.pairs --speed     285 nodes, 40,470 pairs, 10 years

Panels of `nqp.simulation.network`: 60 nodes, of which 30 adopt at five dates; shocks of nodes with
AR(1) innovations of .3 beside errors of pairs of 1, both with a correlation of .5 (`shocks`), and
.9 (`lasting`); none (`clean`); and 30 nodes' links with a direction (`directed`). Each
under pairs as independent units, and with `NodeTimeEffects`; and what `dyadic_errors` says. Two
worlds
have no shocks of nodes: in `regions` (40 nodes of five regions, in some of which more adopt; eight
periods, three dates) all links between two regions share shocks that last, .8, of innovations of
.5, of which `error_model` is asked, and a design has what it names; in `each way` (30 nodes,
directed) links from i to j and from j to i do, .9 and 1.5. The `reported` error is the larger
one of `dyadic_errors` where this is in doubt. `no regions` and `none each way` are the same without
such shocks. A row a panel in .cache/pairs, kept in benchmarks/measured by --collect. With `--leads`
panels have 24 nodes, of which 12 adopt at three dates, and nine periods; pairs are parallel before
adoption (rows in .cache/pairs_leads).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bayes_nqp as nqp

from ._coverage import against, summary
from ._store import Store
from .earned import markdown

KEYS = ("world", "pairs", "seed")
STORE, LEADS = Store("pairs", KEYS), Store("pairs_leads", KEYS)
WORLDS: Mapping[str, Mapping[str, Any]] = {
    "clean": {"shock_sd": 0.0},
    "shocks": {},
    "lasting": {"shock_rho": 0.9},
    "directed": {"nodes": 30, "directed": True},
    "regions": {"nodes": 40, "periods": 8, "cohorts": (4, 5, 6), "shock_sd": 0.0},
    "each way": {"nodes": 30, "directed": True, "shock_sd": 0.0},
}
WORLDS = {**WORLDS, "no regions": WORLDS["regions"], "none each way": WORLDS["each way"]}
SHARED: Mapping[str, tuple[float, float]] = {
    "regions": (0.8, 0.5), "no regions": (0.0, 0.0),
    "each way": (0.9, 1.5), "none each way": (0.0, 0.0),
}  # fmt: skip
"""Worlds in which links share shocks: autocorrelation, and innovations."""
REGIONS, BOTH = 5, "region_from–region_to"
DESIGNS = ("independent", "node shocks")
CASES = [(world, design) for world in WORLDS for design in DESIGNS]
CASES += [("regions", "region shocks")]
SMALL: Mapping[str, Any] = {"nodes": 24, "periods": 9, "cohorts": (5, 6, 7)}
RIGHT = (("clean", "independent"), ("shocks", "node shocks"))
"""Worlds, and errors that are right in them."""


def design_of(name: str, *, directed: bool) -> nqp.StaggeredDiD:
    """Pairs as independent units, or with shocks of nodes, or of regions."""
    terms: list[Any] = [nqp.EndpointEffects(directed=directed)]
    terms += [nqp.NodeTimeEffects(directed=directed)] if name == "node shocks" else []
    lasting = nqp.ClusterTimeEffects(BOTH, errors=nqp.AR1()) if name == "region shocks" else None
    return nqp.StaggeredDiD(terms=terms, shocks=lasting)


def world_of(world: str, seed: int) -> tuple[nqp.Panel, xr.Dataset]:
    """A panel and its truth, with the regions of nodes and shocks that links share, if any."""
    made = nqp.simulation.network(**WORLDS[world], seed=seed)
    if world not in SHARED:
        return made.panel, made.truth
    rng, frame = np.random.default_rng([seed, 1]), made.panel.frame
    dates = {
        node: date
        for end in ("origin", "destination")
        for node, date in zip(frame[end], frame[f"{end}_adoption"], strict=True)
    }
    # Those that adopt are more often of the last regions.
    place = rng.standard_normal(len(dates)) + 2.0 * pd.Series(dates).notna().to_numpy()
    region = pd.Series((place.argsort().argsort() * REGIONS) // len(dates), [*dates]).astype(str)
    table = frame[["origin", "destination", "time", "outcome"]].copy()
    directed = bool(WORLDS[world].get("directed"))
    if not directed:
        table["region_from"] = frame["origin"].map(region)
        table["region_to"] = frame["destination"].map(region)
    ends = ["origin", "destination"] if directed else ["region_from", "region_to"]
    links = pd.factorize(pd.Series(map(tuple, np.sort(table[ends].to_numpy(dtype=str)))))[0]
    rho, sd = SHARED[world]
    periods = made.panel.periods
    power = rho ** np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    root = np.linalg.cholesky(power + 1e-12 * np.eye(periods)) * sd / np.sqrt(1.0 - rho**2)
    paths = rng.standard_normal((links.max() + 1, periods)) @ root.T
    table["outcome"] += paths[links, made.panel.time_codes]
    panel = nqp.Panel.from_pairs(
        table, origin="origin", destination="destination", time="time", outcome="outcome",
        cohorts=dates, directed=directed,
    )  # fmt: skip
    return panel, made.truth


def answer(world: str, design: str, seed: int) -> dict[str, Any]:
    """Errors, sds and coverage by estimand; and the check's verdict."""
    panel, truth = world_of(world, seed)
    stated = design_of(design, directed=bool(WORLDS[world].get("directed")))
    fit = nqp.fit(stated, panel, nqp.Importance(seed=1), progress=False)
    effects = {"all": (nqp.att(fit), nqp.att(truth).item())}
    draws, true = (nqp.att(x, by="ends") for x in (fit, truth))
    for ends in draws["ends"].to_numpy().tolist():
        effects[ends] = (draws.sel(ends=ends), true.sel(ends=ends).item())
    dyadic = nqp.check(fit, "dyadic_errors", progress=False)
    row = against(effects) | {"gate": str(fit.gate), "verdict": str(dyadic.verdict)}
    if world not in SHARED:
        return row
    if BOTH in panel.frame.columns:
        row["error_model"] = str(nqp.check(fit, "error_model", progress=False).verdict)
    table = dyadic.evidence
    sd = row["all: sd"] if str(dyadic.verdict) != "caution" else float(table["se"].max())
    error = row["all: error"]
    reported = {"error": error, "sd": sd, "covers": int(abs(error) < 1.96 * sd)}
    ratio = (table["over_posterior_sd"] / table["limit"]).to_numpy()
    over = [str(x) for x, r in zip(table["by"].to_numpy(), ratio, strict=True) if r > 1]
    row |= {f"reported: {name}": number for name, number in reported.items()}
    return row | {"over": "; ".join(over)}


def before(world: str, design: str, seed: int) -> dict[str, Any]:
    """What `pretrends` says of a small panel, and its tail probabilities."""
    made = nqp.simulation.network(**WORLDS[world], **SMALL, seed=seed)
    stated = design_of(design, directed=False)
    fit = nqp.fit(stated, made.panel, nqp.Importance(seed=1), progress=False)
    result = nqp.check(fit, "pretrends", progress=False)
    facts, factor = result.evidence.attrs, result.evidence["log_bayes_factor"]
    return {
        "verdict": str(result.verdict),
        "leads": float(f"{facts['tail_probability']:.4g}"),
        "slope": float(f"{facts['slope_tail_probability']:.4g}"),
        "factor": float(f"{factor.min().item():.4g}"),
    }


def leads_table(rows: pd.DataFrame) -> str:
    """Verdicts, and how often tail probabilities of zero are below a limit."""
    lines = [["world", "pairs", "panels", "passed", "caution", "failed", "leads, slope below .05",
              "below .1", "below .5", "lowest factor"]]  # fmt: skip
    for (world, design), part in rows.groupby(["world", "pairs"], sort=False):
        said = [str((part["verdict"] == x).sum()) for x in ("passed", "caution", "failed")]
        below = [
            ", ".join(f"{(part[x] < limit).mean():.2f}" for x in ("leads", "slope"))
            for limit in (0.05, 0.1, 0.5)
        ]
        lowest = f"{part['factor'].min():.1f}"
        lines.append([world, design, str(len(part)), *said, *below, lowest])
    return markdown(lines)


def table(rows: pd.DataFrame) -> str:
    """Coverage, bias with its standard error, and posterior sd over that of errors."""
    titles = "world, pairs, panels, estimand, coverage, bias (se), sd over sd of errors"
    lines = [[*titles.split(", "), "dyadic_errors", "error_model", "wrong and silent"]]
    for (world, design), part in rows.groupby(["world", "pairs"], sort=False):
        said = [
            ", ".join(f"{x} {n}" for x, n in part[check].value_counts().items())
            for check in ("verdict", "error_model") if check in part
        ]  # fmt: skip
        loud = part.reindex(columns=["verdict", "error_model"]).isin(["caution", "failed"])
        silent = ((part["all: covers"] == 0) & ~loud.any(axis=1)).sum()
        for name, line in summary(part).iterrows():
            bias = f"{line['bias']:.3f} ({line['bias_se']:.3f})"
            wide = f"{line['sd'] / line['spread']:.2f}"
            held = f"{line['covers']:.3f}"
            lines.append(
                [world, design, str(len(part)), str(name), held, bias, wide, *said, str(silent)]
            )
    return markdown(lines)


def speed() -> None:
    """Print processor seconds of 285 nodes."""
    made = nqp.simulation.network(nodes=285, seed=1)
    for design in DESIGNS:
        start = time.process_time()
        nqp.fit(
            design_of(design, directed=False), made.panel, nqp.Importance(seed=1), progress=False
        )
        print(f"{design}: {time.process_time() - start:.1f} s")


def main() -> None:
    """Read the command line; measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--only", choices=WORLDS)
    parser.add_argument("--leads", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    worlds = list(WORLDS) if asked.only is None else [asked.only]
    seeds = range(asked.seed, asked.seed + asked.panels)
    if asked.speed:
        speed()
    elif asked.leads:
        cases = [case for case in RIGHT if case[0] in worlds]
        print(leads_table(LEADS.fill(cases, seeds, before)))
    else:
        cases = [case for case in CASES if case[0] in worlds]
        print(table(STORE.fill(cases, seeds, answer)))
    if asked.collect:
        (LEADS if asked.leads else STORE).keep()


if __name__ == "__main__":
    main()
