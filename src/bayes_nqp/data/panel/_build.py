"""Convert a frame to the validated fields of a panel."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.labels import labels_of
from bayes_nqp.data.panel import _checks, _cohorts, _paths
from bayes_nqp.data.panel._grid import Grid, make_grid, periods_of
from bayes_nqp.data.panel._roles import Roles, check_roles, labelled
from bayes_nqp.data.panel._times import TimeScale, counts_quarters, parse_freq, read_times
from bayes_nqp.data.reading import (
    SourceRows,
    Strings,
    admitted_frame,
    as_years,
    counted,
    encode,
    frozen,
    is_text,
    numbers,
    refuse_gaps,
    unwrapped,
)

_NUMERIC = (
    "outcome", "weights", "counts", "outcome_se", "exposure", "trials", "covariates", "mediators",
    "moderators", "exposures",
)  # fmt: skip
_MATRICES = ("covariates", "mediators", "moderators", "exposures")
_REQUIRED = (
    "outcome", "weights", "counts", "outcome_se", "exposure", "trials", "covariates", "strata",
)  # fmt: skip

_CALENDAR_YEARS = ("Y", "Y-DEC")
"""Frequency of years that begin in January; in other years a date may belong to the next year."""


@dataclass(slots=True)
class Draft:
    """Sorted rows with a unit and a time, before rows with other gaps are dropped."""

    frame: pd.DataFrame
    roles: Roles
    scale: TimeScale
    units: Strings
    codes: Index
    ordinals: Index
    first: Index = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    values: dict[str, Array] = field(default_factory=dict)
    strata: dict[str, tuple[Index, Strings]] = field(default_factory=dict)

    @property
    def rows(self) -> SourceRows:
        return SourceRows(self.frame, self.roles.unit, self.roles.time)

    @property
    def starts(self) -> Index:
        """Return the first row of every unit with rows."""
        return np.flatnonzero(np.diff(self.codes, prepend=-1)).astype(np.int64)

    def keep(self, mask: Mask) -> Draft:
        """Keep some rows, and the units with remaining rows."""
        if mask.all():
            return self.compact()
        return replace(
            self,
            frame=self.frame[mask],
            codes=self.codes[mask],
            ordinals=self.ordinals[mask],
            values={name: x[mask] for name, x in self.values.items()},
            strata={name: (x[mask], labels) for name, (x, labels) in self.strata.items()},
        ).compact()

    @property
    def yearly(self) -> bool:
        """Return True if times are years, as numbers or as calendar periods."""
        if self.scale.base is not None:
            return self.scale.base in _CALENDAR_YEARS
        return bool(self.ordinals.min() >= 1800 and self.ordinals.max() < 2200)

    def compact(self) -> Draft:
        """Drop units without rows."""
        present = self.codes[self.starts]
        if len(present) == len(self.units):
            return self
        place = np.full(len(self.units), -1, dtype=np.int64)
        place[present] = np.arange(len(present))
        first = self.first[present] if len(self.first) else self.first
        return replace(self, units=self.units[present], codes=place[self.codes], first=first)


def build(
    df: pd.DataFrame,
    *,
    treated: str | None = None,
    exit: str | None = None,
    entry_unknown: Literal["raise", "drop"] = "raise",
    never: object = None,
    freq: int | str | None = None,
    labels: Mapping[str, Any] | None = None,
    notes: Iterable[str] = (),
    **columns: Any,
) -> dict[str, Any]:
    """Validate a frame and return the fields of a Panel; columns are given by `Roles`."""
    _one_source(treated, exit, columns)
    made: set[str] = set()
    if isinstance(df, pd.DataFrame):
        indicator = columns.get("treatment") if treated is None else treated
        if indicator is not None and columns.get("cohort") is None:
            columns["cohort"] = free_name(f"{indicator}_cohort", df)
            made.add("cohort")
        if exit is not None:
            columns["treatment"] = free_name("treatment", df)
            made.add("treatment")
    roles = Roles.of(**columns)
    given = {"treated": treated, "exit": exit}
    named = [pair for pair in roles.named() if pair[0] not in made]
    named += [(argument, name) for argument, name in given.items() if name is not None]
    check_roles(df, named)
    called = labelled(labels_of(df), labels, df)
    notes = list(notes)
    df = admitted_frame(df, named, lambda x: SourceRows(x, roles.unit, roles.time), notes)
    dropped: dict[str, int] = {}
    draft = _draft(df, roles, parse_freq(freq), dropped, notes)
    _read(draft, notes)
    if "cohort" in made and roles.treatment is not None:
        draft = _entries(draft, entry_unknown, notes)
    else:
        draft.first = _adoption(draft, treated, never, notes)
        _add_treatment(draft, exit, notes)
    draft = _complete(draft, dropped, notes, len(df))
    fields = _fields(draft, notes, dropped, made=made, never=never)
    return {**fields, "labels": called}


def _one_source(treated: str | None, exit: str | None, columns: Mapping[str, Any]) -> None:
    """Refuse arguments that give the treatment twice, or an exit without an entry."""
    cohort, treatment = columns.get("cohort"), columns.get("treatment")
    if treated is not None and cohort is not None:
        raise PanelError(
            "pass either cohort= or treated=, not both",
            hint="cohort= names the column with each unit's first treated period "
            "(missing = never treated); treated= names a 0/1 column from which "
            "this period is derived",
        )
    if treatment is not None and (treated is not None or exit is not None):
        raise PanelError(
            Message(
                "pass either treatment= or {}=, not both", "exit" if treated is None else "treated"
            ),
            hint="treatment= names a 0/1 column that may go back to 0",
        )
    if exit is not None and cohort is None:
        raise PanelError(
            "exit= requires cohort=",
            hint="cohort= names the column with the first treated period, exit= that with the "
            "first period after the treatment; a 0/1 column in place of both is passed as "
            "treatment=",
        )


def free_name(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _draft(
    df: pd.DataFrame,
    roles: Roles,
    scale: TimeScale | None,
    dropped: dict[str, int],
    notes: list[str],
) -> Draft:
    rows = SourceRows(df, roles.unit, roles.time)
    refuse_gaps(df, roles.unit, roles.time)
    codes, units = encode(df[roles.unit])
    times = df[roles.time]
    if is_text(unwrapped(times)) and (scale is None or scale.base in (None, *_CALENDAR_YEARS)):
        times = as_years(times, notes, once=True)
    ordinals, present, scale = read_times(times, "time", rows, scale)
    named_rows = codes >= 0
    dropped |= {
        name: int((~filled).sum())
        for name, filled in ((roles.unit, named_rows), (roles.time, present))
        if not filled.all()
    }
    ok = named_rows & present
    if not ok.any():
        raise PanelError(
            Message("no row has a value of both unit={!r} and time={!r}", roles.unit, roles.time),
            hint="check the sheet and the columns that were read",
        )
    key = _keys(codes, ordinals, ok, len(units))
    if not ok.all() or (key[1:] < key[:-1]).any():
        order = np.flatnonzero(ok)
        order = order[np.argsort(key[order], kind="stable")]
        df, codes, ordinals, key = df.iloc[order], codes[order], ordinals[order], key[order]
    _checks.distinct_rows(key, SourceRows(df, roles.unit, roles.time))
    return Draft(df, roles, scale, units, codes, ordinals).compact()


def _keys(codes: Index, ordinals: Index, ok: Mask, units: int) -> Index:
    """Number every pair of a unit and a time, in the order of units and times."""
    low = int(ordinals[ok].min())
    span = int(ordinals[ok].max()) - low + 1
    if span * units < 2**62:
        return codes * span + (ordinals - low)
    seen, ranks = np.unique(ordinals, return_inverse=True)
    return codes * len(seen) + ranks


def _read(draft: Draft, notes: list[str]) -> None:
    roles, rows = draft.roles, draft.rows
    for part, name in roles.named():
        if part == "treatment" and name in draft.frame:
            draft.values[name] = _cohorts.treated_shares(draft.frame[name], part, rows, notes)
        elif part in _NUMERIC:
            draft.values[name] = numbers(draft.frame[name], part, rows, notes)
        elif part == "strata":
            draft.strata[name] = codes, labels = encode(draft.frame[name])
            _checks.constant_stratum(name, codes, labels, draft.starts, draft.units)
            _checks.whole_stratum(name, codes, draft.codes, rows)
            _checks.not_continuous(name, draft.frame[name], len(labels), len(draft.units))
    for part in ("weights", "counts", "exposure", "trials"):
        if (name := getattr(roles, part)) is not None:
            _checks.positive(draft.values[name], part, name, rows)
    if roles.weights is not None:
        _checks.comparable(draft.values[roles.weights], roles.weights, rows)
    if roles.exposure is not None:
        exposure, outcome = draft.values[roles.exposure], draft.values[roles.outcome]
        _checks.known_exposure(exposure, outcome, roles.exposure, rows)
    if roles.outcome_se is not None:
        _checks.standard_errors(draft.values[roles.outcome_se], roles.outcome_se, rows)
    if roles.counts is not None:
        _checks.possible_counts(draft.values[roles.counts], roles.counts, rows)
        _checks.constant_counts(draft.values[roles.counts], roles.counts, draft.starts, draft.units)


def _adoption(draft: Draft, treated: str | None, never: object, notes: list[str]) -> Index:
    """Return first treated periods of units from the cohort column or an indicator."""
    cohort = draft.roles.cohort
    if cohort is None:
        return np.full(len(draft.units), _cohorts.NEVER, dtype=np.int64)
    if treated is None:
        return _cohorts.from_column(
            draft.frame[cohort], _cohorts.declared(never), draft.rows, draft.starts, draft.scale,
            notes, yearly=draft.yearly,
            quarters=counts_quarters(unwrapped(draft.frame[draft.roles.time]), draft.scale),
        )  # fmt: skip
    return _cohorts.from_indicator(
        draft.frame[treated], draft.rows, draft.starts, draft.ordinals, notes
    )


def _entries(draft: Draft, unknown: str, notes: list[str]) -> Draft:
    """Date first entries by the treatment; drop or refuse units with an unknown entry."""
    name = str(draft.roles.treatment)
    on, drop = draft.values[name] > 0, unknown == "drop"
    gone = _paths.entry_unknown(on, draft.starts, draft.units, name, drop=drop)
    if gone.any():
        notes.append(
            Message(
                "{} left out, because treated in the first observation: {}",
                counted(gone.sum(), "unit"),
                shown(draft.units[gone], 12),
            )
        )
        if gone.all():
            raise PanelError(
                Message("treatment={!r}: all units are treated in the first observation", name),
                hint="begin the panel earlier",
            )
        draft = draft.keep(~gone[draft.codes])
    draft.first = _paths.first_treated(draft.values[name] > 0, draft.starts, draft.ordinals)
    return draft


def _add_treatment(draft: Draft, exit: str | None, notes: list[str]) -> None:
    """Derive the treatment from the period of exit; or compare it with the first treated period."""
    name = draft.roles.treatment
    if name is None:
        return
    if exit is not None:
        column = draft.frame[exit]
        if draft.yearly:
            column = as_years(column, notes)
        draft.values[name] = _paths.status_until(
            column, draft.first, draft.rows, draft.codes, draft.ordinals, draft.scale
        )
        return
    on, first = draft.values[name] > 0, draft.first[draft.codes]
    _paths.check_entries(on, first, draft.ordinals, draft.rows, name)


def _complete(draft: Draft, dropped: dict[str, int], notes: list[str], total: int) -> Draft:
    keep = np.ones(len(draft.codes), dtype=bool)
    for part, name in draft.roles.named():
        if part not in _REQUIRED:
            continue
        gone = draft.strata[name][0] < 0 if part == "strata" else np.isnan(draft.values[name])
        if gone.any():
            dropped[name] = int(gone.sum())
            keep &= ~gone
    if not keep.any():
        worst = max(dropped, key=lambda name: dropped[name])
        part = next(part for part, name in draft.roles.named() if name == worst)
        raise PanelError(
            Message(
                "no complete row: {}={!r} is missing in {} of {} rows",
                part,
                worst,
                dropped[worst],
                total,
            ),
            where=shown(f"{name} {count}" for name, count in dropped.items()),
            hint="omit this column, or complete it",
        )
    before = draft.units
    complete_draft = draft.keep(keep)
    if dropped:
        causes = shown((f"{name} {count}" for name, count in dropped.items()), 12)
        notes.append(
            Message(
                "{:,} of {:,} rows dropped because of missing values ({})",
                total - len(complete_draft.codes),
                total,
                causes,
            )
        )
    lost = np.setdiff1d(before, complete_draft.units)
    if len(lost):
        notes.append(
            Message(
                "{} without a complete observation: {}", counted(len(lost), "unit"), shown(lost)
            )
        )
    return complete_draft


def _fields(
    draft: Draft, notes: list[str], dropped: dict[str, int], *, made: set[str], never: object
) -> dict[str, Any]:
    roles, rows = draft.roles, draft.rows
    grid, empty = make_grid(draft.ordinals, draft.scale, rows, roles.time)
    if len(empty):
        notes.append(Message("no observation at {}", shown(grid.text(empty))))
    cohort_codes = _cohorts.on_grid(draft.first, grid, draft.units, roles.cohort or "", notes)
    _checks.whole(draft.values, roles, draft.units, draft.starts, rows)
    for name in roles.mediators + roles.moderators + roles.exposures:
        gaps = int(np.isnan(draft.values[name]).sum())
        if gaps:
            notes.append(
                Message(
                    "{} is missing in {n:,} observation, which is kept in the panel",
                    name,
                    plural="{} is missing in {n:,} observations, which are kept in the panel",
                    n=gaps,
                )
            )
    frame = draft.frame.reset_index(drop=True)
    if "cohort" in made:
        frame = frame.assign(**{str(roles.cohort): cohort_column(cohort_codes, grid)[draft.codes]})
    time_codes = (draft.ordinals - grid.start) // grid.step
    path = None
    if roles.treatment is not None:
        on = draft.values[roles.treatment] > 0
        if "treatment" in made:
            frame = frame.assign(**{roles.treatment: on.astype(np.int64)})
        path = frozen(_paths.in_force(on, draft.codes, time_codes, cohort_codes, grid.size))
    starts = draft.starts
    counts = np.ones(starts.size) if roles.counts is None else draft.values[roles.counts][starts]
    return {
        "frame": frame,
        "roles": roles,
        "unit_labels": frozen(draft.units),
        "unit_codes": frozen(draft.codes),
        "time_labels": frozen(grid.labels()),
        "time_codes": frozen(time_codes),
        "cohort_codes": frozen(cohort_codes),
        "outcome": frozen(draft.values[roles.outcome]),
        "weights": None if roles.weights is None else frozen(draft.values[roles.weights]),
        "outcome_se": None if roles.outcome_se is None else frozen(draft.values[roles.outcome_se]),
        "exposure": None if roles.exposure is None else frozen(draft.values[roles.exposure]),
        "trials": None if roles.trials is None else frozen(draft.values[roles.trials]),
        "in_force": path,
        **{part: _matrix(draft, part) for part in _MATRICES},
        **_levels(draft.strata, starts),
        "counts": frozen(counts),
        "dropped": dropped,
        "notes": tuple(dict.fromkeys(notes)),
        "grid": grid,
        "never": () if "cohort" in made else tuple(_cohorts.declared(never)),
    }


def cohort_column(codes: Index, grid: Grid) -> Any:
    """Write cohorts by unit in user format: numbers with NaN, or periods with NaT."""
    ordinals = grid.start + grid.step * codes
    if grid.base is None:
        return np.where(codes < 0, np.nan, ordinals)
    return periods_of(ordinals, grid.base).where(codes >= 0).array


def _matrix(draft: Draft, part: str) -> Array:
    columns = [draft.values[name] for name in getattr(draft.roles, part)]
    return frozen(np.column_stack([np.empty((len(draft.codes), 0)), *columns]))


def _levels(strata: dict[str, tuple[Index, Strings]], starts: Index) -> dict[str, Any]:
    levels: dict[str, Strings] = {}
    codes: dict[str, Index] = {}
    for name, (row_codes, labels) in strata.items():
        levels_used, unit_codes = np.unique(row_codes[starts], return_inverse=True)
        levels[name], codes[name] = frozen(labels[levels_used]), frozen(unit_codes.astype(np.int64))
    return {"levels": levels, "strata_codes": codes}
