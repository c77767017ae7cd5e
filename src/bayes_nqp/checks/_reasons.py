"""Why something did not converge, or cannot be fitted, as messages."""

from __future__ import annotations

from typing import Final

from bayes_nqp.errors import NQPError
from bayes_nqp.language import Message, recalled, separated

__all__ = ["failures_of", "first_of", "gate_words", "reason"]

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
    """Read the verdict of a convergence gate.

    Parameters
    ----------
    gate : str
        Of a fit, or some of its failures.

    Returns
    -------
    Message
        Without the word that it failed.
    """
    return separated(failures_of(gate))


def failures_of(gate: str) -> list[Message]:
    """Read what failed in a convergence gate."""
    failures = gate.removeprefix("failed").lstrip(": ").split("; ")
    return [recalled(part, _GATE) for part in failures if part]


def first_of(where: str) -> tuple[Message, bool]:
    """Take the first of the places that an error names.

    Returns
    -------
    tuple of Message and bool
        The place, and whether there are more.
    """
    first: object = where
    while isinstance(first, Message) and first.template == "{}; {}":
        first = first.parts[0]
    if not isinstance(first, Message):
        first = Message("{}", str(first).rstrip(".").partition("; ")[0])
    return first, len(first) < len(where.rstrip("."))


def reason(error: NQPError) -> Message:
    """Say what an error says is wrong."""
    what = error.what
    return what if isinstance(what, Message) else Message("{}", what.rstrip("."))
