"""What was estimated, as the tables of benchmarks/results/peers.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_nqp.checks.trends._bayes_factor import HELD
from bayes_nqp.checks.trends._trend_evidence import MONTE_CARLO

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / ".cache" / "peers"
PARALLEL, EARNED, DRIFTING = "ours", "ours, earned rule", "ours, differential trends"
FACTOR = "log Bayes factor"
MARK = "<!-- tables: python -m benchmarks.peers -->"
SWIFT = (
    "Callaway–Sant'Anna", "Sun–Abraham", "imputation (BJS)", "two-stage (Gardner)",
    "ETWFE (Wooldridge)", "synthetic DiD", "interactive fixed effects",
)  # fmt: skip
SLOW = ("efficient DiD", "matrix completion", "interactive fixed effects, bootstrap")
MODERN, PYFIXEST = "Callaway–Sant'Anna, moderndid", "two-stage (Gardner), pyfixest"
ASKED = 200
"""Panels of each world that the command asks for."""
SECOND = {MODERN: "Callaway–Sant'Anna", PYFIXEST: "two-stage (Gardner)"}
"""Estimators of a second package, and what they equal."""


def stored(name: str) -> list[dict[str, object]]:
    """Lines of a part of the estimators, so far."""
    path = STORE / f"{name}.jsonl"
    return list(map(json.loads, path.read_text("utf-8").splitlines())) if path.exists() else []


def _holds(factors: object) -> bool:
    """Whether every log Bayes factor, sure enough, exceeds the threshold of `pretrends`."""
    pairs = factors if isinstance(factors, list) else [(np.nan, np.nan)]
    return all(value > HELD and error <= MONTE_CARLO for value, error in pairs)


def earned(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the rule: parallel trends where they are earned, else differential trends."""
    rows = {name: part.set_index(["world", "number"]) for name, part in frame.groupby("estimator")}
    weighed, drifting, parallel = rows[FACTOR], rows[DRIFTING], rows[PARALLEL]
    holds = weighed["factors"].map(_holds)
    chosen = drifting.loc[weighed.index].where(~holds, parallel)
    spent = weighed["seconds"] + parallel["seconds"] + drifting["seconds"].where(~holds, 0.0)
    return chosen.assign(seconds=spent, estimator=EARNED).reset_index()


def lines(worlds: Sequence[str]) -> pd.DataFrame:
    """Lay out what was estimated, a row a panel and estimator: numbers that every world has."""
    frame = pd.DataFrame([x for part in ("ours", "swift", "slow") for x in stored(part)])
    frame = pd.concat([frame[frame["estimator"] != FACTOR], earned(frame)], ignore_index=True)
    size = frame[~frame["estimator"].isin(SLOW)].groupby("number")["world"].size()
    frame = frame[frame["number"].map(size) == len(worlds) * (3 + len(SWIFT))]
    covered = (frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"])
    return frame.assign(
        miss=frame["mean"] - frame["truth"], covered=covered, width=frame["high"] - frame["low"],
        order=frame["estimator"].map([PARALLEL, EARNED, DRIFTING, *SWIFT, *SLOW].index),
        place=frame["world"].map(list(worlds).index),
    ).sort_values(["place", "order", "number"])  # fmt: skip


def cells(part: pd.DataFrame) -> list[str]:
    """Panels, bias, RMSE, coverage, width and seconds of an estimator in a world."""
    answers = int(part["mean"].notna().sum())
    panels = str(len(part)) if answers == len(part) else f"{len(part)} ({len(part) - answers})"
    seconds = f"{part['seconds'].median():.2f}"
    if not answers:
        return [panels, "", "", "refuses", "", seconds]
    intervals = part["low"].notna().any()
    return [
        panels, f"{part['miss'].mean():+.2f}", f"{np.sqrt((part['miss'] ** 2).mean()):.2f}",
        f"{part['covered'].mean():.2f}" if intervals else "no interval",
        f"{part['width'].mean():.2f}" if intervals else "", seconds,
    ]  # fmt: skip


def markdown(names: list[str], rows: Iterator[list[str]]) -> str:
    """Lay rows out under their names."""
    parts = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in parts)


def table(frame: pd.DataFrame) -> str:
    """Every world and estimator."""
    names = ["world", "estimator", "panels", "bias", "RMSE", "coverage", "width", "CPU s"]
    groups = frame.groupby(["world", "estimator"], sort=False)
    return markdown(names, ([*key, *cells(part)] for key, part in groups))


def overview(frame: pd.DataFrame, drifting: Sequence[str]) -> str:
    """Coverage and RMSE, estimators below each other: all parallel worlds, all others, and each."""
    drifts = frame["world"].isin(drifting)
    worlds = {"all parallel": ~drifts, "all that drift": drifts}
    worlds |= {world: frame["world"] == world for world in frame["world"].unique()}

    def row(name: str, part: pd.DataFrame) -> list[str]:
        blocks = [cells(part[some[part.index]]) for some in worlds.values()]
        return [name, *(f"{x[3]} ({x[2]})" if x[2] else x[3] for x in blocks)]

    groups = frame.groupby("estimator", sort=False)
    return markdown(["estimator", *worlds], (row(*group) for group in groups))


def second(frame: pd.DataFrame) -> str:
    """Largest difference between two packages of one estimator, where no rows are absent."""
    keys, again = ["world", "number", "estimator"], pd.DataFrame(stored("second"))
    again = again[again["world"] != "gaps"].replace({"estimator": SECOND})
    pairs = again.merge(frame, on=keys)
    largest = (pairs["mean_x"] - pairs["mean_y"]).abs().groupby(pairs["estimator"]).max()
    return (
        f"By a second package, on {pairs['number'].count() // len(SECOND)} panels without gaps: "
        f"moderndid's Callaway–Sant'Anna differs by {largest[SECOND[MODERN]]:.0e} at most, "
        f"pyfixest's two-stage estimator by {largest[SECOND[PYFIXEST]]:.0e}."
    )


def extent(frame: pd.DataFrame) -> str:
    """How many panels there are, and how far that carries."""
    count = frame.groupby(["estimator", "world"])["number"].nunique().groupby("estimator").min()
    most, slow = int(count[[PARALLEL, *SWIFT]].min()), int(count[list(SLOW)].min())
    high, half = (np.sqrt(share * (1.0 - share) / most) for share in (0.95, 0.5))
    missing = "" if most >= ASKED else f" as yet, of the {ASKED} that the command asks for"
    return (
        f"There are {most} panels a world{missing} ({slow} of efficient DiD, matrix completion and "
        f"the bootstrap): a coverage of .95 has a Monte-Carlo error of {high:.3f}, one of .50 of "
        f"{half:.3f}."
    )


def write(worlds: Sequence[str], drifting: Sequence[str]) -> None:
    """Put the tables in their place in the page, between its marks."""
    frame, page = lines(worlds), ROOT / "benchmarks" / "results" / "peers.md"
    before, _, after = page.read_text(encoding="utf-8").split(MARK)
    parts = MARK, extent(frame), second(frame), overview(frame, drifting), table(frame), MARK
    page.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
