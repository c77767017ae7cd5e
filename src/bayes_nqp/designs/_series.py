"""Series in common, by least squares from untreated rows; their number, and redraws of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp.arrays import Array, Index, Mask
from bayes_nqp.designs._facts import Facts
from bayes_nqp.designs._spec import Calendar
from bayes_nqp.language import Message
from bayes_nqp.terms import BARE

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel


LEAST = 20
"""Units that are never treated, of fewer of which series cannot be known."""
_MOST = 4
"""Most factors among which a number is chosen."""
SPARE = 2
"""Untreated rows that a unit has at least beside one for each series."""
_BLOCKS: Final = 4
"""Parts of an adopter's untreated periods, each of which is predicted from the others."""
REDRAWS: Final = 200
_TINY: Final = 1e-12


@dataclass(frozen=True, eq=False)
class BareRows:
    """Untreated rows by unit and period, in multiples of their spread.

    Parameters
    ----------
    y : ndarray (unit, T)
        Zero where there is no such row.
    seen : ndarray of bool (unit, T)
        Where there is one.
    level : ndarray of int (unit)
        Level of time effects.
    ever : ndarray of bool (unit)
        Whether it adopts.
    counts : ndarray (unit)
        How many units each stands for.
    """

    y: Array
    seen: Mask
    level: Index
    ever: Mask
    counts: Array


def bare_rows(outcome: Array, facts: Facts, timing: Calendar, panel: Panel) -> BareRows:
    unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
    bare = timing.role[timing.key[unit], time] == BARE
    seen = np.zeros((panel.unit_labels.size, panel.periods), dtype=bool)
    seen[unit[bare], time[bare]] = True
    y = np.zeros(seen.shape)
    y[unit[bare], time[bare]] = outcome[bare]
    # Whatever is a unit's own level changes nothing, and costs digits.
    y -= np.where(seen, (y.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))[:, None], 0.0)
    y /= max(float(np.abs(y).max(initial=0.0)), np.finfo(float).tiny)
    codes = [panel.strata_codes[name] for name in facts.time_strata(panel)]
    table = np.stack([np.zeros(panel.unit_labels.size, dtype=np.int64), *codes], axis=1)
    level = np.unique(table, axis=0, return_inverse=True)[1].ravel()
    return BareRows(y, seen, level, timing.start[timing.key] >= 0, panel.counts)


def series_of(rows: BareRows, number: int) -> Array:
    """Series that fit all untreated rows best (T, k)."""
    alike = np.ones((1, rows.level.size))
    return np.asarray(least_squares(rows, alike, start_of(rows, number)).series[0])


def redraws_of(rows: BareRows, values: Array) -> Array:
    """Series under random weights of units, exponential (number, T, k)."""
    weights = np.random.default_rng(REDRAWS).exponential(size=(REDRAWS, rows.level.size))
    start = np.repeat(values[None], REDRAWS, axis=0)
    return least_squares(rows, weights, start, steps=60, close=1e-3).series


def start_of(rows: BareRows, number: int) -> Array:
    """Principal components of those never treated, unit and time effects out (1, T, k)."""
    y, seen = rows.y.copy(), rows.seen
    for level in np.unique(rows.level):
        at = rows.level == level
        y[at] -= y[at].sum(axis=0) / np.maximum(seen[at].sum(axis=0), 1)
    y -= np.where(seen, y, 0.0).sum(axis=1, keepdims=True) / np.maximum(
        seen.sum(axis=1, keepdims=True), 1
    )
    return np.asarray(np.linalg.svd((y * seen)[~rows.ever])[2][None, :number].swapaxes(1, 2))


@dataclass(frozen=True, eq=False)
class SeriesFit:
    """Least squares at R sets of weights of units.

    Parameters
    ----------
    series : ndarray (R, T, k)
        Orthonormal, of mean zero.
    time : ndarray (R, level, T)
        Time effects.
    own : ndarray (R, unit, 1 + k)
        Levels and loadings.
    """

    series: Array
    time: Array
    own: Array

    def expected(self, level: Index) -> Array:
        """Outcomes (R, unit, T)."""
        return self.time[:, level] + self.own @ _with_level(self.series).swapaxes(1, 2)


def _with_level(series: Array) -> Array:
    return np.concatenate([np.ones((*series.shape[:2], 1)), series], axis=2)


