"""Detect duplicated series: of other units, or of any unit at another time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Codes, Measurements, Trace, coded
from bayes_nqp.checks.shared import DOUBT, FAILS

_CHANCE: Final = 1e-4
"""Expected number of coincidentally equal windows."""
_WIDTHS: Final = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32)
_WHOLE: Final = 0.8
"""Share of a unit's rows above which the whole series is regarded as copied."""


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """The part of a series that is invariant to a transformation.

    Parameters
    ----------
    codes : ndarray of int (unit, place)
        Codes of values, of changes, or of functions of changes.
    first, later : ndarray (unit, place)
        Minus log probabilities of an equal code in another row, at the first place of a window and
        later.
    length : int
        Number of rows combined in a place.
    words : Message
        Relation between the two series.
    """

    codes: Codes
    first: Array
    later: Array
    length: int
    words: Message


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Rows with a duplicate (unit, period), and the unit of the original; -1 for none."""

    rows: Mask
    unit: Codes


def copies(column: Measurements, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Detect windows of a series that occur again elsewhere, beyond coincidence."""
    traced = np.zeros(column.values.shape, dtype=bool)
    for form in _forms(column):
        for moved in (False, True) if form.length == 1 else (False,):
            match = _windows(form, traced, moved=moved)
            if match.rows.any():
                yield from _traces(column, match, form.words, units, moved=moved)
                traced |= match.rows


def _forms(column: Measurements) -> Iterator[_Form]:
    """Return values and, with fine rounding, changes, log changes, and ratios of changes."""
    values, changes = column.values, column.changes
    if changes.shape[1] < 1:
        return
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    codes, chance = coded(values, column.step, largest)
    moves, move = coded(changes, column.step, largest)
    stays = changes == 0.0
    nats = np.where(stays, 0.0, -np.log(move))
    # With coarse rounding, an equal change is more probable after an equal value.
    after = np.column_stack([np.zeros(len(values)), np.minimum(nats, -np.log(chance[:, 1:]))])
    yield _Form(codes, -np.log(chance), after, 1, Message("the same values as"))
    if not column.fine:
        return
    yield _Form(
        np.where(stays, -1, moves), nats, nats, 2, Message("the same values, up to a constant, as")
    )
    if column.positive:
        logs = column.logarithms().changes
        rates, rate = coded(logs, 0.0, 1.0)
        nats = np.where(stays, 0.0, -np.log(rate))
        yield _Form(
            np.where(stays, -1, rates),
            nats,
            nats,
            2,
            Message("the same values, up to a factor, as"),
        )
    with np.errstate(all="ignore"):
        ratios = np.where(stays[:, :-1], np.nan, changes[:, 1:] / changes[:, :-1])
    ratios = np.where(np.abs(np.log10(np.abs(ratios) + 1e-300)) < 3.0, ratios, np.nan)
    turns, turn = coded(ratios, 0.0, largest / max(column.scale, 1e-300))
    nats = -np.log(turn)
    yield _Form(turns, nats, nats, 3, Message("a linear function of the values of"))


def _windows(form: _Form, traced: Mask, *, moved: bool) -> _Found:
    """Return equal windows of other units in the same periods, or of any row at any time."""
    n_units = len(traced)
    codes = form.codes.copy()
    for back in range(form.length):
        codes[traced[:, back : back + codes.shape[1]]] = -1
    match = _Found(np.zeros_like(traced), np.full(traced.shape, -1))
    pairs = n_units**2 * codes.shape[1] / 2.0 * (codes.shape[1] if moved else 1)
    needed = np.log(max(pairs, 1.0) / _CHANCE)
    for width in _WIDTHS:
        if width > codes.shape[1]:
            break
        nats, later, full = _evidence(form, codes, width)
        nats = np.where(later > 0.0, nats, 0.0) if moved else nats
        at = np.nonzero(full & (nats >= needed))
        if at[0].size > 1:
            _mark(match, at, _hashes(codes, width)[at], width + form.length - 1, moved=moved)
        if at[0].size == int(full.sum()):
            break
    return match


