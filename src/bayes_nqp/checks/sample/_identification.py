"""Check of identification: the effects that the data identify, and the units they depend on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.hints import DETAILS, Code
from bayes_nqp._core.i18n import NOTHING, Message, advised, detailed, joined, listed
from bayes_nqp.checks.sample._bounds import Bounds
from bayes_nqp.checks.shared import HOLDS, Finding, Guide, asks, ladder
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import ROWS, Fit, panel_of, unconstrained
from bayes_nqp.inference.model_frame import identification as support_of
from bayes_nqp.model.predictors import AFTER, TREATED, TimeEffects
from bayes_nqp.numerics.linear_gaussian import local_variances


def cell_information(fit: Fit) -> Array:
    """Return the share of the prior variance of each cell-specific effect that the data remove.

    Under ``PartialPooling`` the effect of a cell is the sum of effects shared with other cells
    (level, curve, strata, cohort) and a cell-specific effect with prior variance ``scale_cell **
    2``. The share is one minus the ratio of the posterior to this prior variance, at the posterior
    mean of the parameters. Near zero, the estimate of the cell reflects partial pooling; near one,
    it reflects the data of the cell. If cells hardly differ, the estimated scale is small and all
    shares are small.

    Returns
    -------
    ndarray (cell)
        One value for each cell of the plan, leads included. One under ``NoPooling``, where cells
        have no prior; NaN where cells have no cell-specific effect.
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
"""Number of units below which a cell has few units or few controls."""
MANY = 0.05
"""Share of treated observations left out of identified cells above which there is caution."""
KEPT, LONELY = 0.5, 0.25
"""Share of treated observations kept below which it fails; share of them in cells with few controls
above which it asks for caution."""
LITTLE = 0.1
"""Share of the prior variance removed below which a cell reflects partial pooling."""


_BEYOND = ("rows_beyond", "cells_beyond")


