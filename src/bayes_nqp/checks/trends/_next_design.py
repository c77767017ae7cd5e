"""The design to try where parallel trends fail or are in doubt: the one that the evidence names."""

from __future__ import annotations

from typing import Final

import numpy as np

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
    LINES,
    Candidate,
    Evidence,
    evidence_of,
    last_period_alone,
)
from bayes_nqp.checks.trends._placebo import placebos
from bayes_nqp.designs import DifferentialTrends
from bayes_nqp.errors import Hint, NotApplicable, NQPError
from bayes_nqp.fitting import Fit, apart, panel_of
from bayes_nqp.language import NOTHING, Message, advised

_AGAINST: Final = 0.05
"""Tail probability of a design's own leads below which it is not named."""
_FEWEST: Final = 5
"""Levels of a column whose units may share shocks."""


def next_design(fit: Fit, verdict: Verdict) -> Candidate | None:
    """The candidate of the largest posterior that neither its leads nor a placebo contradict.

    Prior odds of a drift are those of the average over designs.

    Parameters
    ----------
    verdict : str
        On the fit's own design, which is named only where nothing speaks against it.

    Returns
    -------
    Candidate or None
        None where every design is contradicted.
    """
    alone, weighable = last_period_alone(fit), [x for x in evidence_of(fit) if not x.reason]
    lines = [x.log_posterior() for x in weighable if x.candidate.trends == LINES]

    def log_posterior(x: Evidence) -> float:
        """That of lines belongs to the drift that may bend as well."""
        bends = x.candidate.trends == DifferentialTrends() and not x.candidate.early
        return float(np.logaddexp.reduce([x.log_posterior(), *(lines if bends else [])]))

    for x in sorted(weighable, key=log_posterior, reverse=True):
        candidate, same = x.candidate, not x.candidate.changes(fit)
        if candidate.trends == LINES or x.tail < _AGAINST or (same and verdict in (DOUBT, FAILS)):
            continue
        if candidate.drift and not candidate.early and alone:
            continue
        if same or not _contradicted(fit, candidate):
            return candidate
    return None


def shared_shocks(fit: Fit) -> Lasting | None:
    """Shocks that last and are not in the design, of the column for which most speaks."""
    panel, stated = panel_of(fit), fit.facts.shared_by
    columns = {
        name: codes
        for name, codes in nesting(panel).items()
        if name not in stated and np.unique(codes).size >= _FEWEST
    }
    found = [x for x in shared_for(fit, columns).values() if x.found]
    return max(found, key=lambda x: x.value, default=None)


def next_step(fit: Fit, verdict: Verdict) -> Message:
    """Say what to try where the fit's design fails, is in doubt, or cannot be told from others."""
    see_all = Hint("check", "assumptions")
    if verdict not in (DOUBT, FAILS, UNTOLD):
        return NOTHING
    together = shared_shocks(fit)
    if together is not None:
        return advised(
            Message(
                "Units of one {} share shocks that last (log Bayes factor {:.1f}), on which leads "
                "rest too. Next, before other trends: {}.",
                together.by,
                together.value,
                Hint("shocks", together.shocks),
            )
        )
    winner = None if verdict == UNTOLD else next_design(fit, verdict)
    if winner is not None:
        return advised(Message("Next: {}; or see all: {}.", winner.hint(fit), see_all))
    if verdict == UNTOLD and not any(x.reason for x in evidence_of(fit) if x.candidate.drift):
        return advised(
            Message(
                "The average over designs (averaged), with which reports begin, weighs what these "
                "periods leave open; see all: {}.",
                see_all,
            )
        )
    return advised(Message("How large violations may be: {}.", Hint("check", "sensitivity")))


def _contradicted(fit: Fit, candidate: Candidate) -> bool:
    """Whether adoptions that never happened have an effect under a design.

    They cannot be asked of a dip, which comes before those that did happen, and is left in the
    rows between.
    """
    if candidate.trends is not None and candidate.trends.role == "dip":
        return False
    design, panel = apart(fit)
    changes = candidate.changes(fit)
    if fit.takes("unidentified"):
        changes["unidentified"] = "drop"
    try:
        return placebos(fit, design.variant(changes), panel).verdict != HOLDS
    except (NotApplicable, NQPError):
        return False
