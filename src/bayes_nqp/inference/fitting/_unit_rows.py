"""Observations of units given coefficients: expected values, unit effects and deviations.

Let r be the residuals of a unit, Q the precision of its errors at unit innovation variance, N the
loadings of its flat coefficients and d that of its deviation. Integrating out flat coefficients
gives ``Q̃ = Q - QN (N'QN)^-1 N'Q`` (docs/gaussian.md, 2). Weights w multiply r, N and d as
``w^1/2``, so that all units observed in the same periods share Q. With known variances v of the
outcome, units of one kind do: Q is the inverse of ``V + diag(w v) / sigma²``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame import RowLayout, row_layout
from bayes_nqp.inference.pymc_model import padded, row_slopes
from bayes_nqp.numerics.linear_gaussian import back_solve

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation, ModelFrame
    from bayes_nqp.numerics.linear_gaussian import ErrorLaw, Values


Members = Literal["same", "new"]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Units observed in the same periods. B draws, n units, m periods, h kinds.

    Parameters
    ----------
    unit, unit_effect : ndarray of int (n)
        The member is one past the last for a unit without treated observations.
    kind : ndarray of int (n)
        Units of one kind have the same weights, loadings and known variances.
    root : ndarray (h, m)
        ``w^1/2``.
    nuisance : ndarray (h, m, a)
        ``w^1/2 N``.
    loading : ndarray (h, m)
        ``w^1/2 d``.
    variances : ndarray (h, m), optional
        ``w v``.
    """

    rows: Index
    unit: Index
    unit_effect: Index
    times: Index
    kind: Index
    root: Array
    nuisance: Array
    loading: Array
    variances: Array | None = None

    @cached_property
    def free(self) -> int:
        """Return the number of observations of a unit less its flat coefficients."""
        return int(self.times.size - self.nuisance.shape[2])

    def of_units(self, values: Array) -> Array:
        """Expand (B, h, ...) to (B, n, ...)."""
        return values if values.shape[1] == 1 else values[:, self.kind]


@dataclass(frozen=True, eq=False)
class Absorbed:
    """Statistics of the units of one pattern, with flat coefficients integrated out.

    Parameters
    ----------
    level : ndarray (B, n, a)
        ``(N'QN)^-1 N'Qr``, the flat coefficients that fit best.
    shift : ndarray (B, h, a)
        ``(N'QN)^-1 N'Qd``, their decrease per unit of the deviation.
    factor : ndarray (B, h, a, a)
        Cholesky factor of ``N'QN``.
    along : ndarray (B, n)
        ``d'Q̃r``.
    inner : ndarray (B, h)
        ``d'Q̃d``.
    energy : ndarray (B, n)
        ``r'Q̃r``.
    log_det : ndarray (B, h)
        ``log|Q| - log|N'QN|``.
    """

    level: Array
    shift: Array
    factor: Array
    along: Array
    inner: Array
    energy: Array
    log_det: Array


