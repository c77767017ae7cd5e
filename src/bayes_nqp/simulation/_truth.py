"""Effects of rows to the truth in the schema of the waist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array, Index


def truth_of_rows(
    cell: Index,
    cells: pd.DataFrame,
    effects: Array,
    outcome: Array,
    owner: Index,
    deviation: Array,
    members: Sequence[str],
    factors: Iterable[str],
    paths: Sequence[str] = (v.TOTAL,),
    name: str = "outcome",
) -> xr.Dataset:
    """Average effects of rows over cells.

    Parameters
    ----------
    cell : ndarray of int (row)
        Of rows with an effect: treated ones, and those that receive something.
    cells : DataFrame
        Levels of the strata, cohort, time and event_time, one row a cell; and role, ring and
        exposure_time, where something is received.
    effects : ndarray (path, row), outcome units
        Deviations included.
    outcome : ndarray (row)
        As it is observed.
    owner : ndarray of int (row)
        Number of the member; -1 of rows that only receive.
    deviation : ndarray (path, member), outcome units
        Members' own deviations.
    members : sequence of str (member)
        Their labels.
    factors : iterable of str
        Columns of ``cells`` that are strata.
    paths, name : optional
        Labels of the paths, and of the outcome.

    Returns
    -------
    Dataset
        Of the waist, with one chain and one draw.
    """
    rows = np.bincount(cell, minlength=len(cells))
    effect = np.stack([np.bincount(cell, path, len(cells)) / rows for path in effects])
    table, count = np.unique(
        np.stack([cell, owner])[:, owner >= 0], axis=1, return_counts=True
    )  # fmt: skip
    attrs: dict[str, Any] = {"target": "sample", "outcome": name, "members": "deviations"}
    exposed = [column for column in ("ring", "exposure_time") if column in cells]
    return schema.build(
        effect[None, None],
        strata={factor: cells[factor].tolist() for factor in factors},
        cohort=cells[v.COHORT].to_numpy(dtype=np.float64),
        time=cells[v.TIME].to_numpy(),
        event_time=cells[v.EVENT_TIME].to_numpy(),
        rows=rows,
        units=rows,
        observed=np.bincount(cell, outcome, len(cells)) / rows,
        weight=rows,
        deviation=deviation[None, None],
        members=list(members),
        membership=(table[0], table[1], count.astype(np.int64)),
        paths=paths,
        role=cells[v.ROLE].tolist() if v.ROLE in cells else None,
        labels={column: cells[column].to_numpy() for column in exposed},
        gate=v.PASSED,
        attrs=attrs,
    )
