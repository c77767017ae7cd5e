"""Cross-sections with one observation per unit, for mediation without a panel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._roles import as_names, check_columns
from bayes_nqp.data.reading import (
    SourceRows,
    Strings,
    admitted_frame,
    counted,
    encode,
    is_text,
    joined_rows,
    missing,
    numbers,
    plain,
    quoted,
    read,
)

_TAKEN = (v.TOTAL, v.DIRECT, "outcome", "all mediators")


@dataclass(frozen=True, slots=True)
class _Lines(SourceRows):
    """Names rows in messages by the user's index."""

    def shown(self, wrong: Mask, value: str | None = None) -> str:
        places = np.flatnonzero(wrong)
        texts = [Message("row {}", plain(self.frame.index[k])) for k in places[:5]]
        if value is not None:
            cells = self.frame[value].iloc[places[:5]]
            texts = [Message("{}: {}", x, quoted(y)) for x, y in zip(texts, cells, strict=True)]
        return joined_rows(texts, len(places) - len(texts))


@dataclass(frozen=True, eq=False)
class CrossSection:
    """Complete rows of a cross-section, as arrays.

    Parameters
    ----------
    names : mapping of str to tuple of str
        Columns by role: outcome, treatment, mediators, covariates, strata.
    stratum : ndarray of int (row)
        Number of the combination of strata.
    levels : dict of str to list of str
        Level of every factor in each stratum.
    notes : tuple of str
        Dropped rows, with reasons.
    """

    names: dict[str, tuple[str, ...]]
    outcome: Array
    treatment: Array
    mediators: Array
    covariates: Array
    stratum: Index
    levels: dict[str, list[str]]
    notes: tuple[str, ...]

    @property
    def stratum_names(self) -> list[str]:
        """Return one name for each stratum."""
        if not self.levels:
            return ["all"]
        return [" × ".join(each) for each in zip(*self.levels.values(), strict=True)]


def cross_section(
    data: pd.DataFrame | str | Path,
    *,
    outcome: str,
    treatment: str,
    mediators: str | Iterable[str],
    covariates: str | Iterable[str] = (),
    strata: str | Iterable[str] = (),
) -> CrossSection:
    """Validate a frame or a file with one row per unit, and keep its complete rows."""
    data, notes = read(Path(data)) if isinstance(data, str | Path) else (data, [])
    names = {
        "outcome": (outcome,),
        "treatment": (treatment,),
        "mediators": as_names("mediators", mediators),
        "covariates": as_names("covariates", covariates),
        "strata": as_names("strata", strata),
    }
    named = [(role, name) for role, columns in names.items() for name in columns]
    _check_names(data, names, named)
    data = admitted_frame(data, named, lambda frame: _Lines(frame, "", ""), notes)
    _check_coded(data[treatment])
    flags = [x for role, x in named if role != "strata" and data[x].dtype == bool]
    data = data.astype(dict.fromkeys(flags, np.int64))
    rows = _Lines(data, "", "")
    values = {x: numbers(data[x], role, rows, notes) for role, x in named if role != "strata"}
    coded = {name: encode(data[name]) for name in names["strata"]}
    gone = {name: np.isnan(column) for name, column in values.items()}
    gone |= {name: codes < 0 for name, (codes, _) in coded.items()}
    keep = _complete(gone, len(data), notes)
    stratum, levels = _strata(coded, keep)
    none = np.zeros((int(keep.sum()), 0))
    mediating, adjusting = (
        np.column_stack([none, *(values[name][keep] for name in names[role])])
        for role in ("mediators", "covariates")
    )
    notes += [
        f"{name} takes two values, and its equation is linear all the same"
        for name in (outcome, *names["mediators"])
        if np.unique(values[name][keep]).size == 2
    ]
    section = CrossSection(
        names, values[outcome][keep], values[treatment][keep], mediating, adjusting, stratum,
        levels, tuple(notes),
    )  # fmt: skip
    _check_values(section)
    return section


