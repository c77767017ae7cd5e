"""Cluster-robust standard errors of the saturated fit, and what a model expects of them.

The saturated estimate is linear in the outcome: with absorbed precision ``q_i`` and design
``X_i`` of unit i, ``G = sum X_i'q_i X_i`` and ``a_i = X_i G^-1 w``, the estimate of ``w'theta``
moves by ``psi_i = a_i'q_i e_i`` with the residuals ``e_i`` of unit i. Its cluster-robust
variance is ``C / (C - 1)`` times the sum over clusters of their squared sums of ``psi_i``.

If the fitted model is true, residuals have a known covariance (errors, and deviations of
effects), less what the estimate itself takes out of them. The mean and the variance of the
robust variance follow exactly, as those of a quadratic form in Gaussian numbers. Comparing
the robust variance with that mean, rather than with a posterior variance, is what makes the
comparison fair where cells hold few units (their residuals are small by construction) and
where effects differ between units (which a robust variance counts, and the mean effect of
the treated at hand does not).

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
from scipy.linalg import cho_factor, cho_solve

from bayes_nqp.compression import Problem, UnitClass, packed_rows
from bayes_nqp.compression.kernel import absorb, class_row, cross_products
from bayes_nqp.designs._plan import Plan
from bayes_nqp.errors import IdentificationError, StudyError
from bayes_nqp.parameters import FLAT

__all__ = ["Controls", "Errors", "Robust", "robust"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_NUMBERS = 20_000_000
"""Numbers kept at once; above it, a class's units share their mean leverage."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Values of the parameters of a model of errors and of effect deviations.

    Parameters
    ----------
    sigma : float, outcome units
    rho : float, default 0
    noise : float, default 0
        As in `AR1Noise`.
    deviation : float, default 0, outcome units
        Standard deviation of the effect deviations.
    """

    sigma: float
    rho: float = 0.0
    noise: float = 0.0
    deviation: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """Parts of robust variances that clusters without treated units make up.

    No deviation of an effect is in them, so that persistent errors which a model takes for
    deviations of the treated show here.

    Parameters
    ----------
    variance, expected, spread : ndarray (estimate), squared outcome units
        As in `Robust`.
    clusters : int
    """

    variance: Array
    expected: Array
    spread: Array
    clusters: int

    @property
    def ratio(self) -> Array:
        """Robust over expected standard deviation (estimate)."""
        return np.asarray(np.sqrt(self.variance / self.expected))

    def quantile(self, probability: float) -> Array:
        """Quantile of the ratio if the model is true.

        Parameters
        ----------
        probability : float

        Returns
        -------
        ndarray (estimate)
        """
        from scipy.stats import chi2

        freedom = 2.0 * (self.expected / self.spread) ** 2
        return np.asarray(np.sqrt(chi2.ppf(probability, freedom) / freedom))


@dataclass(frozen=True, slots=True, eq=False)
class Robust:
    """Robust variances of linear estimates, and what the model expects of them.

    Parameters
    ----------
    estimate : ndarray (estimate), outcome units
        Of the saturated fit.
    variance : ndarray (estimate), squared outcome units
        Cluster-robust, with the factor ``clusters / (clusters - 1)``.
    expected, spread : ndarray (estimate)
        Mean and standard deviation of ``variance`` if the model is true.
    model : ndarray (estimate)
        Variance of the estimate around the mean effect of the treated rows at hand, if the
        model is true.
    clusters : int
    controls : Controls
        The same of never-treated clusters alone.
    """

    estimate: Array
    variance: Array
    expected: Array
    spread: Array
    model: Array
    clusters: int
    controls: Controls

    @property
    def ratio(self) -> Array:
        """What the model's standard deviation is to be multiplied with (estimate)."""
        return self._ratio(self.variance)

    @property
    def freedom(self) -> Array:
        """Satterthwaite's degrees of freedom of the robust variance (estimate)."""
        return np.asarray(2.0 * (self.expected / self.spread) ** 2)

    def quantile(self, probability: float) -> Array:
        """Quantile of the ratio if the model is true.

        Parameters
        ----------
        probability : float

        Returns
        -------
        ndarray (estimate)
        """
        from scipy.stats import chi2

        return self._ratio(self.expected * chi2.ppf(probability, self.freedom) / self.freedom)

    def _ratio(self, variance: Array) -> Array:
        excess = (variance - self.expected) / self.model
        return np.asarray(np.sqrt(np.maximum(1.0 + excess, 0.0)))


