"""Coverage of effects on pairs of nodes, of one end and of both, where nodes have shocks.

    python -m benchmarks.pairs [--panels 100] [--only NAME] [--seed FIRST]
    python -m benchmarks.pairs --speed     285 nodes, 40,470 pairs, 10 years

Panels of `nqp.simulation.network`: 60 nodes, of which 30 adopt at five dates; shocks of nodes with
AR(1) innovations of .3 beside errors of pairs of 1, both with a correlation of .5 (`shocks`), and
.9 (`lasting`); none (`clean`); and 30 nodes' links with a direction (`directed`). Each
under pairs as independent units, and with `NodeShocks`; with `--checked` what `dyadic_errors` says.
Panel by panel kept in .cache/pairs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import bayes_nqp as nqp

STORE = Path(__file__).resolve().parents[1] / ".cache" / "pairs"
WORLDS: Mapping[str, Mapping[str, Any]] = {
    "clean": {"shock_sd": 0.0},
    "shocks": {},
    "lasting": {"shock_rho": 0.9},
    "directed": {"nodes": 30, "directed": True},
}
DESIGNS = ("independent", "node shocks")
QUANTILES = (0.025, 0.975)


def design_of(name: str, *, directed: bool) -> nqp.StaggeredDiD:
    """Pairs as independent units, or with shocks of nodes."""
    terms: list[Any] = [nqp.Ends(directed=directed)]
    terms += [nqp.NodeShocks(directed=directed)] if name == "node shocks" else []
    return nqp.StaggeredDiD(terms=terms)


def answers(world: str, design: str, seed: int, *, checked: bool) -> dict[str, Any]:
    """Error, sd and whether the interval holds the truth, by estimand; and the check's verdict."""
    path = STORE / f"{world}_{design.replace(' ', '_')}_{seed}.json"
    if path.exists() and (not checked or "verdict" in json.loads(path.read_text())):
        return dict(json.loads(path.read_text()))
    options = WORLDS[world]
    made = nqp.simulation.network(**options, seed=seed)
    stated = design_of(design, directed=bool(options.get("directed")))
    fit = nqp.fit(stated, made.panel, nqp.Importance(seed=1), progress=False)
    out: dict[str, Any] = {"gate": str(fit.gate)}
    for by in (None, "ends"):
        draws, truth = (nqp.att(x, by=by) for x in (fit, made.truth))
        for label in [None] if by is None else draws[by].to_numpy().tolist():
            one, true = (x if by is None else x.sel({by: label}) for x in (draws, truth))
            low, high = np.quantile(one, QUANTILES)
            value = true.item()
            error = float(one.mean()) - value
            out[label or "all"] = [error, float(one.std()), bool(low <= value <= high)]
    if checked:
        out["verdict"] = nqp.check(fit, "dyadic_errors", progress=False).verdict
    STORE.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(out))
    return out


def coverage(panels: int, first: int, only: str | None, *, checked: bool) -> None:
    """Print coverage, bias with its standard error, and posterior sd over that of errors."""
    print("| world | pairs | estimand | coverage | bias (se) | sd over sd of errors | verdicts |")
    print("| --- " * 7 + "|")
    for world in WORLDS if only is None else [only]:
        for design in DESIGNS:
            rows = [answers(world, design, first + k, checked=checked) for k in range(panels)]
            said = [str(row.get("verdict", "")) for row in rows]
            verdicts = ", ".join(f"{x} {said.count(x)}" for x in sorted(set(said)) if x)
            for name in (x for x in rows[0] if x not in ("gate", "verdict")):
                error, sd, held = np.array([row[name] for row in rows], dtype=float).T
                print(
                    f"| {world} | {design} | {name} | {held.mean():.3f} | {error.mean():.3f} "
                    f"({error.std() / np.sqrt(panels):.3f}) | {sd.mean() / error.std():.2f} "
                    f"| {verdicts} |"
                )


def speed() -> None:
    """Print processor seconds of 285 nodes."""
    made = nqp.simulation.network(nodes=285, seed=1)
    for design in DESIGNS:
        start = time.process_time()
        nqp.fit(
            design_of(design, directed=False), made.panel, nqp.Importance(seed=1), progress=False
        )
        print(f"{design}: {time.process_time() - start:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--only", choices=WORLDS)
    parser.add_argument("--checked", action="store_true")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    if asked.speed:
        speed()
    else:
        coverage(asked.panels, asked.seed, asked.only, checked=asked.checked)
