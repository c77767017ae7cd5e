"""Influences of units on a saturated estimate, and their covariance under the model.

With the influence ``psi_i`` of unit i (`_cluster`), a robust variance under a kernel K of pairs of
units is ``V = c sum_ij K_ij psi_i psi_j``. K is one inside clusters (Liang and Zeger 1986), or
declines with distance (Conley 1999). If the fitted model is true, ``psi`` has a covariance C, and V
has the mean ``c tr(K C)`` and the variance ``2 c² tr(K C K C)``.

References
----------
Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of Econometrics 92(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.linalg import cho_solve

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model._alternative_errors import error_means
from bayes_nqp.checks.model._cluster import Contributions
from bayes_nqp.checks.model._clusters import clusters_by
from bayes_nqp.checks.model._robust import Errors, chi2_over_mean
from bayes_nqp.checks.shared import reported_weights
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import (
    ADDITIVE,
    SEPARATE,
    Fit,
    deviation_draws,
    equation_draws,
    once,
    panel_of,
    require,
    sigma_draws,
)
from bayes_nqp.inference.model_frame import ModelFrame, make_model_frame
from bayes_nqp.model.designs import saturated_design
from bayes_nqp.model.predictors import ProcessPart, TimeEffects
from bayes_nqp.numerics.linear_gaussian import correlation_root
from bayes_nqp.numerics.parameters import Parameter

PAIRED_UNITS: Final = 5_000
"""Largest number of units whose pairs fit into memory."""


@dataclass(frozen=True, slots=True)
class KernelVariance:
    """A robust variance and its moments under the model, squared outcome units.

    Parameters
    ----------
    expected, spread : float
        Mean and standard deviation of the robust variance if the model is true.
    model : float
        Variance of the estimate if the model is true.
    """

    variance: float
    expected: float
    spread: float
    model: float

    @property
    def ratio(self) -> float:
        """Factor by which the model's standard deviation is to be multiplied."""
        return self._ratio(self.variance)

    def quantile(self, probability: float) -> float:
        """Return a quantile of the ratio if the model is true (Satterthwaite)."""
        share = chi2_over_mean(probability, np.array(self.expected), np.array(self.spread))
        return self._ratio(self.expected * float(share))

    def _ratio(self, variance: float) -> float:
        return float(np.sqrt(max(1.0 + (variance - self.expected) / self.model, 0.0)))


@dataclass(frozen=True, eq=False)
class Influences:
    """Influences of units on an estimate.

    Parameters
    ----------
    values : ndarray (unit), outcome units
        ``psi``; zero for units that are left out.
    covariance : ndarray (unit, unit)
        C.
    model : float
        Variance of the estimate around the mean effect of the observed treated units, if the model
        is true.
    """

    values: Array
    covariance: Array
    model: float

    def variance(self, kernel: Any, factor: float = 1.0) -> KernelVariance:
        """Compute the robust variance under a kernel.

        Parameters
        ----------
        kernel : sparse array (unit, unit)
            K, symmetric.
        factor : float, default 1
            c, a correction for few clusters.
        """
        product = kernel @ self.covariance
        square = 2.0 * max(float((product * product.T).sum()), 0.0)
        return KernelVariance(
            factor * float(self.values @ (kernel @ self.values)),
            factor * float(np.trace(product)), factor * float(np.sqrt(square)), self.model,
        )  # fmt: skip


def average_influences(fit: Fit) -> Influences:
    """Return the influences of units on the average effect of the saturated fit, computed once.

    Raises
    ------
    NotApplicable
        If errors are not added to the outcome itself, or the pairs of units do not fit into memory.
    """
    require(fit, ADDITIVE, SEPARATE)
    units = fit.rows.unit_labels.size
    if units > PAIRED_UNITS:
        raise NotApplicable(
            Message(
                "The panel has {:,} units; pairs of at most {:,} units can be compared.",
                units,
                PAIRED_UNITS,
            )
        )

    def compute() -> Influences:
        weights = reported_weights(group_time_effects(fit))[1][[0]].toarray()[0]
        return influences(fit, weights, clusters_by(fit).unit_effect)

    return once(fit, "influences on the average", compute)


def robust_ratio(fit: Fit, kernel: Any, factor: float = 1.0) -> float:
    """Return the factor by which a robust variance widens the average effect, at least 1.

    Parameters
    ----------
    kernel, factor
        As in `Influences.variance`.

    Raises
    ------
    NotApplicable
        As `average_influences`; also if the variance is not positive.
    """
    found = average_influences(fit).variance(kernel, factor)
    if found.variance <= 0.0:
        raise NotApplicable(Message("the variance under this clustering is not positive"))
    # Below 1 the estimate of few clusters would narrow the interval, mostly by chance.
    return max(found.ratio, 1.0)


def within(codes: Index) -> sparse.csr_array:
    """Return 1 for pairs of the same cluster and 0 otherwise (unit, unit)."""
    member = sparse.csr_array(
        (np.ones(codes.size), (np.arange(codes.size), np.unique(codes, return_inverse=True)[1]))
    )
    return sparse.csr_array(member @ member.T)