def robust(plan: Plan, weights: Array, errors: Errors, cluster: Index, member: Index) -> Robust:
    """Compute cluster-robust variances of weighted sums of cell effects.

    Parameters
    ----------
    plan : Plan
        Of a saturated design: every coefficient is flat, and nothing deviates.
    weights : ndarray (estimate, cell)
    errors : Errors
        Their values weigh the estimate, and are the model that expects.
    cluster, member : ndarray of int (unit)
        Codes; deviations are a member's, and a member lies in one cluster.

    Returns
    -------
    Robust

    Raises
    ------
    StudyError
        If some coefficient has a prior.
    IdentificationError
        If the estimates are not identified.
    """
    equation = plan.equations[0]
    return _Saturated(plan, errors, weights, cluster, member).robust(equation.scale)


@dataclass(slots=True, eq=False)
class _Sums:
    """Sums over groups of units: a row a group."""

    influence: Array
    own: Array
    leverage: Array
    share: Array
    response: Array
    pull: Array


class _Saturated:
    def __init__(
        self, plan: Plan, errors: Errors, weights: Array, cluster: Index, member: Index
    ) -> None:
        equation = plan.equations[0]
        self.problem: Problem = equation.problem
        scales = [self.problem.global_scale, *(b.local_scale for b in self.problem.blocks)]
        if self.problem.member_scale is not None or (np.concatenate(scales) != FLAT).any():
            raise StudyError(
                "the design has coefficients with priors, and no saturated fit",
                hint="Separate(varying=None), and time effects that are not pooled",
            )
        self.packed = equation.packed
        self.rows = equation.rows
        self.variances = (
            (errors.sigma / equation.scale) ** 2,
            (errors.deviation / equation.scale) ** 2,
        )
        self.x = _unconstrained(self.problem, errors)
        self.error = np.array([errors.rho, errors.noise])
        self.starts, self.loadings = _loadings(self.problem)
        slot = self.starts[equation.cell_slots[:, 0]] + equation.cell_slots[:, 1]
        self.gram, self.factor, self.mean = self._solved()
        self.cell_shares = weights / np.maximum(plan.cells.rows, 1)
        self.cell_at = np.full(self.loadings.shape[0] + 1, -1, dtype=np.int64)
        self.cell_at[slot] = np.arange(slot.size)
        self.directions = cho_solve(self.factor, (weights @ self.loadings[slot]).T)
        self.estimate = weights @ (self.loadings[slot] @ self.mean)
        used = np.concatenate([c.units for c in self.problem.classes])
        self.cluster, self.clusters = _numbered(cluster, used)
        self.member, self.members = _numbered(member, used)
        # Members and clusters that are single units need one row a class, not one a unit.
        single = self.clusters == used.size == self.members
        size = weights.shape[0] * self.clusters * self.loadings.shape[1]
        self.by_class = single and (self.problem.n_columns == 0 or size > _NUMBERS)

    def _solved(self) -> tuple[Array, tuple[Array, bool], Array]:
        ints = self.packed.ints
        vectors, treated = np.zeros((ints[10], ints[13])), np.zeros(ints[10])
        _, blocks = cross_products(self.x, ints, self.packed.floats, vectors, treated)
        p = self.loadings.shape[1]
        gram, right = np.zeros((p, p)), np.zeros(p)
        for start, s in zip(self.starts, blocks, strict=True):
            n = s.shape[0] - 1
            part = self.loadings[start : start + n]
            gram += part.T @ s[:n, :n] @ part
            right += part.T @ s[:n, n]
        try:
            factor = cho_factor(gram, lower=True)
        except np.linalg.LinAlgError:
            raise IdentificationError(
                "the saturated fit has coefficients that the data do not identify"
            ) from None
        return gram, factor, cho_solve(factor, right)

    def robust(self, scale: float) -> Robust:
        noise, deviation = self.variances
        n_rows = len(self.problem.classes) if self.by_class else self.clusters
        k, p = self.directions.shape[1], self.loadings.shape[1]
        rows = (n_rows, k)
        sums = _Sums(
            np.zeros((self.clusters, k)), np.zeros(rows), np.zeros((*rows, p)),
            np.zeros((self.members, k)), np.zeros((self.members, k)),
            np.zeros((len(self.problem.classes) if self.by_class else self.members, p)),
        )  # fmt: skip
        for number, one in enumerate(self.problem.classes):
            self._add(number, one, sums)
        count = np.ones(n_rows)
        if self.by_class:
            count = np.array([c.units.size for c in self.problem.classes], dtype=float)
            response = np.zeros(rows)
            for number, one in enumerate(self.problem.classes):
                response[number] = sums.response[self.member[one.units]].mean(axis=0)
            home, copies, pull = np.arange(n_rows), count, sums.pull / count[:, None]
        else:
            home = np.zeros(self.members, dtype=np.int64)
            used = self.member >= 0
            home[self.member[used]] = self.cluster[used]
            copies, pull, response = np.ones(self.members), sums.pull, sums.response
        own, leverage = sums.own / count[:, None], sums.leverage / count[:, None, None]
        spread = noise * self.gram + deviation * (pull.T * copies) @ pull
        factor = self.clusters / max(self.clusters - 1, 1)
        expected, width = np.zeros((2, k)), np.zeros((2, k))
        never = self._never_treated()
        untreated = (
            never
            if not self.by_class
            else np.array([c.cohort < 0 or c.times[-1] < c.cohort for c in self.problem.classes])
        )
        for j in range(k):
            lever = leverage[:, j]
            mixed = noise * lever
            variance = noise * own[:, j].copy()
            np.add.at(mixed, home, deviation * pull * response[:, [j]])
            np.add.at(variance, home, deviation * response[:, j] ** 2)
            for part, copies in enumerate((count, count * untreated)):
                expected[part, j], width[part, j] = self._moments(
                    lever, mixed, variance, spread, copies
                )
        model = noise * sums.own.sum(axis=0)
        model += deviation * ((sums.response - sums.share) ** 2).sum(axis=0)
        square = factor * scale * scale
        squares = sums.influence**2
        expected, width = expected * square, width * square
        controls = Controls(
            squares[never].sum(axis=0) * square, expected[1], width[1], int(never.sum())
        )
        return Robust(
            self.estimate * scale, squares.sum(axis=0) * square, expected[0], width[0],
            model * scale * scale, self.clusters, controls,
        )  # fmt: skip

    def _never_treated(self) -> npt.NDArray[np.bool_]:
        """Clusters without treated rows."""
        never = np.ones(self.clusters, dtype=bool)
        for one in self.problem.classes:
            if one.cohort >= 0 and one.times[-1] >= one.cohort:
                never[self.cluster[one.units]] = False
        return never

    def _moments(
        self, lever: Array, mixed: Array, variance: Array, spread: Array, count: Array
    ) -> tuple[float, float]:
        """Mean and standard deviation of the sum of squares of clusters' influences."""
        f = cho_solve(self.factor, lever.T).T
        taken = ((f @ spread) * f).sum(axis=1) - 2.0 * (f * mixed).sum(axis=1)
        both = np.concatenate([f, mixed], axis=1)
        inner = (both.T * count) @ both
        p = f.shape[1]
        # The covariance of influences is diagonal, plus F Z F' - F B' - B F'.
        middle = np.zeros_like(inner)
        middle[:p] = spread @ inner[:p] - inner[p:]
        middle[p:] = -inner[:p]
        total = (count * variance**2).sum() + 2.0 * (count * variance * taken).sum()
        total += (middle * middle.T).sum()
        mean = (count * (variance + taken)).sum()
        return float(mean), float(np.sqrt(2.0 * max(total, 0.0)))

    def _add(self, number: int, one: UnitClass, sums: _Sums) -> None:
        """Add one class's units to the sums."""
        q, treated, shared, slopes, share = self._class(number, one)
        n_columns, k = self.problem.n_columns, self.directions.shape[1]
        qd = q @ treated
        step = max(1, 4_000_000 // (one.times.size * (n_columns + k + 1) + k * q.shape[0]))
        for at in range(0, one.units.size, step):
            units = one.units[at : at + step]
            entries = packed_rows(self.rows, units, one)
            table = np.zeros((units.size, one.times.size, n_columns + 1))
            table[:, one.position, one.column] = entries
            x, y = table[..., :n_columns], table[..., n_columns]
            a = shared @ self.directions + x @ (slopes @ self.directions)
            residual = y - shared @ self.mean - x @ (slopes @ self.mean)
            qa = np.einsum("tu,nuk->ntk", q, a)
            row = np.full(units.size, number) if self.by_class else self.cluster[units]
            member = self.member[units]
            response = np.einsum("ntk,t->nk", a, qd)
            np.add.at(sums.influence, self.cluster[units], np.einsum("ntk,nt->nk", qa, residual))
            np.add.at(sums.own, row, np.einsum("ntk,ntk->nk", qa, a))
            lever = np.einsum("ntk,tp->nkp", qa, shared, optimize=True)
            if n_columns:
                lever += np.einsum("ntk,ntc,cp->nkp", qa, x, slopes, optimize=True)
            np.add.at(sums.leverage, row, lever)
            np.add.at(sums.share, member, share)
            np.add.at(sums.response, member, response)
            pull = qd @ shared + np.einsum("t,ntc,cp->np", qd, x, slopes, optimize=True)
            np.add.at(sums.pull, row if self.by_class else member, pull)

    def _class(self, number: int, one: UnitClass) -> tuple[Array, Array, Array, Array, Array]:
        """Absorbed precision, treated indicator, shared design, slopes' columns, shares."""
        ints, m = self.packed.ints, one.times.size
        row = class_row(ints, number)
        q, dq, work = np.empty((m, m)), np.empty((2, m, m)), np.empty((3, m))
        absorb(ints, self.packed.floats, row, self.error, q, dq, np.empty(2), work)
        start = self.starts[row[0]]
        cells = ints[row[7] : row[7] + m]
        shared = self.loadings[start + ints[row[6] : row[6] + m]].copy()
        inside = cells >= 0
        shared[inside] += self.loadings[start + cells[inside]]
        slopes = self.loadings[start + row[4] : start + row[4] + self.problem.n_columns]
        known = self.cell_at[start + cells[inside]]
        share = self.cell_shares[:, known].sum(axis=1)
        return q, work[1].copy(), shared, slopes, np.asarray(share)


def _unconstrained(problem: Problem, errors: Errors) -> Array:
    """Parameters as the kernel reads them; the precision is that of unit innovations."""
    values = {"rho": errors.rho, "noise": errors.noise, "sigma": 1.0}
    return problem.space.unconstrain(np.array([values[name] for name in problem.space.names]))


def _loadings(problem: Problem) -> tuple[Index, Array]:
    """First slot of each block; and how coefficients load on the slots of all blocks."""
    sizes = [b.columns.shape[0] for b in problem.blocks]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    n_global = problem.global_scale.size
    n_local = sum(b.local_slot.size for b in problem.blocks)
    out = np.zeros((int(starts[-1]), n_global + n_local))
    at = n_global
    for start, size, b in zip(starts, sizes, problem.blocks, strict=False):
        out[start : start + size, :n_global] = b.columns
        out[start + b.local_slot, at + np.arange(b.local_slot.size)] = 1.0
        at += b.local_slot.size
    return starts[:-1], out


def _numbered(codes: Index, used: Index) -> tuple[Index, int]:
    """Number the codes of the units that are used; other units get -1."""
    found, inverse = np.unique(codes[used], return_inverse=True)
    out = np.full(codes.size, -1, dtype=np.int64)
    out[used] = inverse
    return out, int(found.size)
