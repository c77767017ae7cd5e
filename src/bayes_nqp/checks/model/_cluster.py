"""Cluster-robust standard errors of the saturated fit, and their expected values under the model.

The saturated estimate is linear in the outcome: with absorbed precision ``q_i`` and design
``X_i`` of unit i, ``G = sum X_i'q_i X_i`` and ``a_i = X_i G^-1 w``, the estimate of ``w'theta``
moves by ``psi_i = a_i'q_i e_i`` with the residuals ``e_i`` of unit i. Its cluster-robust
variance is ``C / (C - 1)`` times the sum over clusters of their squared sums of ``psi_i``.

If the fitted model is true, residuals have a known covariance (errors, and random effects of the
treatment), minus the part that the estimate itself absorbs. Mean and variance of the robust
variance are then known exactly, as those of a quadratic form in Gaussian variables. The robust
variance is compared with this mean and not with the posterior variance, for two reasons. The
residuals of cells with few units are small by construction. And a robust variance includes the
differences of effects between units, while the mean effect on the observed treated units does not
vary with them.

References
----------
Liang, K.-Y. and Zeger, S. (1986). Longitudinal data analysis using generalized linear models.
Biometrika 73(1). Bell, R. and McCaffrey, D. (2002). Bias reduction in standard errors for
linear regression with multi-stage samples. Survey Methodology 28(2). Imbens, G. and Kolesár,
M. (2016). Robust standard errors in small samples. Review of Economics and Statistics 98(4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.checks.model._clusters import SharedSums
from bayes_nqp.checks.model._robust import Controls, Errors, Robust
from bayes_nqp.checks.model._saturated import Saturated
from bayes_nqp.inference.fitting import effect_loads
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.numerics.sufficient_statistics import UnitClass, packed_rows

_NUMBERS = 20_000_000
"""Numbers in memory at once; above this, units of a class share their mean leverage."""


def robust(
    model_frame: ModelFrame, weights: Array, errors: Errors, cluster: Index, unit_effect: Index
) -> Robust:
    """Compute cluster-robust variances of weighted sums of cell effects.

    Parameters
    ----------
    model_frame : ModelFrame
        Plan of a saturated design: all coefficients have flat priors, without random effects.
    errors : Errors
        Parameters that weight the observations, and for which expected values are computed.
    cluster, unit_effect : ndarray of int (unit)
        Codes of clusters and of random effects of the treatment; each random effect belongs to one
        cluster.

    Raises
    ------
    StudyError
        If some coefficient has a prior.
    IdentificationError
        If the estimates are not identified.
    """
    equation = model_frame.equations[0]
    return Contributions(model_frame, errors, weights, cluster, unit_effect).robust(
        equation.effect_scale
    )


@dataclass(slots=True, eq=False)
class _Sums:
    """Sums over groups of units, one row for each group."""

    influence: Array
    diagonal: Array
    leverage: Array
    share: Array
    response: Array
    pull: Array


class Contributions:
    """Contributions of units and clusters to saturated estimates.

    Parameters
    ----------
    weights : ndarray (estimate, cell)
        Weights of cell effects.
    cluster, unit_effect : ndarray of int (unit)
        Codes of clusters and of random effects.
    apart : bool, default False
        True to keep one row for each unit where one row for each class would be enough.
    """

    def __init__(
        self, model_frame: ModelFrame, errors: Errors, weights: Array, cluster: Index,
        unit_effect: Index,
        *, apart: bool = False,
    ) -> None:  # fmt: skip
        equation = model_frame.equations[0]
        self.fit = Saturated(equation, errors.parameters)
        self.problem, self.rows = equation.problem, equation.rows
        self.classes = equation.unit_classes
        self.variances = (
            (errors.sigma / equation.scale) ** 2,
            (errors.deviation / equation.scale) ** 2,
        )
        self.factor, self.mean = self.fit.solved()
        self.shares, self.treated = _shares(model_frame, weights), _treated(model_frame)
        of_positions = effect_loads(model_frame, equation) @ weights.T
        loads = np.asarray(of_positions.T @ self.fit.position_loads)
        self.directions = cho_solve(self.factor, loads.T)
        self.estimate = loads @ self.mean
        units = self.problem.units
        self.cluster, self.clusters = _numbered(cluster, units)
        self.unit_effect, self.unit_effects = _numbered(unit_effect, units)
        shape = (self.problem.n_periods, weights.shape[0], self.mean.size)
        self.shared = [
            SharedSums(root / equation.scale, _owners(owner, units), self.cluster, shape)
            for owner, root in errors.processes
        ]
        # If random effects and clusters are single units, one row for each class is enough.
        single = self.clusters == units.size == self.unit_effects and not self.shared
        size = weights.shape[0] * self.clusters * self.mean.size
        self.by_class = single and not apart and (self.problem.n_columns == 0 or size > _NUMBERS)

    def robust(self, scale: float) -> Robust:
        noise, deviation = self.variances
        sums = self.sums()
        count, never = np.ones(self.clusters), self._never_treated()
        home, copies, untreated = self._homes(), np.ones(self.unit_effects), never
        pull, response = sums.pull, sums.response
        if self.by_class:
            units = [like.units for like in self.classes]
            count = copies = np.array([x.size for x in units], dtype=float)
            home, pull = np.arange(len(units)), sums.pull / count[:, None]
            response = np.stack([sums.response[self.unit_effect[x]].mean(axis=0) for x in units])
            untreated = np.array([not self.treated[x].any() for x in units])
        diagonal, leverage = sums.diagonal / count[:, None], sums.leverage / count[:, None, None]
        spread = noise * self.fit.gram + deviation * (pull.T * copies) @ pull
        spread = spread + sum(shared.spread for shared in self.shared)
        expected, width = np.zeros((2, 2, self.directions.shape[1]))
        for j in range(self.directions.shape[1]):
            lever = leverage[:, j]
            mixed, variance = noise * lever, noise * diagonal[:, j]
            np.add.at(mixed, home, deviation * pull * response[:, [j]])
            np.add.at(variance, home, deviation * response[:, j] ** 2)
            for shared in self.shared:
                shared.mix(mixed, variance, j)
            for part, weight in enumerate((count, count * untreated)):
                expected[part, j], width[part, j] = self._moments(
                    lever, mixed, variance, spread, weight
                )
        model = noise * sums.diagonal.sum(axis=0)
        model += deviation * ((sums.response - sums.share) ** 2).sum(axis=0)
        model += sum(shared.model for shared in self.shared)
        square = self.clusters / max(self.clusters - 1, 1) * scale * scale
        squares, expected, width = sums.influence**2 * square, expected * square, width * square
        return Robust(
            self.estimate * scale, squares.sum(axis=0), expected[0], width[0],
            model * scale * scale, self.clusters,
            Controls(squares[never].sum(axis=0), expected[1], width[1], int(never.sum())),
        )  # fmt: skip

    def sums(self) -> _Sums:
        """Sum the contributions of the units of every class."""
        n_rows = len(self.classes) if self.by_class else self.clusters
        k, p = self.directions.shape[1], self.mean.size
        shapes = (
            (self.clusters, k), (n_rows, k), (n_rows, k, p), (self.unit_effects, k),
            (self.unit_effects, k),
            (len(self.classes) if self.by_class else self.unit_effects, p),
        )  # fmt: skip
        sums = _Sums(*(np.zeros(shape) for shape in shapes))
        for number, like in enumerate(self.classes):
            self._add(number, like, sums)
        return sums

    def _homes(self) -> Index:
        """Return the cluster of every random effect."""
        homes, inside = np.zeros(self.unit_effects, dtype=np.int64), self.unit_effect >= 0
        homes[self.unit_effect[inside]] = self.cluster[inside]
        return homes

    def _never_treated(self) -> npt.NDArray[np.bool_]:
        """Return a mask of clusters without treated observations."""
        never = np.ones(self.clusters, dtype=bool)
        treated = self.treated.any(axis=1) & (self.cluster >= 0)
        never[self.cluster[treated]] = False
        return never

    def _moments(
        self, lever: Array, mixed: Array, variance: Array, spread: Array, count: Array
    ) -> tuple[float, float]:
        """Return mean and standard deviation of the sum of squared influences of clusters."""
        f = cho_solve(self.factor, lever.T).T
        taken = ((f @ spread) * f).sum(axis=1) - 2.0 * (f * mixed).sum(axis=1)
        columns = np.concatenate([f, mixed], axis=1)
        inner = (columns.T * count) @ columns
        p = f.shape[1]
        # The covariance of influences is diagonal, plus F Z F' - F B' - B F'.
        middle = np.zeros_like(inner)
        middle[:p] = spread @ inner[:p] - inner[p:]
        middle[p:] = -inner[:p]
        total = (count * variance**2).sum() + 2.0 * (count * variance * taken).sum()
        total += (middle * middle.T).sum()
        mean = (count * (variance + taken)).sum()
        return float(mean), float(np.sqrt(2.0 * max(total, 0.0)))

    def _add(self, number: int, like: UnitClass, sums: _Sums) -> None:
        """Add one class's units to the sums."""
        q, shared, slopes = self.fit.of_class(like)
        n_columns, k = self.problem.n_columns, self.directions.shape[1]
        step = max(1, 4_000_000 // (like.times.size * (n_columns + k + 1) + k * q.shape[0]))
        for at in range(0, like.units.size, step):
            units = like.units[at : at + step]
            entries = packed_rows(self.rows, units, like)
            table = np.zeros((units.size, like.times.size, n_columns + 1))
            table[:, like.position, like.column] = entries
            x, y = table[..., :n_columns], table[..., n_columns]
            qd = self.treated[units][:, like.times] @ q
            a = shared @ self.directions + x @ (slopes @ self.directions)
            residual = y - shared @ self.mean - x @ (slopes @ self.mean)
            qa = np.einsum("tu,nuk->ntk", q, a)
            row = np.full(units.size, number) if self.by_class else self.cluster[units]
            unit_effect = self.unit_effect[units]
            response = np.einsum("ntk,nt->nk", a, qd)
            np.add.at(sums.influence, self.cluster[units], np.einsum("ntk,nt->nk", qa, residual))
            np.add.at(sums.diagonal, row, np.einsum("ntk,ntk->nk", qa, a))
            lever = np.einsum("ntk,tp->nkp", qa, shared, optimize=True)
            if n_columns:
                lever += np.einsum("ntk,ntc,cp->nkp", qa, x, slopes, optimize=True)
            np.add.at(sums.leverage, row, lever)
            np.add.at(sums.share, unit_effect, self.shares[units])
            np.add.at(sums.response, unit_effect, response)
            pull = qd @ shared + np.einsum("nt,ntc,cp->np", qd, x, slopes, optimize=True)
            np.add.at(sums.pull, row if self.by_class else unit_effect, pull)
            for process in self.shared:
                process.add(like, units, qa, q, shared + x @ slopes)


def _shares(model_frame: ModelFrame, weights: Array) -> Array:
    """Return the share of each unit's random effect in the estimates (unit, estimate)."""
    rows = np.flatnonzero(model_frame.kept & (model_frame.cell_of_row >= 0))
    at = (model_frame.codes.unit[rows], model_frame.cell_of_row[rows])
    shape = (model_frame.codes.n_units, model_frame.cells.rows.size)
    table = csr_array((np.ones(rows.size), at), shape=shape)
    return np.asarray(table @ (weights / np.maximum(model_frame.cells.rows, 1)).T)


def _treated(model_frame: ModelFrame) -> Array:
    """Return the loading of a unit's random effect (unit, period): treatment, or the exposure."""
    equation, rows = model_frame.equations[0], np.flatnonzero(model_frame.kept)
    loading = model_frame.codes.treated[rows].astype(np.float64)
    if model_frame.exposure is not None:
        loading *= model_frame.exposure.values[rows] / model_frame.exposure.size
    out = np.zeros((model_frame.codes.n_units, model_frame.codes.n_periods))
    out[equation.rows.unit, equation.rows.time] = loading
    return out


def _owners(codes: Index, units: Index) -> Index:
    """Number the owners of a shared path among some units; -1 for other units and for no owner."""
    return _numbered(codes, units[codes[units] >= 0])[0]


def _numbered(codes: Index, units: Index) -> tuple[Index, int]:
    """Number the codes of some units; other units get -1."""
    distinct, inverse = np.unique(codes[units], return_inverse=True)
    out = np.full(codes.size, -1, dtype=np.int64)
    out[units] = inverse
    return out, int(distinct.size)
