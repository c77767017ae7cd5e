"""A stratum from a baseline value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.columns import (
    Bools,
    Floats,
    counted,
    frozen,
    is_text,
    numbers,
    plain,
    unwrapped,
)
from bayes_nqp.errors import PanelError, nearest, shown
from bayes_nqp.panel._derive import column_of, rows_of, where
from bayes_nqp.vocabulary import RESERVED

if TYPE_CHECKING:
    from bayes_nqp.panel._panel import Panel

_QUANTILES = {"median": (1 / 2,), "terciles": (1 / 3, 2 / 3), "quartiles": (1 / 4, 1 / 2, 3 / 4)}
_MISSING = "missing"


def stratify(
    panel: Panel,
    column: str,
    cuts: str | Sequence[float],
    thresholds: Sequence[float] | None,
    at: object,
    labels: Sequence[str] | None,
    name: str | None,
    missing: str,
) -> Panel:
    """Add a stratum; the arguments are those of `Panel.stratify`."""
    name = name or f"{column}_group"
    _check_name(panel, name)
    if missing not in ("error", "drop", "level"):
        raise PanelError(f"missing={missing!r} is unknown", hint="'error', 'drop' or 'level'")
    values, when = _baseline(panel, column, at)
    gone = np.isnan(values)
    if gone.all() or (gone.any() and missing == "error"):
        _refuse_missing(panel, column, when, gone)
    edges, how = _edges(values[~gone], column, cuts, thresholds)
    texts = _labels(labels, len(edges) + 1)
    level = texts[np.searchsorted(edges, np.where(gone, edges[0], values), side="left")]
    _check_filled(texts, level[~gone], column, edges)
    note = f"{name}: {column} {when}, cut at {shown(f'{x:.6g}' for x in edges)} ({how}): " + shown(
        (f"{text} {(level[~gone] == text).sum()}" for text in texts), 12
    )
    if gone.any() and missing == "level":
        level = np.where(gone, _MISSING, level)
        note += f", {_MISSING} {gone.sum()}"
    out = _add(panel, name, level, note)
    if gone.any() and missing == "drop":
        listed = shown(panel.unit_labels[gone])
        note = f"{counted(gone.sum(), 'unit')} left out, without {column} {when}: {listed}"
        out = where(out, ~gone[panel.unit_codes], note)
    return out


def _check_name(panel: Panel, name: str) -> None:
    if name in panel.frame.columns or name in RESERVED:
        why = "is reserved" if name in RESERVED else "is already a column"
        raise PanelError(f"name={name!r} {why}", hint="name='another_name'")


def _baseline(panel: Panel, column: str, at: object) -> tuple[Floats, str]:
    raw = column_of(panel, "column", column)
    if is_text(unwrapped(raw)) and raw.nunique() < panel.n_units and not _numeric(raw):
        raise PanelError(
            f"column={column!r} is text, not numbers: {shown(map(repr, raw.dropna().unique()), 3)}",
            hint=f"if it groups units already, strata=[{column!r}] takes it as it is",
        )
    values = numbers(raw, "column", rows_of(panel), [])
    use = ~np.isnan(values)
    if at is None:
        adopted = panel.cohort_codes[panel.cohort_codes >= 0]
        first = int(adopted.min()) if len(adopted) else panel.periods
        if first == 0:
            raise PanelError(
                "at=None takes the mean before any unit is treated, and one is treated in the "
                f"first period, {panel.time_labels[0]}",
                hint=f"at={panel.time_labels[0]!r} or another period",
            )
        use &= panel.time_codes < first
        when = f"averaged over {panel.time_labels[0]} to {panel.time_labels[first - 1]}"
    else:
        use &= panel.time_codes == _period(panel, at)
        when = f"at {plain(at)}"
    units = panel.unit_codes[use]
    count = np.bincount(units, minlength=panel.n_units)
    total = np.bincount(units, weights=values[use], minlength=panel.n_units)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), when


def _numeric(raw: Any) -> bool:
    try:
        [float(x) for x in raw.dropna().unique()[:20]]
    except (TypeError, ValueError):
        return False
    return True


def _period(panel: Panel, at: object) -> int:
    labels = [str(label) for label in panel.time_labels]
    if plain(at) not in labels:
        raise PanelError(
            f"at={at!r} is no period of the panel, which runs from {labels[0]} to {labels[-1]}",
            hint=nearest(plain(at), labels),
        )
    return labels.index(plain(at))


def _refuse_missing(panel: Panel, column: str, when: str, gone: Bools) -> None:
    raise PanelError(
        f"column={column!r} has no value {when} for {gone.sum()} of {panel.n_units} units",
        where=shown(panel.unit_labels[gone], 12),
        hint="another period with at=…; missing='drop' leaves these units out, missing='level' "
        "gives them a level of their own",
    )


def _edges(
    values: Floats, column: str, cuts: str | Sequence[float], thresholds: Sequence[float] | None
) -> tuple[Floats, str]:
    if thresholds is not None:
        edges = np.asarray(thresholds, dtype=np.float64)
        how = "given"
    else:
        if isinstance(cuts, str) and cuts not in _QUANTILES:
            raise PanelError(f"cuts={cuts!r} is unknown", hint=nearest(cuts, _QUANTILES))
        quantiles = _QUANTILES[cuts] if isinstance(cuts, str) else tuple(cuts)
        if not quantiles or not all(0 < q < 1 for q in quantiles):
            raise PanelError(
                f"cuts={cuts!r} must be quantiles between 0 and 1",
                hint=f"thresholds=… takes values of {column!r}",
            )
        edges = np.quantile(values, quantiles)
        what = cuts if isinstance(cuts, str) else f"quantiles {shown(quantiles)}"
        how = f"{what} over {len(values)} units"
    if edges.ndim != 1 or not len(edges) or not (np.diff(edges) > 0).all():
        raise PanelError(
            f"the cuts of {column!r} must increase, and are {shown(edges.ravel())}",
            hint="fewer cuts: many units share a value; or thresholds=… in increasing order",
        )
    return edges, how


def _labels(labels: Sequence[str] | None, count: int) -> npt.NDArray[np.str_]:
    if labels is None:
        few = {2: ["low", "high"], 3: ["low", "middle", "high"]}
        labels = few.get(count, [f"q{i + 1}" for i in range(count)])
    texts = np.array([str(x) for x in labels], dtype=str)
    if len(texts) != count or len(set(texts.tolist())) != count or _MISSING in texts:
        raise PanelError(
            f"labels={list(labels)!r} must be {count} different names, from low to high, none of "
            f"them {_MISSING!r}",
            hint="one more than there are cuts",
        )
    return texts


def _check_filled(
    texts: npt.NDArray[np.str_], level: npt.NDArray[np.str_], column: str, edges: Floats
) -> None:
    empty = [text for text in texts if not (level == text).any()]
    if empty:
        raise PanelError(
            f"no unit falls into {shown(map(repr, map(str, empty)))}: {column!r} is cut at "
            f"{shown(f'{x:.6g}' for x in edges)}",
            hint="many units share a value; choose thresholds=… that divide them",
        )


def _add(panel: Panel, name: str, level: npt.NDArray[np.str_], note: str) -> Panel:
    levels, codes = np.unique(level, return_inverse=True)
    return replace(
        panel,
        frame=panel.frame.assign(**{name: level[panel.unit_codes]}),
        roles=replace(panel.roles, strata=(*panel.roles.strata, name)),
        levels={**panel.levels, name: frozen(levels)},
        strata_codes={**panel.strata_codes, name: frozen(codes.astype(np.int64))},
        notes=(*panel.notes, note),
    )
