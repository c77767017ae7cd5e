"""Coverage of effects on pairs of nodes, of one end and of both, where nodes have shocks.

    python -m benchmarks.pairs [--panels 100] [--only NAME] [--seed FIRST] [--collect]
    python -m benchmarks.pairs --leads [--panels 40]    what `pretrends` says of clean panels
    python -m benchmarks.pairs --speed     285 nodes, 40,470 pairs, 10 years

Panels of `nqp.simulation.network`: 60 nodes, of which 30 adopt at five dates; shocks of nodes with
AR(1) innovations of .3 beside errors of pairs of 1, both with a correlation of .5 (`shocks`), and
.9 (`lasting`); none (`clean`); and 30 nodes' links with a direction (`directed`). Each
under pairs as independent units, and with `NodeShocks`; and what `dyadic_errors` says. A row a
panel in .cache/pairs, kept in benchmarks/measured by --collect. With `--leads` panels have 24
nodes, of which 12 adopt at three dates, and nine periods; pairs are parallel before adoption (rows
in .cache/pairs_leads).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import pandas as pd

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
}
DESIGNS = ("independent", "node shocks")
SMALL: Mapping[str, Any] = {"nodes": 24, "periods": 9, "cohorts": (5, 6, 7)}
RIGHT = (("clean", "independent"), ("shocks", "node shocks"))
"""Worlds, and errors that are right in them."""


def design_of(name: str, *, directed: bool) -> nqp.StaggeredDiD:
    """Pairs as independent units, or with shocks of nodes."""
    terms: list[Any] = [nqp.Ends(directed=directed)]
    terms += [nqp.NodeShocks(directed=directed)] if name == "node shocks" else []
    return nqp.StaggeredDiD(terms=terms)


def answer(world: str, design: str, seed: int) -> dict[str, Any]:
    """Errors, sds and coverage by estimand; and the check's verdict."""
    options = WORLDS[world]
    made = nqp.simulation.network(**options, seed=seed)
    stated = design_of(design, directed=bool(options.get("directed")))
    fit = nqp.fit(stated, made.panel, nqp.Importance(seed=1), progress=False)
    effects = {"all": (nqp.att(fit), nqp.att(made.truth).item())}
    draws, truth = (nqp.att(x, by="ends") for x in (fit, made.truth))
    for ends in draws["ends"].to_numpy().tolist():
        effects[ends] = (draws.sel(ends=ends), truth.sel(ends=ends).item())
    verdict = str(nqp.check(fit, "dyadic_errors", progress=False).verdict)
    return against(effects) | {"gate": str(fit.gate), "verdict": verdict}


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
    lines = [["world", "pairs", "panels", "holds", "in doubt", "fails", "leads, slope below .05",
              "below .1", "below .5", "lowest factor"]]  # fmt: skip
    for (world, design), part in rows.groupby(["world", "pairs"], sort=False):
        said = [str((part["verdict"] == x).sum()) for x in ("holds", "in doubt", "fails")]
        below = [
            ", ".join(f"{(part[x] < limit).mean():.2f}" for x in ("leads", "slope"))
            for limit in (0.05, 0.1, 0.5)
        ]
        lowest = f"{part['factor'].min():.1f}"
        lines.append([world, design, str(len(part)), *said, *below, lowest])
    return markdown(lines)


def table(rows: pd.DataFrame) -> str:
    """Coverage, bias with its standard error, and posterior sd over that of errors."""
    lines = [["world", "pairs", "panels", "estimand", "coverage", "bias (se)",
              "sd over sd of errors", "verdicts"]]  # fmt: skip
    for (world, design), part in rows.groupby(["world", "pairs"], sort=False):
        said = ", ".join(f"{x} {n}" for x, n in part["verdict"].value_counts().items())
        for name, line in summary(part).iterrows():
            bias = f"{line['bias']:.3f} ({line['bias_se']:.3f})"
            wide = f"{line['sd'] / line['spread']:.2f}"
            held = f"{line['covers']:.3f}"
            lines.append([world, design, str(len(part)), str(name), held, bias, wide, said])
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
        cases = [(world, design) for world in worlds for design in DESIGNS]
        print(table(STORE.fill(cases, seeds, answer)))
    if asked.collect:
        (LEADS if asked.leads else STORE).keep()


if __name__ == "__main__":
    main()
