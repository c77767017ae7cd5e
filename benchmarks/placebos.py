"""Run: python -m benchmarks.placebos; an interrupted run goes on where it stopped.

How often placebos find the estimate far from chance where nobody has an effect: where trends are
parallel, and where they are not. Panels of 60 units and 14 periods by `nqp.simulation.staggered`,
default fits, `nqp.check`; shares of panels with p of .05 or less, as Markdown.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered

STORE = Path(__file__).resolve().parents[1] / ".cache" / "placebos.jsonl"
SEED = 32_000_000
"""Panel k of a world has the seed SEED plus k, the same in every world."""
WORLDS = {"parallel": "none", "one factor": "factor", "lines": "lines", "bend": "bend"}


def p_values(world: str, number: int, deals: int) -> dict[str, float]:
    """p-values of every placebo on one panel."""
    seed = SEED + number
    panel = staggered(level=0.0, deviation_sd=0.0, drift=WORLDS[world], seed=seed).panel
    sampler = nqp.Importance(draws=500, chains=2, seed=seed)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, sampler, progress=False)
    evidence = {
        "in space": nqp.check(fit, "placebo_space", repetitions=deals, progress=False).evidence,
        **{
            f"mixed, {mode}": nqp.check(
                fit, "placebo_mixed", mode=mode, repetitions=deals, progress=False
            ).evidence
            for mode in ("cohort sizes", "free")
        },
    }
    time = nqp.check(fit, "placebo_time", progress=False).evidence
    return {
        **{name: x.attrs["p"] for name, x in evidence.items()},
        **{f"{name}, over sd": x.attrs["p_over_sd"] for name, x in evidence.items()},
        "in time, shifts 1 to 3": time.attrs["chance"],
    }


def main() -> None:
    """Compute what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--deals", type=int, default=59)
    parser.add_argument("--worlds", nargs="*", choices=list(WORLDS), default=list(WORLDS))
    asked = parser.parse_args()
    STORE.parent.mkdir(parents=True, exist_ok=True)
    lines = STORE.read_text(encoding="utf-8").splitlines() if STORE.exists() else []
    rows = [json.loads(line) for line in lines]
    ready = {(row["world"], row["number"]) for row in rows}
    with STORE.open("a", encoding="utf-8") as file:
        for world in asked.worlds:
            for number in range(asked.first, asked.panels):
                if (world, number) not in ready:
                    numbers = p_values(world, number, asked.deals)
                    rows.append({"world": world, "number": number, **numbers})
                    file.write(json.dumps(rows[-1]) + "\n")
                    file.flush()
    frame = pd.DataFrame(rows).set_index(["world", "number"])
    rates = (frame <= 0.05).groupby("world", sort=False).mean().T
    print(rates.round(3).to_markdown())


if __name__ == "__main__":
    main()
