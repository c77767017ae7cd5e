"""Common factors by least squares on untreated observations: estimation, number and redraws.

Untreated outcomes are ``y_it = alpha_i + a_i' lambda_t + x_it' b + f_t' l_i + e_it``, with known
loadings ``a_i`` (the unit's level of time effects, and baselines), covariates x and unknown series
f. Unit levels and loadings have a closed-form solution (variable projection), so that least
squares is a problem in ``(f, lambda, b)`` alone. Steps ``df`` are orthogonal to a constant and to
f: the sum of squares depends only on the space that these span.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.designs._facts import Facts
from bayes_nqp.model.designs._spec import Calendar, EquationSpec
from bayes_nqp.model.predictors import BARE

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


MOST: Final = 4
"""Most series among which a number is chosen."""
SPARE: Final = 2
"""Untreated periods of a unit beside one for its level and one for each series."""
LEAST: Final = 15
"""Untreated units of a period beside one for each time effect and one for each series.

With fewer, errors of loadings attenuate late periods of series, for which redraws do not allow."""
BLOCKS: Final = 4
"""Parts of a unit's untreated periods, each of which is predicted from the others."""
REDRAWS: Final = 200
_RANDOM: Final = 3
"""Starts at random."""
_IMPUTED: Final = 30
"""Turns of imputation and principal components of one start."""
_TURNS: Final = 30
_STEPS: Final = 200
_SAME: Final = 1e-6
_LOOSE: Final = 1e-7
"""Cosine at which redraws have converged: one step more or less then changes nothing."""
_ROUGH: Final = 1e-5
_CLOSE: Final = 1e-8
_AUTOCORRELATIONS: Final = (0.0, 0.25, 0.5, 0.7, 0.85, 0.95)
_TINY: Final = 1e-12
_RIDGE: Final = 1e-5
"""On loadings on orthonormal series, of which a unit without gaps has information 1: without it,
series could bend to fit units with few observations perfectly."""
_KEPT: Final = 8
"""Panels whose series are kept: they depend on untreated observations alone."""
_ROOM: Final = 4_000_000
"""Numbers that one batch of redraws holds."""


@dataclass(frozen=True, eq=False)
class BareRows:
    """Untreated observations by unit and period, in multiples of their standard deviation.

    Parameters
    ----------
    y : ndarray (unit, T)
        Zero without an untreated observation.
    seen : ndarray of bool (unit, T)
        True with an untreated observation.
    level : ndarray of int (unit)
        Level of time effects.
    ever : ndarray of bool (unit)
        True for ever-treated units.
    counts : ndarray (unit)
        Number of units that each row represents.
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


@dataclass(frozen=True, eq=False)
class NetRows:
    """Untreated observations net of unit levels, time effects and covariates.

    Parameters
    ----------
    y : ndarray (unit, T)
        Zero without an observation.
    seen : ndarray of bool (unit, T)
        True with an observation.
    known : ndarray (unit, m)
        Known loadings: level of time effects, baselines.
    x : ndarray (unit, T, p)
        Covariates; zero without an observation.
    counts : ndarray (unit)
        Number of units that each row represents.
    treated : ndarray of bool (unit)
        True for units that are treated in some period.
    """

    y: Array
    seen: Mask
    known: Array
    x: Array
    counts: Array
    treated: Mask

    @cached_property
    def content(self) -> bytes:
        """Digest of all values: refits of checks have the same untreated observations."""
        held = hashlib.blake2b(digest_size=16)
        for each in fields(self):
            values = np.ascontiguousarray(getattr(self, each.name))
            held.update(repr((values.shape, values.dtype.str)).encode() + values.tobytes())
        return held.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetRows) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)

    @property
    def number(self) -> Index:
        """Untreated periods of each unit."""
        return np.asarray(self.seen.sum(axis=1), dtype=np.int64)

    def enough(self, series: int) -> Mask:
        """Return the units with enough untreated periods for loadings on a number of series."""
        return np.asarray(self.number >= series + 1 + SPARE)

    def where(self, seen: Mask) -> NetRows:
        """Keep some of the observations."""
        return replace(
            self, y=np.where(seen, self.y, 0.0), seen=seen, x=np.where(seen[..., None], self.x, 0.0)
        )


def net_rows(equation: EquationSpec, facts: Facts, timing: Calendar, panel: Panel) -> NetRows:
    """Remove unit levels, time effects and covariates from untreated observations.

    The residual is in multiples of its standard deviation. Adding a function of time to the outcome
    does not change it.
    """
    bare = bare_rows(equation.outcome, facts, timing, panel)
    unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)

    def table(values: Array) -> Array:
        """Less the unit's mean, which changes nothing and costs digits."""
        out = np.zeros(bare.seen.shape)
        out[unit, time] = values
        out *= bare.seen
        out -= (out.sum(axis=1) / np.maximum(bare.seen.sum(axis=1), 1))[:, None] * bare.seen
        return np.asarray(out / max(float(np.abs(out).max(initial=0.0)), np.finfo(float).tiny))

    first = np.searchsorted(unit, np.arange(panel.unit_labels.size))
    baseline = [panel.frame[c].to_numpy(dtype=float)[first] for c in equation.baseline]
    regressors = [bare.level[:, None] == np.arange(bare.level.max() + 1)]
    regressors += [((x - x.mean()) / max(float(x.std()), _TINY))[:, None] for x in baseline]
    names = panel.roles.covariates
    columns = [panel.covariates[:, names.index(c)] for c in equation.covariates if c in names]
    x = [table(column) for column in (*columns, *equation.columns.values())]
    rows = NetRows(
        bare.y,
        bare.seen,
        np.concatenate(regressors, axis=1).astype(np.float64),
        np.stack(x, axis=2) if x else np.zeros((*bare.seen.shape, 0)),
        bare.counts,
        bare.ever,
    )
    plain = least_squares(rows, rows.counts[None], np.zeros((1, rows.seen.shape[1], 0)))
    y = plain.residual[0]
    return replace(rows, y=y / max(float(np.sqrt(np.mean(y[rows.seen] ** 2))), _TINY))


