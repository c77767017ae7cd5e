"""The density of observations given their means: error parameters and dependence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.pymc_model._row_draws import no_innovations
from bayes_nqp.inference.pymc_model._tables import parameter, row_data
from bayes_nqp.model.designs import Noise
from bayes_nqp.numerics.sampling import Importance

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation, RowLayout
    from bayes_nqp.inference.pymc_model._names import Variables
    from bayes_nqp.model.designs import Steps
    from bayes_nqp.model.likelihoods import Likelihood


def state_density(
    names: Variables,
    equation: Equation,
    layout: RowLayout,
    mean: Any,
    likelihood: Likelihood,
    s: Any,
) -> None:
    """Add the errors' parameters and the density of an equation's observations to the model.

    Raises
    ------
    StudyError
        If the error structure is not defined for single observations.
    """
    noise = equation.problem.errors
    assert isinstance(noise, Noise)
    *values, sigma = (parameter(names, p, s) for p in equation.problem.error_parameters)
    y = pm.Data(names("y" if likelihood.latent else "y_over_s"), equation.rows.outcome, dims="row")
    if likelihood.latent:
        mean = mean + sigma * _unseen(names, equation, layout, noise, values)
        shape = [parameter(names, p, s) for p in likelihood.parameters]
        latent = mean * s
        if equation.rows.offset is not None:
            latent = latent + row_data("row_offset", equation.rows.offset)
        trials = equation.rows.trials
        more = {} if trials is None else {"trials": row_data("row_trials", trials)}
        likelihood.density(names("rows"), latent, None, shape, observed=y, dims="row", **more)
        return
    error: Any = 0.0
    if equation.rows.variances is not None:
        # y = o + sqrt(v) z: o has the density of an outcome that is known without error.
        z = pm.Normal(names("z_known"), dims="row")
        error = z * np.sqrt(row_data("row_variance", equation.rows.variances))
    steps = noise.steps(row_data("row_gap", layout.gap), values)
    if steps is not None:
        mean, spread = _step_by_step(names, equation, layout, (y - error, mean, sigma), steps)
        shape = [parameter(names, p, s) for p in likelihood.parameters]
        likelihood.density(names("rows"), mean + error, spread, shape, observed=y, dims="row")
    elif not likelihood.exact:
        raise no_innovations(noise, likelihood)
    else:
        _by_pattern(names, equation, noise, values, mean + error, sigma)


def _unseen(
    names: Variables, equation: Equation, layout: RowLayout, noise: Noise, values: Sequence[Any]
) -> Any:
    """Return errors (row) of a latent outcome at unit ``sigma``: ``L z``, ``L L' = V``.

    They are parametrised by independent numbers, because single observations are weakly
    informative. Errors of periods without an observation enter no density.
    """
    root = pt.linalg.cholesky(over_periods(noise, equation.problem.n_periods, values))
    z = pm.Normal(names("z_errors"), dims=("unit", "time"))
    unit = np.unique(layout.unit, return_inverse=True)[1]
    return (z @ root.T)[row_data("row_unit", unit), equation.rows.time]


def over_periods(noise: Noise, n_periods: int, values: Sequence[Any]) -> Any:
    """Return the covariance over the time grid as tensors (T, T), stepwise if possible.

    ``e_t = c_t e_(t-1) + s_t u_t``: ``e = (I - C)^-1 S u``, and white noise on top.

    Raises
    ------
    StudyError
        If the error structure is not defined for single observations.
    """
    steps = noise.steps(np.minimum(np.arange(n_periods), 1), values)
    if steps is None:
        joined = noise.tensor_covariance(n_periods, values)
        if joined is None:
            raise _not_stated(noise)
        return joined
    root = np.eye(n_periods) * (steps.spread * pt.ones(n_periods))
    if steps.carry is not None:
        carry = np.eye(n_periods, k=-1) * pt.as_tensor(steps.carry)[:, None]
        root = pt.linalg.solve_triangular(np.eye(n_periods) - carry, root, lower=True)
    white = 0.0 if steps.white is None else steps.white**2
    return root @ root.T + white * np.eye(n_periods)


def _step_by_step(
    names: Variables,
    equation: Equation,
    layout: RowLayout,
    rows: tuple[Any, Any, Any],
    steps: Steps,
) -> tuple[Any, Any]:
    """Return mean and spread of every observation given the unit's previous observation."""
    y, mean, sigma = rows
    spread = sigma * steps.spread
    if steps.white is not None:
        # The error without its white noise is carried forward.
        mean = mean + pm.Normal(names("z_white"), dims="row") * steps.white * sigma
    if steps.carry is not None:
        mean = mean + steps.carry * (y - mean)[row_data("row_previous", layout.previous)]
    if equation.rows.weights is not None:
        spread = spread / pt.sqrt(row_data("row_weight", equation.rows.weights))
    return mean, spread


def _by_pattern(
    names: Variables, equation: Equation, noise: Noise, values: Sequence[Any], mean: Any, sigma: Any
) -> None:
    """Add the joint density of each unit's observations.

    Units observed in the same periods share a factor.
    """
    joined = noise.tensor_covariance(equation.problem.n_periods, values)
    if joined is None or equation.rows.weights is not None:
        raise _not_stated(noise)
    for number, (periods, place) in enumerate(_patterns(equation)):
        factor = pt.linalg.cholesky(joined[np.ix_(periods, periods)])
        pm.MvNormal(
            names(f"rows_{number}"), mu=mean[place], chol=sigma * factor,
            observed=equation.rows.outcome[place],
        )  # fmt: skip


def _not_stated(noise: Noise) -> StudyError:
    return StudyError(
        f"'errors' is {noise!r}, which has no model of single observations",
        hint=Message(
            "{}, the default, supports it; a model of single observations needs its "
            "'steps', or its 'tensor_covariance' and observations without weights",
            Hint("sampler", Importance()),
        ),
    )


def _patterns(equation: Equation) -> list[tuple[Index, Index]]:
    """Return sets of observed periods, each with the observations (unit, period) of its units."""
    unit, time = equation.rows.unit, equation.rows.time
    rows = np.split(np.arange(unit.size), np.flatnonzero(np.diff(unit)) + 1)
    groups: dict[tuple[int, ...], list[Index]] = {}
    for times in rows:
        groups.setdefault(tuple(time[times].tolist()), []).append(times)
    return [(np.array(periods), np.stack(times)) for periods, times in groups.items()]
