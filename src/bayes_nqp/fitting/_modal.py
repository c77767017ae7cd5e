"""Averages of effects at the posterior mode of the parameters, as functionals: no draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.fitting._draws import cell_shares
from bayes_nqp.fitting._equations import equation_density
from bayes_nqp.fitting._received_loads import received_loads
from bayes_nqp.gaussian import averages
from bayes_nqp.planning import plan_of
from bayes_nqp.sampling import Summit, ascend, climb, newton
from bayes_nqp.terms import SlopeKind

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
    r, effects = weights.shape[1], plan.effects
    slots, received = np.zeros((equation.n_slots, r)), received_loads(plan, equation)
    # sum_c w_c (slot of c + received + theta z-bar_c + sum_o share_oc delta_o).
    np.add.at(slots, equation.slots.cells, weights * equation.effect_scale)
    if received is not None:
        slots[received[0]] += received[1] @ weights * equation.effect_scale
    if (moderation := equation.slope(SlopeKind.MODERATION)) is not None:
        # theta_s times the mean moderator of the cell's rows.
        slope, size = equation.slots.slopes[:, -1], equation.scale / moderation.size
        shift = weights * effects.mean_of_cells[:, None] * size
        np.add.at(slots, slope[effects.stratum], shift)
    shares = cell_shares(plan, equation)
    if shares is None:
        return slots, np.zeros((0, r))
    return slots, np.asarray(shares @ weights) * equation.effect_scale


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
    point, height = ascend(equation_density(equation), near.point, near.inverse)
    return point if np.isfinite(height) else summit_of(equation).point


def summit_of(equation: Equation) -> Summit:
    """The highest of several climbs from typical values."""
    density, space = equation_density(equation), equation.problem.space
    typical = space.unconstrain(space.typical)
    lower = np.where(space.folds, typical - 1.5, typical)
    ends, heights = climb(density, np.stack([typical, lower]))
    return newton(density, ends[int(np.argmax(heights))])
