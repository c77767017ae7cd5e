"""Outcomes of observations from drawn parameters: expected values and errors, in chunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.designs import AR1, Noise
from bayes_nqp.model.likelihoods import Likelihood, exact_likelihood

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bayes_nqp.inference.model_frame import Equation, RowLayout


_CHUNK_NUMBERS = 4_000_000


def chunks(draws: int, rows: int, numbers: int = _CHUNK_NUMBERS) -> Iterator[slice]:
    """Divide draws into parts that fit into memory.

    Parameters
    ----------
    numbers : int
        Maximum of draws × observations of one part.
    """
    size = int(np.clip(numbers // max(rows, 1), 1, draws))
    for start in range(0, draws, size):
        yield slice(start, min(start + size, draws))


def padded(values: Array) -> Array:
    """Append the zero to which observations without a cell, or without a deviation, point."""
    return np.concatenate([values, np.zeros((values.shape[0], 1))], axis=1)


def row_slopes(layout: RowLayout, columns: int, slopes: Array, out: Array) -> None:
    """Add the contribution of the varying columns.

    Parameters
    ----------
    columns : int
        Number of columns.
    out : ndarray (draw, row)
        Array to which it is added.
    """
    for k in range(columns):
        # A column has at most one entry per observation, so adding by index loses none.
        mine = np.flatnonzero(layout.entry_slope % columns == k)
        out[:, layout.entry_row[mine]] += (
            slopes[:, layout.entry_slope[mine]] * (layout.entry_value[mine])
        )


def errors_of(
    equation: Equation,
    layout: RowLayout,
    likelihood: Likelihood,
    parameters: Mapping[str, Array],
    generators: Sequence[np.random.Generator],
) -> Array:
    """Draw the errors of observations, step by step or from their covariance on the time grid.

    Parameters
    ----------
    parameters : mapping of str to ndarray (draw,)
        Parameters of the equation's errors and of its likelihood, on their own scales; ``sigma`` in
        multiples of ``s``.
    generators : sequence of three Generators
        For innovations, tails and noise: no stream depends on the size of a chunk.

    Raises
    ------
    StudyError
        If the errors have no stepwise form, and innovations are not normal.
    """
    generator, innovations, white = generators
    noise = equation.problem.errors
    assert isinstance(noise, Noise)
    *values, sigma = (parameters[p.name][:, None] for p in equation.problem.error_parameters)
    kind = noise.steps(layout.gap[:1], values)
    if kind is None:
        if not (likelihood.exact or likelihood.latent):
            raise no_innovations(noise, likelihood)
        out = _by_covariance(noise, equation, layout, [*values, sigma], generator)
        return _with_known(equation, out, white)
    out = generator.standard_normal((sigma.shape[0], layout.rows.size))
    theirs = [parameters[p.name][:, None] for p in likelihood.parameters]
    if not likelihood.latent:
        out = likelihood.innovations(out, theirs, innovations)
    out *= sigma
    if equation.rows.weights is not None:
        out /= np.sqrt(equation.rows.weights)
    if kind.carry is not None:
        _carry(noise, layout, values, out)
    if kind.white is not None:
        out += kind.white * sigma * white.standard_normal(out.shape)
    return _with_known(equation, out, white)


def _with_known(equation: Equation, errors: Array, generator: np.random.Generator) -> Array:
    """Add errors of known variances (draw, row), in place."""
    if equation.rows.variances is not None:
        errors += np.sqrt(equation.rows.variances) * generator.standard_normal(errors.shape)
    return errors


def _carry(noise: Noise, layout: RowLayout, values: Sequence[Array], out: Array) -> None:
    """Turn innovations (draw, row) into errors in place, each from the one before."""
    for rows in _in_order(layout):
        steps = noise.steps(layout.gap[rows], values)
        assert steps is not None
        out[:, rows] *= steps.spread
        out[:, rows] += steps.carry * out[:, layout.previous[rows]]


def no_innovations(noise: Noise, likelihood: Likelihood) -> StudyError:
    """Return the error for non-normal innovations of errors without a stepwise form.

    Returns
    -------
    StudyError
        To be raised.
    """
    return StudyError(
        Message(
            "'errors' is {!r}, which has no stepwise form, but {} innovations need one",
            noise,
            likelihood.label,
        ),
        hint=Message("{}, or {}", Hint("likelihood", exact_likelihood()), Hint("errors", AR1())),
    )


def _by_covariance(
    noise: Noise,
    equation: Equation,
    layout: RowLayout,
    values: Sequence[Array],
    generator: np.random.Generator,
) -> Array:
    """Draw errors on every unit's whole time grid, and select its observations (draw, row)."""
    units, n_periods = int(layout.unit.max()) + 1, equation.problem.n_periods
    points = np.concatenate(values, axis=1)
    grid = noise.draw(generator, n_periods, points[:, :-1], units)
    out = grid[:, layout.unit, equation.rows.time] * points[:, -1:]
    if equation.rows.weights is not None:
        out /= np.sqrt(equation.rows.weights)
    return np.asarray(out)


def _in_order(layout: RowLayout) -> list[npt.NDArray[np.int64]]:
    """Group observations by their position within their unit.

    Each step needs only the previous one.
    """
    starts = np.maximum.accumulate(np.where(layout.first, np.arange(layout.rows.size), 0))
    place = np.arange(layout.rows.size) - starts
    order = np.argsort(place, kind="stable")
    return np.split(order, np.cumsum(np.bincount(place))[:-1])