def least_squares(
    rows: BareRows, weights: Array, series: Array, *, steps: int = 500, close: float = 1e-7
) -> SeriesFit:
    """Fit ``alpha_i + lambda_t + f_t' lambda_i`` by turns: units' coefficients, then periods'.

    Parameters
    ----------
    weights : ndarray (R, unit)
        Of the squares of each unit's rows.
    series : ndarray (R, T, k)
        Where to start.
    steps : int
        At most as many turns.
    close : float
        By how much series, of length one, and time effects may still change.
    """
    table, number = np.unique(rows.seen, axis=0, return_inverse=True)
    patterns = [
        (np.flatnonzero(number.ravel() == k), np.flatnonzero(x)) for k, x in enumerate(table)
    ]
    levels = [np.flatnonzero(rows.level == k) for k in range(int(rows.level.max()) + 1)]
    loads = (weights[:, :, None] * rows.seen).swapaxes(1, 2)
    mass = np.maximum(np.stack([loads[:, :, at].sum(axis=2) for at in levels], axis=1), _TINY)
    time = np.stack(
        [(loads[:, :, at] * rows.y[at].T).sum(axis=2) for at in levels], axis=1
    ) / mass  # fmt: skip
    for _ in range(steps):
        beta = _units(rows, patterns, series, time)
        slopes, left = beta[:, :, 1:], rows.y.T - beta[:, None, :, 0]
        k = slopes.shape[2]
        square = loads @ (slopes[..., None] * slopes[:, :, None]).reshape(*slopes.shape[:2], k * k)
        square = square.reshape(*square.shape[:2], k, k)
        moment = (loads * left) @ slopes
        sums = []
        for at, total in zip(levels, mass.swapaxes(0, 1), strict=True):
            by_slope = loads[:, :, at] @ slopes[:, at]
            by_left = (loads[:, :, at] * left[:, :, at]).sum(axis=2)
            mean = by_slope / total[..., None]
            square = square - by_slope[..., None] * mean[:, :, None]
            moment = moment - mean * by_left[..., None]
            sums.append((mean, by_left / total))
        square = square + _TINY * np.eye(k)
        raw = np.linalg.solve(square, moment[..., None])[..., 0]
        before = series, time
        time = np.stack([y - (mean * raw).sum(axis=2) for mean, y in sums], axis=1)
        series = np.linalg.qr(raw - raw.mean(axis=1, keepdims=True))[0]
        apart = series - before[0] @ (before[0].swapaxes(1, 2) @ series)
        if max(np.abs(apart).max(initial=0.0), np.abs(time - before[1]).max()) < close:
            break
    return SeriesFit(series, time, _units(rows, patterns, series, time))


def _units(
    rows: BareRows, patterns: Sequence[tuple[Index, Index]], series: Array, time: Array
) -> Array:
    """Levels and loadings of units given series and time effects (R, unit, 1 + k)."""
    n = _with_level(series)
    beta = np.zeros((len(n), rows.level.size, n.shape[2]))
    for units, times in patterns:
        if times.size >= n.shape[2]:
            part = n[:, times]
            y = rows.y[np.ix_(units, times)] - time[:, rows.level[units]][:, :, times]
            beta[:, units] = y @ part @ np.linalg.pinv(part.swapaxes(1, 2) @ part, hermitian=True)
    return beta


def number_of_series(rows: BareRows, spare: Index) -> tuple[int, Message]:
    """How many series of the never treated predict held-out periods of adopters best."""
    scored = np.flatnonzero(rows.ever & np.isin(rows.level, rows.level[~rows.ever]))
    times = [np.flatnonzero(rows.seen[unit]) for unit in scored]
    fewest = min((t.size - -(-t.size // _BLOCKS) - SPARE for t in times), default=0)
    most = min(_MOST, fewest, int(spare.min()))
    if most < 1 or int((~rows.ever).sum()) < LEAST:
        return 0, Message(
            "no series of units' own loadings: with fewer than {} units never treated, or periods "
            "before adoption too few to hold some out, none can be chosen",
            LEAST,
        )
    never = replace(rows, seen=rows.seen & ~rows.ever[:, None], y=rows.y * ~rows.ever[:, None])
    scores = []
    for number in range(most + 1):
        fit = least_squares(never, np.ones((1, rows.level.size)), start_of(never, number))
        left, n = rows.y - fit.time[0, rows.level], _with_level(fit.series)[0]
        scores.append(
            _score([(left[unit, t], n[t]) for unit, t in zip(scored, times, strict=True)])
        )
    gained = np.array(scores) - scores[0]
    number = int(gained.argmax())
    return number, Message(
        "{} series of units' own loadings, of 0 to {}, by predictions of held-out periods before "
        "adoption; log predictive densities above that without series: {}",
        number,
        most,
        ", ".join(f"{x:.0f}" for x in gained),
    )


def _score(units: Sequence[tuple[Array, Array]]) -> float:
    """Log predictive density of each quarter of units' rows given the others, at the best variance.

    With flat coefficients on N, in periods o that are kept and h that are held out, errors of
    predictions have the covariance ``sigma² (I + N_h (N_o'N_o)^-1 N_h')``.
    """
    energy, log_det, count = 0.0, 0.0, 0
    for y, n in units:
        for held in np.array_split(np.arange(y.size), _BLOCKS):
            if not held.size:
                continue
            others = np.delete(np.arange(y.size), held)
            inverse = np.linalg.pinv(n[others].T @ n[others], hermitian=True)
            error = y[held] - n[held] @ (inverse @ (n[others].T @ y[others]))
            spread = np.eye(held.size) + n[held] @ inverse @ n[held].T
            energy += float(error @ np.linalg.solve(spread, error))
            log_det += float(np.linalg.slogdet(spread)[1])
            count += held.size
    return -0.5 * (count * float(np.log(max(energy, _TINY) / count)) + log_det)
