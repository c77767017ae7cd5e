"""Definitions of the words for likelihood and confidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_nqp._core.i18n import Message, Numeral, listed, separated
from bayes_nqp.checks import SUPPORTED, UNSUPPORTED, Subject, needed_for, title_of
from bayes_nqp.effects.estimands import ENOUGH
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.tables import percent

_NEEDED: Final = {
    "average": Message("for an average: {}"),
    "contrast": Message("for a difference also: {}"),
    "channel": Message("for an indirect effect also: {}"),
}
_WORDS_SAYS = Message(
    "The report uses two scales (after Mastrandrea et al. 2010). Likelihood is the "
    "posterior probability of a direction given the assumptions: “virtually certain” "
    "means at least 0.99, “extremely likely” 0.95, “very likely” 0.90; below that no "
    "direction is claimed. Intervals are equal-tailed {} credible intervals."
)
_WORDS_CONFIDENCE = Message(
    "Confidence refers to the assumptions; it follows from the checks and is not a "
    "probability. Very low: the convergence diagnostics failed, or three or more checks "
    "failed. Low: one or two checks failed, three or more require caution, or a required "
    "check ({needed}) was not run. Medium: one or two checks require caution, or a "
    "required check or a check of an assumption is inconclusive. High: none of these. Not"
    " assessed: no check failed, and all checks of assumptions are inconclusive."
)
_WORDS_SUPPORT = Message(
    "With a model average, the verdicts of checks of parallel trends do not affect "
    "confidence, because their evidence enters the posterior probabilities of the "
    "assumptions. Confidence is low if no assumption has a posterior probability of {}, and "
    "at most medium if none has {}."
)
_WORDS_CONTRASTS = Message(
    "The likelihood of a difference between groups is the lower of its probabilities in "
    "this model and under the alternative choice of time effects."
)
_WORDS_GROWTH = Message(
    "Changes of the effect over event time are assessed for units observed both at "
    "adoption and at the end of the longest window with at least {} such units, with "
    "equal weights."
)
_WORDS_LEADS = Message(
    "The model with leads is taken into account too. It is less precise: with a "
    "probability of 0.66 to 0.90 there, a difference is called “likely”; below 0.66 no "
    "direction is claimed."
)


def scales(context: Context) -> Iterator[str]:
    """Return definitions of likelihood and confidence, and rules for growth and differences."""
    translate = context.translate
    yield translate(_WORDS_SAYS, percent(context.prob))
    subjects: dict[Subject, object] = {
        "average": True,
        "contrast": context.factors,
        "channel": context.channels,
    }
    needed = []
    for subject in (subject_name for subject_name, present in subjects.items() if present):
        names = needed_for(subject, adopted=context.staggered)
        checks = listed((title_of(name) for name in names), len(names))
        needed.append(_NEEDED[subject].fill(checks))
    yield translate(_WORDS_CONFIDENCE, needed=separated(needed))
    if context.average is not None:
        yield translate(_WORDS_SUPPORT, Numeral(f"{UNSUPPORTED:g}"), Numeral(f"{SUPPORTED:g}"))
    if context.factors:
        yield translate(_WORDS_CONTRASTS)
        if context.staggered:
            yield translate(_WORDS_LEADS)
    if context.staggered:
        yield translate(_WORDS_GROWTH, ENOUGH)
