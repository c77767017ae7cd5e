"""Effects by a short run of the sampler: where many refits are asked for an average each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.diagnostics import split_rhat
from bayes_nqp.fitting._draws import recovered
from bayes_nqp.fitting._known import Known, digest_of
from bayes_nqp.fitting._paths import paths_of
from bayes_nqp.fitting._waist import waist
from bayes_nqp.machine import one_thread
from bayes_nqp.sampling import IMH, NUTS, sample_packed

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.designs._plan import Equation
    from bayes_nqp.panel import Panel

__all__ = ["SHORT", "short_effects"]

Array = npt.NDArray[np.float64]

SHORT: Final = (4, 250)
"""Chains and draws of a short run."""

_MIXED: Final = 1.05
"""R-hat up to which a short run stands."""


def short_effects(
    design: Design, panel: Panel, *, seed: int = 0, known: Known | None = None
) -> xr.Dataset:
    """Draw effects from their posterior by a short run, and a longer one where it has not mixed.

    The posterior is that of `fit`, with a fourth of its draws; what is saved besides is what a
    fit finds out for its user: draws of single coefficients by name, effective sample sizes of
    every cell, proposals fitted with care. Equations are drawn independently of one another.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
        With a Gaussian likelihood, its equations not joined by ``vary_by``.
    panel : Panel
    seed : int, default 0
    known : mapping of str to Chains, optional
        Draws of equations' parameters that are at hand, as `known_chains` gives them.

    Returns
    -------
    Dataset
        Of the waist, with 4 chains of 250 draws. Its gate failed if the R-hat of a parameter
        or of the average effect along a path is above 1.05 even after the longer runs.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    """
    plan = design.plan(panel)
    found, rhat = [], 0.0
    with one_thread():
        for number, equation in enumerate(plan.equations):
            at_hand = None if known is None else known.get(digest_of(equation))
            if at_hand is not None:
                x = _thinned(at_hand.values["x"])
            else:
                x = _sampled(equation, _numbered(seed, number))
                rhat = max(rhat, float(split_rhat(x).max()))
            generator = np.random.default_rng([seed, number, 1])
            found.append(recovered(plan, equation, x.reshape(-1, x.shape[2]), generator))
    paths = paths_of(plan, found)
    effect = paths.effect.reshape(*SHORT, *paths.effect.shape[1:])
    deviation = paths.deviation
    if deviation is not None:
        deviation = deviation.reshape(*SHORT, *deviation.shape[1:])
    rows = np.where(plan.cells.lead, 0, plan.cells.rows)
    average = effect @ (rows / max(rows.sum(), 1))
    rhat = max(rhat, float(np.nan_to_num(split_rhat(average)).max()))
    return waist(
        plan,
        effect,
        deviation,
        paths=paths.names,
        gate=v.PASSED if rhat <= _MIXED else f"failed: R-hat {rhat:.3f}",
        attrs={"target": "sample", "outcome": panel.roles.outcome},
    )


def _sampled(equation: Equation, seed: int) -> Array:
    """Draws of parameters (chain, draw, parameter), by the first sampler that mixes."""
    chains, draws = SHORT
    names, x = equation.problem.parameter_names, np.zeros((0, 0, 0))
    first = IMH(draws=draws, tune=50, chains=chains, thin=1, seed=seed)
    longer = (replace(first, thin=3), replace(first, thin=8))
    for sampler in (first, *longer, NUTS(draws=500, tune=500, seed=seed)):
        found = sample_packed(equation.packed, names, sampler, progress=False)
        x = found.values["x"]
        if split_rhat(x).max() <= _MIXED:
            break
    return _thinned(x)


def _thinned(x: Array) -> Array:
    """Keep evenly spaced draws (chain, draw, parameter)."""
    if x.shape[:2] == SHORT:
        return x
    flat = x.reshape(-1, x.shape[2])
    places = np.linspace(0, len(flat) - 1, SHORT[0] * SHORT[1]).astype(np.int64)
    return flat[places].reshape(*SHORT, -1)


def _numbered(seed: int, number: int) -> int:
    """Each equation has its own stream of random numbers."""
    return int(np.random.SeedSequence([seed, 3, number]).generate_state(1)[0] % (1 << 31))