class UnitRows:
    """Observations of an equation, grouped by unit."""

    def __init__(self, model_frame: ModelFrame, equation: Equation) -> None:
        self.equation, self.layout = equation, row_layout(model_frame, equation)
        self.places = equation.positions
        self.noise: ErrorLaw = equation.gaussian.noise
        self.n_unit_effects = model_frame.effects.codes.size
        self.patterns = _patterns(equation, self.layout)

    def expected(self, positions: Array) -> Array:
        """Compute the expected outcome of observations, without unit effects and deviations."""
        layout, positions = self.layout, padded(positions)
        out = positions[:, self.places.time][:, layout.time_effect]
        out += padded(positions[:, self.places.cells])[:, layout.cell]
        columns = len(self.equation.rows.columns)
        row_slopes(layout, columns, positions[:, self.places.slopes.ravel()], out)
        if self.places.paths.size:
            out += positions[:, self._paths]
        return out

    @cached_property
    def _paths(self) -> Index:
        """Return the position of each observation in the paths of processes."""
        rows, n_periods = self.equation.rows, self.equation.problem.n_periods
        group = rows.group[rows.unit]
        none = self.places.paths[-1] + 1
        position = self.places.paths[np.maximum(group, 0) * n_periods + rows.time]
        return np.where(group >= 0, position, none)

    def absorbed(self, residual: Array, values: Values) -> list[Absorbed]:
        """Integrate flat coefficients out of the units of every pattern.

        Parameters
        ----------
        values : Values
            At these B draws.
        """
        known = self.equation.rows.variances is not None
        laws = np.column_stack([values.noise, values.sigma]) if known else values.noise
        distinct, draw = _distinct(laws)
        noise, sigma = np.split(distinct, [values.noise.shape[1]], axis=1)
        grid = self.noise.covariance(self.equation.problem.n_periods, noise)
        return [_absorbed(p, residual[:, p.rows], grid, sigma, draw) for p in self.patterns]

    def of_unit_effects(self, pieces: list[Absorbed]) -> tuple[Array, Array]:
        """Add up the statistics of units for the deviations of their members.

        Parameters
        ----------
        pieces : list of Absorbed
            One for each pattern.

        Returns
        -------
        tuple of two ndarray (B, member + 1)
            ``d'Q̃r`` and ``d'Q̃d``; the last entry, zero, is for units without treated
            observations.
        """
        along = np.concatenate([a.along for a in pieces], axis=1)
        inner = np.concatenate(
            [
                np.broadcast_to(p.of_units(a.inner), a.along.shape)
                for p, a in zip(self.patterns, pieces, strict=True)
            ],
            axis=1,
        )
        return np.asarray((self._unit_effects.T @ along.T).T), np.asarray(
            (self._unit_effects.T @ inner.T).T
        )

    def drawn(
        self, residual: Array, values: Values, generator: np.random.Generator, members: Members
    ) -> Array:
        """Draw flat coefficients and deviations given the data: ``N alpha + d delta``.

        ``delta | y ~ N(d'Q̃r / (K + d'Q̃d), sigma² / (K + d'Q̃d))``, summed over the units of a
        member, and ``alpha | delta, y ~ N((N'QN)^-1 N'Q (r - d delta), sigma² (N'QN)^-1)``.

        Parameters
        ----------
        values : Values
            At these B draws.
        members : {"same", "new"}
            With "same" observations get the deviations given the data; with "new" they get new
            ones.
        """
        nuisance, n_units = self.equation.gaussian.nuisance, int(self.layout.unit.max()) + 1
        n_levels = n_units * nuisance.shape[1]
        normal = generator.standard_normal((len(values), n_levels + 2 * self.n_unit_effects))
        level, unit_effect, fresh = np.split(
            normal, [n_levels, n_levels + self.n_unit_effects], axis=1
        )
        level = level.reshape(len(values), n_units, -1)
        deviates = self.equation.gaussian.deviation is not None
        pieces, sigma = self.absorbed(residual, values), values.sigma[:, None]
        deviation = np.zeros((len(values), self.n_unit_effects + 1))
        if deviates:
            along, inner = (a[:, :-1] for a in self.of_unit_effects(pieces))
            precision = sigma**2 / values.deviation[:, 0] + inner  # K + d'Q̃d
            deviation[:, :-1] = along / precision + sigma / np.sqrt(precision) * unit_effect
        out = np.zeros_like(residual)
        for p, a in zip(self.patterns, pieces, strict=True):
            alpha = a.level - p.of_units(a.shift) * deviation[:, p.unit_effect, None]
            noise = sigma[..., None] * level[:, p.unit]
            # F F' = N'QN: F^-T sigma z has the covariance sigma² (N'QN)^-1.
            alpha = alpha + back_solve(p.of_units(a.factor), noise[..., None])[..., 0]
            out[:, p.rows] = alpha @ nuisance[p.times].T  # N alpha, without weights
        if members == "new":
            deviation[:, :-1] = np.sqrt(values.deviation[:, 0]) * fresh if deviates else 0.0
        out += deviation[:, self.layout.unit_effect] * self.layout.loading
        return out

    @cached_property
    def _unit_effects(self) -> Any:
        unit_effect = np.concatenate([p.unit_effect for p in self.patterns])
        shape = (unit_effect.size, self.n_unit_effects + 1)
        return csr_array(
            (np.ones(unit_effect.size), (np.arange(unit_effect.size), unit_effect)), shape=shape
        )


def _distinct(values: Array) -> tuple[Array, Index]:
    """Return distinct rows and the index (B, k) into them, since resampled draws repeat."""
    if values.shape[1] == 0:
        return values[:1], np.zeros(len(values), dtype=np.int64)
    distinct, number = np.unique(values, axis=0, return_inverse=True)
    return distinct, number.ravel()


