"""Factors: series in common on which every unit has a loading of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._facts import Facts, Term
from bayes_nqp.designs._spec import Calendar, EquationSpec, Timing
from bayes_nqp.doors import door
from bayes_nqp.errors import Hint, IdentificationError, StudyError, shown
from bayes_nqp.language import Message
from bayes_nqp.registry import register
from bayes_nqp.terms import BARE, Series

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["Factors"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEAST = 20
"""Units that are never treated, of fewer of which series cannot be known."""
MOST = 4
"""Most factors among which a number is chosen."""
SPARE = 2
"""Untreated rows that a unit has at least beside one for each series."""
BLOCKS: Final = 4
"""Parts of an adopter's untreated periods, each of which is predicted from the others."""
REDRAWS: Final = 200
_TINY: Final = 1e-12
_WORDS: Final = Message(
    "Units load on common series, each with loadings of its own, which are flat and may go with "
    "adoption: {number} by least squares from all untreated rows. That series are estimated is "
    "carried by {redraws} redraws, in which units have random weights (the Bayesian bootstrap): "
    "each draw of effects is given one of them. Series are known from untreated units alone; no "
    "such unit shows a series that only treated ones load on."
)


@register("trends", "factors")
@door
@dataclass(frozen=True, slots=True)
class Factors(Term):
    """Units load on common series f, each with loadings of its own: ``alpha_i + f_t' lambda_i``.

    Loadings are flat and may go with adoption in any way, where parallel trends fail by more than
    a drift of cohorts. Series are those that fit all untreated rows best, least squares of
    ``alpha_i + lambda_t + f_t' lambda_i``; given these, the model is exact. That they are
    estimated is carried by redraws in which units have random weights: each draw of effects is
    given one of them.

    Parameters
    ----------
    number : int, optional
        How many series. By default chosen from 0 to 4 by how well series of the never treated
        predict some untreated periods of those who adopt from their others; with 0 trends are
        parallel.

    Raises
    ------
    StudyError
        If the number is not one from 0 on.

    References
    ----------
    Bai, J. (2009). Panel data models with interactive fixed effects. Econometrica 77(4).
    Xu, Y. (2017). Generalized synthetic control method. Political Analysis 25(1).
    Rubin, D. (1981). The Bayesian bootstrap. Annals of Statistics 9(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.StaggeredDiD(trends=nqp.Factors(2))
    >>> design.trends
    Factors(number=2)
    """

    number: int | None = None

    role = "factors"
    with_channels = False
    with_dose = False
    least: ClassVar[int] = LEAST

    def __post_init__(self) -> None:
        if self.number is not None and (type(self.number) is not int or self.number < 0):
            raise StudyError(f"'number' is {self.number!r}", hint="a whole number, such as 2")

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say what series are, and how their error is carried."""
        number = Message("as many as predict held-out periods best")
        if self.number is not None:
            number = Message("{} of them", self.number)
        return _WORDS.fill(number=number, redraws=REDRAWS)

    def flat(self, *, leads: bool) -> Factors | None:
        """Leave it out beside leads, which would absorb loadings."""
        return None if leads else self

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the series of untreated rows.

        Raises
        ------
        StudyError
            If rows are not summed up, or outcomes follow one another.
        IdentificationError
            If periods before adoption have effects of their own, fewer than twenty units are never
            treated, or units have fewer than two untreated periods more than there are series.
        """
        if not facts.compresses:
            raise StudyError(
                "'trends' is Factors, which needs a likelihood that compresses",
                hint="leave out 'likelihood', or trends=nqp.DifferentialTrends()",
            )
        if facts.reach == "lag":
            raise StudyError(
                "'trends' is Factors, and outcomes that follow one another have no series",
                hint="leave out one of 'trends' and 'spillovers'",
            )
        if facts.time is not None and facts.time.pooled:
            raise StudyError(
                "'trends' is Factors, beside which levels' time effects are not pooled",
                hint=Message("{}", Hint("time", replace(facts.time, pooled=False))),
            )
        if facts.leads:
            raise IdentificationError(
                Message("units' own loadings and flat leads cannot be told apart"),
                hint=Message("{}, or leave out 'trends'", Hint("controls", "all")),
            )
        assert isinstance(timing, Calendar)
        rows = _untreated(equation.outcome, facts, timing, panel)
        spare = np.asarray(rows.seen.sum(axis=1), dtype=np.int64) - SPARE
        if self.number is None:
            number, note = _chosen(rows, spare)
        else:
            number, note = self.number, Message("{} series of units' own loadings", self.number)
            _check(rows, spare, number, panel)
        values = _series(rows, number)
        redraws = cache(lambda: _redrawn(rows, values)) if number else None
        return replace(equation, series=Series(values, note, redraws))


