"""Descriptive statistics of a panel."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import names_of
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Cell, Column, Row, Table, decimals_for
from bayes_nqp.output.tables._parts import count, number
from bayes_nqp.output.tables._variables import role_variables

TREATED = "treated"
"""What `by` names to tell units that adopt from those that never do."""


_NOTE_PANEL = Message(
    "{rows:,} observations, {units:,} units ({unit}), {periods} periods ({time}, {first} "
    "to {last}){adoption}."
)


@kind(Message("Descriptive statistics"), of=("panel",), place=50)
def descriptives(panel: Panel, ask: Ask) -> Table:
    """Tabulate number, mean, spread and range of a panel's variables.

    Parameters
    ----------
    ask : Ask
        Options; ``by`` is a stratum factor or "treated".
    """
    translate = ask.translate
    groups = _groups(panel, ask)
    rows: list[Row] = []
    for place, (label, mask) in enumerate(groups):
        rows += [Row(label, rule=place > 0)] if label else []
        for name, values in role_variables(panel):
            rows.append(Row(name, _cells(values, mask, panel, ask)))
    heads = [
        translate("N"),
        translate("Mean"),
        translate("SD"),
        translate("Within-unit SD"),
        translate("Min"),
        translate("Median"),
        translate("Max"),
    ]
    return Table(
        "descriptives",
        translate("Descriptive statistics") if ask.title is None else ask.title,
        translate("Variable"),
        tuple(Column(head) for head in heads),
        tuple(rows),
        _notes(panel, ask),
        (),
        ask.language,
        {"panel_digest": panel.digest},
    )


def _groups(panel: Panel, ask: Ask) -> list[tuple[str, Mask]]:
    translate, everything = ask.translate, np.ones(panel.unit_codes.size, dtype=bool)
    names = names_of(ask.by)
    groups = [(translate("All") if names else "", everything)]
    for name in names.values():
        if name == TREATED and name not in panel.levels:
            adopts = panel.cohort_codes[panel.unit_codes] >= 0
            groups += [(translate("Ever treated"), adopts), (translate("Never treated"), ~adopts)]
        elif name in panel.levels:
            codes = panel.strata_codes[name][panel.unit_codes]
            groups += [
                (f"{name}: {level}", codes == k) for k, level in enumerate(panel.levels[name])
            ]
        else:
            raise StudyError(
                f"by={name!r} is no stratum of the panel",
                hint=nearest(name, [*panel.levels, TREATED]),
            )
    return [(label, mask) for label, mask in groups if mask.any()]


def _cells(values: Array, mask: Mask, panel: Panel, ask: Ask) -> tuple[Cell, ...]:
    present = mask & ~np.isnan(values)
    values, units = values[present], panel.unit_codes[present]
    if not values.size:
        return (count(0), *(number(np.nan, 3) for _ in range(6)))
    sums, sizes = np.bincount(units, values), np.bincount(units)
    within = values - (sums / np.maximum(sizes, 1))[units]
    # One degree of freedom is used by each unit's mean.
    f = panel.counts[units]
    n, free = round(f.sum()), f.sum() - panel.counts[: sizes.size][sizes > 0].sum()
    spread = float(values.std(ddof=1)) if values.size > 1 else np.nan
    inside = float(np.sqrt(within @ (f * within) / free)) if free > 0 else np.nan
    # What single units have is not kept of units that are summed up.
    of_units = [float(x) for x in (values.min(), np.median(values), values.max())]
    if panel.summed:
        spread, of_units = np.nan, [np.nan] * 3
    numbers = (float(np.average(values, weights=f)), spread, inside, *of_units)
    decimals = decimals_for([inside if panel.summed else spread], ask.digits)
    return (count(n), *(number(x, decimals) for x in numbers))


def _notes(panel: Panel, ask: Ask) -> tuple[str, ...]:
    translate = ask.translate
    ever = panel.cohort_codes >= 0
    adopted = round(panel.counts[ever].sum())
    adoption = translate(
        "; {n:,} unit treated, {never:,} never treated",
        plural="; {n:,} units treated, {never:,} never treated",
        n=adopted,
        never=panel.n_units - adopted,
    )
    sizes = np.bincount(panel.cohort_codes[ever], panel.counts[ever], panel.periods)
    notes = [
        translate(
            _NOTE_PANEL,
            rows=panel.n_rows,
            units=panel.n_units,
            unit=panel.roles.unit,
            periods=panel.periods,
            time=panel.roles.time,
            first=panel.time_labels[0],
            last=panel.time_labels[-1],
            adoption=adoption if adopted or not panel.roles.exposures else "",
        )
    ]
    if adopted:
        each = [
            Message("{!s} ({})", panel.time_labels[c], round(sizes[c]))
            for c in np.flatnonzero(sizes)
        ]
        notes.append(translate("Units by cohort: {}.", listed(each, len(each))))
    notes.append(translate("Within-unit SD: standard deviation of deviations from unit means."))
    if panel.dropped:
        lost = [Message("{!s} ({})", name, n) for name, n in panel.dropped.items()]
        notes.append(
            translate(
                "Observations excluded because of missing values: {}.", listed(lost, len(lost))
            )
        )
    return tuple(notes)
