"""Run: python -m benchmarks.battery --panels 100; an interrupted run goes on where it stopped.

What all checks together say of panels in which everything that the default design assumes is true,
and of panels in which something is wrong: how often some check fails, and how often something is
in doubt. `--only WORLD` runs one world, `--collect` writes what is there into docs/checks.md.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.checks import run_checks
from bayes_nqp.checks.shared import DOUBT, FAILS
from bayes_nqp.simulation import channels, staggered

from .earned import markdown, share

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".cache" / "battery"
SEED = 21_000_000
PAGE, MARK = ROOT / "docs" / "checks.md", "<!-- python -m benchmarks.battery -->"
SIZES: Mapping[str, Mapping[str, Any]] = {
    "60 × 14": {"units": 60, "periods": 14},
    "100 × 13": {"units": 100, "periods": 13, "cohorts": (5, 7, 9, 11)},
    "285 × 12": {"units": 285, "periods": 12, "cohorts": (6, 7, 9, 11)},
}
STRATA: Mapping[str, Mapping[str, Any]] = {
    "one stratum": {"strata": {}},
    "two strata": {"contrast": 0.3},
}
WRONG: Mapping[str, Mapping[str, Any]] = {
    "AR(1) of .8, fitted as independent": {"rho": 0.8},
    "lines of cohorts": {"drift": "lines"},
    "a line of the treated that bends": {"drift": "bend"},
    "one factor, earlier adopters load more": {"drift": "factor"},
    "a slope of .1 of the treated": {"trend": 0.1},
}
"""Of 100 × 13 in two strata."""


def simulated(world: str, number: int) -> tuple[nqp.Design, nqp.Panel, float]:
    """A design, a panel, and the true average effect."""
    seed, errors = SEED + number, nqp.AR1()
    size, _, rest = world.partition(", ")
    if rest == "channels":
        made = channels(**{k: v for k, v in SIZES[size].items() if k != "cohorts"}, seed=seed)
        design: nqp.Design = nqp.Mediation(nqp.StaggeredDiD(), made.panel.roles.mediators)
    elif size in SIZES:
        made = staggered(**{**SIZES[size], **STRATA[rest], "seed": seed})
        design = nqp.StaggeredDiD()
    else:
        made = staggered(
            **{**SIZES["100 × 13"], **STRATA["two strata"], **WRONG[world], "seed": seed}
        )
        independent = world.startswith("AR(1)")
        design = nqp.StaggeredDiD(errors=nqp.IID() if independent else errors)
    return design, made.panel, float(nqp.att(made.truth).mean())


def worlds() -> list[str]:
    """All of them, clean ones first."""
    kinds = (*STRATA, "channels")
    return [*(f"{size}, {kind}" for kind in kinds for size in SIZES), *WRONG]


def judged(world: str, number: int) -> dict[str, Any]:
    """Verdicts of all checks on a panel, and whether the interval covers."""
    design, panel, truth = simulated(world, number)
    fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False)
    low, high = np.quantile(nqp.att(fit), (0.025, 0.975))
    verdicts = {result.name: result.verdict for result in run_checks(fit)}
    return {"verdicts": verdicts, "covers": bool(low <= truth <= high)}


def run(names: list[str], panels: int, part: tuple[int, int]) -> None:
    """Compute what is not there yet, a panel of every world at a time."""
    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / f"verdicts_{part[0]}.jsonl"
    ready = {(line["world"], line["number"]) for line in lines()}
    with path.open("a", encoding="utf-8") as file:
        for number in range(part[0], panels, part[1]):
            for world in names:
                if (world, number) not in ready:
                    line = {"world": world, "number": number, **judged(world, number)}
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
                    file.flush()


def lines() -> list[dict[str, Any]]:
    """What is there."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(STORE.glob("verdicts_*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def tables() -> str:
    """The battery by world, then every check's rates on clean panels and on wrong ones."""
    frame = pd.DataFrame(lines())
    rows: list[list[Any]] = [["world", "panels", "covered", "some check fails", "some in doubt"]]
    for world in [w for w in worlds() if w in set(frame["world"])]:
        part = frame[frame["world"] == world]
        said = [set(x.values()) for x in part["verdicts"]]
        counts = [sum(verdict in x for x in said) for verdict in (FAILS, DOUBT)]
        rows.append(
            [
                world,
                len(part),
                f"{part['covers'].mean():.2f}",
                *(share(k, len(part)) for k in counts),
            ]
        )
    clean = frame[~frame["world"].isin(list(WRONG))]
    names = list(dict.fromkeys(name for x in frame["verdicts"] for name in x))
    each: list[list[Any]] = [
        ["check", "clean: in doubt", "clean: fails", "wrong: speaks, by world"]
    ]
    for name in names:
        said = [x[name] for x in clean["verdicts"] if name in x]
        if not said:
            continue
        count = Counter(said)
        power = {
            world: np.mean([x.get(name) in (DOUBT, FAILS) for x in part["verdicts"]])
            for world, part in frame[frame["world"].isin(list(WRONG))].groupby("world", sort=False)
        }
        spoken = "; ".join(f"{world} {rate:.2f}" for world, rate in power.items() if rate >= 0.2)
        each.append(
            [
                f"`{name}`",
                f"{count[DOUBT] / len(said):.2f}",
                f"{count[FAILS] / len(said):.2f}",
                spoken,
            ]
        )
    return f"{markdown(rows)}\n\n{markdown(each)}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=0)
    parser.add_argument("--only", action="append", help="a world, or the beginning of several")
    parser.add_argument("--part", default="0/1", help="K/N: panels K, K + N, …")
    parser.add_argument("--collect", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    chosen = [w for w in worlds() if not options.only or w.startswith(tuple(options.only))]
    first, _, step = options.part.partition("/")
    run(chosen, options.panels, (int(first), int(step)))
    print(tables())
    if options.collect:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{MARK}\n")
        after = rest.partition(f"{MARK}\n")[2]
        PAGE.write_text(f"{before}{MARK}\n{tables()}\n{MARK}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
