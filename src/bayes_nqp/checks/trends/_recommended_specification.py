"""Recommended specifications after a test of parallel trends that did not pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import Hint, NotApplicable, NQPError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, advised, detailed, joined
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    UNTOLD,
    Lasting,
    Verdict,
    nesting,
    shared_for,
)
from bayes_nqp.checks.trends._candidates import (
    CONTRADICTED,
    Candidate,
    Evidence,
    evidence_of,
    last_period_alone,
    probabilities,
)
from bayes_nqp.checks.trends._near_adoption import LINES
from bayes_nqp.checks.trends._placebo import placebos
from bayes_nqp.inference.fitting import Fit, apart, panel_of
from bayes_nqp.model.designs import DifferentialTrends

_ALONE: Final = 0.95
"""Posterior probability from which one candidate is recommended alone."""
_FEWEST: Final = 5
"""Smallest number of levels of a column for shared shocks."""
_RIVAL: Final = 0.1
"""Posterior probability from which the second candidate is reported too."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended candidate model and its posterior probability.

    Parameters
    ----------
    candidate : Candidate
        The candidate with the largest posterior probability.
    probability : float
        Posterior probability; for differential trends it includes that of a linear trend.
    rival, contradicted : tuple of Candidate and float, optional
        The second most probable candidate, if its probability is 0.1 or more; and one that is more
        probable than the first but rejected by its leads or a placebo.
    """

    candidate: Candidate
    probability: float
    rival: tuple[Candidate, float] | None = None
    contradicted: tuple[Candidate, float] | None = None

    @property
    def alone(self) -> bool:
        """True if the candidate is recommended in place of the model average."""
        return self.probability >= _ALONE


def recommended_specification(fit: Fit, verdict: Verdict) -> Recommendation | None:
    """Return the most probable candidate that neither its leads nor a placebo reject.

    Prior probabilities are those of the model average.

    Parameters
    ----------
    verdict : str
        Verdict on the design of the fit, which is recommended only if it is not rejected.

    Returns
    -------
    Recommendation or None
        None if every candidate is rejected.
    """
    alone, weighable = last_period_alone(fit), [x for x in evidence_of(fit) if not x.reason]
    share = {x.candidate: p for x, p in zip(weighable, probabilities(weighable), strict=True)}
    lines = sum(p for candidate, p in share.items() if candidate.trends == LINES)

    def probability(x: Evidence) -> float:
        bends = x.candidate.trends == DifferentialTrends() and not x.candidate.early
        return float(share[x.candidate] + lines * bends)

    def stands(x: Evidence) -> bool:
        candidate, same = x.candidate, not x.candidate.changes(fit)
        contradicted = x.tail < CONTRADICTED or (same and verdict in (DOUBT, FAILS))
        late = candidate.differential_trend and not candidate.early and alone
        return not (candidate.trends == LINES or contradicted or late)

    order = sorted(weighable, key=probability, reverse=True)
    ranked = [x for x in order if stands(x)]
    for k, x in enumerate(ranked):
        if not x.candidate.changes(fit) or not _contradicted(fit, x.candidate):
            others = ((y.candidate, probability(y)) for y in ranked[k + 1 :])
            rival = next((y for y in others if y[1] >= _RIVAL), None)
            before = (y for y in order[: order.index(x)] if y.candidate.trends != LINES)
            above = next((y for y in before if y.candidate.changes(fit)), None)
            contradicted = None if above is None else (above.candidate, probability(above))
            return Recommendation(x.candidate, probability(x), rival, contradicted)
    return None


def shared_shocks(fit: Fit) -> Lasting | None:
    """Return the persistent shared shocks with the highest evidence that the design lacks."""
    panel, stated = panel_of(fit), fit.facts.shared_by
    columns = {
        name: codes
        for name, codes in nesting(panel).items()
        if name not in stated and np.unique(codes).size >= _FEWEST
    }
    shocks = [x for x in shared_for(fit, columns).values() if x.found]
    return max(shocks, key=lambda x: x.value, default=None)


def next_step(fit: Fit, verdict: Verdict) -> Message:
    """Return the next step if the test of parallel trends did not pass or is inconclusive."""
    see_all = Hint("check", "assumptions")
    if verdict not in (DOUBT, FAILS, UNTOLD):
        return NOTHING
    together = shared_shocks(fit)
    if together is not None:
        shared = Message(
            "Units of one {} share persistent shocks (log Bayes factor {:.1f}), which affect "
            "pre-adoption coefficients too.",
            together.by,
            together.value,
        )
        step = Message(
            "Next: fit again with {} in the design before other trends are compared.",
            Hint("shocks", together.shocks),
        )
        return joined([detailed(shared), advised(step)])
    winner = None if verdict == UNTOLD else recommended_specification(fit, verdict)
    if winner is not None and winner.alone:
        hint = winner.candidate.hint(fit)
        step = Message(
            "Next: report the model average over assumptions about trends, {3}, in which "
            "{0} has a posterior probability of {1:.2f}. {2} compares the effects.",
            hint,
            winner.probability,
            see_all,
            Code("nqp.model_average(fit)", "model_average.csv"),
        )
        return advised(step)
    if any(x.reason for x in evidence_of(fit) if x.candidate.differential_trend):
        return advised(
            Message(
                "Next: report how large violations of parallel trends may be before the conclusion "
                "changes, with {}.",
                Hint("check", "trend_sensitivity"),
            )
        )
    average = Message(
        "Next: report the model average over assumptions about trends, {1}, and "
        "compare the effects under each assumption with {0}.",
        see_all,
        Code("nqp.model_average(fit)", "model_average.csv"),
    )
    if verdict == UNTOLD:
        average = Message(
            "Next: report the model average over assumptions about trends, {1}, which "
            "then depends on their prior weights, and compare the effects under each "
            "assumption with {0}.",
            see_all,
            Code("nqp.model_average(fit)", "model_average.csv"),
        )
    if winner is not None:
        return joined([detailed(_likeliest(fit, winner)), advised(average)])
    rejected = Message("Pre-adoption coefficients or placebos reject every candidate model.")
    return joined([NOTHING if verdict == UNTOLD else detailed(rejected), advised(average)])


def _likeliest(fit: Fit, winner: Recommendation) -> Message:
    """Return the most probable candidates, if none is recommended alone."""

    def named(candidate: Candidate) -> Message:
        return candidate.hint(fit) or candidate.name

    first = Message(
        "The most probable model that pre-adoption coefficients and placebos do not reject is {} "
        "({:.0%}).",
        named(winner.candidate),
        winner.probability,
    )
    if winner.contradicted is not None:
        candidate, probability = winner.contradicted
        above = Message(
            "The most probable model is {} ({:.0%}), but pre-adoption coefficients or placebos "
            "reject it.",
            named(candidate),
            probability,
        )
        first = joined([above, first])
    if winner.rival is None:
        return first
    candidate, probability = winner.rival
    second = Message(
        "The second is {} ({:.0%}); only knowledge of the policy distinguishes the two.",
        named(candidate),
        probability,
    )
    return joined([first, second])


def _contradicted(fit: Fit, candidate: Candidate) -> bool:
    """Return True if placebo adoption dates have an effect under a design.

    Placebo dates do not apply to a dip or shift, which lies just before the actual adoption and
    would remain in the observations between.
    """
    if candidate.trends is not None and candidate.trends.column:
        return False
    design, panel = apart(fit)
    changes = candidate.changes(fit)
    if fit.takes("unidentified"):
        changes["unidentified"] = "drop"
    try:
        return placebos(fit, design.variant(changes), panel).verdict != HOLDS
    except (NotApplicable, NQPError):
        return False
