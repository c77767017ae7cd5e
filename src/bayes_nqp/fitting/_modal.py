"""Averages of effects at the posterior mode of the parameters, as functionals: no draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.fitting._draws import cell_shares
from bayes_nqp.fitting._effect_loads import effect_loads
from bayes_nqp.fitting._equations import equation_density
from bayes_nqp.gaussian import averages
from bayes_nqp.planning import plan_of
from bayes_nqp.sampling import Summit, climb, newton

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.panel import Panel
    from bayes_nqp.planning import Equation, Plan


Array = npt.NDArray[np.float64]


def modal_averages(
    design: Design,
    panel: Panel,
    weigh: Callable[[Plan], Array],
    *,
    near: Summit | None = None,
) -> tuple[Array, Array]:
    """Average effects given the scales, autocorrelation and error sd that are most probable.

    Means and standard deviations are exact at the mode. What is not known about these parameters
    is left out, so that intervals are slightly too narrow; means are those of a fit but for small
    differences.

    Parameters
    ----------
    design : Design
        Of the outcome alone, with a Gaussian likelihood.
    weigh : callable
        From the plan to the weights (cell, r) of r averages.
    near : Summit, optional
        The mode on a panel much like this one, as `modes` gives it: the climb then takes a few
        steps.

    Returns
    -------
    tuple of ndarray (r), outcome units
        Conditional means and standard deviations.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    """
    plan = plan_of(design, panel)
    (equation,) = plan.equations
    slots, deviations = average_loads(plan, equation, weigh(plan))
    point = _mode(equation, near)
    mean, variance = averages(equation.gaussian, point[None], slots, deviations)
    return mean[0], np.sqrt(variance[0])


def average_loads(plan: Plan, equation: Equation, weights: Array) -> tuple[Array, Array]:
    """Weighted sums of cell effects, in the terms of what the likelihood is linear in.

    An effect is that of its cell, the deviations of the cell's rows, and what their mean moderator
    and the treatment of units linked to them add.

    Returns
    -------
    tuple of ndarray (slot, r) and ndarray (owner, r), outcome units
        Loadings on slots and deviations, as `gaussian.averages` takes them.
    """
    # sum_c w_c (effect of c given coefficients + sum_o S_oc delta_o).
    unit, shares = equation.effect_scale, cell_shares(plan, equation)
    slots = np.asarray(effect_loads(plan, equation) @ weights) * unit
    if shares is None:
        return slots, np.zeros((0, weights.shape[1]))
    return slots, np.asarray(shares @ weights) * unit


def modes(design: Design, panel: Panel) -> list[Summit]:
    """Find the modes of the parameters of a design's equations.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
        With a Gaussian likelihood.

    Returns
    -------
    list of Summit
        For `modal_averages` on panels much like this one.
    """
    return [summit_of(equation) for equation in plan_of(design, panel).equations]


def _mode(equation: Equation, near: Summit | None) -> Array:
    """The mode, unconstrained; from nearby it may be missed by .02 in log density."""
    if near is None or near.point.size != len(equation.problem.space):
        return summit_of(equation).point
    points, heights = climb(equation_density(equation), near.point[None], near.inverse[None])
    return points[0] if np.isfinite(heights[0]) else summit_of(equation).point


def summit_of(equation: Equation) -> Summit:
    """The highest of several climbs from typical values."""
    density, space = equation_density(equation), equation.problem.space
    typical = space.unconstrain(space.typical)
    lower = np.where(space.folds, typical - 1.5, typical)
    ends, heights = climb(density, np.stack([typical, lower]))
    return newton(density, ends[int(np.argmax(heights))])
