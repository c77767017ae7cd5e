"""The words of likelihood and of confidence, as reports define them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_nqp._core.i18n import Message, Numeral, listed, separated
from bayes_nqp.checks import SUPPORTED, UNSUPPORTED, WEIGHED, Subject, needed_for, title_of
from bayes_nqp.effects.estimands import ENOUGH
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.tables import percent

_NEEDED: Final = {
    "average": Message("for an average: {}"),
    "contrast": Message("for a difference besides: {}"),
    "channel": Message("for a channel besides: {}"),
}
_WORDS_SAYS = Message(
    "Two scales are used (after Mastrandrea et al. 2010). Likelihood is the posterior probability "
    "of a direction given the assumptions: “virtually certain” means at least 0.99, “extremely "
    "likely” 0.95, “very likely” 0.90; below that no direction is claimed. Intervals are "
    "equal-tailed and hold {} of the posterior."
)
_WORDS_CONFIDENCE = Message(
    "Confidence refers to the assumptions; it follows from the checks and is no probability. Very "
    "low: the convergence gate failed, or three or more checks failed. Low: one or two checks "
    "failed, three or more ask for caution, or a required check ({needed}) was not run. Medium: "
    "one or two checks ask for caution, or a required check or a check of an assumption gave no "
    "answer. High: none of these. Not assessed: no check failed, and no check of an assumption "
    "gave an answer."
)
_WORDS_SUPPORT = Message(
    "Under the model average, checks of parallel trends do not count. Confidence is low where no "
    "assumption has a posterior probability of {}, and at most medium where none has {}."
)
_WORDS_CONTRASTS = Message(
    "The word for a difference between groups comes from the lower of its probabilities in this "
    "fit and with the other choice of time effects."
)
_WORDS_GROWTH = Message(
    "How the effect moves over event time is judged by the units seen both at adoption and at the "
    "end of the longest window with at least {} of them, weighted alike."
)
_WORDS_LEADS = Message(
    "The lead fit counts too: it is less precise, so a difference with a probability of 0.66 to "
    "0.90 there is “likely”, and only below 0.66 none is claimed."
)


def scales(context: Context) -> Iterator[str]:
    """Say what likelihood and confidence mean, and how growth and differences are judged."""
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
        if context.average is not None:
            names = tuple(name for name in names if name not in WEIGHED)
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
