"""Sentences on spillover effects and on the exposure of neighbouring units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import moderated_difference, own_and_received, spillover_effects
from bayes_nqp.inference.fitting import covariate_names, covariate_slopes
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import Posterior, level, posterior_of, stated
from bayes_nqp.output.reports._sentences import change

_MODERATED: Final = Message(
    "An increase of {name} by one standard deviation changes the spillover effect of "
    "others' treatment by {size}, {p}, if the spatial model is right."
)
_MODERATED_DOSE: Final = Message(
    "An increase of {name} by one standard deviation changes the spillover effect of "
    "others' exposure by {size}, {p}, if the spatial model is right."
)


def neighbours(context: Context) -> str:
    """Return a sentence on the spillover effect on untreated or exposed units."""
    fit, translate = context.fit, context.translate
    bystanders = (x.bystanders for x in fit.facts.terms if x.bystanders is not None)
    who = next(bystanders, Message("untreated units"))
    return change(
        posterior_of(spillover_effects(fit, weights=context.weights), context.prob),
        context.outcome or translate("the outcome"),
        context.language,
        context.effect_unit,
        translate(who),
    )


def exposed(context: Context) -> str:
    """Return the own and the spillover part of the effect of a continuous exposure."""
    return context.translate(
        "Effects refer to the same increase of the exposure for all units. The average "
        "effect is the sum of {} from a unit's own exposure and, if the spatial model is "
        "right, {} from others' exposure.",
        *sides(context),
    )


def sides(context: Context) -> tuple[Message, Message]:
    """Return own and spillover effects on treated or exposed observations."""
    itself, others = (
        level(posterior_of(draws, context.prob), context.effect_unit)
        for draws in own_and_received(context.effects, context.weights)
    )
    return itself, others


def moderated_briefly(context: Context) -> Iterator[str]:
    """Yield a sentence on the moderation of spillover effects in models with a spatial lag."""
    if (sides := moderated_sides(context)) is None:
        return
    of_others = sides[1]
    yield context.translate(
        _MODERATED if context.fit.facts.adopted else _MODERATED_DOSE,
        name=context.fit.facts.moderator,
        size=level(of_others, context.effect_unit),
        p=stated(of_others.p_positive, "P(> 0)"),
    )


def moderated_sides(context: Context) -> tuple[Posterior, Posterior] | None:
    """Return the change of own and spillover effects per standard deviation of a moderator.

    It is half the difference between one standard deviation above and below the mean of the
    moderator, as in tables of spatial models. Spillovers use the moderator of the sending units.
    """
    fit = context.fit
    if fit.facts.moderator is None or not fit.facts.has("lag") or context.channels:
        return None
    itself, others = (
        0.5 * moderated_difference(fit, path=path, weights=context.weights)
        for path in (v.DIRECT, v.RECEIVED)
    )
    return (
        posterior_of(itself.reset_coords("index", drop=True), context.prob),
        posterior_of(others.reset_coords("index", drop=True), context.prob),
    )


def linked_exposure(context: Context) -> Iterator[Message]:
    """Yield a sentence on the slope of the neighbours' exposure, if the model has one.

    No likelihood is stated in words because no check tests this slope.
    """
    fit = context.fit
    for name, column in context.linked.items():
        if column == fit.facts.exposure and name in covariate_names(fit):
            slope = xr.DataArray(covariate_slopes(fit, [name])[..., 0], dims=v.SAMPLE_DIMS)
            posterior = posterior_of(slope, context.prob)
            yield Message(
                "Per unit of {}, {} changes by {}, {}; the checks test the slope of a "
                "unit's own exposure, not this slope.",
                context.translate.name(name),
                context.outcome or context.translate("the outcome"),
                level(posterior, context.effect_unit),
                stated(posterior.p_positive, "P(> 0)"),
            )
