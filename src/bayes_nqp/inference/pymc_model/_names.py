"""Variables of the variables of a row model: those of posteriors, ``equation__name``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variables:
    """Variables of one equation's variables.

    Parameters
    ----------
    equation : str
        "outcome", or the mediator that it explains.
    """

    equation: str

    def __call__(self, name: str) -> str:
        """Put the equation before a name."""
        return f"{self.equation}__{name}"