@asks(
    "Which effects are identified, and on how many units do they depend?",
    "identification",
    place=20,
    needs=(ROWS,),
    guide=Guide(
        statistic=Message(
            "Number of group-time cells and of treated observations with an identified effect;"
            " treated and untreated units of each cell; and the share of the prior variance of"
            " each cell-specific effect that the data remove.",
        ),
        thresholds=Message(
            "Caution: a cell is left out, more than {0:.0%} of the treated observations in "
            "identified cells are left out, or more than {1:.0%} are in cells with fewer than "
            "{2} untreated units. Failed: less than {3:.0%} of the treated observations are "
            "kept. For counts and shares, also caution: more than {1:.0%} of the treated "
            "observations are in cells, or more than {0:.0%} of the units are left out, because "
            "all outcomes are at a bound of their range. Failed: this applies to all cells.",
            MANY,
            LONELY,
            FEW,
            KEPT,
        ),
        failure=Message(
            "The average effect refers to a part of the treated observations only, or depends "
            "on few comparison units.",
        ),
        remedy=Message(
            "use fewer strata or common time effects ({} in the design), or report which "
            "effects are left out (the evidence of this check)",
            Code("time=nqp.TimeEffects()", '[design] time = { type = "TimeEffects" }'),
        ),
        code=(
            'common = nqp.fit(design.replace(time=nqp.TimeEffects(), unidentified="drop"), panel)\n'
            'nqp.check(common, "identification")'
        ),
        literature="Callaway and Sant'Anna (2021)",
        limits=Message(
            "A cell may be identified and still be estimated with little precision; the "
            "intervals show the precision.",
        ),
    ),
)
def identification(fit: Fit) -> Finding:
    """Count the cells that are not identified, and those with few units or few controls.

    The column ``information`` of the evidence is the share of the prior variance of each
    cell-specific effect that the data remove (`cell_information`). If it is below a tenth, the
    estimate of the single cell reflects partial pooling; averages over many cells are not affected.
    This share does not change the verdict.

    Observations of an identified cell are left out if their units are treated in all of their
    observations.

    For counts and shares, effects of cells without events, or without failures, are bounded by
    their priors only (separation), and units without events contain no information.
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
    bounds = Bounds.of(fit)
    verdict = ladder(
        fails=rows < KEPT * every or bounds.share == 1.0,
        doubt=lost or beyond or near_lost or lonely > LONELY * max(rows, 1) or apart > MANY * every
        or bounds.share > LONELY or bounds.lost > MANY,
    )  # fmt: skip
    figure = Message(
        "{} of {} group-time cells identified; {} of {} treated observations",
        len(cells),
        len(table) + cells_beyond,
        rows,
        every,
    )
    if len(near):
        identified = len(near) - near_lost
        figure = Message("{}; {} of {} cells of exposed neighbours", figure, identified, len(near))
    prior = cells[cells["on_prior"]]
    if len(prior):
        figure = Message(
            "{}; {} in cells that rely on partial pooling", figure, int(prior["rows"].sum())
        )
    sentence = _sentence(panel, table, lost, apart, _cut_off(fit, beyond))
    if bounds.share > LONELY or bounds.lost > MANY:
        sentence = joined([bounds.sentence, detailed(sentence)])
    elif verdict != HOLDS and not (beyond or lost or apart):
        sentence = joined([_scarce(fit, cells, near_lost), detailed(sentence)])
    return Finding(verdict, figure, sentence, table, "cells")


def _cut_off(fit: Fit, beyond: int) -> Message:
    """Return why treated observations after the last comparison period are left out."""
    if not beyond:
        return NOTHING
    return Message(
        "{:,} treated observations from {} on are left out, because all units are treated by then.",
        beyond,
        str(fit.record["ends_before"]),
    )


def _scarce(fit: Fit, cells: pd.DataFrame, near_lost: int) -> Message:
    """Return the finding where treated cells are identified and the verdict is caution."""
    lonely = cells[cells["few_controls"]]
    if not len(lonely):
        return Message(
            "{n} cell of exposed neighbours is not identified and left out.",
            plural="{n} cells of exposed neighbours are not identified and left out.",
            n=near_lost,
        )
    found = Message(
        "All treated observations have fewer than {} comparison units, which are the untreated "
        "units of the period with the same time effects.",
        FEW,
    )
    if lonely["rows"].sum() < cells["rows"].sum():
        found = Message(
            "{:.0%} of the treated observations have fewer than {} comparison units, which are the "
            "untreated units of the period with the same time effects.",
            min(float(lonely["rows"].sum() / cells["rows"].sum()), 0.99),
            FEW,
        )
    meaning = Message("The average effect depends on these few comparison units.")
    step = Message(
        "Next: report the number of comparison units, {}, or add untreated units to the panel.",
        Code("nqp.check(fit, 'identification').evidence['controls']", DETAILS),
    )
    if fit.facts.time_strata(panel_of(fit)):
        step = Message(
            "Next: use time effects that more units share, {0} in the design, which "
            "assumes parallel trends across strata too, or report {1}.",
            Hint("time", TimeEffects()),
            Code("nqp.check(fit, 'identification').evidence['controls']", DETAILS),
        )
    return joined([found, meaning, advised(step)])


def _parted(fit: Fit, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cells of exposed neighbours, and the treated cells with their controls."""
    table = table[table["event_time"] >= -fit.facts.anticipation]
    beside = table["role"] == v.NEIGHBOUR if "role" in table else np.zeros(len(table), dtype=bool)
    own = table["role"] == v.TREATED if "role" in table else ~beside
    near, table = table[beside], table[own].reset_index(drop=True)
    table["controls"] = _controls(fit, table)
    table["information"] = _information(fit, table)
    table["few_units"] = table["identified"] & (table["identifying"] < FEW)
    table["few_controls"] = table["identified"] & (table["controls"] < FEW)
    table["on_prior"] = table["identified"] & (table["information"] < LITTLE)
    return near, table