@dataclass(frozen=True, eq=False)
class SeriesFit:
    """Least-squares solutions for R sets of unit weights.

    Parameters
    ----------
    series : ndarray (R, T, k)
        Orthonormal, with mean zero.
    time : ndarray (R, m, T)
        Coefficients of known loadings.
    slopes : ndarray (R, p)
        Slopes of covariates.
    own : ndarray (R, unit, 1 + k)
        Levels and loadings.
    residual : ndarray (R, unit, T)
        Zero without an observation.
    squares : ndarray (R)
        Weighted sums of squared residuals, the ridge included.
    converged : ndarray of bool (R)
        True if residuals are orthogonal to the direction of every step.
    """

    series: Array
    time: Array
    slopes: Array
    own: Array
    residual: Array
    squares: Array
    converged: Mask

    def take(self, which: Index | Mask | slice | int) -> SeriesFit:
        """Select some sets of weights."""
        return SeriesFit(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def put(self, which: Index, other: SeriesFit) -> None:
        """Replace some sets of weights."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[which] = getattr(other, name)


def with_level(series: Array) -> Array:
    """``N = [1, f]`` (..., T, 1 + k)."""
    return np.concatenate([np.ones((*series.shape[:-1], 1)), series], axis=-1)


def least_squares(
    rows: NetRows,
    weights: Array,
    series: Array,
    close: float = _CLOSE,
    time: Array | None = None,
    slopes: Array | None = None,
) -> SeriesFit:
    """Fit series, time effects and slopes by damped Newton steps.

    Units with too few observations to estimate loadings are left out.

    Parameters
    ----------
    weights : ndarray (R, unit)
        Weights of each unit's squared residuals.
    series : ndarray (R, T, k)
        Starting values; likewise time effects and slopes, zero by default.
    close : float
        Largest cosine between residuals and the direction of a step, at convergence.
    """
    number, n_periods, k = series.shape
    if time is None or slopes is None:
        time = np.zeros((number, rows.known.shape[1], n_periods))
        slopes = np.zeros((number, rows.x.shape[2]))
    weights = weights * rows.enough(k)
    fit = _evaluated(rows, weights, _orthonormal(series), time, slopes)
    damping, active = np.full(number, 1e-3), np.arange(number)
    for _ in range(_STEPS):
        now = fit.take(active)
        gradient, squares, curvature, basis, at = _quadratic(rows, weights[active], now)
        total = np.maximum(now.squares, np.finfo(float).tiny)[:, None]
        scale = np.sqrt(np.maximum(squares, _TINY) * total)
        done = (np.abs(gradient) <= close * scale + _TINY).all(axis=1)
        fit.converged[active[done]] = True
        if done.all():
            break
        active, now, going = active[~done], now.take(~done), ~done
        size = squares[going].mean(axis=1)
        ridge = (damping[active] + _TINY) * size
        matrix = curvature[going] + ridge[:, None, None] * np.eye(curvature.shape[1])
        q, c = basis.shape[2], k + rows.known.shape[1]
        step = np.zeros((active.size, q * c + rows.x.shape[2]))
        step[:, at] = np.linalg.solve(matrix, gradient[going][..., None])[..., 0]
        moved = basis[going] @ step[:, : q * c].reshape(-1, q, c)
        new = _evaluated(
            rows, weights[active], _orthonormal(now.series + moved[:, :, :k]),
            now.time + moved[:, :, k:].swapaxes(1, 2), now.slopes + step[:, q * c :],
        )  # fmt: skip
        better = new.squares <= now.squares
        fit.put(active[better], new.take(better))
        damping[active] *= np.where(better, 0.1, 10.0)
        damping[active] = np.clip(damping[active], 1e-12, 1e12)
    return fit


def _orthonormal(series: Array) -> Array:
    return np.asarray(np.linalg.qr(series - series.mean(axis=-2, keepdims=True))[0])


def _gram(rows: NetRows, series: Array) -> tuple[Array, Array]:
    """N (R, T, 1 + k), and ``N'N`` and the ridge of each unit (R, unit, 1 + k, 1 + k)."""
    n = with_level(series)
    a = n.shape[2]
    pairs = (n[..., None] * n[:, :, None]).reshape(*n.shape[:2], a * a)
    gram = (rows.seen.astype(np.float64) @ pairs).reshape(len(n), -1, a, a)
    gram[:, rows.number < a] = np.eye(a)
    return n, gram + np.diag([_TINY, *[_RIDGE] * (a - 1)])


def _evaluated(
    rows: NetRows, weights: Array, series: Array, time: Array, slopes: Array
) -> SeriesFit:
    """Solve for unit levels and loadings."""
    n, gram = _gram(rows, series)
    z = rows.y - (rows.known @ time + (rows.x @ slopes.T).transpose(2, 0, 1)) * rows.seen
    loadings = np.linalg.solve(gram, (z @ n)[..., None])[..., 0]
    residual = (z - loadings @ n.swapaxes(1, 2)) * rows.seen
    squares = np.einsum("ru,rut,rut->r", weights, residual, z)
    none = np.zeros(len(series), dtype=bool)
    return SeriesFit(series, time, slopes, loadings, residual, squares, none)


def _quadratic(
    rows: NetRows, weights: Array, fit: SeriesFit
) -> tuple[Array, Array, Array, Array, Index]:
    """Expand half the sum of squares in ``df = C K, dlambda = [f, C] L, db``, C orthogonal to N.

    Let r_i be the residuals, ``J_i`` the derivative of the fitted values at given unit
    coefficients, and ``V_i`` the derivative of N times residuals. The second derivative is the sum
    of ``J_i'J_i - (N'J_i - V_i)' (N'N)^-1 (N'J_i - V_i)``.

    Returns
    -------
    tuple of ndarray (R, d), (R, d), (R, d, d), (R, T, T - 1), (d)
        The negative gradient; the diagonal of ``J'J``; the second derivative; ``[f, C]``; and the
        positions among all elements of K, L (each with rows for f) and db.
    """
    n, gram = _gram(rows, fit.series)
    count, n_periods, a = n.shape
    k = a - 1
    regressors = np.broadcast_to(rows.known, (count, *rows.known.shape))
    b = np.concatenate([fit.own[:, :, 1:], regressors], axis=2)
    units, c = b.shape[1:]
    loaded = weights[:, :, None] * rows.seen
    basis = np.linalg.qr(n, mode="complete")[0][:, :, 1:]
    pairs = (b[..., None] * b[:, :, None]).reshape(count, units, c * c)
    by_time = (loaded.swapaxes(1, 2) @ pairs).reshape(count, n_periods, c, c)
    # N'J - V of each unit (R, unit, 1 + k, T, c), then of covariates.
    change = (n.swapaxes(1, 2)[:, None] * rows.seen[:, None])[..., None] * b[:, :, None, None]
    for j in range(k):
        change[:, :, 1 + j, :, j] -= fit.residual
    flat = change.reshape(count, units, a, n_periods * c)
    x = np.einsum("rtj,utp->rujp", n, rows.x)
    root = np.linalg.inv(np.linalg.cholesky(gram)) * np.sqrt(weights)[:, :, None, None]
    u = (root @ np.concatenate([flat, x], axis=3)).reshape(count, units * a, -1)
    matrix = -(u.swapaxes(1, 2) @ u)
    inside, t = n_periods * c, np.arange(n_periods)
    part = matrix[:, :inside, :inside].reshape(count, n_periods, c, n_periods, c)
    part = part.copy()
    part[:, t, :, t, :] += by_time.swapaxes(0, 1)
    weighted = rows.x[None] * weights[:, :, None, None]
    cross = matrix[:, :inside, inside:].reshape(count, n_periods, c, -1)
    cross = cross + np.einsum("rua,rutp->rtap", b, weighted)
    curvature = np.einsum("rutp,utq->rpq", weighted, rows.x)
    q = basis.shape[2]
    first = np.einsum("rtq,rtasb->rqasb", basis, part, optimize=True)
    first = np.einsum("rqasb,rsp->rqapb", first, basis, optimize=True).reshape(count, q * c, q * c)
    side = np.einsum("rtq,rtap->rqap", basis, cross).reshape(count, q * c, -1)
    # The ridge holds loadings on orthonormal series: it counts as these turn, too.
    turned = _RIDGE * np.einsum("ru,ruj,ruk->rjk", weights, fit.own[:, :, 1:], fit.own[:, :, 1:])
    blocks = first.reshape(count, q, c, q, c)
    blocks[:, np.arange(q), :k, np.arange(q), :k] += turned
    squares = np.einsum("rtq,rtaa->rqa", basis**2, by_time).reshape(count, -1)
    slope = np.einsum("rutp,rut->rp", weighted, fit.residual)
    moment = (loaded * fit.residual).swapaxes(1, 2) @ b
    gradient = np.einsum("rtq,rta->rqa", basis, moment).reshape(count, -1)
    matrix = np.concatenate(
        [
            np.concatenate([first, side], axis=2),
            np.concatenate([side.swapaxes(1, 2), curvature + matrix[:, inside:, inside:]], axis=2),
        ],
        axis=1,
    )
    # Turns of series within what they span change nothing.
    free = (np.arange(q)[:, None] >= k) | (np.arange(c) >= k)
    at: Index = np.flatnonzero(np.append(free.ravel(), np.ones(rows.x.shape[2], dtype=bool)))
    return (
        np.concatenate([gradient, slope], axis=1)[:, at],
        np.concatenate([squares, np.einsum("rpp->rp", curvature)], axis=1)[:, at],
        matrix[:, at[:, None], at],
        basis,
        at,
    )


@lru_cache(_KEPT)
def series_of(rows: NetRows, number: int) -> SeriesFit:
    """Fit series from several starts, and keep the smallest sum of squares.

    Raises
    ------
    IdentificationError
        If least squares do not converge.
    """
    best = _fitted(rows, _starts(rows, number))
    if not best.converged[0]:
        raise IdentificationError(
            Message(
                "least squares of {} common factors did not converge in {} steps: "
                "untreated observations do not identify this number",
                number,
                _STEPS,
            ),
            hint="fewer factors, or trends=nqp.DifferentialTrends()",
        )
    return best


def _fitted(rows: NetRows, starts: Array) -> SeriesFit:
    """Take the smallest sum of squares from several starts."""
    fit = least_squares(rows, np.repeat(rows.counts[None], len(starts), axis=0), starts)
    # Of starts that lead to the same sum of squares, one that has converged.
    same = fit.squares <= fit.squares.min() * (1.0 + _SAME)
    best = int(np.lexsort((~fit.converged, ~same))[0])
    return fit.take(slice(best, best + 1))


def _starts(rows: NetRows, number: int) -> Array:
    """Principal components of the fullest units, of all with gaps imputed, and random ones."""
    n_periods = rows.seen.shape[1]
    full = rows.number >= np.quantile(rows.number, 0.75)
    filled = rows.y
    for _ in range(_IMPUTED):
        left, size, right = np.linalg.svd(filled, full_matrices=False)
        fitted = (left[:, :number] * size[:number]) @ right[:number]
        filled = np.where(rows.seen, rows.y, fitted)
    components = [np.linalg.svd(x)[2][:number].T for x in (rows.y[full], filled)]
    drawn = np.random.default_rng(number).standard_normal((_RANDOM, n_periods, number))
    return np.concatenate([np.stack(components), drawn])


@lru_cache(_KEPT)
def redraws_of(rows: NetRows, number: int) -> Array:
    """Fit series under random weights of units, exponential (REDRAWS, T, k)."""
    fit = series_of(rows, number)
    rng = np.random.default_rng(REDRAWS)
    weights = rng.standard_gamma(rows.counts, size=(REDRAWS, rows.counts.size))
    width = fit.own.shape[2] * rows.counts.size * rows.seen.shape[1]
    width *= fit.series.shape[2] + rows.known.shape[1]
    batch = max(1, _ROOM // width)
    out = []
    for part in np.split(weights, range(batch, REDRAWS, batch)):
        start = (np.repeat(a, len(part), axis=0) for a in (fit.series, fit.time, fit.slopes))
        series, time, slopes = start
        out.append(least_squares(rows, part, series, _LOOSE, time, slopes))
    return np.concatenate([x.series for x in out])


@lru_cache(_KEPT)
def held_out_gains(rows: NetRows) -> Array:
    """Log predictive densities of held-out observations by 0, 1, .. series, relative to none.

    Each unit's untreated periods are cut into blocks. A block is predicted from the unit's other
    observations by series that are fitted without it and without one block of every other unit.
    Loadings have a common normal distribution. Errors have the variance and autocorrelation that
    predict best, for each number of series separately.

    Returns
    -------
    ndarray (number)
        Empty if too few units have enough periods for one series. Numbers above two that predict
        worse than a smaller one are not tried.
    """
    most = min(MOST, rows.seen.shape[1] - 2)
    left = rows.number - -(-rows.number // BLOCKS)
    enough = [bool((left >= k + 1 + SPARE).mean() >= 0.5) for k in range(most + 1)]
    most = most if all(enough) else enough.index(False) - 1
    if most < 1:
        return np.zeros(0)
    scored = (left >= most + 1 + SPARE)[:, None] & rows.seen
    # Contiguous blocks; in each fold another one of each unit.
    block = (rows.seen.cumsum(axis=1) - 1) * BLOCKS // np.maximum(rows.number, 1)[:, None]
    fold = np.where(scored, (block + np.arange(rows.number.size)[:, None]) % BLOCKS, -1)
    scores: list[float] = []
    for number in range(most + 1):
        if number > 2 and scores[-1] < max(scores):
            break
        full = _fitted(rows, _starts(rows, number)[:2])
        parts = sum(_predicted(rows, fold == f, full) for f in range(BLOCKS))
        energy, log_det, count = np.asarray(parts).T
        density = -0.5 * (count * np.log(np.maximum(energy, _TINY) / count) + log_det)
        scores.append(float(density.max()))
    return np.array(scores) - scores[0]


def _predicted(rows: NetRows, out: Mask, full: SeriesFit) -> Array:
    """Quadratic form, log determinant and count of held-out observations (autocorrelation, 3).

    Let o be the periods that are kept and h those held out, with coefficients of precision P on N.
    Errors of ``D b + V_ho V_oo^-1 y_o``, ``D = N_h - V_ho V_oo^-1 N_o``, then have the covariance
    ``V_hh - V_ho V_oo^-1 V_oh + D (N_o' V_oo^-1 N_o + P)^-1 D'``.
    """
    training = rows.where(rows.seen & ~out)
    fit = least_squares(training, rows.counts[None], full.series, _ROUGH, full.time, full.slopes)
    n, (mean, precision) = with_level(fit.series)[0], _loading_law(training, fit)
    z = rows.y - (rows.known @ fit.time[0] + rows.x @ fit.slopes[0] + n[:, 1:] @ mean) * rows.seen
    units, t = np.flatnonzero(out.any(axis=1)), np.arange(rows.seen.shape[1])
    observed = np.concatenate([training.seen[units], out[units]], axis=1)
    table, which = np.unique(observed, axis=0, return_inverse=True)
    parts = np.zeros((len(_AUTOCORRELATIONS), 3))
    for number, pattern in enumerate(table):
        o, h = (np.flatnonzero(x) for x in np.split(pattern, 2))
        at = units[which.ravel() == number]
        f = rows.counts[at]
        for part, rho in zip(parts, _AUTOCORRELATIONS, strict=True):
            v = rho ** np.abs(t[:, None] - t)
            k = np.linalg.solve(v[np.ix_(o, o)], np.concatenate([n[o], v[np.ix_(o, h)]], axis=1))
            by_n, by_v = np.split(k, [n.shape[1]], axis=1)
            inverse = np.linalg.inv(n[o].T @ by_n + precision)
            d = n[h] - by_v.T @ n[o]
            error = z[at][:, h] - z[at][:, o] @ (by_v + by_n @ inverse @ d.T)
            spread = v[np.ix_(h, h)] - v[np.ix_(h, o)] @ by_v + d @ inverse @ d.T
            part += (
                f @ (error * np.linalg.solve(spread, error.T).T).sum(axis=1),
                f.sum() * np.linalg.slogdet(spread)[1],
                f.sum() * h.size,
            )
    return parts


def _loading_law(rows: NetRows, fit: SeriesFit) -> tuple[Array, Array]:
    """Estimate the normal distribution of loadings over units by expectation-maximisation.

    Returns
    -------
    tuple of ndarray (k) and ndarray (1 + k, 1 + k)
        Mean, and inverse covariance in multiples of the error variance, with a zero for flat
        levels.
    """
    k = fit.series.shape[2]
    _, gram = _gram(rows, fit.series)
    units = rows.enough(k)
    f, loadings, gram = rows.counts[units], fit.own[0, units, 1:], gram[0, units]
    freedom = f @ (rows.number[units] - 1.0 - k) - fit.series[0].size - fit.time[0].size
    sigma = float(np.sqrt(max(fit.squares[0], _TINY) / max(freedom, 1.0)))
    # Information on loadings with flat levels out; their least squares in multiples of sigma.
    cross = gram[:, 0, 1:]
    information = gram[:, 1:, 1:] - cross[:, :, None] * cross[:, None] / gram[:, :1, :1]
    loadings, share = loadings / sigma, f / f.sum()
    moment = np.einsum("ijk,ik->ij", information, loadings)
    information = information - _RIDGE * np.eye(k)
    mean = np.median(loadings, axis=0)
    spread = np.quantile(loadings, 0.75, axis=0) - np.quantile(loadings, 0.25, axis=0)
    covariance = np.diag((spread / 1.35) ** 2)
    for _ in range(_TURNS if k else 0):
        variance = np.linalg.inv(information + np.linalg.inv(covariance + _TINY * np.eye(k)))
        gain = np.einsum("ijk,ik->ij", variance, moment - information @ mean)
        mean = mean + share @ gain
        apart = gain - share @ gain
        covariance = np.einsum("i,ij,ik->jk", share, apart, apart)
        covariance += np.einsum("i,ijk->jk", share, variance)
    precision = np.zeros((1 + k, 1 + k))
    precision[1:, 1:] = np.linalg.inv(covariance + _TINY * np.eye(k))
    return mean * sigma, precision
