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
from bayes_nqp.fitting._paths import paths_of
from bayes_nqp.fitting._waist import waist
from bayes_nqp.sampling import inverse_curvature, mode

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.panel import Panel

__all__ = ["Summit", "modal_effects", "summits"]

Array = npt.NDArray[np.float64]

type Summit = tuple[Array, Array]
"""The mode of an equation's parameters, unconstrained, and the inverse curvature there."""


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
        Of each equation on a panel much like this one, as `summits` gives them: the climb to
        the mode then takes a few steps.

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
    points = [mode(one.packed, near=at) for one, at in zip(plan.equations, starts, strict=True)]
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


def summits(design: Design, panel: Panel) -> list[Summit]:
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
    found = []
    for one in design.plan(panel).equations:
        x = mode(one.packed)
        found.append((x, inverse_curvature(one.packed, x)))
    return found


def _centred(draws: Array | None, mean: Array | None) -> Array | None:
    """Move draws (draw, ...) so that their mean is the conditional one."""
    if draws is None or mean is None:
        return None
    return np.asarray(draws - draws.mean(axis=0) + mean[0])
