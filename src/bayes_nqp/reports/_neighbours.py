"""What untreated units receive, and what the exposure of linked units does, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import own_and_received, received
from bayes_nqp.fitting import covariate_names, covariate_slopes
from bayes_nqp.language import Message
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import level, posterior_of, stated
from bayes_nqp.reports._sentences import change


def neighbours(context: Context, grounds: Grounds) -> str:
    """Say what the policy did to untreated units, those near treated ones where it is nearness."""
    fit, translate = context.fit, context.translate
    near = fit.facts.has("exposure")
    return change(
        posterior_of(received(fit, weights=context.weights), context.prob),
        context.outcome or translate("the outcome"),
        context.language,
        context.effect_unit,
        translate("untreated units near treated ones") if near else translate("untreated units"),
        confidence=partial(grounds, "average"),
    )


def exposed(context: Context) -> str:
    """Say what of the effect of a continuous exposure is a unit's own, and what is received."""
    return context.translate(
        "Effects are those of the same amount more of the exposure for everyone. Of the average "
        "effect, {} comes from a unit's own exposure and, if the spatial model is right, {} from "
        "others'.",
        *sides(context),
    )


def sides(context: Context) -> tuple[Message, Message]:
    """Own and received effects of treated or exposed rows."""
    itself, others = (
        level(posterior_of(draws, context.prob), context.effect_unit)
        for draws in own_and_received(context.effects, context.weights)
    )
    return itself, others


def linked_exposure(context: Context) -> Iterator[Message]:
    """Say what the exposure of linked units does, where it has a slope beside a unit's own.

    No likelihood is put into words: no check looks at that slope.
    """
    fit = context.fit
    for name, column in context.linked.items():
        if column == fit.facts.exposure and name in covariate_names(fit):
            slope = xr.DataArray(covariate_slopes(fit, [name])[..., 0], dims=v.SAMPLE_DIMS)
            posterior = posterior_of(slope, context.prob)
            yield Message(
                "Per unit of {}, {} moves by {}, {}; the checks are of a unit's own exposure, and "
                "none looks at this.",
                context.translate.name(name),
                context.outcome or context.translate("the outcome"),
                level(posterior, context.effect_unit),
                stated(posterior.p_positive, "P(> 0)"),
            )
