"""The answer in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import xarray as xr

from bayes_nqp.checks import REPORTED, texts_of
from bayes_nqp.estimands import att
from bayes_nqp.fitting import ADOPTION, RECEIVED, meets
from bayes_nqp.reports._between import between
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._neighbours import neighbours
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._registry import section
from bayes_nqp.reports._sentences import apart, change
from bayes_nqp.reports._through import through

__all__ = ["short"]


@section(place=10)
def short(context: Context) -> Iterator[Block]:
    """Say what the policy did, for whom, and through what."""
    language, unit, prob = context.language, context.unit, context.prob
    yield Heading(context.translate("In short"))
    average = posterior_of(att(context.effects, weights=context.weights), prob)
    outcome = context.outcome or context.translate("the outcome")
    grounds = Grounds(context)
    sure = partial(grounds, "average")
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
    yield Paragraph(apart(effects, context.language, context.unit), "lead")


def _lower(sentence: str) -> str:
    """Let a sentence go on after a colon."""
    return sentence[:1].lower() + sentence[1:]
