"""Which effects the data identify, and how many rest on few units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._refit import panel_of, staggered
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, Verdict, asks
from bayes_nqp.designs import support as support_of
from bayes_nqp.errors import shown

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

FEW = 3
"""Below this many units, single ones matter."""


@asks("Which effects do the data identify, and on how many units do they rest?")
def support(fit: Fit) -> Finding:
    """Count the cells that are dropped, and those that rest on few units or few controls."""
    panel, design = panel_of(fit), staggered(fit)
    table = support_of(design, panel)
    table = table[table["event_time"] >= -design.anticipation].reset_index(drop=True)
    table["controls"] = _controls(fit, table)
    known = table[table["identified"]]
    lost = len(table) - len(known)
    rows, kept = int(table["rows"].sum()), int(known["rows"].sum())
    few = known[known["rows"] < FEW]
    lonely = known[known["controls"] < FEW]
    verdict: Verdict = HOLDS
    if lost or lonely["rows"].sum() > 0.25 * max(kept, 1):
        verdict = DOUBT
    if kept < 0.5 * rows:
        verdict = FAILS
    figure = f"{len(known)} of {len(table)} cells identified; {kept} of {rows} treated rows"
    sentence = " ".join(_sentences(panel, table, lost, few, lonely))
    return Finding(verdict, figure, sentence, table, "table")


def _sentences(
    panel: Panel, table: pd.DataFrame, lost: int, few: pd.DataFrame, lonely: pd.DataFrame
) -> list[str]:
    said = ["Every cell with treated rows is identified."]
    if lost:
        reasons = table.loc[~table["identified"], "reason"].unique()
        said = [f"{lost} of {len(table)} cells are left out ({shown(reasons, 3)})."]
    if len(few):
        said.append(
            f"{len(few)} cells ({int(few['rows'].sum())} treated rows) hold fewer than {FEW} "
            "units, so their own effects lean on pooling."
        )
    if len(lonely):
        said.append(
            f"{len(lonely)} cells ({int(lonely['rows'].sum())} treated rows) have fewer than "
            f"{FEW} untreated units to compare with."
        )
    untreated = _untreated_levels(panel)
    if untreated:
        said.append(f"No unit is treated in {shown(untreated)}: nothing is said about it.")
    return said


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
