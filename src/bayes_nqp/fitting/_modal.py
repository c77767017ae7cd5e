"""Effects at the posterior mode of the parameters: a refit for a twentieth of the price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._draws import recovered
from bayes_nqp.fitting._equations import equation_density
from bayes_nqp.fitting._paths import paths_of
from bayes_nqp.fitting._waist import waist
from bayes_nqp.sampling import Summit, climb, newton

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.designs._plan import Equation
    from bayes_nqp.panel import Panel

__all__ = ["modal_effects", "modes"]

Array = npt.NDArray[np.float64]


def modal_effects(
    design: Design,
    panel: Panel,
    *,
    draws: int = 200,
    seed: int = 0,
    near: Sequence[Summit] | None = None,
) -> xr.Dataset:
    """Draw effects given the scales, autocorrelation and error sd that are most probable.

    What is not known about these parameters is left out, so that intervals come out slightly
    too narrow; means are those of a fit but for small differences. Draws are centred at their
    conditional mean, so that means of effects have no Monte-Carlo error.

    Parameters
    ----------
    design : StaggeredDiD or Mediation
        With a Gaussian likelihood.
    panel : Panel
    draws : int, default 200
    seed : int, default 0
    near : sequence of Summit, optional
        Modes of each equation on a panel much like this one, as `modes` gives them: the climb
        then takes a few steps.

    Returns
    -------
    Dataset
        Of the waist, with one chain, its gate unverified.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    StudyError
        If equations are joined by ``vary_by="unit"``.
    """
    if getattr(design, "vary_by", None) is not None:
        raise StudyError(
            "modal effects take one equation at a time, and vary_by='unit' joins two",
            hint="nqp.fit, or vary_by=None",
        )
    plan = design.plan(panel)
    starts = [None] * len(plan.equations) if near is None else near
    points = [_mode(one, at) for one, at in zip(plan.equations, starts, strict=True)]
    found = [
        recovered(
            plan, one, np.repeat(x[None], draws, axis=0), np.random.default_rng([seed, number])
        )
        for number, (one, x) in enumerate(zip(plan.equations, points, strict=True))
    ]
    middle = [
        recovered(plan, one, x[None], None) for one, x in zip(plan.equations, points, strict=True)
    ]
    paths, centre = paths_of(plan, found), paths_of(plan, middle)
    deviation = _centred(paths.deviation, centre.deviation)
    return waist(
        plan,
        np.asarray(_centred(paths.effect, centre.effect))[None],
        None if deviation is None else deviation[None],
        paths=paths.names,
        gate=v.UNVERIFIED,
        attrs={"target": "sample", "outcome": panel.roles.outcome},
    )


def modes(design: Design, panel: Panel) -> list[Summit]:
    """Find the modes of the parameters of a design's equations.

    Parameters
    ----------
    design : StaggeredDiD or Mediation
        With a Gaussian likelihood.
    panel : Panel

    Returns
    -------
    list of Summit
        For `modal_effects` on panels much like this one.
    """
    return [_summit(equation) for equation in design.plan(panel).equations]


def _mode(equation: Equation, near: Summit | None) -> Array:
    """The mode, unconstrained; from nearby it may be missed by .02 in log density."""
    if near is None or near.point.size != len(equation.problem.space):
        return _summit(equation).point
    density = equation_density(equation)
    ends, heights = climb(density, near.point[None], inverse=near.inverse[None])
    return ends[0] if np.isfinite(heights[0]) else _summit(equation).point


def _summit(equation: Equation) -> Summit:
    """The highest of several climbs from typical values."""
    density, space = equation_density(equation), equation.problem.space
    typical = space.unconstrain(space.typical)
    lower = np.where(space.folds, typical - 1.5, typical)
    ends, heights = climb(density, np.stack([typical, lower]))
    return newton(density, ends[int(np.argmax(heights))])


def _centred(draws: Array | None, mean: Array | None) -> Array | None:
    """Move draws (draw, ...) so that their mean is the conditional one."""
    if draws is None or mean is None:
        return None
    return np.asarray(draws - draws.mean(axis=0) + mean[0])
