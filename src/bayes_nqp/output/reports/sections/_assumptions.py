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
        "Did something else move along with the exposure? The model would take its effect for "
        "that of the exposure."
    ),
    "concurrent": Message(
        "Did another policy reach the same units at the same time? The model would take its "
        "effect for this policy's."
    ),
    "selection": Message(
        "Were units chosen because of how they were about to develop? Leads would show it only if "
        "it began before adoption."
    ),
    "spillovers_exposure": Message(
        "Did the exposure of one unit touch others, such as neighbours? Effects would then be "
        "measured from a moved baseline."
    ),
    "spillovers": Message(
        "Did the policy touch units counted as untreated, such as neighbours? Effects would then "
        "be measured from a moved baseline."
    ),
    "feedback": Message(
        "Did past outcomes move the mediators? The check on timing speaks to it, and does not "
        "settle it."
    ),
    "measured": Message(
        "Are mediators measured well? Errors in one take what goes through it for a direct effect; "
        "the check on mediators of other periods sees little of it."
    ),
    "measured_exposure": Message(
        "Is the exposure measured well? Errors in it pull its slope to zero; the checks on past "
        "and future exposure see some of it."
    ),
    "clusters": Message(
        "Do errors move together in groups of units, or within a unit more than the model has it? "
        "Intervals would be too narrow; no check asked it of this fit."
    ),
    "exposure": Message(
        "Did the outcome move the exposure? The check on future exposure speaks to it, and cannot "
        "see what happens within one period."
    ),
}


@section(place=80)
def assumptions(context: Context) -> Iterator[Block]:
    """List the assumptions that the data cannot test, as questions of a referee."""
    translate = context.translate
    yield Heading(translate("Assumptions that cannot be tested"))
    yield Paragraph(
        translate(
            "The results also rest on assumptions that these data cannot test. A referee may ask:"
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
