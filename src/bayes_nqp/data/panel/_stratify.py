"""A stratum from a baseline value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.vocabulary import RESERVED
from bayes_nqp.data.panel._derive import column_of, rows_of, where
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.panel._unit_column import stratified
from bayes_nqp.data.reading import (
    checked_names,
    counted,
    is_text,
    numbers,
    plain,
    quoted,
    unwrapped,
)

_QUANTILES = {
    "median": (Message("median"), [1 / 2]),
    "terciles": (Message("terciles"), [1 / 3, 2 / 3]),
    "quartiles": (Message("quartiles"), [1 / 4, 1 / 2, 3 / 4]),
}
_MISSING = "missing"


def stratify[P: Rectangle](
    panel: P,
    column: str,
    cuts: str | Sequence[float],
    thresholds: Sequence[float] | None,
    at: object,
    labels: Sequence[str] | None,
    name: str | None,
    missing: str,
) -> P:
    """Add a stratum; for arguments see `Panel.stratify`."""
    name = name or f"{column}_group"
    checked_names([("name", name)])
    if name in panel.frame.columns or name in RESERVED:
        taken = Message("name={!r} is already a column", name)
        taken = Message("name={!r} is reserved", name) if name in RESERVED else taken
        raise PanelError(taken, hint="name='another_name'")
    if missing not in ("error", "drop", "level"):
        raise PanelError(
            Message("missing={!r} is unknown", missing), hint="'error', 'drop' or 'level'"
        )
    values, when = baseline(panel, column, at)
    gone = np.isnan(values)
    if gone.all() or (gone.any() and missing == "error"):
        _refuse_missing(panel, column, when, gone)
    edges, how = _edges(values[~gone], column, cuts, thresholds)
    texts = _labels(labels, len(edges) + 1)
    level = texts[np.searchsorted(edges, np.where(gone, edges[0], values), side="left")]
    _check_filled(texts, level[~gone], column, edges)
    note = Message(
        "{}: {} {}, divided at {} ({}): {}",
        name,
        column,
        when,
        shown(f"{x:.6g}" for x in edges),
        how,
        shown((f"{text} {(level[~gone] == text).sum()}" for text in texts), 12),
    )
    if gone.any() and missing == "level":
        level = np.where(gone, _MISSING, level)
        note = Message("{}, {} {}", note, Message("missing", context="level"), gone.sum())
    frame = panel.frame.assign(**{name: level[panel.unit_codes]})
    levels, codes = np.unique(level, return_inverse=True)
    out = stratified(panel, name, levels, codes, frame=frame, notes=(*panel.notes, note))
    if gone.any() and missing == "drop":
        listed = shown(panel.unit_labels[gone])
        note = Message(
            "{} dropped, without {} {}: {}", counted(gone.sum(), "unit"), column, when, listed
        )
        out = where(out, ~gone[panel.unit_codes], note)
    return out


def numeric(panel: Rectangle, column: str, argument: str = "column") -> Array:
    """Return the values of a numeric column, NaN if missing (row)."""
    raw = column_of(panel, argument, column)
    if is_text(unwrapped(raw)) and raw.nunique() < panel.unit_labels.size and not _numeric(raw):
        raise PanelError(
            Message(
                "{}={!r} is text, not numbers: {}",
                argument,
                column,
                shown(map(quoted, raw.dropna().unique()), 3),
            ),
            hint=Message(
                "if the column already contains groups of units, pass strata=[{!r}]", column
            ),
        )
    panel.need_units(Message("{}={!r}", argument, column))
    return numbers(raw, argument, rows_of(panel), [])


def baseline(
    panel: Rectangle, column: str, at: object = None, argument: str = "column"
) -> tuple[Array, str]:
    """Return the baseline value of each unit, NaN if missing, and its period in words.

    Without ``at=``, it is the mean before the first treatment of any unit. Messages name the
    argument that contains the column.
    """
    values = numeric(panel, column, argument)
    use = ~np.isnan(values)
    if at is None:
        adopted = panel.cohort_codes[panel.cohort_codes >= 0]
        first = int(adopted.min()) if len(adopted) else panel.periods
        if first == 0:
            raise PanelError(
                Message(
                    "at=None requires periods in which no unit is treated, but a unit is "
                    "treated in the first period, {}",
                    panel.time_labels[0],
                ),
                hint=Message("at={!r} or another period", panel.time_labels[0]),
            )
        use &= panel.time_codes < first
        ends = (panel.time_labels[k] for k in (0, first - 1))
        when = Message("averaged over {} to {}", *map(str, ends))
    else:
        use &= panel.time_codes == _period(panel, at)
        when = Message("at {}", plain(at))
    units = panel.unit_codes[use]
    count = np.bincount(units, minlength=panel.unit_labels.size)
    total = np.bincount(units, weights=values[use], minlength=panel.unit_labels.size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), when


def _numeric(raw: Any) -> bool:
    try:
        [float(x) for x in raw.dropna().unique()[:20]]
    except (TypeError, ValueError):
        return False
    return True


def _period(panel: Rectangle, at: object) -> int:
    labels = [str(label) for label in panel.time_labels]
    if plain(at) not in labels:
        raise PanelError(
            Message(
                "at={!r} is not a period of the panel, which covers {} to {}",
                at,
                labels[0],
                labels[-1],
            ),
            hint=nearest(plain(at), labels),
        )
    return labels.index(plain(at))


def _refuse_missing(panel: Rectangle, column: str, when: str, gone: Mask) -> None:
    raise PanelError(
        Message(
            "column={!r} has no value {} for {} of {} units",
            column,
            when,
            gone.sum(),
            panel.unit_labels.size,
        ),
        where=shown(panel.unit_labels[gone], 12),
        hint="choose another period with at=…; missing='drop' drops these units, "
        "missing='level' assigns them to a separate level",
    )


def _edges(
    values: Array, column: str, cuts: str | Sequence[float], thresholds: Sequence[float] | None
) -> tuple[Array, str]:
    if thresholds is not None:
        edges = np.asarray(thresholds, dtype=np.float64)
        how = Message("given", context="cuts")
    else:
        if isinstance(cuts, str) and cuts not in _QUANTILES:
            raise PanelError(Message("cuts={!r} is unknown", cuts), hint=nearest(cuts, _QUANTILES))
        words, quantiles = _QUANTILES[cuts] if isinstance(cuts, str) else (None, list(cuts))
        if not quantiles or not all(0 < q < 1 for q in quantiles):
            raise PanelError(
                Message("cuts={!r} must be quantiles between 0 and 1", cuts),
                hint=Message("thresholds=… must be values of {!r}", column),
            )
        edges = np.quantile(values, quantiles)
        words = words or Message("quantiles {}", shown(quantiles))
        how = Message("{} over {} units", words, len(values))
    if edges.ndim != 1 or not len(edges) or not (np.diff(edges) > 0).all():
        raise PanelError(
            Message(
                "the cuts of {!r} must be increasing, but are {}", column, shown(edges.ravel())
            ),
            hint="use fewer cuts, because many units have the same value; or pass "
            "thresholds=… in increasing order",
        )
    return edges, how


def _labels(labels: Sequence[str] | None, count: int) -> npt.NDArray[np.str_]:
    if labels is None:
        few = {2: ["low", "high"], 3: ["low", "middle", "high"]}
        labels = few.get(count, [f"q{i + 1}" for i in range(count)])
    texts = np.array([str(x) for x in labels], dtype=str)
    if len(texts) != count or len(set(texts.tolist())) != count or _MISSING in texts:
        raise PanelError(
            Message(
                "labels={!r} must be {} different names, from low to high, none of them {!r}",
                list(labels),
                count,
                _MISSING,
            ),
            hint="one name more than the number of cuts",
        )
    return texts


def _check_filled(
    texts: npt.NDArray[np.str_], level: npt.NDArray[np.str_], column: str, edges: Array
) -> None:
    empty = [text for text in texts if not (level == text).any()]
    if empty:
        raise PanelError(
            Message(
                "no unit belongs to {}: {!r} is divided at {}",
                shown(map(repr, map(str, empty))),
                column,
                shown(f"{x:.6g}" for x in edges),
            ),
            hint="many units have the same value; choose thresholds=… that separate them",
        )
