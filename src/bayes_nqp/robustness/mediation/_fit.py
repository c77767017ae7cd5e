"""Refit with confounded mediators, for a panel or a cross-section.

The formulas for a cross-section assume an unmeasured common cause of a mediator and the outcome.
Let ``sigma_y`` be the error SD of the outcome given mediators, and ``sigma_j`` that of the mediator
given the others. Then ``b(rho) = b − (sigma_y / sigma_j) rho / √(1 − rho²)``. The slopes of other
mediators change by the coefficients of their errors in the regression of the confounded mediator's
error. With one mediator, the crossing is the correlation between its error and the error of the
outcome in the regression without the mediator. An interaction is assumed to be constant in ``rho``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import (
    ALL,
    Average,
    By,
    average_of,
    names_of,
    nde,
    nie,
    unit_effect_name,
)
from bayes_nqp.inference.fitting import (
    CHANNELS,
    Fit,
    Mediated,
    effects_on_mediator,
    error_draws,
    lagged,
    mediator_covariance,
    mediator_slopes,
    refit,
    require,
    sigma_draws,
)
from bayes_nqp.model.designs import AR1, Facts, flat_deviations
from bayes_nqp.robustness.mediation._curves import CONFOUNDED, ConfoundedPaths
from bayes_nqp.robustness.mediation._panel import Bias, bias_of, correlation_of, patterns_of


def paths_of_rows(rows: Mediated, by: By, weights: str) -> ConfoundedPaths:
    """Average every path except the total, and the effect of confounding on each."""
    value = _paths(rows.effects, by, weights)
    pull = [-_flat(_paths(shifted(rows, name), by, weights)) for name in rows.mediators]
    dims = [str(dim) for dim in value.dims[3:]]
    return ConfoundedPaths(
        rows.mediators,
        tuple(value[v.PATH].to_numpy().tolist()),
        _flat(value),
        np.stack(pull, axis=1),
        np.ones((pull[0].shape[0], len(rows.mediators))),
        {dim: value[dim].to_numpy() for dim in dims},
        rows.effects.assign_attrs(outcome=rows.outcome),
    )


def shifted(rows: Mediated, mediator: str) -> xr.Dataset:
    """Return the change of all paths per unit of strength, as group-time effects."""
    place = rows.mediators.index(mediator)
    precision = np.linalg.inv(mediator_covariance(rows))
    # The row over minus its diagonal: the coefficients of the other errors in the regression of
    # this one, and −1 for its own slope.
    move = -precision[..., place, :] / precision[..., place, place, None]
    # sigma_y / sigma_j, with sigma_j² = 1 / P_jj the variance of its error given the others.
    size = sigma_draws(rows) * np.sqrt(precision[..., place, place])
    # (chain, draw, mediator, cell).
    a = np.stack([effects_on_mediator(rows, name) for name in rows.mediators], axis=2)
    # A path through a mediator is its slope times a; the direct path has minus the sum of changes.
    via = (size[..., None] * move)[..., None] * a
    direct = -via.sum(axis=2, keepdims=True)
    effect = np.concatenate([np.zeros_like(direct), direct, via], axis=2)
    return rows.effects.assign({v.EFFECT: (rows.effects[v.EFFECT].dims, effect)})


def unexplained(rows: Mediated) -> xr.DataArray:
    """Return the product of both equations' unexplained variance shares (confounded)."""
    shares = [
        np.mean((sigma_draws(rows) * sigma_draws(rows, name)) ** 2)
        / (rows.facts["outcome__variance"] * rows.facts[f"{name}__variance"])
        for name in rows.mediators
    ]
    return xr.DataArray(shares, dims=CONFOUNDED)


def _paths(effects: xr.Dataset, by: By, weights: str) -> xr.DataArray:
    """Average every path except the total (chain, draw, path, ...)."""
    via = nie(effects, by, weights).rename({v.MEDIATOR: v.PATH})
    direct = nde(effects, by, weights).expand_dims({v.PATH: [v.DIRECT]})
    every = xr.concat([via, direct], dim=v.PATH, coords="minimal", compat="override", join="outer",
                      combine_attrs="drop")  # fmt: skip
    labels = np.asarray([*via[v.PATH].to_numpy(), v.DIRECT], dtype=str)
    every = every.drop_vars([v.ROWS, v.WEIGHT]).assign_coords({v.PATH: labels})
    return every.transpose(*v.SAMPLE_DIMS, v.PATH, ...)


def _flat(paths: xr.DataArray) -> Array:
    """Reshape draws of groups to (draw, path, group)."""
    values = paths.to_numpy()
    return values.reshape(values.shape[0] * values.shape[1], values.shape[2], -1)


