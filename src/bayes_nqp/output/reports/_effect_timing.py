"""Sentences on the onset of the effect and its change over time."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import ENOUGH, Growth, att, units_behind
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import (
    Posterior,
    level,
    posterior_of,
    posteriors_of,
    stated,
    sureness,
)


def step_of(moved: Growth, prob: float) -> Posterior:
    """Summarise the change of the effect, with its direction judged separately."""
    (step,) = posteriors_of([moved.change], prob)
    return step


def onset(context: Context) -> Iterator[str]:
    """Yield a sentence on the first event time with a credible effect of the average's sign.

    Signs are judged jointly over event times; event times with too few units are ignored.
    """
    average = posterior_of(att(context.effects, weights=context.weights), context.prob)
    if not average.decided:
        return
    every = att(context.effects, v.EVENT_TIME, context.weights)
    units = units_behind(context.effects, v.EVENT_TIME)
    times = [
        (int(e), every.sel({v.EVENT_TIME: e}))
        for e in every[v.EVENT_TIME].to_numpy()
        if e >= 0 and units.sel({v.EVENT_TIME: e}) >= ENOUGH
    ]
    posteriors = posteriors_of([draws for _, draws in times], context.prob)
    for (time, _), posterior in zip(times, posteriors, strict=True):
        if posterior.named and posterior.positive == average.positive:
            size, p = level(posterior, context.effect_unit), stated(posterior.p_direction)
            parts = (sureness(posterior.p_direction), size, p)
            claim = Message(
                "It is {} that the effect begins in the period of adoption: {}, {}.", *parts
            )
            if time > 0:
                claim = Message(
                    "It is {0} that the policy has an effect by event time {3}, the first"
                    " with a credible effect: {1}, {2}.",
                    *parts,
                    time,
                )
            yield claim.in_(context.language)
            return
    yield Message(
        "The average effect differs credibly from zero; the effects at single event times do not."
    ).in_(context.language)
