"""What tables of studies have in common."""

from __future__ import annotations

import pandas as pd

from bayes_nqp.effects.estimands import text
from bayes_nqp.studies._schema import Report

ALL = "overall"
"""What stands where nothing is kept apart."""


def stated(report: Report, table: pd.DataFrame) -> pd.DataFrame:
    """Say in every row which interval it is: a .csv has no attrs.

    Parameters
    ----------
    table : DataFrame
        With a column ``upper``.

    Returns
    -------
    DataFrame
        With a column ``interval`` after it.
    """
    kind = {"eti": "equal-tailed", "hdi": "highest density"}[report.kind]
    table = table.copy()
    table.insert(
        list(table.columns).index("upper") + 1, "interval", f"{100 * report.prob:.4g}% {kind}"
    )
    return table


def grouped(table: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Name the group of every row in two columns, so that tables by other groups fit below.

    Parameters
    ----------
    by : str or None
        The column of groups; None where there is none.

    Returns
    -------
    DataFrame
        With the columns ``by`` and ``level`` first.
    """
    table = table.copy()
    labels = table.pop(by) if by is not None else [ALL] * len(table)
    table.insert(0, "level", [text(label) for label in labels])
    table.insert(0, "by", by if by is not None else ALL)
    return table