def _evidence(form: _Form, codes: Codes, width: int) -> tuple[Array, Array, Mask]:
    """Return minus log probabilities of windows, of their later part, and completeness."""
    n = codes.shape[1] - width + 1
    later = sum((form.later[:, k : k + n] for k in range(1, width)), np.zeros((len(codes), n)))
    full = np.all([codes[:, k : k + n] >= 0 for k in range(width)], axis=0)
    return np.where(full, form.first[:, :n] + later, 0.0), np.where(full, later, 0.0), full


def _hashes(codes: Codes, width: int) -> npt.NDArray[np.uint64]:
    """Return one number for each window, equal for equal windows."""
    n = codes.shape[1] - width + 1
    total = np.zeros((len(codes), n), dtype=np.uint64)
    for k in range(width):
        total = (total + codes[:, k : k + n].astype(np.uint64) + 1) * np.uint64(0x9E3779B97F4A7C15)
        total ^= total >> np.uint64(29)
    return total


def _mark(
    match: _Found, at: tuple[Codes, ...], hashes: npt.NDArray[np.uint64], rows: int, *, moved: bool
) -> None:
    """Mark the rows of windows with an earlier equal window, and its location."""
    unit, start = at
    order = np.lexsort((start, unit, hashes) if moved else (unit, start, hashes))
    unit, start, hashes = unit[order], start[order], hashes[order]
    new = np.append(True, hashes[1:] != hashes[:-1])
    if not moved:
        new |= np.append(True, start[1:] != start[:-1])
    leader = np.maximum.accumulate(np.where(new, np.arange(new.size), 0))
    apart = np.abs(start - start[leader]) >= rows
    copy = (unit != unit[leader]) | (apart if moved else False)
    for k in range(rows):
        row, column = unit[copy], start[copy] + k
        match.rows[row, column] = True
        match.unit[row, column] = unit[leader[copy]]


def _traces(
    column: Measurements, match: _Found, words: Message, units: npt.NDArray[np.str_], *, moved: bool
) -> Iterator[Trace]:
    present = np.isfinite(column.values).sum(axis=1)
    share = match.rows.sum(axis=1) / np.maximum(present, 1)
    copied, part = np.flatnonzero(share >= _WHOLE), np.flatnonzero((share > 0) & (share < _WHOLE))
    other = [_original(match, k) for k in range(len(share))]
    if moved:
        every = np.flatnonzero(share > 0)
        yield Trace(
            Message(
                "{n} unit has, in other periods, {words} another unit or itself",
                plural="{n} units have, in other periods, {words} other units or themselves",
                n=every.size,
                words=words,
            ),
            column.name, DOUBT, every.size, _pairs(every, other, units),
        )  # fmt: skip
        return
    if copied.size:
        yield Trace(
            Message(
                "{n} unit has {words} another unit",
                plural="{n} units have {words} other units",
                n=copied.size,
                words=words,
            ),
            column.name, FAILS, copied.size, _pairs(copied, other, units),
        )  # fmt: skip
    if part.size:
        yield Trace(
            Message(
                "{n} unit has, in some periods, {words} another unit",
                plural="{n} units have, in some periods, {words} other units",
                n=part.size,
                words=words,
            ),
            column.name, DOUBT, part.size, _pairs(part, other, units),
        )  # fmt: skip


def _original(match: _Found, unit: int) -> int:
    """Return the unit from which most rows of a unit are copied."""
    owners = match.unit[unit][match.rows[unit]]
    return int(np.bincount(owners).argmax()) if owners.size else -1


def _pairs(copied: Codes, other: Sequence[int], units: npt.NDArray[np.str_]) -> str:
    return listed([f"{units[k]} = {units[other[k]]}" for k in copied])
