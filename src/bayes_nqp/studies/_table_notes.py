"""Common parts of the tables of studies."""

from __future__ import annotations

import pandas as pd

from bayes_nqp.effects.estimands import text
from bayes_nqp.studies._schema import Report

ALL = "overall"
"""Level of rows that are not split by group."""


def stated(report: Report, table: pd.DataFrame) -> pd.DataFrame:
    """Add the level of the interval to every row, because a .csv file has no attrs.

    Parameters
    ----------
    table : DataFrame
        Table with a column ``upper``.

    Returns
    -------
    DataFrame
        Table with a column ``interval`` after ``upper``.
    """
    kind = {"eti": "equal-tailed", "hdi": "highest density"}[report.kind]
    table = table.copy()
    table.insert(
        list(table.columns).index("upper") + 1, "interval", f"{100 * report.prob:.4g} % {kind}"
    )
    return table


def grouped(table: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Add the group of every row as two columns, so that tables by different groups can be stacked.

    Parameters
    ----------
    by : str or None
        The column of groups; None if there is none.

    Returns
    -------
    DataFrame
        Table with the columns ``by`` and ``level`` first.
    """
    table = table.copy()
    labels = table.pop(by) if by is not None else [ALL] * len(table)
    table.insert(0, "level", [text(label) for label in labels])
    table.insert(0, "by", by if by is not None else ALL)
    return table