def _exposed(table: pd.DataFrame) -> Finding:
    """Return the finding for a continuous exposure: strata with an identified slope."""
    strata = table[table["exposed"] > 0]
    identified = strata[strata["identified"]]
    few, lost = identified[identified["varying"] < FEW], len(strata) - len(identified)
    share = float(identified["sd_net"].pow(2).mul(identified["rows"]).sum())
    share /= max(float(strata["sd"].pow(2).mul(strata["rows"]).sum()), 1e-300)
    verdict = ladder(
        fails=identified["rows"].sum() < KEPT * strata["rows"].sum(), doubt=lost or len(few)
    )
    figure = Message(
        "{} of {} strata identified; exposure varies within {} of {} units; {:.0%} of its "
        "variance remains net of unit and time effects",
        len(identified),
        len(strata),
        int(identified["varying"].sum()),
        int(strata["units"].sum()),
        share,
    )
    parts = [Message("The slope is identified in every stratum with exposure.")]
    if lost:
        parts = [
            Message(
                "{} of {} strata are not identified and left out ({}).",
                lost,
                len(strata),
                _reasons(strata),
            )
        ]
    if len(few):
        parts.append(
            Message(
                "{n} stratum has fewer than {} units whose exposure varies, so its slope relies on "
                "partial pooling.",
                FEW,
                plural="{n} strata have fewer than {} units whose exposure varies, so their slopes "
                "rely on partial pooling.",
                n=len(few),
            )
        )
    return Finding(verdict, figure, joined(parts), table)


def _reasons(table: pd.DataFrame) -> Message:
    """List the reasons why observations, cells or strata are left out."""
    return listed(map(Message, table.loc[table["reason"] != "", "reason"].unique()), 3)


def _sentence(panel: Panel, table: pd.DataFrame, lost: int, apart: int, beyond: Message) -> Message:
    """Return the finding and its meaning, with details."""
    few, lonely, prior = (table[table[k]] for k in ("few_units", "few_controls", "on_prior"))
    left = table[~table["identified"]], table[table["identified"]]
    found = [beyond] if beyond else []
    if lost:
        found.append(
            Message(
                "{} of {} group-time cells (stratum, cohort and period) are not identified and "
                "left out ({}).",
                lost,
                len(table),
                _reasons(left[0]),
            )
        )
    if apart:
        found.append(
            Message(
                "{:,} of {:,} treated observations in identified cells are left out ({}).",
                apart,
                left[1]["rows"].sum(),
                _reasons(left[1]),
            )
        )
    details, untreated = [], _untreated_levels(panel)
    if len(few):
        details.append(
            Message(
                "{} fewer than {} units, so their effects rely on partial pooling.", _size(few), FEW
            )
        )
    if len(lonely):
        details.append(
            Message("{} fewer than {} untreated units for comparison.", _size(lonely), FEW)
        )
    if len(prior):
        details.append(
            Message(
                "In {}, the data remove less than {:.0%} of the prior variance of the "
                "cell-specific effect: single cells reflect partial pooling, but averages over "
                "cells are not affected.",
                _which(prior, table),
                LITTLE,
            )
        )
    if untreated:
        details.append(
            Message("No unit is treated in {}, so no effect is estimated there.", listed(untreated))
        )
    if not found:
        return joined(
            [Message("Every group-time cell with treated observations is identified.")]
            + [detailed(x) for x in details]
        )
    first, *more = found
    meaning = Message("The average effect refers to the other treated observations.")
    return joined([first, meaning, *map(detailed, [*more, *details])])


def _which(cells: pd.DataFrame, table: pd.DataFrame) -> Message:
    """Return the number of cells among the identified ones, and their observations."""
    identified, rows = int(table["identified"].sum()), int(cells["rows"].sum())
    if len(cells) == identified:
        return Message("all {} cells ({} treated observations)", identified, rows)
    return Message("{} of {} cells ({} treated observations)", len(cells), identified, rows)


def _size(cells: pd.DataFrame) -> Message:
    rows = int(cells["rows"].sum())
    behind = Message("{n} treated observation", plural="{n} treated observations", n=rows)
    return Message("{n} cell ({}) has", behind, plural="{n} cells ({}) have", n=len(cells))


def _information(fit: Fit, table: pd.DataFrame) -> list[float]:
    """Return `cell_information` of each cell of the table; NaN for cells that are left out."""
    cells, names = fit.model_frame.cells, [*panel_of(fit).roles.strata, v.EVENT_TIME, v.TIME]
    columns = [*cells.strata.values(), cells.event_time, cells.time]
    keys = zip(*(np.asarray(column).astype(str) for column in columns), strict=True)
    pairs = zip(keys, cell_information(fit), cells.role == TREATED, strict=True)
    by_cell = {key: share for key, share, treated in pairs if treated}
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
    """Count the untreated units in the period of each cell that share its time effects."""
    panel, frame = panel_of(fit), fit.model_frame.codes
    control = ~frame.treated & ~frame.lead & (frame.role != AFTER)
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
