"""Probabilities of directions that no sentence claims, and why."""

from __future__ import annotations

from bayes_nqp.language import Message
from bayes_nqp.reports._posterior import UNDECIDED, Posterior, chance


def unclaimed(posterior: Posterior) -> object:
    """A probability of which no direction is claimed, and why, where it alone would bear one."""
    p = chance(posterior.p_positive)
    if posterior.p_direction < UNDECIDED:
        return p
    if posterior.lower < 0 < posterior.upper:
        return Message("{}, but the interval holds zero", p)
    return Message("{}, but not jointly with the others", p)
