"""The equations of a mediation in a cross-section, and draws of their coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import CrossSection
from bayes_nqp.inference.fitting._gaussian import Regression, independent
from bayes_nqp.model.predictors import zero_sum
from bayes_nqp.model.priors import Priors

_EXACT = 1e-12


@dataclass(frozen=True, eq=False)
class Numbers:
    """Draws of the components of a mediation model.

    Parameters
    ----------
    a, b, d : ndarray (draw, mediator, stratum)
        Effects of the change on mediators; slopes of mediators; change of these slopes.
    tau : ndarray (draw, stratum), outcome units
        Direct effect at the means of mediators.
    sigma : ndarray (draw), outcome units
        Standard deviation of the outcome's errors.
    covariance : ndarray (draw, mediator, mediator)
        Covariance of the mediators' errors.
    """

    a: Array
    b: Array
    d: Array
    tau: Array
    sigma: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class Equations:
    """Equations of outcome and mediators, each given the variables before it.

    Parameters
    ----------
    common : ndarray (row, column)
        Intercepts of strata and covariates.
    treatment : ndarray (row)
        0 before the change, 1 after it.
    mediators : ndarray (row, mediator)
        Centred, and divided by `size`.
    loading, contrasts : ndarray (stratum, coefficient)
        Loadings of flat coefficients, and of those with a fixed prior of standard deviation 1.
    scales : ndarray (1 + mediator)
        Residual standard deviations: of the outcome, then of mediators.
    level : ndarray (mediator, stratum)
        Mean of mediators.
    share : ndarray (stratum)
        Mean of treatment.
    """

    common: Array
    treatment: Array
    mediators: Array
    outcome: Array
    stratum: Index
    loading: Array
    contrasts: Array
    interaction: bool
    scales: Array
    priors: Priors
    centre: Array
    size: Array
    level: Array
    share: Array

    def draw(self, size: int, generator: np.random.Generator) -> Numbers:
        """Draw every equation.

        Errors of a mediator are split into a part that previous mediators explain and a residual.
        Equations are then independent of one another, and the correlation of errors is retained.
        """
        count = self.mediators.shape[1]
        a = np.zeros((size, count, self.loading.shape[0]))
        root = np.zeros((size, count, count))
        for j in range(count):
            before = self.mediators[:, :j]
            (effect,), slopes, sigma = self._one(
                self.mediators[:, j], [self.treatment], before, 1.0, size, generator
            )
            a[:, j] = effect + np.einsum("dk,dks->ds", slopes, a[:, :j])
            root[:, j] = np.einsum("dk,dki->di", slopes, root[:, :j])
            root[:, j, j] = sigma
        columns = [self.treatment, *self.mediators.T]
        if self.interaction:
            columns += [column * self.treatment for column in self.mediators.T]
        scale = float(self.scales[0])
        draws, _, sigma = self._one(
            self.outcome, columns, self.mediators[:, :0], scale, size, generator
        )
        slopes = np.zeros((size, count, a.shape[2]))
        by_size = self.size[:, None]
        covariance = root @ root.transpose(0, 2, 1) * (self.size[:, None] * self.size)
        b = np.stack(draws[1 : 1 + count], axis=1) / by_size
        d = np.stack(draws[1 + count :], axis=1) / by_size if self.interaction else slopes
        return Numbers(a * by_size, b, d, draws[0], sigma, covariance)

    def _one(
        self,
        y: Array,
        columns: Sequence[Array],
        before: Array,
        scale: float,
        size: int,
        generator: np.random.Generator,
    ) -> tuple[list[Array], Array, Array]:
        """Draw slopes by stratum of columns, plain slopes of others, and sigma."""
        flat = [column[:, None] * self.loading[self.stratum] for column in columns]
        held = [column[:, None] * self.contrasts[self.stratum] for column in columns]
        regression = Regression(
            np.column_stack([self.common, before, *flat]), np.column_stack(held), y,
            scale, scale * self.priors.scale("sigma"),
        )  # fmt: skip
        beta, gamma, sigma = regression.draw(size, generator)
        start = self.common.shape[1]
        plain, beta = beta[:, start : start + before.shape[1]], beta[:, start + before.shape[1] :]
        n, m = self.loading.shape[1], self.contrasts.shape[1]
        slopes = [
            beta[:, k * n : (k + 1) * n] @ self.loading.T
            + gamma[:, k * m : (k + 1) * m] @ self.contrasts.T
            for k in range(len(columns))
        ]
        return slopes, plain, sigma


def equations_of(
    rows: CrossSection, change: tuple[float, float], interaction: bool, pooled: bool, priors: Priors
) -> Equations:
    """Put the columns of every equation together.

    Raises
    ------
    IdentificationError
        If columns are collinear, or there are too few rows.
    """
    n = int(rows.stratum.max()) + 1
    treatment = (rows.treatment - change[0]) / (change[1] - change[0])
    common = np.column_stack([np.eye(n)[rows.stratum], _standard(rows.covariates)])
    centre = rows.mediators.mean(axis=0)
    centred = rows.mediators - centre
    _identified(rows, common, treatment, _standard(centred), interaction, pooled)
    base = np.column_stack([common, treatment])
    size = np.asarray([_residual(base, column) for column in centred.T])
    loading, contrasts = _loadings(rows, pooled, priors)
    count = np.bincount(rows.stratum)
    level = np.stack([np.bincount(rows.stratum, x) / count for x in rows.mediators.T])
    return Equations(
        common, treatment, centred / size, rows.outcome - rows.outcome.mean(), rows.stratum,
        loading, contrasts, interaction,
        np.asarray([_residual(base, rows.outcome), *size]), priors, centre, size, level,
        np.bincount(rows.stratum, treatment) / count,
    )  # fmt: skip


def _standard(columns: Array) -> Array:
    """Columns of mean zero and spread one."""
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def _residual(columns: Array, y: Array) -> float:
    """Return the residual standard deviation of a column given other columns."""
    y = y - y.mean()
    left = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    return float(np.sqrt(left @ left / (y.size - columns.shape[1])))


def _loadings(rows: CrossSection, pooled: bool, priors: Priors) -> tuple[Array, Array]:
    """Return the loadings of the slopes of strata on coefficients."""
    n = int(rows.stratum.max()) + 1
    if not pooled:
        return np.eye(n), np.zeros((n, 0))
    coded = {name: np.unique(labels, return_inverse=True) for name, labels in rows.levels.items()}
    varying = [(levels.size, code) for levels, code in coded.values() if levels.size > 1]
    parts = [np.zeros((n, 0))]
    for order in range(1, len(varying) + 1):
        for group in combinations(varying, order):
            basis: Array = reduce(
                lambda a, b: np.asarray(np.kron(a, b)), [zero_sum(size) for size, _ in group]
            )
            row = np.zeros(n, dtype=np.int64)
            for size, code in group:
                row = row * size + code
            parts.append(basis[row] * (priors.contrast / np.sqrt(2.0)))
    return np.ones((n, 1)), np.column_stack(parts)


def _labelled(
    rows: CrossSection,
    common: Array,
    treatment: Array,
    mediators: Array,
    interaction: bool,
    pooled: bool,
) -> tuple[Array, list[str]]:
    """Return all columns of the outcome's equation with their names."""
    treated, strata = rows.names["treatment"][0], rows.stratum_names
    moved = _standard(treatment[:, None])
    columns = np.column_stack([moved, mediators, *([moved * mediators] if interaction else [])])
    labels = [f"treatment={treated!r}", *(f"mediators={x!r}" for x in rows.names["mediators"])]
    labels += [f"{x!r} × treatment" for x in rows.names["mediators"]] if interaction else []
    if not pooled and len(strata) > 1:
        apart = np.eye(len(strata))[rows.stratum]
        columns = np.column_stack([column[:, None] * apart for column in columns.T])
        labels = [f"{label} in {name}" for label in labels for name in strata]
    stacked = np.column_stack([common, columns])
    labels = [f"the intercept of {name}" for name in strata] + [
        *(f"covariates={name!r}" for name in rows.names["covariates"]), *labels
    ]  # fmt: skip
    return stacked, labels


