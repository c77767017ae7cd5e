"""Which effects the data identify, and how many rest on few units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._information import cell_information
from bayes_nqp.checks._refit import panel_of, staggered
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, Verdict, asks
from bayes_nqp.designs import ContinuousExposure
from bayes_nqp.designs import support as support_of
from bayes_nqp.errors import shown

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

FEW = 3
"""Below this many units, single ones matter."""
LITTLE = 0.1
"""Share of the prior variance of a cell's own departure; removing less, data hardly tell it."""


@asks("Which effects do the data identify, and on how many units do they rest?")
def support(fit: Fit) -> Finding:
    """Count the cells that are dropped, and those that rest on few units, controls or pooling.

    ``information`` is the share of the prior variance of a cell's own departure (from what it
    shares with other cells) that the data remove. Where it is below a tenth the cell's effect
    is what pooling says: averages over many cells do not suffer, the single cell is no evidence
    of its own. Under ``Separate`` it is one; under ``Complete`` cells have no departure, and
    nothing rests on its prior. It does not change the verdict.
    """
    if isinstance(fit.design, ContinuousExposure):
        return _exposed(fit.design, panel_of(fit))
    panel, design = panel_of(fit), staggered(fit)
    table = support_of(design, panel)
    table = table[table["event_time"] >= -design.anticipation].reset_index(drop=True)
    table["controls"] = _controls(fit, table)
    table["information"] = _information(fit, table)
    table["few_units"] = table["identified"] & (table["rows"] < FEW)
    table["few_controls"] = table["identified"] & (table["controls"] < FEW)
    table["on_prior"] = table["identified"] & (table["information"] < LITTLE)
    known = table[table["identified"]]
    lost = len(table) - len(known)
    rows, kept = int(table["rows"].sum()), int(known["rows"].sum())
    lonely = known[known["few_controls"]]
    verdict: Verdict = HOLDS
    if lost or lonely["rows"].sum() > 0.25 * max(kept, 1):
        verdict = DOUBT
    if kept < 0.5 * rows:
        verdict = FAILS
    figure = f"{len(known)} of {len(table)} cells identified; {kept} of {rows} treated rows"
    prior = known[known["on_prior"]]
    if len(prior):
        figure += f"; {int(prior['rows'].sum())} in cells that rest on pooling"
    return Finding(verdict, figure, " ".join(_sentences(panel, table, lost)), table, "cells")


def _exposed(design: ContinuousExposure, panel: Panel) -> Finding:
    """Where the slope of a continuous exposure is identified, and by how many units."""
    table = support_of(design, panel)
    used = table[table["exposed"] > 0]
    known = used[used["identified"]]
    few = known[known["varying"] < FEW]
    share = float(known["sd_net"].pow(2).mul(known["rows"]).sum())
    share /= max(float(used["sd"].pow(2).mul(used["rows"]).sum()), 1e-300)
    verdict: Verdict = HOLDS if len(known) == len(used) and not len(few) else DOUBT
    if known["rows"].sum() < 0.5 * used["rows"].sum():
        verdict = FAILS
    figure = (
        f"{len(known)} of {len(used)} strata identified; exposure varies within "
        f"{int(known['varying'].sum())} of {int(used['units'].sum())} units; {share:.0%} of its "
        "variance is within units and net of time effects"
    )
    said = ["The slope is identified in every stratum with exposed rows."]
    if len(known) < len(used):
        reasons = shown(used.loc[~used["identified"], "reason"].unique(), 3)
        said = [f"{len(used) - len(known)} of {len(used)} strata are left out ({reasons})."]
    if len(few):
        units = "stratum has" if len(few) == 1 else "strata have"
        said.append(
            f"{len(few)} {units} fewer than {FEW} units whose exposure varies, so what is their "
            "own leans on pooling."
        )
    return Finding(verdict, figure, " ".join(said), table)


def _sentences(panel: Panel, table: pd.DataFrame, lost: int) -> list[str]:
    few, lonely, prior = (table[table[k]] for k in ("few_units", "few_controls", "on_prior"))
    said = ["Every cell with treated rows is identified."]
    if lost:
        reasons = table.loc[~table["identified"], "reason"].unique()
        said = [f"{lost} of {len(table)} cells are left out ({shown(reasons, 3)})."]
    if len(few):
        said.append(f"{_size(few)} fewer than {FEW} units, so what is their own leans on pooling.")
    if len(lonely):
        said.append(f"{_size(lonely)} fewer than {FEW} untreated units to compare with.")
    if len(prior):
        said.append(
            f"{_size(prior)} data that remove less than {LITTLE:.0%} of the prior variance of "
            "their own departures from what cells share: their effects are what pooling says."
        )
    untreated = _untreated_levels(panel)
    if untreated:
        said.append(f"No unit is treated in {shown(untreated)}: nothing is said about it.")
    return said


def _size(cells: pd.DataFrame) -> str:
    rows = int(cells["rows"].sum())
    if len(cells) == 1:
        return f"1 cell ({rows} treated row{'s' if rows > 1 else ''}) has"
    return f"{len(cells)} cells ({rows} treated rows) have"


def _information(fit: Fit, table: pd.DataFrame) -> list[float]:
    """What the data say about each cell; NaN for those left out."""
    cells, names = fit.plan.cells, [*panel_of(fit).roles.strata, v.EVENT_TIME, v.TIME]
    columns = [*cells.strata.values(), cells.event_time, cells.time]
    keys = zip(*(np.asarray(column).astype(str) for column in columns), strict=True)
    found = dict(zip(keys, cell_information(fit), strict=True))
    wanted = table[names].astype(str).itertuples(index=False, name=None)
    return [float(found.get(key, np.nan)) for key in wanted]


def _untreated_levels(panel: Panel) -> list[str]:
    found = []
    for factor in panel.roles.strata:
        treated = np.unique(panel.strata_codes[factor][panel.cohort_codes >= 0])
        others = np.setdiff1d(np.arange(len(panel.levels[factor])), treated)
        found += [f"{factor} = {panel.levels[factor][k]}" for k in others]
    return found


def _controls(fit: Fit, table: pd.DataFrame) -> list[int]:
    """Untreated units in each cell's period, among those that share its time effects."""
    panel = panel_of(fit)
    frame = staggered(fit).frame(panel)
    control = ~frame.treated & ~frame.lead
    if staggered(fit).controls == "never":
        control &= frame.cohort[frame.unit] < 0
    node = frame.level[frame.unit] * frame.n_periods + frame.time
    count = np.bincount(node[control], minlength=len(frame.level_names) * frame.n_periods)
    factors = list(panel.roles.strata)
    levels = {
        tuple(str(panel.levels[f][panel.strata_codes[f][u]]) for f in factors): int(frame.level[u])
        for u in range(panel.n_units)
    }
    place = {str(label): k for k, label in enumerate(panel.time_labels)}
    strata = table[factors].astype(str).itertuples(index=False, name=None)
    return [
        int(count[levels[tuple(stratum)] * frame.n_periods + place[str(time)]])
        for stratum, time in zip(strata, table[v.TIME], strict=True)
    ]
