"""The truths and autocorrelations under which intervals are tried."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from bayes_nqp.data.simulation import Simulated, staggered

TRUTHS: dict[str, tuple[str, dict[str, Any]]] = {
    "flat": ("1.0 everywhere (contrast 0)", {"effect": "flat"}),
    "growing": ("1.0 at event time 0, .25 more each period", {"effect": "growing"}),
    "cohorts": (
        "1.0 plus what a cohort adds: normal scores with sd .5, in random order",
        {"effect": "cohorts", "spread": 0.5},
    ),
    "contrast .5": ("1.25 inland, .75 coastal", {"effect": "flat", "contrast": 0.5}),
    "contrast 1.5": ("1.75 inland, .25 coastal", {"effect": "flat", "contrast": 1.5}),
}
RHOS = (0.0, 0.5, 0.8)

SEEDS_A_SCENARIO = 100_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """One truth at one autocorrelation; replications have seeds of their own."""

    truth: str
    rho: float

    @property
    def name(self) -> str:
        return f"{self.truth}, rho {self.rho:g}"

    @property
    def number(self) -> int:
        """Place in the table of all scenarios, so that a part of it has the same seeds."""
        return list(product(TRUTHS, RHOS)).index((self.truth, self.rho))

    def seed(self, replication: int) -> int:
        return SEEDS_A_SCENARIO * (1 + self.number) + replication

    def simulate(self, replication: int) -> Simulated:
        return staggered(**TRUTHS[self.truth][1], rho=self.rho, seed=self.seed(replication))


def scenarios(truths: list[str] | None, rhos: list[float] | None) -> list[Scenario]:
    return [
        Scenario(truth, rho)
        for truth, rho in product(TRUTHS, RHOS)
        if truth in (truths or TRUTHS) and rho in (rhos or RHOS)
    ]