def _absorbed(pattern: Pattern, rows: Array, grid: Array, sigma: Array, draw: Index) -> Absorbed:
    """Integrate flat coefficients out of observations (B, n, m), with covariances (U, T, T).

    Draw b has the covariance ``draw[b]``, and ``sigma`` (U, 1) if variances are known.
    Observations, N and d are multiplied by ``w^1/2``, so that ``Q = V^-1`` applies to units of all
    weights.
    """
    covariance = grid[:, None, pattern.times[:, None], pattern.times]
    if pattern.variances is not None:
        # V + diag(w v) / sigma² (U, h, m, m)
        known = pattern.variances / sigma[..., None] ** 2
        covariance = covariance + known[..., None] * np.eye(pattern.times.size)
    lower, q = np.linalg.cholesky(covariance), np.linalg.inv(covariance)
    n, d = pattern.nuisance, pattern.loading[..., None]
    qn = q @ n
    inner = n.swapaxes(-1, -2) @ qn  # N'QN (U, h, a, a).
    factor = np.linalg.cholesky(inner)
    project = np.linalg.solve(inner, qn.swapaxes(-1, -2))  # (N'QN)^-1 N'Q
    shift = project @ d
    # Q̃d = Q (d - N (N'QN)^-1 N'Qd), Q̃ = Q - QN (N'QN)^-1 N'Q.
    qd = (q @ (d - n @ shift))[..., 0]
    # log|w^1/2 V^-1 w^1/2| - log|N'QN|, from factors.
    log_det = 2.0 * (
        np.log(pattern.root).sum(axis=1)
        - np.log(np.diagonal(lower, axis1=2, axis2=3)).sum(axis=2)
        - np.log(np.diagonal(factor, axis1=2, axis2=3)).sum(axis=2)
    )
    r = rows * pattern.of_units(pattern.root[None])
    # r'Q̃r = (r - N alpha)'Q (r - N alpha) with alpha = (N'QN)^-1 N'Qr, without cancellation.
    level = (pattern.of_units(project[draw]) @ r[..., None])[..., 0]
    mean = (pattern.of_units(n[None]) @ level[..., None])[..., 0]
    residual = r - mean
    return Absorbed(
        level, shift[draw, ..., 0], factor[draw],
        np.einsum("bnm,bnm->bn", r, np.broadcast_to(pattern.of_units(qd[draw]), r.shape)),
        np.maximum((pattern.loading * qd).sum(axis=2), 0.0)[draw],
        np.einsum("bnm,bnm->bn", _times(residual, pattern.of_units(q)[draw]), residual),
        log_det[draw],
    )  # fmt: skip


def _times(rows: Array, q: Array) -> Array:
    """Return ``Q r`` of rows (B, n, m), with one Q of all units (B, 1, m, m) or one of each."""
    if q.shape[1] == 1:
        return np.asarray(rows @ q[:, 0])
    return np.asarray((q @ rows[..., None])[..., 0])


def _patterns(equation: Equation, layout: RowLayout) -> list[Pattern]:
    """Group units by their observed periods."""
    unit, time = layout.unit, equation.rows.time
    codes, starts = np.unique(unit, return_index=True)
    bounds = [*starts[1:].tolist(), unit.size]
    groups: dict[bytes, list[tuple[int, int]]] = {}
    for u, (start, end) in enumerate(zip(starts.tolist(), bounds, strict=True)):
        groups.setdefault(time[start:end].tobytes(), []).append((u, start))
    return [
        _pattern(
            equation, layout, codes[[u for u, _ in group]], np.array([start for _, start in group])
        )
        for group in groups.values()
    ]


def _pattern(equation: Equation, layout: RowLayout, unit: Index, start: Index) -> Pattern:
    time, weights = equation.rows.time, equation.rows.weights
    length = int((layout.unit == unit[0]).sum())
    rows = start[:, None] + np.arange(length)  # (unit, period)
    root = np.ones(rows.shape) if weights is None else np.sqrt(weights[rows])
    loading = layout.loading[rows]
    # Units of equal weights, loadings and known variances share N'QN, Q̃d and determinants.
    variances = equation.rows.variances
    of_units = [root, loading, *([] if variances is None else [root**2 * variances[rows]])]
    kinds, kind = np.unique(np.concatenate(of_units, axis=1), axis=0, return_inverse=True)
    root, loading, *known = np.split(kinds, len(of_units), axis=1)
    times = time[rows[0]]
    nuisance = root[:, :, None] * equation.gaussian.nuisance[times]
    unit_effect = layout.unit_effect[rows].min(axis=1)
    return Pattern(
        rows, unit, unit_effect, times, kind.ravel(), root, nuisance, root * loading, *known
    )
