"""The answer, before anything else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import xarray as xr

from bayes_nqp.checks import NOT_APPLICABLE, REPORTED, Subject, texts_of
from bayes_nqp.fitting import ADOPTION, RECEIVED, meets
from bayes_nqp.language import Message, joined
from bayes_nqp.plots import Sketch
from bayes_nqp.reports._answer import Answer
from bayes_nqp.reports._between import between_briefly
from bayes_nqp.reports._confidence import Grounds, named
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._neighbours import (
    exposed,
    linked_exposure,
    moderated_briefly,
    neighbours,
)
from bayes_nqp.reports._posterior import Posterior, level, posterior_of, printed, stated
from bayes_nqp.reports._registry import section
from bayes_nqp.reports._sentences import apart, change
from bayes_nqp.reports._through import through
from bayes_nqp.reports._when import when
from bayes_nqp.tables import percent


@section(place=10)
def short(context: Context) -> Iterator[Block | Sketch]:
    """Say what the policy did, for whom and when, and why; with its numbers, checks and figures."""
    yield Heading(context.translate("In short"))
    answer, failed = Answer(context), _failed(context)
    grounds = Grounds(context, failures_first=any(failed.values()))
    spoken = (  # in the order of the page: the first that claims something states the condition
        (failed["average"], [*_what(context, answer, grounds)]),
        (failed["contrast"], [*between_briefly(context, grounds), *when(context, grounds)]),
        (failed["channel"], [*_others(context, grounds)]),
        (list[str](), [*_trends(context), *map(context.translate, _limits(context))]),
    )
    for wrong, sentences in spoken:
        if paragraph := [*wrong, *sentences]:
            yield Paragraph(context.joined(paragraph), "failed" if wrong else "lead")
    yield answer.tiles()
    if (strip := answer.strip()) is not None:
        yield strip
    for name in ("event_study", "effect_map"):
        yield from islice(context.sketches(name), 1)
    yield from _over_designs(context, answer)


def _failed(context: Context) -> dict[Subject, list[str]]:
    """Say what failed, before any number that it speaks to."""
    by_subject: dict[Subject, list[str]] = {"average": [], "contrast": [], "channel": []}
    if not context.fit.gate.passed:
        by_subject["average"].append(
            context.translate(
                "These numbers are not to be reported, for the convergence gate failed: {}.",
                context.gate(reasons=True),
            )
        )
    only = {
        name: subject
        for subject in ("contrast", "channel")
        for name in context.confidence(subject).failed
        if name not in context.confidence("average").failed
    }
    for subject, sentences in by_subject.items():
        names = [x.name for x in context.of("fails") if only.get(x.name, "average") == subject]
        if names:
            sentences.append(_contradicted(subject, names).in_(context.language))
    return by_subject


def _contradicted(subject: Subject, names: list[str]) -> Message:
    """Say which checks fail, and what they speak to."""
    if subject == "contrast":
        return Message(
            "{n} check fails and contradicts what is said here of groups: {}.",
            named(names),
            plural="{n} checks fail and contradict what is said here of groups: {}.",
            n=len(names),
        )
    if subject == "channel":
        return Message(
            "{n} check fails and contradicts what is said here of channels: {}.",
            named(names),
            plural="{n} checks fail and contradict what is said here of channels: {}.",
            n=len(names),
        )
    return Message(
        "{n} check fails and contradicts what this answer assumes: {}.",
        named(names),
        plural="{n} checks fail and contradict what this answer assumes: {}.",
        n=len(names),
    )


def _what(context: Context, answer: Answer, grounds: Grounds) -> Iterator[str]:
    """Say what the policy did and how much; as a share, and under which assumptions."""
    language, unit, first = context.language, context.effect_unit, answer.first
    outcome = context.outcome or context.translate("the outcome")
    sure = partial(grounds, "average")
    yield change(first, outcome, language, unit, **context.moved, confidence=sure)
    if answer.share is not None:
        yield context.translate(_share_says(answer.share, decided=first.decided))
    if answer.over_designs is not None:
        yield context.translate(
            "Parallel trends are not earned, so that this is an average over designs; the design "
            "of this report alone gives {}, {}, and the rest of the report is about it.",
            level(answer.average, unit),
            _direction(answer.average.p_positive),
        )
    yield from _apart(context)


def _direction(p_positive: float) -> Message:
    """The probability of the likelier direction."""
    if p_positive < 0.5:
        return stated(1.0 - p_positive, "P(< 0)")
    return stated(p_positive, "P(> 0)")


def _share_says(share: Posterior, *, decided: bool) -> Message:
    ends = (percent(share.prob), share.lower, share.upper)
    if not decided:
        return Message("In % of the untreated level the {} interval is {:+.1%} to {:+.1%}.", *ends)
    return Message(
        "That is {:+.1%} of the untreated level ({} interval {:+.1%} to {:+.1%}).",
        share.mean,
        *ends,
    )


def _others(context: Context, grounds: Grounds) -> Iterator[str]:
    """Say what untreated units receive, and through what the effect comes."""
    if meets(context.fit, (RECEIVED,)):
        adopted = meets(context.fit, (ADOPTION,))
        yield neighbours(context, grounds) if adopted else exposed(context)
    yield from moderated_briefly(context)
    yield from map(context.translate, linked_exposure(context))
    if context.channels:
        yield from through(context, grounds, brief=True)


def _trends(context: Context) -> Iterator[str]:
    """Say what violation of parallel trends the answer bears."""
    sensitivity = context.found("sensitivity")
    if sensitivity is not None and sensitivity.verdict == REPORTED:
        answer = context.answer(sensitivity)
        yield context.translate("If trends were not parallel: {}", answer[:1].lower() + answer[1:])


def _limits(context: Context) -> Iterator[Message]:
    """What the answer rests on, and what it does not show."""
    facts = context.fit.facts
    if context.staggered and facts.parallel and context.averaged is None:
        yield Message(
            "The answer rests on parallel trends: without the policy, treated units would have "
            "moved as those that are not treated yet, or never."
        )
        if context.unearned:
            yield Message(
                "These are not earned, and no other design can be weighed on this panel: the "
                "interval knows nothing of trends that differ."
            )
        pretrends = context.found("pretrends")
        if pretrends is not None and pretrends.verdict == NOT_APPLICABLE:
            yield Message("No check can speak to that here: {}", context.answer(pretrends))
    untreated = context.staggered and facts.reach == "none"
    if not context.channels and untreated:
        yield Message(
            "This report shows neither through what channels the effect comes, nor what the policy "
            "does to units that are not treated."
        )
    elif not context.channels:
        yield Message("This report does not show through what channels the effect comes.")
    elif untreated:
        yield Message(
            "This report does not show what the policy does to units that are not treated."
        )


def _over_designs(context: Context, answer: Answer) -> Iterator[Block]:
    """The weights of designs, and what other prior odds would make of the average over them."""
    average, first = context.averaged, answer.over_designs
    if average is None or first is None:
        return
    weights = Message(
        "The average over designs weighs each by its evidence on untreated rows: {}.", average.words
    )
    odds = Message(
        "No design in which those who adopt drift can be weighed on this panel: the average allows "
        "for none."
    )
    if any(x.candidate.drift for x in average.designs):
        even, _, more = average.sensitivity.to_dict("records")
        ends = [printed(x[end], first.sd) for x in (even, more) for end in ("lower", "upper")]
        odds = Message(
            "The prior leans to a drift of those who adopt (log odds {:g}); with even odds the "
            "interval would be {} to {}, with log odds of {:g} it would be {} to {}.",
            average.drift_odds,
            *ends[:2],
            more["drift_odds"],
            *ends[2:],
        )
    yield Paragraph(context.translate(joined([weights, odds, average.errors])), "quiet")


def _apart(context: Context) -> Iterator[str]:
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
    yield apart(effects, context.language, context.effect_unit)