@dataclass(frozen=True, eq=False)
class _Untreated:
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
    """

    y: Array
    seen: Mask
    level: Index
    ever: Mask


def _untreated(outcome: Array, facts: Facts, timing: Calendar, panel: Panel) -> _Untreated:
    unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
    bare = timing.role[timing.key[unit], time] == BARE
    seen = np.zeros((panel.n_units, panel.periods), dtype=bool)
    seen[unit[bare], time[bare]] = True
    y = np.zeros(seen.shape)
    y[unit[bare], time[bare]] = outcome[bare]
    # Whatever is a unit's own level changes nothing, and costs digits.
    y -= np.where(seen, (y.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))[:, None], 0.0)
    y /= max(float(np.abs(y).max(initial=0.0)), np.finfo(float).tiny)
    codes = [panel.strata_codes[name] for name in facts.time_strata(panel)]
    table = np.stack([np.zeros(panel.n_units, dtype=np.int64), *codes], axis=1)
    level = np.unique(table, axis=0, return_inverse=True)[1].ravel()
    return _Untreated(y, seen, level, timing.start[timing.key] >= 0)


def _check(rows: _Untreated, spare: Index, number: int, panel: Panel) -> None:
    """See that there are enough controls, and untreated rows of every unit."""
    never = int((~rows.ever).sum())
    if never < LEAST:
        raise IdentificationError(
            Message(
                "series in common need {} units that are never treated to be known from, and "
                "there are {}",
                LEAST,
                never,
            ),
            hint="trends=nqp.DifferentialTrends(), which takes the drift of cohorts alone",
        )
    short = np.flatnonzero(spare < number)
    if short.size:
        raise IdentificationError(
            Message(
                "{} series need {} untreated periods of every unit, and {} units have fewer",
                number,
                number + SPARE,
                short.size,
            ),
            where=shown([str(panel.unit_labels[k]) for k in short]),
            hint=Message(
                "{}, a panel that starts earlier, or one without these units",
                Hint("trends", Factors(max(int(spare.min()), 0))),
            ),
        )


def _series(rows: _Untreated, number: int) -> Array:
    """Series that fit all untreated rows best (T, k)."""
    alike = np.ones((1, rows.level.size))
    return np.asarray(_least_squares(rows, alike, _start(rows, number)).series[0])


def _redrawn(rows: _Untreated, values: Array) -> Array:
    """Series under random weights of units, exponential (number, T, k)."""
    weights = np.random.default_rng(REDRAWS).exponential(size=(REDRAWS, rows.level.size))
    start = np.repeat(values[None], REDRAWS, axis=0)
    return _least_squares(rows, weights, start, steps=60, close=1e-3).series


def _start(rows: _Untreated, number: int) -> Array:
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
class _Fitted:
    """Least squares at R sets of weights of units.

    Parameters
    ----------
    series : ndarray (R, T, k)
        Orthonormal, of mean zero.
    time : ndarray (R, level, T)
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


def _least_squares(
    rows: _Untreated, weights: Array, series: Array, *, steps: int = 500, close: float = 1e-7
) -> _Fitted:
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
        own = _units(rows, patterns, series, time)
        slopes, left = own[:, :, 1:], rows.y.T - own[:, None, :, 0]
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
    return _Fitted(series, time, _units(rows, patterns, series, time))


def _units(
    rows: _Untreated, patterns: Sequence[tuple[Index, Index]], series: Array, time: Array
) -> Array:
    """Levels and loadings of units given series and time effects (R, unit, 1 + k)."""
    n = _with_level(series)
    own = np.zeros((len(n), rows.level.size, n.shape[2]))
    for units, times in patterns:
        if times.size >= n.shape[2]:
            part = n[:, times]
            y = rows.y[np.ix_(units, times)] - time[:, rows.level[units]][:, :, times]
            own[:, units] = y @ part @ np.linalg.pinv(part.swapaxes(1, 2) @ part, hermitian=True)
    return own


def _chosen(rows: _Untreated, spare: Index) -> tuple[int, Message]:
    """How many series of the never treated predict held-out periods of adopters best."""
    scored = np.flatnonzero(rows.ever & np.isin(rows.level, rows.level[~rows.ever]))
    times = [np.flatnonzero(rows.seen[unit]) for unit in scored]
    fewest = min((t.size - -(-t.size // BLOCKS) - SPARE for t in times), default=0)
    most = min(MOST, fewest, int(spare.min()))
    if most < 1 or int((~rows.ever).sum()) < LEAST:
        return 0, Message(
            "no series of units' own loadings: with fewer than {} units never treated, or periods "
            "before adoption too few to hold some out, none can be chosen",
            LEAST,
        )
    never = replace(rows, seen=rows.seen & ~rows.ever[:, None], y=rows.y * ~rows.ever[:, None])
    scores = []
    for number in range(most + 1):
        fit = _least_squares(never, np.ones((1, rows.level.size)), _start(never, number))
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
        for held in np.array_split(np.arange(y.size), BLOCKS):
            if not held.size:
                continue
            kept = np.delete(np.arange(y.size), held)
            inverse = np.linalg.pinv(n[kept].T @ n[kept], hermitian=True)
            error = y[held] - n[held] @ (inverse @ (n[kept].T @ y[kept]))
            spread = np.eye(held.size) + n[held] @ inverse @ n[held].T
            energy += float(error @ np.linalg.solve(spread, error))
            log_det += float(np.linalg.slogdet(spread)[1])
            count += held.size
    return -0.5 * (count * float(np.log(max(energy, _TINY) / count)) + log_det)
