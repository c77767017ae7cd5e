"""Names of the variables of a row model: those of posteriors, ``equation__name``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOPE_NAMES: Final = {"b": "b", "d": "d", "m": "b_moderation", "z": "moderation"}
"""What the slopes of each kind of column are called."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one equation's variables.

    Parameters
    ----------
    equation : str
        "outcome", or the mediator that it explains.
    """

    equation: str

    def __call__(self, name: str) -> str:
        """Put the equation before a name."""
        return f"{self.equation}__{name}"
