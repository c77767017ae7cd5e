"""Why something did not converge, or cannot be fitted, as messages."""

from __future__ import annotations

from typing import Final

from bayes_nqp.errors import NotApplicable, NQPError
from bayes_nqp.fitting import Fit, pairs_coefficients
from bayes_nqp.language import Message, recalled, separated

_GATE: Final = (
    Message("passed", context="gate"),
    Message("outcome: {}"),
    Message("{}: {}"),
    Message("{} divergence"),
    Message("{} divergences"),
    Message("effective weights {}"),
    Message("k-hat {} (limit {})"),
    Message("{} draws, fewer than {}"),
    Message("{} ({})"),
    Message("bulk ESS {}"),
    Message("tail ESS {}"),
    Message("att", context="gate"),
    Message("average effect{}"),
    Message("average effect"),
    Message("effect[{}"),
)
"""What fits and files say of a gate."""


def gate_words(gate: str) -> Message:
    """Read the verdict of a convergence gate, or some of its failures, as one message.

    Parameters
    ----------
    gate : str
        The word that it failed is left out.
    """
    return separated(failures_of(gate))


def failures_of(gate: str) -> list[Message]:
    """Read what failed in a convergence gate."""
    failures = gate.removeprefix("failed").lstrip(": ").split("; ")
    return [recalled(part, _GATE) for part in failures if part]


_LISTS = ("{}; {}", "{}; and {} more")
"""How places are listed."""


def reason(error: NQPError) -> Message:
    """Say what an error says is wrong."""
    return error.what


def unidentified(error: NQPError) -> Message:
    """Say why a check's own fit cannot be made, and where first."""
    if not error.where:
        return Message("Its fit cannot be made: {}.", reason(error))
    first: object = error.where
    while isinstance(first, Message) and first.template in _LISTS:
        first = first.parts[0]
    if not isinstance(first, Message):
        first = Message("{}", str(first).rstrip(".").partition("; ")[0])
    more = len(first) < len(error.where.rstrip("."))
    place = separated([first, "…"]) if more else first
    return Message("Its fit cannot be made: {} ({}).", reason(error), place)


def paired(fit: Fit) -> None:
    """See that effects can be weighted by likelihoods, draw by draw.

    Raises
    ------
    NotApplicable
        If the fit does not hold the coefficients of its draws.
    """
    if not pairs_coefficients(fit):
        raise NotApplicable(
            Message(
                "The fit does not hold the coefficients of its draws, so that likelihoods of "
                "units belong to none of its effects: versions up to 0.1 did not keep them, nor "
                "are they kept where they take more than 200 MB. Fit again, with fewer draws if "
                "these are many."
            )
        )
