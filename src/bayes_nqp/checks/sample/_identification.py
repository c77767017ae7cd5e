"""Which effects the data identify, and how many rest on few units."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, joined, listed
from bayes_nqp.checks.shared import Finding, asks, ladder
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import ROWS, Fit, panel_of, unconstrained
from bayes_nqp.inference.model_frame import identification as support_of
from bayes_nqp.model.predictors import NEIGHBOUR
from bayes_nqp.numerics.linear_gaussian import local_variances


def cell_information(fit: Fit) -> Array:
    """Share of the prior variance of each cell's own departure that the data remove.

    Under ``PartialPooling`` a cell's effect is what it shares with others (level, curve, strata,
    cohort) plus a departure of its own, with prior variance ``scale_cell ** 2``. The share is
    one minus its posterior over its prior variance, at the posterior mean of the parameters:
    near zero, the departure is the prior's, and the cell's effect rests on what it shares;
    near one, it is the data's. It depends on all the fit says: if cells hardly differ, the
    scale is small, and no cell tells much about itself.

    Returns
    -------
    ndarray (cell)
        Of the plan's cells, leads included. One under ``NoPooling``, where no cell has a prior
        to rest on; NaN where cells have no departures of their own.
    """
    equation = fit.model_frame.equations[0]
    size = fit.model_frame.table.size
    if fit.facts.pooling.flat:
        return np.ones(size)
    out = np.full(size, np.nan)
    points = unconstrained(equation, fit.posterior)
    centre = points.reshape(-1, points.shape[-1]).mean(axis=0)
    for part, index in zip(equation.locals, equation.local_index, strict=True):
        if part.name == "cell":
            left = local_variances(equation.gaussian, centre)
            out[part.index] = 1.0 - left[equation.local_places][index]
    return np.asarray(np.clip(out, 0.0, 1.0))


FEW = 3
"""Below this many units, single ones matter."""
MANY = 0.05
"""Share of treated rows, in cells that others identify, beyond which losing them leaves doubt."""
LITTLE = 0.1
"""Share of the prior variance of a cell's own departure; removing less, data hardly tell it."""


_BEYOND = ("rows_beyond", "cells_beyond")


@asks(
    "Which effects do the data identify, and on how many units do they rest?",
    "identification",
    place=20,
    needs=(ROWS,),
)
def identification(fit: Fit) -> Finding:
    """Count the cells that are dropped, and those that rest on few units, controls or pooling.

    ``information`` is the share of the prior variance of a cell's own departure (from what it
    shares with other cells) that the data remove. Where it is below a tenth the cell's effect
    is what pooling says: averages over many cells do not suffer, the single cell is no evidence
    of its own. Under ``NoPooling`` it is one; under ``CompletePooling`` cells have no departure,
    and
    nothing rests on its prior. It does not change the verdict.

    A lost cell leaves doubt, and so do rows that are lost in cells which others identify, from 5 %
    of the treated rows on: units that are treated in every row that they have.
    """
    panel, table = panel_of(fit), support_of(fit.outcome_design, panel_of(fit))
    if not fit.facts.adopted:
        return _exposed(table)
    near, table = _parted(fit, table)
    cells = table[table["identified"]]
    lost, near_lost = len(table) - len(cells), int((~near["identified"]).sum())
    beyond, cells_beyond = (round(float(fit.record.get(x, 0.0))) for x in _BEYOND)
    every, rows = int(table["rows"].sum()) + beyond, int(table["identifying"].sum())
    apart = every - beyond - rows - int(table.loc[~table["identified"], "rows"].sum())
    lonely = cells.loc[cells["few_controls"], "rows"].sum()
    verdict = ladder(
        fails=rows < 0.5 * every,
        doubt=lost or beyond or near_lost or lonely > 0.25 * max(rows, 1) or apart > MANY * every,
    )
    figure = Message(
        "{} of {} cells identified; {} of {} treated rows",
        len(cells),
        len(table) + cells_beyond,
        rows,
        every,
    )
    if len(near):
        identified = len(near) - near_lost
        figure = Message("{}; {} of {} cells of their neighbours", figure, identified, len(near))
    prior = cells[cells["on_prior"]]
    if len(prior):
        figure = Message(
            "{}; {} in cells whose own effects lean on pooling", figure, int(prior["rows"].sum())
        )
    sentences = _sentences(panel, table, lost, apart)
    if beyond:
        sentences[:1] = [
            Message(
                "{:,} treated rows from {} on are left out, when everyone has adopted.",
                beyond,
                str(fit.record["ends_before"]),
            ),
            *(sentences[:1] if lost else []),
        ]
    return Finding(verdict, figure, joined(sentences), table, "cells")


