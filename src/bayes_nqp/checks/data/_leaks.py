"""Columns that are the outcome: of this period, of one to come, or of one that is past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.checks.data._column import Column, Trace, slopes_of, two_ways_out
from bayes_nqp.checks.shared import DOUBT, FAILS, Verdict
from bayes_nqp.language import Message

_SAME: Final = 0.98
"""Share of a column's variation, net of unit and time effects, that the outcome explains."""
_AHEAD: Final = 0.9
"""The same of an outcome to come: nothing knows so much of it."""
_EXACT: Final = 0.9999
_ROWS: Final = 20
_CHANGES: Final = 60
_AGREE: Final = 0.999
_EQUAL: Final = (3, 0.01)

_TO_COME: Final = {
    1: Message("it is the outcome of the next period"),
    2: Message("it is the outcome of two periods later"),
}
_MOVES: Final = {
    0: Message("it and the outcome are functions of one another: they always move together"),
    1: Message("it always moves as the outcome of the next period does"),
    2: Message("it always moves as the outcome of two periods later does"),
    -1: Message("it always moves as the outcome of the period before does"),
}


def leaks(column: Column, outcome: Column, *, near: bool = True) -> Iterator[Trace]:
    """Lay a column beside the outcome of earlier, later and the same periods.

    Parameters
    ----------
    near : bool, default True
        Whether it may not be close to the outcome of the same period either.
    """
    shares = {lead: _share(column, outcome, lead) for lead in (0, 1, 2, -1)}
    lead = max(shares, key=lambda k: shares[k])
    if shares[lead] >= (_AHEAD if lead > 0 else _SAME):
        trace = _named(column, lead, shares[lead], near=near)
    else:
        trace = _made(column, outcome) or _function(column, outcome) or _rows(column, outcome)
    if trace is not None and (near or lead != 0 or trace.verdict == FAILS):
        yield trace


def _named(column: Column, lead: int, share: float, *, near: bool) -> Trace | None:
    if lead > 0:
        words = Message("{} ({:.2%} of its variation)", _TO_COME[lead], share)
        return Trace(words, column.name, FAILS if share >= _SAME else DOUBT, 1)
    if lead == 0:
        words = Message("it is nearly the outcome itself ({:.2%} of its variation)", share)
        return Trace(words, column.name, FAILS if near and share > _EXACT else DOUBT, 1)
    words = Message(
        "it is the outcome of the period before ({:.2%} of its variation), which treatment moves "
        "and unit effects bias",
        share,
    )
    return Trace(words, column.name, DOUBT, 1)


def _made(column: Column, outcome: Column) -> Trace | None:
    """Whether a column is made of outcomes of several periods, such as their growth or mean."""
    parts = [_shifted(outcome.values, lead) for lead in (1, 0, -1)]
    whole = _explained(column.values, parts)
    if whole < _SAME:
        return None
    if _explained(column.values, parts[1:]) < whole - 0.01:
        words = Message("it is made of outcomes, the next period's among them")
    else:
        words = Message("it is made of outcomes of this period and the one before")
    return Trace(words, column.name, FAILS, 1)


def _function(column: Column, outcome: Column) -> Trace | None:
    """Whether a column rises wherever the outcome does, or falls: a function of one another."""
    for lead in (0, 1, 2, -1):
        later = np.diff(_shifted(outcome.values, lead), axis=1)
        signs = np.sign(column.changes) * np.sign(later)
        signs = signs[np.isfinite(signs) & (signs != 0.0)]
        if signs.size >= _CHANGES and abs(float(signs.mean())) >= 2.0 * _AGREE - 1.0:
            verdict: Verdict = DOUBT if lead < 0 else FAILS
            return Trace(_MOVES[lead], column.name, verdict, int(signs.size))
    return None


def _rows(column: Column, outcome: Column) -> Trace | None:
    """Rows that hold the outcome of another period, to the last digit."""
    if not (column.fine and outcome.fine):
        return None
    for lead in (1, -1, 2):
        later = _shifted(outcome.values, lead)
        with np.errstate(invalid="ignore"):
            equal = (np.abs(column.values - later) <= 1e-9 * np.abs(later)) & column.telling
        count = int(equal.sum())
        if count >= max(_EQUAL[0], _EQUAL[1] * int(np.isfinite(later).sum())):
            words = Message(
                "{n} row has the outcome of {lead:+d} periods",
                plural="{n} rows have the outcome of {lead:+d} periods",
                n=count,
                lead=lead,
            )
            return Trace(words, column.name, FAILS if lead > 0 else DOUBT, count)
    return None


def _shifted(values: Array, lead: int) -> Array:
    """Values of some periods later."""
    out = np.full_like(values, np.nan)
    if lead > 0:
        out[:, :-lead] = values[:, lead:]
    elif lead < 0:
        out[:, -lead:] = values[:, :lead]
    else:
        out[:] = values
    return out


def _share(column: Column, outcome: Column, lead: int) -> float:
    """Largest squared correlation, in levels or logarithms, net of unit and time effects."""
    if column.values.shape[1] <= abs(lead) + 1:
        return 0.0
    pairs = [
        (x.values, _shifted(y.values, lead))
        for x in (column, *((column.logarithms(),) if column.positive else ()))
        for y in (outcome, *((outcome.logarithms(),) if outcome.positive else ()))
    ]
    return max(_explained(x, [y]) for x, y in pairs)


def _explained(values: Array, parts: list[Array]) -> float:
    """R² of a regression on other tables, unit and time effects taken out of all."""
    both = np.isfinite(values) & np.isfinite(np.stack(parts)).all(axis=0)
    both &= both.sum(axis=1, keepdims=True) > 1
    if both.sum() < _ROWS:
        return 0.0
    left = two_ways_out(np.where(both, np.stack([values, *parts]), np.nan))[:, both]
    size = np.linalg.norm(left, axis=1)
    if size[0] <= 1e-9 * np.linalg.norm(values[both]) or (size[1:] == 0.0).any():
        return 0.0
    free = int(both.sum() - both.any(axis=1).sum() - both.any(axis=0).sum() - len(parts))
    if free < 6:
        return 0.0
    y, x = left[0] / size[0], left[1:] / size[1:, None]
    return float(1.0 - np.sum((y - slopes_of(y, x) @ x) ** 2))
