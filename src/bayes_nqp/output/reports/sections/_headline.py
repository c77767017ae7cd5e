"""The summary at the top of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from bayes_nqp._core.i18n import Message, joined
from bayes_nqp.checks import Subject, weighed
from bayes_nqp.inference.fitting import ADOPTION, RECEIVED, meets
from bayes_nqp.output.reports._all_mediators import through
from bayes_nqp.output.reports._answer import Answer
from bayes_nqp.output.reports._confidence import named
from bayes_nqp.output.reports._content import Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import Posterior, level, stated
from bayes_nqp.output.reports._registry import Part, section
from bayes_nqp.output.reports._sentences import change
from bayes_nqp.output.reports._spillover_sentences import (
    exposed,
    linked_exposure,
    moderated_briefly,
    neighbours,
)
from bayes_nqp.output.tables import in_probability, in_units_of_outcome, percent


@section(place=10)
def short(context: Context) -> Iterator[Part]:
    """State the answer in one sentence, then groups, mediators, checks and the event study."""
    yield Heading(context.translate("Summary"))
    answer, failed = Answer(context), _failed(context)
    yield _paragraph(context, failed["average"], _what(context, answer))
    if answer.fitted is not None:
        yield Paragraph(context.translate(_weighed(context, answer.fitted)))
    yield answer.tiles()
    if failed["contrast"]:
        yield _paragraph(context, failed["contrast"], ())
    if context.factors:
        yield from context.table("effects", by=list(context.factors))
    through_others = [*_others(context)]
    if failed["channel"] or through_others:
        yield _paragraph(context, failed["channel"], through_others)
    if (strip := answer.strip()) is not None:
        yield strip
    yield from islice(context.sketches("event_study"), 1)
    yield Paragraph(context.joined(map(context.translate, _limits(context))))


def _paragraph(context: Context, failed: list[str], sentences: Iterable[str]) -> Paragraph:
    """Write failures before the results that they concern."""
    return Paragraph(context.joined([*failed, *sentences]), "failed" if failed else "lead")


def _failed(context: Context) -> dict[Subject, list[str]]:
    """Return sentences on failures by subject."""
    by_subject: dict[Subject, list[str]] = {"average": [], "contrast": [], "channel": []}
    if not context.fit.gate.passed:
        by_subject["average"].append(
            context.translate(
                "Do not report these numbers; the convergence diagnostics failed: {}.",
                context.gate(reasons=True),
            )
        )
    every = context.confidence("average").failed
    for subject, sentences in by_subject.items():
        names = [
            name
            for name in context.confidence(subject).failed
            if subject == "average" or name not in every
        ]
        if names:
            sentences.append(_contradicted(subject, names).in_(context.language))
    return by_subject


def _contradicted(subject: Subject, names: list[str]) -> Message:
    """Return a sentence on failed checks and the results that they contradict."""
    if subject == "contrast":
        return Message(
            "{n} failed check contradicts the results on differences between groups: {}.",
            named(names),
            plural="{n} failed checks contradict the results on differences between groups: {}.",
            n=len(names),
        )
    if subject == "channel":
        return Message(
            "{n} failed check contradicts the results on mediators: {}.",
            named(names),
            plural="{n} failed checks contradict the results on mediators: {}.",
            n=len(names),
        )
    return Message(
        "{n} failed check contradicts an assumption of this result: {}.",
        named(names),
        plural="{n} failed checks contradict assumptions of this result: {}.",
        n=len(names),
    )


def _what(context: Context, answer: Answer) -> Iterator[str]:
    """Yield sentences on the effect of the policy, also as a share of the untreated level."""
    language, unit, first = context.language, context.effect_unit, answer.average
    outcome = context.outcome or context.translate("the outcome")
    yield change(first, outcome, language, unit, **context.moved)
    if answer.share is not None:
        yield context.translate(_share_says(answer.share, decided=first.decided))
    if (points := in_probability(context.effects, first.prob)) is not None:
        yield context.translate(points)
    if (events := in_units_of_outcome(context.effects, context.weights, first.prob)) is not None:
        yield context.translate(events)


def _weighed(context: Context, fitted: Posterior) -> Message:
    """Return the estimate under parallel trends and the model probabilities."""
    average = context.average
    assert average is not None
    under = Message(
        "Under parallel trends the average effect is {}, {}.",
        level(fitted, context.effect_unit),
        _direction(fitted.p_positive),
    )
    families = Message(
        "The reported numbers are a model average over assumptions about untreated outcomes (prior "
        "→ posterior probability): {}.",
        average.words,
    )
    rejected = [x.name for x in context.of("failed") if weighed(x)]
    if not rejected:
        return joined([families, under])
    tests = Message("Parallel trends are rejected by: {}.", named(rejected))
    return joined([tests, families, under])


def _direction(p_positive: float) -> Message:
    """Return the probability of the more probable direction."""
    if p_positive < 0.5:
        return stated(1.0 - p_positive, "P(< 0)")
    return stated(p_positive, "P(> 0)")


def _share_says(share: Posterior, *, decided: bool) -> Message:
    ends = (percent(share.prob), share.lower, share.upper)
    if not decided:
        return Message(
            "As a percentage of the untreated level, the {} interval is {:+.1%} to {:+.1%}.", *ends
        )
    return Message(
        "That is {:+.1%} of the untreated level ({} interval {:+.1%} to {:+.1%}).",
        share.mean,
        *ends,
    )


def _others(context: Context) -> Iterator[str]:
    """Yield sentences on spillover effects and on mediators."""
    if meets(context.fit, (RECEIVED,)):
        adopted = meets(context.fit, (ADOPTION,))
        yield neighbours(context) if adopted else exposed(context)
    yield from moderated_briefly(context)
    yield from map(context.translate, linked_exposure(context))
    if context.channels:
        yield from through(context, brief=True)


def _limits(context: Context) -> Iterator[Message]:
    """Yield sentences on the assumptions and limitations of the result."""
    facts, posterior = context.fit.facts, context.posterior
    if context.staggered and posterior.average is not None:
        yield Message(
            "Observations before adoption cannot reveal a shock to treated units after "
            "adoption, or losses of untreated units as more units adopt."
        )
    elif context.staggered and facts.parallel:
        yield Message(
            "These results assume parallel trends: without the policy, outcomes of "
            "treated units would have followed those of units not yet or never treated."
        )
        yield Message(
            "A model average over other assumptions is not available: {}", posterior.missing
        )
    untreated = context.staggered and facts.reach == "none"
    if not context.channels and untreated:
        yield Message("This report estimates neither mechanisms nor spillovers on untreated units.")
    elif not context.channels:
        yield Message("This report estimates no mechanisms.")
    elif untreated:
        yield Message("This report estimates no spillovers on untreated units.")
