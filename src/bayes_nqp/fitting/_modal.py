"""Effects at the posterior mode of the parameters: a refit for a twentieth of the price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._draws import recovered
from bayes_nqp.fitting._paths import paths_of
from bayes_nqp.fitting._waist import waist
from bayes_nqp.sampling import mode

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.panel import Panel

__all__ = ["modal_effects"]


def modal_effects(design: Design, panel: Panel, *, draws: int = 200, seed: int = 0) -> xr.Dataset:
    """Draw effects given the scales, autocorrelation and error sd that are most probable.

    What is not known about these parameters is left out, so that intervals come out slightly
    too narrow; means are those of a fit but for small differences.

    Parameters
    ----------
    design : StaggeredDiD or Mediation
        With a Gaussian likelihood.
    panel : Panel
    draws : int, default 200
    seed : int, default 0

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
    found = [
        recovered(
            plan, one, np.repeat(mode(one.packed)[None], draws, axis=0),
            np.random.default_rng([seed, number]),
        )
        for number, one in enumerate(plan.equations)
    ]  # fmt: skip
    paths = paths_of(plan, found)
    return waist(
        plan,
        paths.effect[None],
        None if paths.deviation is None else paths.deviation[None],
        paths=paths.names,
        gate=v.UNVERIFIED,
        attrs={"target": "sample", "outcome": panel.roles.outcome},
    )