def influences(fit: Fit, weights: Array, unit_effect: Index) -> Influences:
    """Compute influences of units on a weighted average of effects of the saturated fit.

    Parameters
    ----------
    weights : ndarray (cell)
        Weights of the cells of the fit's effects dataset.
    unit_effect : ndarray of int (unit)
        Codes of random effects of the treatment.

    Raises
    ------
    StudyError, IdentificationError
        As `robust`.
    """
    model_frame, everywhere, errors = saturated_model(fit, weights[None])
    units = np.arange(unit_effect.size)
    parts = Contributions(model_frame, errors, everywhere, units, units, apart=True)
    sums, at, scale = (
        parts.sums(),
        np.sort(parts.problem.units),
        model_frame.equations[0].effect_scale,
    )
    (noise, deviation), same = (
        parts.variances,
        np.equal.outer(unit_effect[at], np.unique(unit_effect[at])),
    )
    lever, response = sums.leverage[:, 0], sums.response[:, 0]
    pull = same.T @ sums.pull
    # Covariance of a_i'q_i e_i, of these with X'qe, of X'qe: errors, deviations, then processes.
    covariance = np.diag(noise * sums.diagonal[:, 0])
    covariance += deviation * np.outer(response, response) * (same @ same.T)
    mixed = noise * lever + deviation * response[:, None] * (same @ pull)
    spread = noise * parts.fit.gram + deviation * pull.T @ pull
    off = same.T @ (response - sums.share[:, 0])
    model = float(noise * sums.diagonal.sum() + deviation * off @ off)
    for shared in parts.shared:
        covariance += shared.between(0)
        shared.mix(mixed, np.zeros(at.size), 0)
        spread, model = spread + shared.spread, model + float(shared.model[0])
    f = cho_solve(parts.factor, lever.T).T
    covariance += (f @ spread) @ f.T - f @ mixed.T - mixed @ f.T
    values, table = np.zeros(unit_effect.size), np.zeros((unit_effect.size, unit_effect.size))
    values[at], table[np.ix_(at, at)] = sums.influence[:, 0] * scale, covariance * scale**2
    return Influences(values, table, model * scale**2)


def saturated_model(fit: Fit, weights: Array) -> tuple[ModelFrame, Array, Errors]:
    """Return the plan of the saturated design, weights of its cells, and posterior mean errors.

    Parameters
    ----------
    weights : ndarray (estimate, cell)
        Weights of the cells of the fit's effects dataset, with cells of untreated observations
        last.
    """
    facts, spread = fit.facts, deviation_draws(fit)
    model_frame, processes = once(fit, "saturated", lambda: _without_processes(fit))
    everywhere = np.zeros((weights.shape[0], fit.model_frame.cells.rows.size))
    real = ~fit.model_frame.cells.lead
    everywhere[:, real] = weights[:, : real.sum()]
    # A saturated cell is one cell of the fit, or several cells that differ in exposure.
    rows = np.flatnonzero((fit.model_frame.cell_of_row >= 0) & (model_frame.cell_of_row >= 0))
    cell = fit.model_frame.cell_of_row[rows]
    share = np.zeros((everywhere.shape[1], model_frame.cells.rows.size))
    np.add.at(share, (cell, model_frame.cell_of_row[rows]), 1.0 / fit.model_frame.cells.rows[cell])
    fixed = 0.0 if facts.varying is None else _fixed(fit)
    errors = Errors(
        float(sigma_draws(fit).mean()),
        error_means(fit),
        fixed if spread is None else float(spread.mean()),
        processes,
    )
    return model_frame, everywhere @ share, errors


def _fixed(fit: Fit) -> float:
    """Return the standard deviation of random effects if their scale is fixed."""
    deviations = fit.facts.deviations
    scale = np.array([deviations.prior.centre * fit.scale])
    return float(deviations.sd(scale, fit.scale)[0])


def _without_processes(fit: Fit) -> tuple[ModelFrame, tuple[tuple[Index, Array], ...]]:
    """Return the plan of the saturated design without its processes; their owners and roots."""
    model_frame, processes = saturated_model_frame(fit, panel_of(fit))
    return model_frame, process_roots(fit, processes)


def saturated_model_frame(fit: Fit, panel: Panel) -> tuple[ModelFrame, Sequence[ProcessPart]]:
    """Return the plan of a fit's saturated design on a panel without its processes; and these."""
    time = TimeEffects(fit.facts.time_strata(panel))
    model = saturated_design(fit.design, panel, time=time).spec(panel)
    outcome, *others = model.equations
    model_frame = make_model_frame(
        replace(model, equations=(replace(outcome, processes=()), *others))
    )
    return model_frame, outcome.processes


def process_roots(fit: Fit, parts: Iterable[ProcessPart]) -> tuple[tuple[Index, Array], ...]:
    """Return the owners of each process, -1 for none, and its root (T, q), outcome units."""
    out: list[tuple[Index, Array]] = []
    for part in parts:
        if part.mixing is None:
            out.append((part.owner, _root(fit, part)))
            continue
        # Paths that are sums of common paths are treated as independent.
        for number, size in enumerate(np.linalg.norm(part.mixing, axis=1)):
            root = size * _root(fit, part)
            out.append((np.where(part.owner == number, 0, -1), root))
    return tuple(out)


def _root(fit: Fit, part: ProcessPart) -> Array:
    """Return the root of a process's covariance at posterior means (T, q), outcome units."""
    pieces = []
    for loadings, scale in zip(part.loadings, part.scales, strict=True):
        draws = equation_draws(fit, f"scale_{scale.name}")
        size = 1.0 if part.measured else fit.scale
        sd = scale.fixed * size if draws is None else float(draws.mean())
        pieces.append(sd * loadings)
    root = np.concatenate(pieces, axis=1)
    if part.errors is None:
        return root
    means = [_mean(fit, x) for x in part.parameters]
    return np.asarray(correlation_root(part.errors, len(root), np.array([means]))[0] @ root)


def _mean(fit: Fit, parameter: Parameter) -> float:
    """Return the posterior mean of a parameter of the outcome's equation, multiples of s."""
    draws = equation_draws(fit, parameter.name)
    assert draws is not None
    return float(draws.mean()) / (fit.scale if parameter.in_outcome_units else 1.0)
