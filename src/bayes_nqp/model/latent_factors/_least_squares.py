"""Common factors by least squares on untreated observations.

Untreated outcomes are ``y_it = alpha_i + a_i' lambda_t + x_it' b + f_t' l_i + e_it``, with known
loadings ``a_i`` (the unit's level of time effects, and baselines), covariates x and unknown series
f. Unit levels and loadings have a closed-form solution (variable projection), so that least
squares is a problem in ``(f, lambda, b)`` alone. Steps ``df`` are orthogonal to a constant and to
f: the sum of squares depends only on the space that these span.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.model.latent_factors._net_rows import NetRows
from bayes_nqp.model.specification import Calendar, EquationSpec, Facts, bare_rows

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


STEPS: Final = 200
_CLOSE: Final = 1e-8
TINY: Final = 1e-12
RIDGE: Final = 1e-5
"""On loadings on orthonormal series, of which a unit without gaps has information 1: without it,
series could bend to fit units with few observations perfectly."""


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
    regressors += [((x - x.mean()) / max(float(x.std()), TINY))[:, None] for x in baseline]
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
    return replace(rows, y=y / max(float(np.sqrt(np.mean(y[rows.seen] ** 2))), TINY))


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
    for _ in range(STEPS):
        now = fit.take(active)
        gradient, squares, curvature, basis, at = _quadratic(rows, weights[active], now)
        total = np.maximum(now.squares, np.finfo(float).tiny)[:, None]
        scale = np.sqrt(np.maximum(squares, TINY) * total)
        done = (np.abs(gradient) <= close * scale + TINY).all(axis=1)
        fit.converged[active[done]] = True
        if done.all():
            break
        active, now, going = active[~done], now.take(~done), ~done
        size = squares[going].mean(axis=1)
        ridge = (damping[active] + TINY) * size
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


def gram_of(rows: NetRows, series: Array) -> tuple[Array, Array]:
    """N (R, T, 1 + k), and ``N'N`` and the ridge of each unit (R, unit, 1 + k, 1 + k)."""
    n = with_level(series)
    a = n.shape[2]
    pairs = (n[..., None] * n[:, :, None]).reshape(*n.shape[:2], a * a)
    gram = (rows.seen.astype(np.float64) @ pairs).reshape(len(n), -1, a, a)
    gram[:, rows.number < a] = np.eye(a)
    return n, gram + np.diag([TINY, *[RIDGE] * (a - 1)])


def _evaluated(
    rows: NetRows, weights: Array, series: Array, time: Array, slopes: Array
) -> SeriesFit:
    """Solve for unit levels and loadings."""
    n, gram = gram_of(rows, series)
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
    count, n_periods, k = fit.series.shape
    regressors = np.broadcast_to(rows.known, (count, *rows.known.shape))
    b = np.concatenate([fit.own[:, :, 1:], regressors], axis=2)
    units, c = b.shape[1:]
    loaded = weights[:, :, None] * rows.seen
    basis = np.linalg.qr(with_level(fit.series), mode="complete")[0][:, :, 1:]
    pairs = (b[..., None] * b[:, :, None]).reshape(count, units, c * c)
    by_time = (loaded.swapaxes(1, 2) @ pairs).reshape(count, n_periods, c, c)
    matrix = -_through_units(rows, weights, fit, b)
    inside, t = n_periods * c, np.arange(n_periods)
    part = matrix[:, :inside, :inside].reshape(count, n_periods, c, n_periods, c).copy()
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
    turned = RIDGE * np.einsum("ru,ruj,ruk->rjk", weights, fit.own[:, :, 1:], fit.own[:, :, 1:])
    blocks = first.reshape(count, q, c, q, c)
    blocks[:, np.arange(q), :k, np.arange(q), :k] += turned
    squares = np.einsum("rtq,rtaa->rqa", basis**2, by_time).reshape(count, -1)
    slope = np.einsum("rutp,rut->rp", weighted, fit.residual)
    moment = (loaded * fit.residual).swapaxes(1, 2) @ b
    gradient = np.einsum("rtq,rta->rqa", basis, moment).reshape(count, -1)
    last = curvature + matrix[:, inside:, inside:]
    matrix = np.block([[first, side], [side.swapaxes(1, 2), last]])
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


def _through_units(rows: NetRows, weights: Array, fit: SeriesFit, b: Array) -> Array:
    """``(N'J - V)' (N'N)^-1 (N'J - V)``, by which unit coefficients follow the others.

    Parameters
    ----------
    b : ndarray (R, unit, c)
        Loadings on series, then known ones.

    Returns
    -------
    ndarray (R, T c + p, T c + p)
        Sum over units.
    """
    n, gram = gram_of(rows, fit.series)
    (count, n_periods, a), (units, c) = n.shape, b.shape[1:]
    # N'J - V of each unit (R, unit, 1 + k, T, c), then of covariates.
    change = (n.swapaxes(1, 2)[:, None] * rows.seen[:, None])[..., None] * b[:, :, None, None]
    for j in range(a - 1):
        change[:, :, 1 + j, :, j] -= fit.residual
    flat = change.reshape(count, units, a, n_periods * c)
    x = np.einsum("rtj,utp->rujp", n, rows.x)
    root = np.linalg.inv(np.linalg.cholesky(gram)) * np.sqrt(weights)[:, :, None, None]
    u = (root @ np.concatenate([flat, x], axis=3)).reshape(count, units * a, -1)
    return np.asarray(u.swapaxes(1, 2) @ u)
