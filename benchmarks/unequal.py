"""Run: python -m benchmarks.unequal; with --panels and --units.

Coverage and width of the average effect where errors of the few who adopt are three times as large,
and where all spread alike: under the default, under `Heteroskedastic`, and under what untreated
rows say of
the two. A line of JSON a panel in .cache/unequal; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.worlds import made

import bayes_nqp as nqp
from bayes_nqp.checks.model import evenly

STORE = Path(__file__).resolve().parents[1] / ".cache" / "unequal.jsonl"
WORLDS = ("loud adopters", "parallel")


def measured(world: str, units: int, number: int) -> dict[str, object]:
    """Intervals under three choices of errors."""
    panel, truth = made(world, units, number)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=number), progress=False)
    apart = nqp.fit(fit.variant(errors=nqp.Heteroskedastic()), panel, fit.sampler, progress=False)
    asked = evenly(fit).fit
    fits = {"default": fit, "Heteroskedastic": apart, "as untreated rows say": asked}
    ends = {k: np.quantile(nqp.att(x), [0.025, 0.975]).tolist() for k, x in fits.items()}
    return {"world": world, "units": units, "number": number, "truth": truth, **ends,
            "told": asked is not fit}  # fmt: skip


def main() -> None:
    """Measure what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--units", nargs="+", type=int, default=[60, 200])
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    STORE.parent.mkdir(exist_ok=True)
    lines = STORE.read_text(encoding="utf-8").splitlines() if STORE.exists() else []
    kept = [json.loads(x) for x in lines]
    ready = {(x["world"], x["units"], x["number"]) for x in kept}
    for number in range(arguments.panels):
        for key in ((w, n, number) for w in WORLDS for n in arguments.units):
            if key not in ready:
                kept.append(measured(*key))
                with STORE.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(kept[-1]) + "\n")
    for (world, units), part in pd.DataFrame(kept).groupby(["world", "units"]):
        cells = [f"{world}, {units} units, {len(part)} panels: told {part['told'].mean():.2f}"]
        for name in ("default", "Heteroskedastic", "as untreated rows say"):
            low, high = np.array(part[name].to_list()).T
            inside = ((low <= part["truth"]) & (part["truth"] <= high)).mean()
            cells.append(f"{name} {inside:.2f} (width {(high - low).mean():.2f})")
        print("; ".join(cells))


if __name__ == "__main__":
    main()
