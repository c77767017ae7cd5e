"""Average effect as one coefficient of a linear regression.

With treatment dummy d and dummies z_c of group-time cells with shares w_c of treated observations,

    ``y = α_i + λ_t + Σ_c τ_c z_c + x'γ + e``,   ``β = Σ_c w_c τ_c``,

has the same fit as ``y = α_i + λ_t + β d + Σ_{c≠1} τ_c (z_c - (w_c / w_1) z_1) + x'γ + e``: the
average effect is the coefficient of d, given the differences between cells (Wooldridge 2025). By
the theorem of Frisch and Waugh, unit and time effects, these differences and other columns are
removed from y, d and x. All R² refer to the remainders.

References
----------
Wooldridge, J. M. (2025). Two-way fixed effects, the two-way Mundlak regression, and
difference-in-differences estimators. Empirical Economics 69.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.model.predictors import TREATED
from bayes_nqp.robustness.estimators import Sample
from bayes_nqp.robustness.omitted_variables._coefficient_stability import Stability
from bayes_nqp.robustness.omitted_variables._partial_r2 import Coefficient

_RANK, _TINY = 1e-9, 1e-300
"""Norm of a column net of others, relative to its own, below which it is collinear."""
_ALONE = Message(
    "The fit has no covariate that varies within units over time, and omitted variables are "
    "compared with covariates; name some with covariates=[…] of the panel."
)


@dataclass(frozen=True, eq=False)
class AverageRegression:
    """Outcome, treatment and covariates net of all other regressors.

    Parameters
    ----------
    y, d : ndarray (row)
        Outcome, outcome units, and treatment dummy.
    covariates : mapping of str to ndarray (row, k)
        Columns of each covariate.
    unit : ndarray of int (row)
        Codes of units, by which errors are clustered.
    removed : int
        Rank of the regressors that are removed, of which each unit has one.
    """

    y: Array
    d: Array
    covariates: Mapping[str, Array]
    unit: Index
    removed: int

    @property
    def x(self) -> Array:
        """Return all columns of covariates (row, k)."""
        return np.concatenate([*self.covariates.values()], axis=1)

    def stability(self) -> Stability:
        """Return coefficient and R² without and with covariates."""
        y, d, x = self.y, self.d, self.x
        total, spread = float(y @ y), float(d @ d)
        short = float(d @ y) / spread
        net, residual = _net(d, x), _net(y, x)
        long = float(net @ residual) / float(net @ net)
        r2_short = 1.0 - float(((y - short * d) ** 2).sum()) / total
        r2_long = 1.0 - float(((residual - long * net) ** 2).sum()) / total
        variances = (total / y.size, spread / y.size, float(net @ net) / y.size)
        return Stability(short, long, r2_short, r2_long, *variances)

    def coefficient(self, *, covariates: bool = True) -> Coefficient:
        """Return the average effect with its classical and its clustered standard error.

        The clustered variance has the factor ``G / (G - 1) · (N - 1) / (N - K)`` for G units, N
        observations and K coefficients without those of units.
        """
        x = self.x if covariates else self.x[:, :0]
        d, y = _net(self.d, x), _net(self.y, x)
        size, rank = float(d @ d), self.removed + 1 + int(np.linalg.matrix_rank(x))
        value = float(d @ y) / size
        e, n, units = y - value * d, y.size, int(self.unit.max()) + 1
        se = float(np.sqrt(e @ e / (n - rank) / size))
        scores = np.bincount(self.unit, d * e, units)
        factor = units / (units - 1.0) * (n - 1.0) / (n - rank + units - 1.0)
        clustered = float(np.sqrt(factor * (scores @ scores))) / size
        return Coefficient(value, se, n - rank, clustered / se, units)

    def partial_r2(self, name: str) -> tuple[float, float]:
        """Return partial R² of a covariate with the treatment, and with the outcome given it."""
        others = [x for other, x in self.covariates.items() if other != name]
        x = np.concatenate([np.zeros((self.y.size, 0)), *others], axis=1)
        column = self.covariates[name]
        with_d = np.column_stack([x, self.d])
        return _explained(self.d, x, column), _explained(self.y, with_d, column)


def average_regression(fit: Fit, *, constant: bool = False) -> AverageRegression:
    """Return the regression of which the average effect is a coefficient.

    Parameters
    ----------
    constant : bool, default False
        If True, one coefficient for all treated observations, as in two-way fixed effects.

    Raises
    ------
    NotApplicable
        If observations have weights, no covariate varies within units over time, or these effects
        do not identify the average effect.
    """
    equation = fit.model_frame.equations[0]
    rows, codes = equation.rows, fit.model_frame.codes
    if rows.weights is not None:
        raise NotApplicable(Message("This check does not allow for weights of observations."))
    period = codes.level[rows.unit] * codes.n_periods + rows.time
    unit, period = (np.unique(x, return_inverse=True)[1] for x in (rows.unit, period))
    sample = Sample(np.asarray(rows.outcome), unit, period, np.zeros_like(unit))
    groups, others = _columns(fit)
    treatment, differences = _treatment(fit, constant=constant)
    removed = np.column_stack([np.zeros((unit.size, 0)), *differences, *others])
    basis = _independent(sample.residual(removed), removed)

    def net(x: Array) -> Array:
        """Remove effects and columns; columns of which only rounding remains are dropped."""
        out = sample.residual(x)
        out -= basis @ (basis.T @ out)
        size = np.linalg.norm(x - x.mean(axis=0), axis=0)
        return np.asarray(out[:, np.linalg.norm(out, axis=0) > _RANK * np.maximum(size, _TINY)])

    d = net(treatment[:, None])
    if not d.size:
        raise NotApplicable(
            Message("A regression with these effects does not identify the average effect.")
        )
    covariates = {name: x for name, columns in groups.items() if (x := net(columns)).size}
    if not covariates:
        raise NotApplicable(_ALONE)
    y = net(rows.outcome[:, None])[:, 0] * equation.scale
    rank = _effects(unit, period) + basis.shape[1]
    return AverageRegression(y, d[:, 0], covariates, unit, rank)


def _columns(fit: Fit) -> tuple[dict[str, Array], list[Array]]:
    """Return the columns of each covariate and baseline variable, and all other columns."""
    rows = fit.model_frame.equations[0].rows
    columns = {x.name: x.at(rows.time) for x in rows.columns}
    names = {name: [name] for name in fit.facts.covariates_of(fit.rows) if name in columns}
    for name in fit.facts.baseline:
        names[name] = [key for key in columns if key.startswith(f"{name} × ")]
    named = {key for keys in names.values() for key in keys}
    groups = {name: np.column_stack([columns[key] for key in keys]) for name, keys in names.items()}
    return groups, [x for key, x in columns.items() if key not in named]


def _treatment(fit: Fit, *, constant: bool) -> tuple[Array, list[Array]]:
    """Return the treatment dummy, and columns of other cells and of differences between cells."""
    frame = fit.model_frame
    cell = frame.cell_of_row[frame.kept]
    real = ~frame.cells.lead
    identified = np.zeros(real.size, dtype=bool)
    marks = group_time_effects(fit)[v.IDENTIFIED].to_numpy()
    identified[real] = marks[: int(real.sum())]
    averaged = identified & (frame.cells.role == TREATED) & (frame.cells.event_time >= 0)
    dummies = {k: (cell == k).astype(np.float64) for k in np.unique(cell[cell >= 0])}
    inside = [k for k in dummies if averaged[k]]
    outside = [x for k, x in dummies.items() if not averaged[k]]
    if not inside:
        raise NotApplicable(Message("No effect is identified."))
    treatment = np.sum([dummies[k] for k in inside], axis=0)
    if constant:
        return treatment, outside
    # With the shares w_c, columns z_c - (w_c / w_1) z_1 leave β = Σ w_c τ_c as the slope of d.
    first, *others = inside
    share = {k: dummies[k].sum() for k in inside}
    unlike = [dummies[k] - share[k] / share[first] * dummies[first] for k in others]
    return treatment, [*outside, *unlike]


def _independent(net: Array, raw: Array) -> Array:
    """Return an orthonormal basis of columns that are net of effects, without collinear ones."""
    sizes = np.linalg.norm(raw, axis=0)
    scaled = net / np.where(sizes > 0.0, sizes, 1.0)
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    return np.asarray(left[:, values > _RANK])


def _effects(unit: Index, period: Index) -> int:
    """Return the rank of the dummies of units and periods."""
    n, size = int(unit.max()) + 1, int(period.max()) + 1
    links = coo_array((np.ones(unit.size), (unit, n + period)), shape=(n + size,) * 2)
    return n + size - int(connected_components(links, directed=False)[0])


def _net(y: Array, x: Array) -> Array:
    return np.asarray(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])


def _explained(y: Array, x: Array, more: Array) -> float:
    """Return partial R² of further columns given x."""
    before, after = _net(y, x), _net(y, np.concatenate([x, more], axis=1))
    return max(1.0 - float(after @ after) / float(before @ before), 0.0)
