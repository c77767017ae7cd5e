"""Outcomes of rows from drawn parameters: expected values and errors, some draws at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.likelihoods import StudentT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bayes_nqp.designs._layout import RowLayout
    from bayes_nqp.designs._plan import Equation

__all__ = ["chunks", "degrees_of_freedom", "errors_of", "padded", "row_slopes"]

Array = npt.NDArray[np.float64]

_CHUNK_NUMBERS = 4_000_000


def chunks(draws: int, rows: int, numbers: int = _CHUNK_NUMBERS) -> Iterator[slice]:
    """Divide draws into parts that fit into memory.

    Parameters
    ----------
    draws, rows : int
    numbers : int
        Draws × rows of one part, at most.

    Yields
    ------
    slice
    """
    size = int(np.clip(numbers // max(rows, 1), 1, draws))
    for start in range(0, draws, size):
        yield slice(start, min(start + size, draws))


def padded(values: Array) -> Array:
    """Append the zero that rows without a cell, or without a deviation, point at.

    Parameters
    ----------
    values : ndarray (draw, place)

    Returns
    -------
    ndarray (draw, place + 1)
    """
    return np.concatenate([values, np.zeros((values.shape[0], 1))], axis=1)


def row_slopes(layout: RowLayout, columns: int, slopes: Array, out: Array) -> None:
    """Add what the varying columns contribute.

    Parameters
    ----------
    layout : RowLayout
    columns : int
        How many there are.
    slopes : ndarray (draw, stratum × column)
    out : ndarray (draw, row)
        Is added to.
    """
    for k in range(columns):
        # One column has at most one entry a row, so that adding by index loses none.
        mine = np.flatnonzero(layout.entry_slope % columns == k)
        out[:, layout.entry_row[mine]] += (
            slopes[:, layout.entry_slope[mine]] * (layout.entry_value[mine])
        )


def degrees_of_freedom(
    likelihood: object, draws: int, drawn: Array | None, generator: np.random.Generator
) -> Array | None:
    """Degrees of freedom of the innovations.

    Parameters
    ----------
    likelihood : Gaussian or StudentT
    draws : int
    drawn : ndarray (draw,) or None
        From a posterior; None draws from the prior.
    generator : Generator

    Returns
    -------
    ndarray (draw,) or None
        None if they are Gaussian.
    """
    if not isinstance(likelihood, StudentT):
        return None
    if likelihood.nu is not None:
        return np.full(draws, likelihood.nu)
    return 2.0 + generator.gamma(2.0, 10.0, draws) if drawn is None else drawn


def errors_of(
    equation: Equation,
    layout: RowLayout,
    parameters: Mapping[str, Array],
    nu: Array | None,
    generators: Sequence[np.random.Generator],
) -> Array:
    """Draw the errors of rows: independent, or AR(1) with gaps, perhaps with noise on top.

    Parameters
    ----------
    equation : Equation
    layout : RowLayout
    parameters : mapping of str to ndarray (draw,)
        ``sigma`` and, where errors have them, ``rho`` and ``noise``; in multiples of ``s``.
    nu : ndarray (draw,) or None
        Degrees of freedom of the innovations; None if they are Gaussian.
    generators : sequence of three Generators
        For innovations, tails and noise: no stream depends on the size of a chunk.

    Returns
    -------
    ndarray (draw, row), multiples of ``s``
    """
    generator, heavy, white = generators
    sigma = parameters["sigma"][:, None]
    out = generator.standard_normal((sigma.shape[0], layout.rows.size))
    if nu is not None:
        out *= _heavy(nu[:, None], layout.rows.size, heavy)
    out *= sigma
    if equation.rows.weights is not None:
        out /= np.sqrt(equation.rows.weights)
    if "rho" not in parameters:
        return out
    rho = parameters["rho"][:, None]
    for rows in _steps(layout):
        power = np.where(layout.first[rows], 0.0, rho ** layout.gap[rows])
        out[:, rows] *= np.sqrt((1.0 - power**2) / (1.0 - rho**2))
        out[:, rows] += power * out[:, layout.previous[rows]]
    if "noise" in parameters:
        out += parameters["noise"][:, None] * sigma * white.standard_normal(out.shape)
    return out


def _heavy(nu: Array, rows: int, generator: np.random.Generator) -> Array:
    """Turn normal errors into Student-t ones with the same standard deviation."""
    chi_square = 2.0 * generator.gamma(0.5 * nu, size=(nu.size, rows))
    return np.asarray(np.sqrt((nu - 2.0) / chi_square))


def _steps(layout: RowLayout) -> list[npt.NDArray[np.int64]]:
    """Rows by their place within their unit: each step needs only the one before."""
    starts = np.maximum.accumulate(np.where(layout.first, np.arange(layout.rows.size), 0))
    place = np.arange(layout.rows.size) - starts
    order = np.argsort(place, kind="stable")
    return np.split(order, np.cumsum(np.bincount(place))[:-1])
