"""The answer in a few sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import xarray as xr

from bayes_nqp.checks import REPORTED, texts_of
from bayes_nqp.estimands import att
from bayes_nqp.fitting import ADOPTION, RECEIVED, meets
from bayes_nqp.language import Message
from bayes_nqp.reports._between import between
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._neighbours import neighbours
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._registry import section
from bayes_nqp.reports._sentences import apart, change
from bayes_nqp.reports._through import through


@section(place=10)
def short(context: Context) -> Iterator[Block]:
    """Say what the policy did, for whom, and through what."""
    language, unit, prob = context.language, context.effect_unit, context.prob
    yield Heading(context.translate("In short"))
    average = posterior_of(att(context.effects, weights=context.weights), prob)
    outcome = context.outcome or context.translate("the outcome")
    grounds = Grounds(context)
    sure = partial(grounds, "average")
    yield from _over_designs(context, outcome, sure)
    yield Paragraph(
        change(average, outcome, language, unit, **context.moved, confidence=sure), "lead"
    )
    yield from _apart(context)
    items = list(between(context, grounds))
    if meets(context.fit, (RECEIVED, ADOPTION)):
        items.append(neighbours(context, grounds))
    if context.channels:
        items += through(context, grounds)
    items += [
        context.translate("If trends were not parallel: {}", _lower(context.answer(sentence)))
        for sentence in context.of(REPORTED)
        if sentence.name == "sensitivity"
    ]
    if items:
        yield Bullets(tuple(items))


def _over_designs(context: Context, outcome: str, sure: Callable[[], str]) -> Iterator[Block]:
    """The average over designs, its weights, and what other prior odds would make of it."""
    answer = context.averaged
    if answer is None:
        return
    over = posterior_of(att(answer.effects, weights=context.weights), context.prob)
    yield Paragraph(
        change(over, outcome, context.language, context.effect_unit, confidence=sure), "lead"
    )
    even, _, more = answer.sensitivity.to_dict("records")
    words = Message(
        "Parallel trends are not earned, so that this is an average over designs, each weighed by "
        "its evidence on untreated rows: {}. The prior leans to a drift of those who adopt (log "
        "odds {:g}); with even odds the interval would be {:.3g} to {:.3g}, with log odds of {:g} "
        "it would be {:.3g} to {:.3g}. What follows is what the design of this report says.",
        answer.words,
        answer.drift_odds,
        even["lower"],
        even["upper"],
        more["drift_odds"],
        more["lower"],
        more["upper"],
    )
    yield Paragraph(context.translate(words))


def _apart(context: Context) -> Iterator[Block]:
    """The range over assumptions about trends, where they were laid side by side and disagree."""
    result = context.found("assumptions")
    evidence = None if result is None else result.evidence
    if not isinstance(evidence, xr.Dataset) or not evidence.attrs.get("disagree"):
        return
    draws = evidence["att"].isel(group=0)
    effects = [
        (name, posterior_of(draws.isel(assumption=k), context.prob))
        for k, name in enumerate(texts_of(evidence, "assumption"))
    ]
    yield Paragraph(apart(effects, context.language, context.effect_unit), "lead")


def _lower(sentence: str) -> str:
    """Let a sentence go on after a colon."""
    return sentence[:1].lower() + sentence[1:]
