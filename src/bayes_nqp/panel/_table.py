"""Panels of tables that an engine keeps: read once, summed up there, never loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp.engines import SourceTable, opened
from bayes_nqp.language import Message
from bayes_nqp.panel._roles import as_names
from bayes_nqp.panel._summed import frame_of


def frame_of_table(
    rows: Any, *, unit: str, time: str, outcome: str, cohort: str | None,
    strata: str | Iterable[str], covariates: str | Iterable[str], by: str | Iterable[str],
    memory: str | None,
) -> tuple[pd.DataFrame, str, list[Message]]:  # fmt: skip
    """Rows of stand-ins, the column that says how many units each stands for, and notes."""
    strata, covariates, by = (
        as_names(name, value)
        for name, value in (("strata", strata), ("covariates", covariates), ("by", by))
    )
    constant = [x for x in (cohort, *strata, *by) if x is not None]
    with opened(rows, memory) as (native, host):
        table = SourceTable(
            native, unit, time, list(dict.fromkeys(constant)), [outcome, *covariates]
        )
        every, whole = table.count()
        periods = table.periods()
        units = table.units(periods)
        table.check(units)
        sums, keys = table.sums(units, periods)
    counts = "counts"
    while counts in {unit, time, outcome, *constant, *covariates}:
        counts += "_"
    of_classes = {name: keys[name].to_numpy() for name in table.constant}
    frame = frame_of(
        sums, of_classes, list(table.values), np.asarray(periods), (unit, time, counts)
    )
    notes = [
        Message(
            "{:,} rows of {:,} units stayed in their engine ({}) and are summed up in {:,} classes",
            whole, int(sums.n.sum()), " ".join(filter(None, (table.engine, host))), sums.n.size,
        )
    ]  # fmt: skip
    if every > whole:
        notes.append(Message("{:,} rows without a unit, time or value left out", every - whole))
    return frame, counts, notes
