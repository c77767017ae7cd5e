"""Log marginal likelihoods of a design's outcome, coefficients and parameters integrated out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.fitting._existing_draws import ExistingDraws
from bayes_nqp.inference.fitting._mode_averages import mode_of
from bayes_nqp.inference.fitting._parameters import point_at
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.numerics.parameters import FLAT
from bayes_nqp.numerics.sampling import Importance, brief_importance, importance, refit_importance

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import ModelFrame
    from bayes_nqp.model.designs import Design


@dataclass(frozen=True, slots=True)
class Marginal:
    """The log marginal likelihood of a design, with the conditions for a comparison.

    Parameters
    ----------
    value : float
        Absolute except for flat coefficients, for which the prior density is one.
    error : float
        Monte Carlo standard error.
    counts : tuple of int
        Observations minus flat unit effects; other flat coefficients.
    ground : tuple
        Observations, ``s``, free observations and flat coefficients, those of neighbours with their
        columns: designs are comparable if these are equal.
    """

    value: float
    error: float
    counts: tuple[int, ...]
    ground: tuple[object, ...]


def log_marginal(
    design: Design,
    panel: Panel,
    *,
    seed: int,
    proposals: int | None = None,
    stock: ExistingDraws | None = None,
) -> Marginal:
    """Compute the log marginal likelihood of a design's outcome equation.

    Parameters
    ----------
    design : Design
        With a Gaussian likelihood and one equation.
    proposals : int, optional
        Number of weighted points; their mean weight estimates the marginal likelihood. By default
        the smallest number with a Monte Carlo error of 0.1 or less.
    stock : ExistingDraws, optional
        Draws of similar parameters, from which the optimisation starts.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    ConvergenceError
        If no draws of the parameters can be made.
    StudyError
        If the likelihood is an adjusted one.
    """
    if design.facts.approximated:
        return _corrected(design, panel, proposals or 1000, seed)
    model_frame = model_frame_of(design, panel)
    equation, lag = model_frame.equations[0], model_frame.model.equations[0].lag
    if lag is not None and lag.adjusted:
        if lag.before is not None:
            raise StudyError(
                Message(
                    "with a temporal lag of the outcome the likelihood is adjusted, so "
                    "that it has no marginal likelihood"),
                hint="dynamics=False",
            )  # fmt: skip
        raise StudyError(
            Message(
                "with weights that connect levels of time effects the likelihood is "
                "adjusted, so that it has no marginal likelihood"),
            hint=Message("common time effects ({})", Hint("time", TimeEffects())),
        )  # fmt: skip
    problem = equation.gaussian
    density, space = equation_density(equation, often=True), equation.problem.space
    sampler = Importance(draws=100, proposals=proposals or 1000, seed=seed)
    start = {} if stock is None else stock.of(equation.name)
    if start:
        drawn = refit_importance(density, space, sampler, point_at(equation, start))
    else:
        draw = brief_importance if proposals is None else importance
        drawn = draw(density, space, sampler)
    return _stated(model_frame, panel, drawn.facts, problem.n_free)


def _corrected(design: Design, panel: Panel, proposals: int, seed: int) -> Marginal:
    """Return the mean of the corrected weights of Gaussian approximations."""
    from bayes_nqp.inference.fitting._fit import fit

    sampler = Importance(draws=100, proposals=proposals, seed=seed)
    drawn = fit(design, panel, sampler, progress=False)
    facts = {str(k): float(x) for k, x in drawn.groups["sample_stats"].items() if not x.dims}
    free = drawn.model_frame.equations[0].problem.free
    return _stated(drawn.model_frame, panel, facts, free)


def _stated(
    model_frame: ModelFrame, panel: Panel, facts: Mapping[str, float], free: int
) -> Marginal:
    """Return a marginal likelihood, and the properties that comparable ones share."""
    equation = model_frame.equations[0]
    problem = equation.gaussian
    flat = tuple(
        (part.name, part.columns.shape[1]) for part in equation.globals if part.scale == FLAT
    ) + tuple((part.name, part.index.size) for part in equation.locals if part.scale == FLAT)
    return Marginal(
        *marginal_of(facts),
        (free, problem.n_flat),
        (panel.digest, equation.scale, free, problem.noise, flat, _linked(model_frame)),
    )


def marginal_of(facts: Mapping[str, float]) -> tuple[float, float]:
    """Log marginal likelihood that draws were made with, and its Monte-Carlo error; NaN if none."""
    # SD of log mean(w) is at most sqrt(1 / ESS - 1 / n), to first order.
    weights = facts.get(v.IMPORTANCE_ESS, np.nan) ** -0.5
    value = facts.get("log_marginal_likelihood", np.nan)
    return float(value), float(facts.get("log_marginal_error", weights))


def _linked(model_frame: ModelFrame) -> tuple[tuple[str, str], ...]:
    """Return digests of columns of neighbours with flat coefficients, which differ by weights."""
    spec = model_frame.model.equations[0]
    seals = dict(spec.columns)
    if spec.linked is not None and spec.linked.flat:
        seals["links"] = spec.linked.links.toarray()
    return tuple((k, sha256(np.ascontiguousarray(x)).hexdigest()) for k, x in seals.items())


def held_out(design: Design, panel: Panel, without: Panel) -> float:
    """Compute the log predictive density of left-out observations, given a part of a panel.

    ``log p(y | phi) - log p(y_- | phi)``, phi the posterior mode of the parameters on the part;
    flat coefficients are the same in both, and ``s`` is that of the whole panel. It is missing if
    outcomes are latent.

    Parameters
    ----------
    without : Panel
        The part.

    Raises
    ------
    IdentificationError
        If either does not identify an effect of the design.
    """
    if design.facts.approximated:
        return float("nan")
    full = model_frame_of(design, panel).equations[0]
    part = model_frame_of(design, without, scale=full.scale).equations[0]
    point = mode_of(part).point[None]
    # log p(y | phi) of each: the prior of phi is subtracted again.
    heights = [equation_density(e)(point) - e.problem.space.log_prior(point) for e in (full, part)]
    # A density per observation in multiples of s, less log s, is one in outcome units.
    rows = full.problem.free - part.problem.free
    return float((heights[0] - heights[1])[0]) - rows * float(np.log(full.scale))
