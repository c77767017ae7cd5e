"""Run: python -m benchmarks.named; an interrupted run goes on where it stopped.

What reports name where nothing differs, and where pairs of groups are three posterior sds apart.
The sentences of the report's summary are read, in English, of a fit without checks. Writes the
table of benchmarks/results/named.md with `--collect`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Channel, channels, staggered
from bayes_nqp.output.reports._content import Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import SECTIONS

from ._store import ROOT, Store
from .earned import markdown, share

STORE = Store("named", ("world", "pooling", "number"))
MARK = "<!-- python -m benchmarks.named --panels 100 -->"
SEED = 41_000_000
NAMES = ("north", "east", "south", "west", "centre", "islands")
MEDIATORS = ("digital", "finance", "skills")
APART = 3.0
"""Posterior sds, of the difference of two groups in a fit without pooling."""
WORLDS: Mapping[str, tuple[int, ...]] = {
    "2 groups, equal": (0, 0),
    "4 groups, equal": (0, 0, 0, 0),
    "6 groups, equal": (0, 0, 0, 0, 0, 0),
    "2 groups, apart": (0, 1),
    "4 groups, two and two apart": (0, 0, 1, 1),
    "4 groups, one apart": (0, 0, 0, 1),
}
"""Which groups have the larger effect; effects are alike within each of the two kinds."""
POOLINGS = {"partial": nqp.PartialPooling(), "none": nqp.NoPooling()}
CHANNELS = "3 channels, slopes zero"
PAIR = re.compile(r"larger in (\w+) than in (\w+)|lowered exports more in (\w+) than in (\w+)")
CHANNEL = re.compile(
    r"indirect effect through (\w+) is [^()]*\([^()]*\)\. [^()]* through this mediator \(P"
)


def panel(groups: int, number: int, effects: Mapping[str, float] | None = None) -> nqp.Panel:
    """Twenty cities a group, of which six are never treated; one effect, or one a group."""
    given = effects or {}

    def effect(cells: pd.DataFrame) -> pd.Series[float]:
        return 1.0 + cells["region"].map(lambda name: given.get(name, 0.0))

    return staggered(
        units=20 * groups, periods=8, cohorts=(4, 6), strata={"region": NAMES[:groups]},
        deviation_sd=0.0, effect=effect, seed=SEED + number,
    ).panel  # fmt: skip


def fitted(design: Any, data: nqp.Panel, number: int) -> nqp.Fit:
    """Fit, and take it whatever the gate says: sentences do not wait for it."""
    return nqp.fit(design, data, nqp.Importance(seed=SEED + number), progress=False)


def sentences(fit: nqp.Fit) -> str:
    """What the report says in short of groups and channels."""
    context = Context(fit, [], "en", by=("region",), outcome="exports")
    blocks = [block for block in SECTIONS["short"](context) if isinstance(block, Paragraph)]
    return "\n".join(block.text for block in blocks)


def groups(world: str, pooling: str, number: int) -> dict[str, object]:
    """Pairs named by the report, those that differ, and those with P >= .90 by themselves."""
    kinds = WORLDS[world]
    names = NAMES[: len(kinds)]
    effects: dict[str, float] = {}
    if any(kinds):
        alone = fitted(nqp.StaggeredDiD(nqp.NoPooling()), panel(len(kinds), number), number)
        gaps = nqp.pairwise_contrasts(nqp.att(alone, "region"))
        step = APART * float(gaps.std(["chain", "draw"]).mean())
        effects = {name: step * kind for name, kind in zip(names, kinds, strict=True)}
    design = nqp.StaggeredDiD(POOLINGS[pooling])
    fit = fitted(design, panel(len(kinds), number, effects), number)
    found = PAIR.findall(sentences(fit))
    named = [[a, b] if a else [d, c] for a, b, c, d in found]
    true = [
        [a, b] if kind > other else [b, a]
        for (a, kind), (b, other) in combinations(zip(names, kinds, strict=True), 2)
        if kind != other
    ]
    above = nqp.probability(nqp.pairwise_contrasts(nqp.att(fit, "region"))).to_numpy()
    alone = int((np.maximum(above, 1 - above) >= 0.9).sum())
    return counted(named, true, alone)


def counted(named: list[Any], true: list[Any], alone: int) -> dict[str, object]:
    """How many are named, rightly and wrongly, how many there are, and how many stand alone."""
    right = sum(one in true for one in named)
    return {"right": right, "wrong": len(named) - right, "true": len(true), "single": alone}


def mediated(number: int) -> dict[str, object]:
    """Channels named by the report where the policy moves mediators that move nothing."""
    idle = dict.fromkeys(MEDIATORS, Channel(level=1.0, slope=0.0))
    data = channels(
        mediators=idle, units=60, periods=8, cohorts=(4, 6), strata={}, deviation_sd=0.0,
        seed=SEED + number,
    ).panel  # fmt: skip
    fit = fitted(nqp.Mediation(nqp.StaggeredDiD(), mediators=MEDIATORS), data, number)
    named = CHANNEL.findall(sentences(fit))
    above = nqp.probability(nqp.nie(fit, mediators=MEDIATORS)).to_numpy()
    alone = int((np.maximum(above, 1 - above) >= 0.9).sum())
    return counted(named, [], alone)


def tasks(number: int) -> Iterator[tuple[str, str, Any]]:
    """Every world of a panel; where nothing differs, without pooling too, which names more."""
    for world, kinds in WORLDS.items():
        for pooling in POOLINGS if not any(kinds) else ("partial",):
            yield world, pooling, lambda w=world, p=pooling: groups(w, p, number)
    yield CHANNELS, "partial", lambda: mediated(number)


def run(panels: int, only: str | None) -> None:
    """Compute what is not there yet."""
    ready = STORE.ready()
    for number in range(panels):
        for world, pooling, task in tasks(number):
            if (world, pooling, number) not in ready and (not only or only in world):
                STORE.add({"world": world, "pooling": pooling, "number": number, **task()})


def table() -> str:
    """Lay what is there out, a row a world and pooling."""
    frame = STORE.rows()
    head = [
        "world", "pooling", "reports", "one alone at P ≥ .90", "name any", "name one that is not",
        "name one that is", "of those that are, named",
    ]  # fmt: skip
    rows: list[list[Any]] = [head]
    order = {name: k for k, name in enumerate((*WORLDS, CHANNELS))}
    frame = frame.sort_values("world", key=lambda x: x.map(order), kind="stable")
    for (world, pooling), part in frame.groupby(["world", "pooling"], sort=False):
        number = len(part)
        there = int(part["true"].sum())
        counts = [part["single"] > 0, part["right"] + part["wrong"] > 0, part["wrong"] > 0]
        cells = [share(int(x.sum()), number) for x in counts]
        cells += [share(int((part["right"] > 0).sum()), number) if there else ""]
        cells += [f"{part['right'].sum() / there:.2f}" if there else ""]
        rows.append([world, pooling, number, *cells])
    return markdown(rows)


def collect() -> None:
    """Write the table into its place in benchmarks/results/named.md."""
    STORE.keep()
    path = ROOT / "benchmarks" / "results" / "named.md"
    before, _, after = path.read_text(encoding="utf-8").split(MARK)
    path.write_text(f"{before}{MARK}\n\n{table()}\n\n{MARK}{after}", encoding="utf-8")


def main() -> None:
    """Run, show, or collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100, help="of each world")
    parser.add_argument("--only", help="worlds with this in their name")
    parser.add_argument("--show", action="store_true", help="print what is there")
    parser.add_argument("--collect", action="store_true", help="write benchmarks/results/named.md")
    asked = parser.parse_args()
    if asked.collect:
        collect()
        return
    if not asked.show:
        run(asked.panels, asked.only)
    print(table())


if __name__ == "__main__":
    main()
