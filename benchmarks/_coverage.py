"""Errors, sds and coverage of quantities: columns of a row a panel, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .earned import markdown

LEVEL = (0.025, 0.975)
ERROR, SD, COVERS = (": error", ": sd", ": covers")
"""Ends of the names of columns."""


def holds(draws: Any, truth: float) -> int:
    """Whether the 95 % interval holds the truth."""
    low, high = np.quantile(np.asarray(draws), LEVEL)
    return int(low <= truth <= high)


def against(quantities: Mapping[str, tuple[Any, float]]) -> dict[str, float]:
    """Columns of a row, of draws and truths by name."""
    row: dict[str, float] = {}
    for name, (draws, truth) in quantities.items():
        values = np.asarray(draws)
        row[name + ERROR] = float(f"{values.mean() - truth:.5g}")
        row[name + SD] = float(f"{values.std():.5g}")
        row[name + COVERS] = holds(values, truth)
    return row


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """By quantity: coverage, bias and their standard errors, mean sd, and the sd of errors."""
    lines = {}
    for column in rows.columns[rows.notna().any()]:
        if column.endswith(ERROR):
            name = column.removesuffix(ERROR)
            error, sd, covers = (rows[name + x].dropna().astype(float) for x in (ERROR, SD, COVERS))
            root = np.sqrt(len(error))
            lines[name] = {
                "covers": covers.mean(), "covers_se": covers.std(ddof=0) / root,
                "bias": error.mean(), "bias_se": error.std(ddof=0) / root,
                "sd": sd.mean(), "spread": error.std(ddof=0),
            }  # fmt: skip
    return pd.DataFrame(lines).T


def printed(title: str, rows: pd.DataFrame) -> None:
    """Print a table of all quantities."""
    print(f"\n{title}: {len(rows)} panels")
    lines = [["quantity", "covered (se)", "bias (se)", "sd", "sd of errors"]]
    for name, line in summary(rows).iterrows():
        held = f"{line['covers']:.3f} ({line['covers_se']:.3f})"
        bias = f"{line['bias']:+.4f} ({line['bias_se']:.4f})"
        lines.append([str(name), held, bias, f"{line['sd']:.3f}", f"{line['spread']:.3f}"])
    print(markdown(lines), flush=True)
