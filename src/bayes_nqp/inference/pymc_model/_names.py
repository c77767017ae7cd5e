"""Names of the PyMC model's variables, the same as in posteriors: ``equation__name``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variables:
    """Names of the variables of one equation.

    Parameters
    ----------
    equation : str
        "outcome", or the mediator that it explains.
    """

    equation: str

    def __call__(self, name: str) -> str:
        """Put the equation before a name."""
        return f"{self.equation}__{name}"
