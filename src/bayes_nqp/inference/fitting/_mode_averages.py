"""Average effects at the posterior mode of the parameters, in closed form and without draws."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp.inference.fitting._draws import cell_shares
from bayes_nqp.inference.fitting._effect_loads import effect_loads
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.model_frame import model_frame_of, permuted_adoption
from bayes_nqp.numerics.linear_gaussian import averages
from bayes_nqp.numerics.sampling import Densities, Mode, climb, newton

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import Equation, ModelFrame, PermutedAdoption
    from bayes_nqp.model.designs import Design

_ROUNDED = 1e-9
"""Largest relative difference of densities that were summed in another order."""


def mode_averages(
    design: Design,
    panel: Panel,
    weigh: Callable[[ModelFrame], Array],
    *,
    near: Mode | None = None,
) -> tuple[Array, Array]:
    """Compute average effects at the posterior mode of scales, autocorrelation and error SD.

    Means and standard deviations are exact given the mode. The uncertainty of these parameters is
    left out, so that intervals are slightly too narrow; means differ little from those of a fit.

    Parameters
    ----------
    design : Design
        Design of the outcome alone, with a Gaussian likelihood.
    weigh : callable
        Function of the model frame that returns the weights (cell, r) of r averages.
    near : Mode, optional
        Mode on a similar panel, from `modes`; the optimisation then takes a few steps.

    Returns
    -------
    tuple of ndarray (r), outcome units
        Conditional means and standard deviations.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    """
    model_frame = model_frame_of(design, panel)
    (equation,) = model_frame.equations
    positions, deviations = average_loads(model_frame, equation, weigh(model_frame))
    point = _mode(equation, near)
    mean, variance = averages(equation.gaussian, point[None], positions, deviations)
    return mean[0], np.sqrt(variance[0])


def permuted_averages(
    design: Design,
    panel: Panel,
    cohorts: Index,
    weigh: Callable[[ModelFrame], Array],
    *,
    near: Mode,
) -> tuple[Array, Array]:
    """Compute average effects as `mode_averages` does, for permuted treatment assignments.

    Permutations that leave the cells unchanged (`permuted_adoption`) are optimised in one batch.

    Parameters
    ----------
    cohorts : ndarray of int (permutation, unit)
        Codes, -1 for never.
    weigh : callable
        Function of the model frame that returns the weights (cell, 1) of one average, from the
        labels and sizes of its cells.

    Returns
    -------
    tuple of ndarray (permutation), outcome units
        NaN for permutations under which the panel does not identify an effect of the design.
    """
    # Permutations with other cohorts may have other scales: the first of each size starts from
    # typical values.
    modes_by_size = {near.point.size: near}
    averages = _side_by_side(design, panel, cohorts, weigh, modes_by_size)
    for permutation in np.flatnonzero(np.isnan(averages[0])):
        permuted = panel.with_cohorts(cohorts[permutation])
        with suppress(IdentificationError):
            (equation,) = model_frame_of(design, permuted).equations
            size = len(equation.problem.space)
            if size not in modes_by_size:
                modes_by_size[size] = mode_of(equation)
            mean, sd = mode_averages(design, permuted, weigh, near=modes_by_size[size])
            averages[:, permutation] = mean[0], sd[0]
    return averages[0], averages[1]


def _side_by_side(
    design: Design,
    panel: Panel,
    cohorts: Index,
    weigh: Callable[[ModelFrame], Array],
    modes_by_size: dict[int, Mode],
) -> Array:
    """Return means and SDs (2, permutation) of permutations with equal cells; NaN for others."""
    out = np.full((2, len(cohorts)), np.nan)
    with suppress(IdentificationError):
        model_frame = model_frame_of(design, panel)
        for permutations in permuted_adoption(model_frame, cohorts):
            size = len(permutations.problems.first.space)
            if size not in modes_by_size:
                first = model_frame_of(design, panel.with_cohorts(cohorts[permutations.numbers[0]]))
                modes_by_size[size] = mode_of(first.equations[0])
            alone = model_frame_of(design, panel.with_cohorts(cohorts[permutations.numbers[-1]]))
            if _agree(permutations, alone.equations[0], modes_by_size[size]):
                out[:, permutations.numbers] = _climbed(permutations, weigh, modes_by_size[size])
    return out


def _climbed(
    permutations: PermutedAdoption, weigh: Callable[[ModelFrame], Array], near: Mode
) -> Array:
    """Return means and SDs (2, permutation) of one model frame; NaN where no mode was found."""
    model_frame, (equation,), n = (
        permutations.model_frame,
        permutations.model_frame.equations,
        permutations.numbers.size,
    )
    starts, inverses = np.tile(near.point, (n, 1)), np.tile(near.inverse, (n, 1, 1))
    points, heights = climb(Densities(permutations.problems.gradient), starts, inverses)
    fine = np.flatnonzero(np.isfinite(heights))
    loads = [
        part[fine] for part in _loads_of_permutations(model_frame, equation, permutations, weigh)
    ]
    mean, variance = permutations.problems.averages(points[fine], fine, *loads)
    out = np.full((2, n), np.nan)
    # Loads are in outcome units by s of the actual adoption.
    moments = np.stack([mean[:, 0], np.sqrt(variance[:, 0])])
    out[:, fine] = moments * permutations.scales[fine] / equation.scale
    return out


def _agree(permutations: PermutedAdoption, last: Equation, near: Mode) -> bool:
    """Return True if the last permutation has the density of its own model frame."""
    space = last.problem.space
    if permutations.problems.first.space != space or near.point.size != len(space):
        return False
    ours = permutations.problems.gradient(
        near.point[None], np.array([permutations.numbers.size - 1])
    )
    theirs = equation_density(last).gradients(near.point[None])
    return all(
        np.allclose(a, b, rtol=_ROUNDED, atol=1e-6) for a, b in zip(ours, theirs, strict=True)
    )


def _loads_of_permutations(
    model_frame: ModelFrame,
    equation: Equation,
    permutations: PermutedAdoption,
    weigh: Callable[[ModelFrame], Array],
) -> tuple[Array, Array]:
    """Return `average_loads` of each permutation (permutation, position, 1), and of deviations."""
    weights = np.stack(
        [
            weigh(replace(model_frame, cells=replace(model_frame.cells, rows=rows)))[:, 0]
            for rows in permutations.rows
        ]
    )
    positions = np.asarray(effect_loads(model_frame, equation) @ weights.T).T
    units = permutations.of_units(weights)
    return positions[..., None] * equation.effect_scale, units[..., None] * equation.effect_scale


def average_loads(
    model_frame: ModelFrame, equation: Equation, weights: Array
) -> tuple[Array, Array]:
    """Write weighted sums of cells' effects as linear functions of the coefficients.

    An effect is the sum of its cell's coefficient, the deviations of the cell's observations, and
    the contributions of their mean moderator and of the treatment of their neighbours.

    Returns
    -------
    tuple of ndarray (slot, r) and ndarray (owner, r), outcome units
        Loadings on slots and deviations, as `gaussian.averages` takes them.
    """
    # sum_c w_c (effect of c given coefficients + sum_o S_oc delta_o).
    unit, shares = equation.effect_scale, cell_shares(model_frame, equation)
    positions = np.asarray(effect_loads(model_frame, equation) @ weights) * unit
    if shares is None:
        return positions, np.zeros((0, weights.shape[1]))
    return positions, np.asarray(shares @ weights) * unit


def modes(design: Design, panel: Panel) -> list[Mode]:
    """Find the modes of the parameters of a design's equations.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
        Design with a Gaussian likelihood.

    Returns
    -------
    list of Mode
        For `mode_averages` on similar panels.
    """
    return [mode_of(equation) for equation in model_frame_of(design, panel).equations]


def _mode(equation: Equation, near: Mode | None) -> Array:
    """Return the unconstrained mode; from a nearby start within 0.02 in log density."""
    if near is None or near.point.size != len(equation.problem.space):
        return mode_of(equation).point
    points, heights = climb(equation_density(equation), near.point[None], near.inverse[None])
    return points[0] if np.isfinite(heights[0]) else mode_of(equation).point


def mode_of(equation: Equation) -> Mode:
    """Return the highest of several modes, found from typical values."""
    density, space = equation_density(equation), equation.problem.space
    typical = space.unconstrain(space.typical)
    lower = np.where(space.folds, typical - 1.5, typical)
    ends, heights = climb(density, np.stack([typical, lower]))
    return newton(density, ends[int(np.argmax(heights))])
