"""Assumptions that cannot be tested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import NOT_APPLICABLE
from bayes_nqp.output.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section

_ASSUME: Final = {
    "concurrent_exposure": Message(
        "Did another factor change together with the exposure? The model would attribute "
        "its effect to the exposure."
    ),
    "concurrent": Message(
        "Did another policy affect the same units at the same time? The model would "
        "attribute its effect to this policy."
    ),
    "selection": Message(
        "Were units selected because of an expected change of their outcome? Leads detect"
        " this only if the change began before adoption."
    ),
    "spillovers_exposure": Message(
        "Did the exposure of one unit affect others, such as neighbours? The comparison "
        "units would then be affected too, and effects biased."
    ),
    "spillovers": Message(
        "Did the policy affect untreated units, such as neighbours? They would then be no"
        " valid comparison, and effects biased."
    ),
    "feedback": Message(
        "Did past outcomes affect the mediators? The check of timing gives evidence but "
        "cannot rule it out."
    ),
    "measured": Message(
        "Are mediators measured without error? Measurement error shifts indirect effects "
        "to the direct effect; the check with mediators of other periods detects only a "
        "small part of it."
    ),
    "measured_exposure": Message(
        "Is the exposure measured without error? Measurement error biases its slope "
        "towards zero; the checks of past and future exposure detect only part of it."
    ),
    "clusters": Message(
        "Are errors correlated across groups of units, or within units more strongly than"
        " modelled? Intervals would then be too narrow; no check was run on this."
    ),
    "exposure": Message(
        "Did the outcome affect the exposure? The check of future exposure gives evidence"
        " but cannot detect an effect within the same period."
    ),
}


@section(place=80)
def assumptions(context: Context) -> Iterator[Block]:
    """List the assumptions that the data cannot test, as questions of a referee."""
    translate = context.translate
    yield Heading(translate("Assumptions that cannot be tested"))
    yield Paragraph(
        translate(
            "The results also require assumptions that these data cannot test. A referee "
            "may raise these questions:"
        )
    )
    keys = ["concurrent", "selection" if context.staggered else "exposure"]
    facts = context.fit.facts
    keys += ["spillovers"] if facts.reach == "none" else []
    if context.channels:
        keys += ["feedback", "measured"]
    elif not context.staggered:
        keys.append("measured")
    errors = context.found("error_model")
    if errors is None or errors.verdict == NOT_APPLICABLE:
        keys.append("clusters")
    kind = "" if context.staggered else "_exposure"
    questions = [_ASSUME.get(key + kind, _ASSUME[key]) for key in keys]
    questions += [term.question for term in facts.terms if term.question is not None]
    yield Bullets(tuple(map(translate, questions)))
