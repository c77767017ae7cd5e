"""Panels derived from panels: fewer observations, another outcome, other cohorts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, brief, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._build import build, cohort_column, free_name
from bayes_nqp.data.panel._checks import standard_errors
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.panel._paths import moved
from bayes_nqp.data.panel._roles import as_names
from bayes_nqp.data.reading import SourceRows, frozen, missing, numbers


def column_of(panel: Rectangle, argument: str, column: str) -> pd.Series[Any]:
    """Look up a column of the user's data."""
    if column not in panel.frame.columns:
        raise PanelError(
            Message("{}={!r} is not a column of the panel", argument, column),
            hint=nearest(column, panel.frame.columns),
        )
    return panel.frame[column]


def rows_of(panel: Rectangle) -> SourceRows:
    """Name the panel's observations in messages."""
    return SourceRows(panel.frame, panel.roles.unit, panel.roles.time)


def where[P: Rectangle](panel: P, mask: Mask | pd.Series[Any], note: str = "") -> P:
    """Keep some observations."""
    keep = np.asarray(mask)
    if keep.dtype != bool or keep.shape != panel.unit_codes.shape:
        raise PanelError(
            Message(
                "mask must have {} booleans, one for each observation, not {} of shape {}",
                panel.unit_codes.size,
                keep.dtype,
                keep.shape,
            ),
            hint="panel.where(panel.frame['year'] >= 2012)",
        )
    if not keep.any():
        raise PanelError("mask selects no observation", hint="check the condition on panel.frame")
    if keep.all():
        return panel
    note = note or Message("{} of {} observations selected by a mask", keep.sum(), keep.size)
    pieces = build(panel.frame[keep], **panel.arguments, notes=(*panel.notes, note))
    pieces["dropped"] = {**panel.dropped, **pieces["dropped"]}
    return type(panel)(**pieces)


def complete[P: Rectangle](panel: P, columns: str | Iterable[str]) -> P:
    """Keep the observations without missing values in some columns."""
    names = dict.fromkeys(as_names("columns", columns))
    gone = {name: missing(column_of(panel, "columns", name)) for name in names}
    lost = {name: int(mask.sum()) for name, mask in gone.items() if mask.any()}
    if not lost:
        return panel
    keep = ~np.logical_or.reduce(list(gone.values()))
    if not keep.any():
        raise PanelError(
            Message("columns={!r}: no observation has values in all of these columns", list(names)),
            where=shown(f"{name} is missing in {count} rows" for name, count in lost.items()),
            hint="omit one of them",
        )
    causes = shown((f"{name} {count}" for name, count in lost.items()), 12)
    note = Message(
        "{} of {} observations dropped as incomplete ({})", (~keep).sum(), keep.size, causes
    )
    fewer = where(panel, keep, note)
    return replace(fewer, dropped={**fewer.dropped, **lost})


def with_outcome[P: Rectangle](
    panel: P, values: str | npt.ArrayLike, outcome_se: npt.ArrayLike | None = None
) -> P:
    """Replace the outcome, and its standard errors."""
    panel = replace(panel, roles=replace(panel.roles, outcome_se=None), outcome_se=None)
    if isinstance(values, str):
        panel = complete(panel, values)
        notes: list[str] = []
        column = column_of(panel, "outcome", values)
        outcome_values = numbers(column, "outcome", rows_of(panel), notes)
        mediators = tuple(name for name in panel.roles.mediators if name != values)
        roles = replace(panel.roles, outcome=values, mediators=mediators)
        panel = replace(
            panel, roles=roles, outcome=frozen(outcome_values), notes=(*panel.notes, *notes)
        )
    else:
        array = _of_rows(panel, "values", values)
        frame = panel.frame.assign(**{panel.roles.outcome: array})
        panel = replace(panel, frame=frame, outcome=frozen(array))
    if outcome_se is None:
        return panel
    errors = _of_rows(panel, "outcome_se", outcome_se)
    standard_errors(errors, "outcome_se", rows_of(panel))
    name = free_name("outcome_se", panel.frame)
    return replace(
        panel, roles=replace(panel.roles, outcome_se=name), outcome_se=frozen(errors),
        frame=panel.frame.assign(**{name: errors}),
    )  # fmt: skip


def _of_rows(panel: Rectangle, argument: str, values: npt.ArrayLike) -> Array:
    """Return finite numbers, one for each observation."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PanelError(
            Message("{}={} are not numeric", argument, brief(values)),
            hint="a number for each row of panel.frame, or the name of a column",
        ) from error
    if array.shape != panel.unit_codes.shape:
        raise PanelError(
            Message(
                "{} must have {} numbers, one for each observation, not shape {}",
                argument, panel.unit_codes.size, array.shape,
            ),
            hint="keep the order of panel.frame",
        )  # fmt: skip
    wrong = ~np.isfinite(array)
    if wrong.any():
        raise PanelError(
            Message("{} contains {} missing or infinite entries", argument, wrong.sum()),
            where=rows_of(panel).shown(wrong),
            hint="drop these observations first: panel.where(…)",
        )
    return array


def with_cohorts[P: Rectangle](panel: P, cohorts: npt.ArrayLike) -> P:
    """Replace the cohorts."""
    array = np.asarray(cohorts)
    if array.shape != panel.unit_labels.shape:
        raise PanelError(
            Message(
                "cohorts must have {} entries, one for each unit, not shape {}",
                panel.unit_labels.size,
                array.shape,
            ),
            hint="keep the order of panel.unit_labels",
        )
    codes = array.astype(np.int64) if array.dtype.kind in "iu" else _codes(panel, array)
    wrong = (codes < -1) | (codes >= panel.periods)
    if wrong.any():
        raise PanelError(
            Message(
                "cohorts must be between −1 and {}, but {} are not", panel.periods - 1, wrong.sum()
            ),
            where=shown(
                f"{u} ({c})" for u, c in zip(panel.unit_labels[wrong], codes[wrong], strict=True)
            ),
            hint="pass positions in panel.time_labels with −1 for never treated, or labels as "
            "floats or text",
        )
    column = cohort_column(codes, panel.grid)[panel.unit_codes]
    roles = replace(panel.roles, cohort=panel.roles.cohort or free_name("cohort", panel.frame))
    frame = panel.frame.assign(**{str(roles.cohort): column})
    path = None
    if roles.treatment is not None:
        path = frozen(moved(panel, codes))
        on = path[panel.unit_codes, panel.time_codes]
        frame = frame.assign(**{roles.treatment: on.astype(np.int64)})
    return replace(
        panel, frame=frame, roles=roles, cohort_codes=frozen(codes), in_force=path, never=()
    )


def _codes(panel: Rectangle, labels: npt.NDArray[Any]) -> Index:
    numeric = panel.time_labels.dtype.kind in "iuf"
    code_of = {(float(x) if numeric else str(x)): i for i, x in enumerate(panel.time_labels)}
    code_of[""] = -1
    out = np.empty(len(labels), dtype=np.int64)
    for i, label in enumerate(labels.tolist()):
        never = label is None or label != label
        code = -1 if never else code_of.get(label)
        if code is None:
            raise PanelError(
                Message("cohorts: {!r} is not a period of the panel", label),
                where=str(panel.unit_labels[i]),
                hint=nearest(str(label), panel.time_labels),
            )
        out[i] = code
    return out
