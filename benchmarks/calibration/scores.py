"""Coverage, bias, error and width of intervals, by scenario, method and quantity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from benchmarks.calibration.scenarios import scenarios

KEYS = ["truth", "rho", "method", "quantity"]


def long(records: list[dict[str, Any]]) -> pd.DataFrame:
    """One row for every interval."""
    place = {s.name: (s.truth, s.rho) for s in scenarios(None, None)}
    rows = [
        (*place[r["scenario"]], r["method"], r["replication"], quantity, *numbers)
        for r in records
        for quantity, numbers in r["quantities"].items()
    ]
    columns = ["truth", "rho", "method", "replication", "quantity"]
    table = pd.DataFrame(rows, columns=[*columns, "known", "mean", "sd", "low", "high"])
    table["group"] = table["quantity"].str.split(" ").str[0]
    table["error"] = table["mean"] - table["known"]
    table["width"] = table["high"] - table["low"]
    table["covered"] = (table["low"] <= table["known"]) & (table["known"] <= table["high"])
    return table


def score(table: pd.DataFrame, by: list[str] | None = None) -> pd.DataFrame:
    """One row for every scenario, method and quantity."""
    grouped = table.groupby([*(by or KEYS), "group"], sort=False)
    return grouped.agg(
        coverage=("covered", "mean"),
        bias=("error", "mean"),
        rmse=("error", lambda e: float(np.sqrt(np.mean(e**2)))),
        width=("width", "mean"),
        replications=("covered", "size"),
    ).reset_index()


def width_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Mean width over that of separate effects, on the panels that both were fitted to."""
    keys = ["truth", "rho", "replication", "quantity"]
    both = table[table["method"] == "partial"].merge(
        table.loc[table["method"] == "separate", [*keys, "width"]], on=keys, suffixes=("", "_apart")
    )
    means = both.groupby(["truth", "rho", "quantity", "group"], sort=False)[
        ["width", "width_apart"]
    ].mean()
    return (means["width"] / means["width_apart"]).rename("ratio").reset_index()


def by_rank(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage of cohorts by the rank of their true effect in their panel."""
    cohorts = table[(table["group"] == "cohort") & (table["method"] == "partial")].copy()
    cohorts["rank"] = (
        cohorts.groupby(["truth", "rho", "replication"])["known"].rank(method="first").astype(int)
    )
    return score(cohorts, ["truth", "rho", "method", "rank"])