@dataclass(frozen=True, eq=False)
class ConfoundedFit:
    """A refit with flat priors on unit-level effects, and the bias of its slopes.

    Parameters
    ----------
    names : tuple of str
        Mediators.
    effect : ndarray (draw, mediator, cell), mediators' units
        Effects, ``lag`` periods earlier.
    bias : tuple of Bias
        Bias for each confounded mediator.
    """

    fit: Fit
    names: tuple[str, ...]
    effect: Array
    bias: tuple[Bias, ...]

    @property
    def seed(self) -> int:
        """Return the seed of the refit's sampler."""
        return int(self.fit.sampler.seed or 0)

    def paths(self, by: By, weights: str, balanced: int | None) -> ConfoundedPaths:
        """Average over the cells of groups.

        Parameters
        ----------
        by, weights, balanced
            As in `att`; not by unit.

        Raises
        ------
        StudyError
            If ``by`` does not distinguish cells.
        """
        effects = self.fit.effects
        if {unit_effect_name(effects), v.MEMBER} & set(names_of(by).values()):
            raise StudyError(
                f"by={by!r} requests single units, whose mediated effects are too uncertain",
                hint="by='region', or another variable that distinguishes cells",
            )
        average = average_of(effects, by, weights, balanced)
        n_draws, names = self.effect.shape[0], self.names
        via = [average.of_effects(effects, name).to_numpy() for name in names]
        direct = average.of_effects(effects, v.DIRECT).to_numpy()
        parts = [x.reshape(n_draws, -1) for x in (*via, sum(via, np.zeros(1)), direct)]
        value, pull = np.stack(parts, axis=1), self._pull(average)
        value[..., average.weight == 0] = np.nan  # Groups without cells.
        paths, places = (*names, ALL, v.DIRECT), [*range(len(names) + 2)]
        if len(names) == 1:
            places.remove(1)
        curvature = np.stack([bias.curvature for bias in self.bias], axis=1)
        return ConfoundedPaths(
            names,
            tuple(paths[k] for k in places),
            value[:, places],
            pull[:, :, places],
            curvature,
            {axis.name: axis.labels for axis in average.axes},
            effects,
        )

    def _pull(self, average: Average) -> Array:
        """Return the bias of paths per unit of strength (draw, confounded, path, group).

        The bias of a path through a mediator is the bias of its slope times the effect on the
        mediator, by stratum. The direct path has minus the sum of these biases.
        """
        model_frame = self.fit.model_frame
        stratum = model_frame.table.stratum[~model_frame.cells.lead]
        # Cells with spillovers only come last; they have no effect through the own mediator.
        stratum = np.pad(stratum, (0, self.effect.shape[2] - stratum.size))
        n_strata, (n_draws, n_names, n_cells) = self.bias[0].slope.shape[1], self.effect.shape
        # sum_c w_gc a_c over the cells of each stratum: (group, draw, mediator, stratum).
        effect = np.moveaxis(self.effect, 2, 0).reshape(n_cells, n_draws * n_names)
        shares = [average.cells[:, stratum == s] @ effect[stratum == s] for s in range(n_strata)]
        size = (average.weight.size, n_draws, n_names, n_strata)
        contribution = np.stack(shares, axis=-1).reshape(size)
        # Bias of mediator k's slope in stratum s if j is confounded, times the effect on k there.
        slope = np.stack([bias.slope for bias in self.bias], axis=1)
        via = np.einsum("gdks,djsk->djkg", contribution, slope, optimize=True)
        total = via.sum(axis=2, keepdims=True)
        return np.concatenate([via, total, -total], axis=2)


def confounded_fit(fit: Fit) -> ConfoundedFit:
    """Refit with flat priors on unit-level effects, and compute the bias of slopes.

    An interaction, and the coefficient of a moderator in a slope, are not biased; both are taken
    unchanged from the refit.

    Parameters
    ----------
    fit : Fit
        Fit of a `Mediation` model, in which the refit is cached.

    Raises
    ------
    NotApplicable
        If the bias is not available for the model.
    """
    require(fit, CHANNELS)
    _see_that_bias_is_known(fit.facts)
    free = refit(fit, flat_deviations(fit.design))
    model_frame, (outcome, *mediators) = free.model_frame, free.model_frame.equations
    names = tuple(equation.name for equation in mediators)
    patterns = patterns_of(outcome.problem, model_frame.codes.stratum)
    phi, sigma = (np.stack(x, axis=1) for x in zip(*(_errors(free, n) for n in names), strict=True))
    phi_outcome, sigma_outcome = _errors(free, outcome.name)
    treated = model_frame.codes.treated[model_frame.kept]
    correlation = correlation_of(outcome.rows, treated, patterns, phi.mean(axis=0))
    bias = tuple(
        bias_of(
            patterns,
            j,
            phi_outcome=phi_outcome,
            phi_mediators=phi,
            sigma_outcome=sigma_outcome,
            sigma_mediators=sigma,
            correlation=correlation,
            strata=mediator_slopes(free).shape[2],
            common=fit.facts.pooling.factors == (),
        )
        for j in range(len(names))
    )
    effect = np.stack([_effect(free, name) for name in names], axis=1)
    return ConfoundedFit(free, names, effect, bias)


def _see_that_bias_is_known(facts: Facts) -> None:
    if facts.joined:
        raise NotApplicable(
            Message(
                "The confounding bias is not available if slopes vary by unit; use the "
                "same model specification with {}.",
                Hint("vary_by", None),
            )
        )
    if not facts.noise.markov:
        raise NotApplicable(
            Message(
                "Under {}, a confounding bias is defined only for the part of the errors "
                "that has innovations; use the same model specification with {}.",
                type(facts.noise).__name__,
                Hint("errors", AR1()),
            )
        )


def _errors(fit: Fit, equation: str) -> tuple[Array, Array]:
    """Return draws of the autocorrelation (zero if independent) and of the innovation SD."""
    sigma = sigma_draws(fit, equation)
    # Parameters of the error structure; sigma is last.
    *memory, _ = error_draws(fit, equation).values()
    return memory[0].ravel() if memory else np.zeros(sigma.size), sigma.ravel()


def _effect(fit: Fit, name: str) -> Array:
    model_frame, real = fit.model_frame, ~fit.model_frame.cells.lead
    draws = effects_on_mediator(fit, name)
    if fit.facts.reach != "none":
        return draws.reshape(-1, draws.shape[2])
    every = np.zeros((draws.shape[0] * draws.shape[1], model_frame.table.size))
    every[:, real] = draws.reshape(-1, draws.shape[2])
    return lagged(model_frame, every, fit.facts.lag)[:, real]
