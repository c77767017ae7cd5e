"""Spillover effects as tables of a study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp.effects.estimands import spillover_effects
from bayes_nqp.model.predictors import EXPOSURE_TIME
from bayes_nqp.output.tables import summary
from bayes_nqp.studies._schema import Report
from bayes_nqp.studies._table_notes import grouped, stated

type Onto = Literal["untreated", "treated"]


def received_parts(effects: xr.Dataset) -> Iterator[tuple[Onto, str | None]]:
    """List the receiving units and the breakdowns: overall, band, event time, factors of strata.

    Parameters
    ----------
    effects : Dataset
        Dataset of effects.
    """
    if v.RECEIVED not in effects[v.PATH]:
        return
    apart = v.DIRECT in effects[v.PATH] and EXPOSURE_TIME in effects.coords
    by_exposure = (v.RING, v.EVENT_TIME) if v.RING in effects.coords else ()
    rows: tuple[Onto, ...] = ("untreated", "treated")
    for onto in rows if apart else rows[:1]:
        for by in (None, *by_exposure, *schema.factors(effects)):
            yield onto, by


def received_table(effects: xr.Dataset, report: Report) -> pd.DataFrame:
    """Return the spillover effects: overall, by distance band, periods since exposure, and group.

    Parameters
    ----------
    effects : Dataset
        Dataset of effects.

    Returns
    -------
    DataFrame
        ``onto`` ("untreated" or "treated"; "exposed" for a continuous treatment), ``by``,
        ``level``, and the columns of a summary.
    """
    tables = []
    for onto, by in received_parts(effects):
        draws = spillover_effects(effects, by, report.weights, onto)
        table = grouped(summary(draws, report.prob, report.kind), by)
        table.insert(0, "onto", draws.attrs["onto"])
        tables.append(table)
    return stated(report, pd.concat(tables, ignore_index=True))
