"""Probabilities of directions that are not claimed, with the reason."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.reports._posterior import UNDECIDED, Posterior, stated


def unclaimed(posterior: Posterior, subject: str = "P(> 0)") -> Message:
    """Return a probability without a claimed direction, with the reason if it is high."""
    p = stated(posterior.p_positive, subject)
    if posterior.p_direction < UNDECIDED:
        return p
    if posterior.lower < 0 < posterior.upper:
        return Message("{}, but the interval includes zero", p)
    return Message("{}, but not credible jointly with the others", p)
