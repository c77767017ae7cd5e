"""The answer in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import xarray as xr

from bayes_nqp.checks import REPORTED, texts_of
from bayes_nqp.fitting import ADOPTION, RECEIVED, meets
from bayes_nqp.language import Message
from bayes_nqp.plots import Sketch
from bayes_nqp.reports._answer import Answer
from bayes_nqp.reports._between import between
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._neighbours import neighbours
from bayes_nqp.reports._posterior import Posterior, posterior_of
from bayes_nqp.reports._registry import section
from bayes_nqp.reports._sentences import apart, change
from bayes_nqp.reports._through import through
from bayes_nqp.tables import percent


@section(place=10)
def short(context: Context) -> Iterator[Block | Sketch]:
    """Say what the policy did, for whom, and through what; with its numbers, checks and figures."""
    language, unit = context.language, context.effect_unit
    yield Heading(context.translate("In short"))
    answer = Answer(context)
    outcome = context.outcome or context.translate("the outcome")
    grounds = Grounds(context)
    sure = partial(grounds, "average")
    said = change(answer.first, outcome, language, unit, **context.moved, confidence=sure)
    shares = [] if answer.share is None else [context.translate(_share_says(answer.share))]
    yield Paragraph(context.joined([said, *shares]), "lead")
    if answer.over_designs is not None:
        yield from _over_designs(context)
        own = change(answer.average, outcome, language, unit, **context.moved, confidence=sure)
        yield Paragraph(own, "lead")
    yield from _apart(context)
    yield answer.tiles()
    if (strip := answer.strip()) is not None:
        yield strip
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
    yield Bullets((*items, *map(context.translate, _limits(context))))
    for name in ("event_study", "effect_map"):
        yield from islice(context.sketches(name), 1)


def _share_says(share: Posterior) -> Message:
    return Message(
        "That is {:+.1%} of the untreated level ({} interval {:+.1%} to {:+.1%}).",
        share.mean,
        percent(share.prob),
        share.lower,
        share.upper,
    )


def _limits(context: Context) -> Iterator[Message]:
    """What the answer rests on, and what it does not show."""
    facts = context.fit.facts
    if context.staggered and facts.parallel and context.averaged is None:
        yield Message(
            "It rests on parallel trends: without the policy, treated units would have moved as "
            "those that are not treated yet, or never."
        )
    if not context.channels:
        yield Message("It does not show through what channels the effect comes.")
    if context.staggered and facts.reach == "none":
        yield Message("It does not show what the policy does to units that are not treated.")


def _over_designs(context: Context) -> Iterator[Block]:
    """The weights of designs, and what other prior odds would make of the average over them."""
    answer = context.averaged
    if answer is None:
        return
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