def _parted(fit: Fit, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Neighbours' cells; and treated ones, with how little they may rest on."""
    table = table[table["event_time"] >= -fit.facts.anticipation]
    beside = table["role"] == v.NEIGHBOUR if "role" in table else np.zeros(len(table), dtype=bool)
    near, table = table[beside], table[~beside].reset_index(drop=True)
    table["controls"] = _controls(fit, table)
    table["information"] = _information(fit, table)
    table["few_units"] = table["identified"] & (table["identifying"] < FEW)
    table["few_controls"] = table["identified"] & (table["controls"] < FEW)
    table["on_prior"] = table["identified"] & (table["information"] < LITTLE)
    return near, table


def _exposed(table: pd.DataFrame) -> Finding:
    """Where the slope of a continuous exposure is identified, and by how many units."""
    strata = table[table["exposed"] > 0]
    identified = strata[strata["identified"]]
    few, lost = identified[identified["varying"] < FEW], len(strata) - len(identified)
    share = float(identified["sd_net"].pow(2).mul(identified["rows"]).sum())
    share /= max(float(strata["sd"].pow(2).mul(strata["rows"]).sum()), 1e-300)
    verdict = ladder(
        fails=identified["rows"].sum() < 0.5 * strata["rows"].sum(), doubt=lost or len(few)
    )
    figure = Message(
        "{} of {} strata identified; exposure varies within {} of {} units; {:.0%} of its "
        "variance is within units and net of time effects",
        len(identified),
        len(strata),
        int(identified["varying"].sum()),
        int(strata["units"].sum()),
        share,
    )
    parts = [Message("The slope is identified in every stratum with exposed rows.")]
    if lost:
        parts = [Message("{} of {} strata are left out ({}).", lost, len(strata), _reasons(strata))]
    if len(few):
        parts.append(
            Message(
                "{n} stratum has fewer than {} units whose exposure varies, so what is their own "
                "leans on pooling.",
                FEW,
                plural="{n} strata have fewer than {} units whose exposure varies, so what is "
                "their own leans on pooling.",
                n=len(few),
            )
        )
    return Finding(verdict, figure, joined(parts), table)


def _reasons(table: pd.DataFrame) -> Message:
    """Why rows, cells or strata are left out."""
    return listed(map(Message, table.loc[table["reason"] != "", "reason"].unique()), 3)


def _sentences(panel: Panel, table: pd.DataFrame, lost: int, apart: int) -> list[Message]:
    few, lonely, prior = (table[table[k]] for k in ("few_units", "few_controls", "on_prior"))
    left = table[~table["identified"]], table[table["identified"]]
    parts = [] if lost else [Message("Every cell with treated rows is identified.")]
    if lost:
        why = _reasons(left[0])
        parts.append(Message("{} of {} cells are left out ({}).", lost, len(table), why))
    if apart:
        rows, why = left[1]["rows"].sum(), _reasons(left[1])
        parts.append(
            Message("Of {:,} rows in the others {:,} are left out ({}).", rows, apart, why)
            if lost
            else Message("Of {:,} treated rows {:,} are left out ({}).", rows, apart, why)
        )
    if len(few):
        parts.append(
            Message(
                "{} fewer than {} units, so what is their own leans on pooling.", _size(few), FEW
            )
        )
    if len(lonely):
        parts.append(
            Message("{} fewer than {} untreated units to compare with.", _size(lonely), FEW)
        )
    if len(prior):
        parts.append(
            Message(
                "In {} data tell little of the single cell (they remove less than {:.0%} of the "
                "prior variance of what is its own): its effect leans on pooling and is no "
                "evidence by itself; averages over cells do not suffer.",
                _which(prior, table),
                LITTLE,
            )
        )
    untreated = _untreated_levels(panel)
    if untreated:
        parts.append(
            Message("No unit is treated in {}: nothing is said about it.", listed(untreated))
        )
    return parts


def _which(cells: pd.DataFrame, table: pd.DataFrame) -> Message:
    """How many of the identified cells, and their rows."""
    identified, rows = int(table["identified"].sum()), int(cells["rows"].sum())
    if len(cells) == identified:
        return Message("all {} cells ({} treated rows)", identified, rows)
    return Message("{} of {} cells ({} treated rows)", len(cells), identified, rows)


def _size(cells: pd.DataFrame) -> Message:
    rows = int(cells["rows"].sum())
    behind = Message("{n} treated row", plural="{n} treated rows", n=rows)
    return Message("{n} cell ({}) has", behind, plural="{n} cells ({}) have", n=len(cells))


def _information(fit: Fit, table: pd.DataFrame) -> list[float]:
    """What the data say about each cell; NaN for those left out."""
    cells, names = fit.model_frame.cells, [*panel_of(fit).roles.strata, v.EVENT_TIME, v.TIME]
    columns = [*cells.strata.values(), cells.event_time, cells.time]
    keys = zip(*(np.asarray(column).astype(str) for column in columns), strict=True)
    beside = cells.role == NEIGHBOUR
    pairs = zip(keys, cell_information(fit), beside, strict=True)
    by_cell = {key: share for key, share, near in pairs if not near}
    wanted = table[names].astype(str).itertuples(index=False, name=None)
    return [float(by_cell.get(key, np.nan)) for key in wanted]


def _untreated_levels(panel: Panel) -> list[str]:
    names = []
    for factor in panel.roles.strata:
        treated = np.unique(panel.strata_codes[factor][panel.cohort_codes >= 0])
        others = np.setdiff1d(np.arange(len(panel.levels[factor])), treated)
        names += [f"{factor} = {panel.levels[factor][k]}" for k in others]
    return names


def _controls(fit: Fit, table: pd.DataFrame) -> list[int]:
    """Untreated units in each cell's period, among those that share its time effects."""
    panel, frame = panel_of(fit), fit.model_frame.codes
    control = ~frame.treated & ~frame.lead
    if fit.facts.leads:
        control &= frame.cohort[frame.unit] < 0
    time_effect = frame.level[frame.unit] * frame.n_periods + frame.time
    size = len(frame.level_names) * frame.n_periods
    count = np.rint(np.bincount(time_effect[control], frame.weight[control], size))
    factors = list(panel.roles.strata)
    levels = {
        tuple(str(panel.levels[f][panel.strata_codes[f][u]]) for f in factors): int(frame.level[u])
        for u in range(panel.unit_labels.size)
    }
    place = {str(label): k for k, label in enumerate(panel.time_labels)}
    strata = table[factors].astype(str).to_numpy(dtype=object)
    return [
        int(count[levels[tuple(stratum)] * frame.n_periods + place[str(time)]])
        for stratum, time in zip(strata, table[v.TIME], strict=True)
    ]
