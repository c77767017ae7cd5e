"""Draws that are at hand for refits in which an equation stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayes_nqp.numerics.sampling import Chains


@dataclass(frozen=True, eq=False)
class ExistingDraws:
    """Draws and posterior means of a fit that its refits reuse.

    Parameters
    ----------
    chains : mapping of str to Chains
        Draws of parameters by the digest of their equation's problem.
    values : mapping of str to float, outcome units
        Posterior means by name in the posterior, the starting values of refits.
    """

    chains: Mapping[str, Chains] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, float]:
        """Posterior means of an equation's parameters, outcome units."""
        prefix = f"{name}__"
        items = self.values.items()
        return {k.removeprefix(prefix): x for k, x in items if k.startswith(prefix)}