def _identified(
    rows: CrossSection,
    common: Array,
    treatment: Array,
    mediators: Array,
    interaction: bool,
    pooled: bool,
) -> None:
    """Refuse columns that the observations do not identify separately."""
    _vary(rows, "treatment", rows.names["treatment"][0], treatment)
    for name, column in zip(rows.names["mediators"], mediators.T, strict=True):
        _vary(rows, "mediators", name, column)
    stacked, labels = _labelled(rows, common, treatment, mediators, interaction, pooled)
    if treatment.size < stacked.shape[1] + 2:
        raise IdentificationError(
            Message(
                "{} complete observations are too few for {} coefficients",
                treatment.size,
                stacked.shape[1],
            ),
            hint="fewer covariates or strata",
        )
    lost = sorted(set(range(stacked.shape[1])) - set(independent(stacked).tolist()))
    if lost:
        raise IdentificationError(
            Message(
                "columns are linear functions of earlier ones: intercepts, covariates, "
                "treatment, mediators"
            ),
            where=shown(labels[k] for k in lost),
            hint="leave them out",
        )
    y = _standard(rows.outcome[:, None])[:, 0]
    if _residual(stacked, y) < np.sqrt(_EXACT):
        raise IdentificationError(
            Message(
                "outcome={!r} is an exact linear function of the other columns",
                rows.names["outcome"][0],
            ),
            hint="a column that the outcome was made from is among them; leave it out",
        )


def _vary(rows: CrossSection, role: str, name: str, values: Array) -> None:
    """Refuse a column that is the same throughout a stratum."""
    same = [
        f"{stratum} ({int(np.sum(rows.stratum == s))} rows)"
        for s, stratum in enumerate(rows.stratum_names)
        if np.ptp(values[rows.stratum == s]) == 0
    ]
    if same:
        raise IdentificationError(
            Message("{}={!r} does not vary in a stratum", role, name),
            where=shown(same),
            hint="leave that stratum out, or make strata coarser",
        )