def _strata(
    coded: dict[str, tuple[Index, Strings]], keep: Mask
) -> tuple[Index, dict[str, list[str]]]:
    """Return the stratum of each kept row, and the levels of every stratum by factor."""
    codes = [codes[keep] for codes, _ in coded.values()]
    combined = np.stack(codes, axis=1) if codes else np.zeros((int(keep.sum()), 1), dtype=np.int64)
    present, stratum = np.unique(combined, axis=0, return_inverse=True)
    levels = {
        name: [str(x) for x in labels[present[:, k]]]
        for k, (name, (_, labels)) in enumerate(coded.items())
    }
    return stratum.reshape(-1).astype(np.int64), levels


def _check_coded(column: pd.Series[Any]) -> None:
    """Refuse a treatment of two words without an indication which one means treated."""
    observed = column[~missing(column)]
    words = sorted({str(x) for x in observed.unique()}) if is_text(column) else []
    if len(words) == 2 and pd.to_numeric(observed, errors="coerce").isna().any():
        raise PanelError(
            Message(
                "treatment={!r} must be numeric, but contains {!r} and {!r}",
                column.name,
                words[0],
                words[1],
            ),
            hint=Message(
                "define the treated value: df[{!r}] = df[{!r}] == {!r}",
                column.name,
                column.name,
                words[1],
            ),
        )


def _check_names(
    data: object, names: dict[str, tuple[str, ...]], named: list[tuple[str, str]]
) -> None:
    if not isinstance(data, pd.DataFrame):
        raise StudyError(
            Message("'data' is a {}", type(data).__name__),
            hint="a pandas.DataFrame, or the path of a file",
        )
    if not len(data):
        raise PanelError("'data' has no rows", hint="check the file, or the filter applied to it")
    if not names["mediators"]:
        raise StudyError("'mediators' is empty", hint="mediators=['job_seek']")
    check_columns(data, named)
    for name in names["mediators"]:
        if name in _TAKEN:
            raise StudyError(
                Message("{!r} is not available as the name of a mediator", name),
                hint="rename the column",
            )
    for name in names["strata"]:
        if name in v.RESERVED:
            raise StudyError(
                Message("{!r} is not available as the name of a stratum", name),
                hint="rename the column",
            )


def _complete(gone: dict[str, Mask], total: int, notes: list[str]) -> Mask:
    """Mark rows without missing values and count the others."""
    keep: Mask = ~np.any(list(gone.values()), axis=0)
    causes = {name: int(where.sum()) for name, where in gone.items() if where.any()}
    if not keep.any():
        raise PanelError(
            "no complete row",
            where=shown(
                f"{name} is missing in {count} of {total}" for name, count in causes.items()
            ),
            hint="omit this column, or complete it",
        )
    if causes:
        listed = shown((f"{name} {count}" for name, count in causes.items()), 12)
        dropped = counted(total - int(keep.sum()), "row")
        notes.append(
            Message("{} of {:,} dropped because of missing values ({})", dropped, total, listed)
        )
    return keep


def _check_values(section: CrossSection) -> None:
    """Refuse columns that are constant or identical."""
    columns: list[tuple[str, str, Array]] = [
        ("outcome", section.names["outcome"][0], section.outcome),
        ("treatment", section.names["treatment"][0], section.treatment),
    ]
    for role, table in (("mediators", section.mediators), ("covariates", section.covariates)):
        columns += [(role, n, x) for n, x in zip(section.names[role], table.T, strict=True)]
    for role, name, values in columns:
        if np.ptp(values) == 0:
            raise PanelError(
                Message(
                    "{}={!r} is {} in all {}",
                    role,
                    name,
                    f"{values[0]:g}",
                    counted(values.size, "complete row"),
                ),
                hint="omit it, or check the name of the column",
            )
    for role, name, values in columns[1:]:
        for other_role, other, compared in columns[:2]:
            if name != other and _same_line(values, compared):
                raise PanelError(
                    Message(
                        "{}={!r} is a linear function of {}={!r} in every row",
                        role,
                        name,
                        other_role,
                        other,
                    ),
                    hint=Message("name another column for {}, or omit it", role),
                )


def _same_line(first: Array, other: Array) -> bool:
    """Return True if one column is a linear function of another."""
    if first.size < 3:
        return False
    a, b = first - first.mean(), other - other.mean()
    cosine = abs(float(a @ b)) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1.0 - cosine**2 < 1e-12
