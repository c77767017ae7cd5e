"""Parallel trends are earned: a verdict on Bayes factors, stratum by stratum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bayes_nqp._core.i18n import NOTHING, Message, Numeral
from bayes_nqp.checks.shared import UNTOLD, Verdict, ladder, worst_of
from bayes_nqp.checks.trends._bayes_factor import AGAINST, HELD, BayesFactor, bayes_factors
from bayes_nqp.inference.fitting import Fit

APART: Final = Message(
    "This design does not assume parallel trends: each unit has loadings of its own on common "
    "factors. Weak factors are estimated poorly, and what remains of them biases the effect; no "
    "check can rule them out."
)
WITH_DIFFERENTIAL_TRENDS: Final = Message(
    "This design assumes no parallel trends: those who adopt may drift."
)
"""What is said where differential trends take their place."""
DIPPING: Final = Message(
    "This design assumes parallel trends but for what adoption looks at: units may adopt after "
    "{n} bad or good period.",
    plural="This design assumes parallel trends but for what adoption looks at: units may adopt "
    "after {n} bad or good periods.",
    n=1,
)
"""What is said where adoption of each unit may depend on the n periods before it."""
CHOSEN: Final = Message(
    "This design assumes parallel trends but for how adopters were chosen: all at once, after "
    "{n} bad or good period before the first of them adopted.",
    plural="This design assumes parallel trends but for how adopters were chosen: all at once, "
    "after {n} bad or good periods before the first of them adopted.",
    n=1,
)
"""What is said where all adopters may have been chosen by the n periods before the first adopts."""
SHIFTING: Final = Message(
    "This design assumes parallel trends but for one change of adopters' level before adoption, "
    "which stays and is no part of the effect. A response to the policy over as many periods would "
    "leave the same rows before adoption, and belong to the effect; what is known of the units has "
    "to tell."
)
"""What is said where adopters' level may have changed before adoption."""
MONTE_CARLO: Final = 0.3
"""Largest Monte-Carlo error with which a factor is judged."""


@dataclass(frozen=True, slots=True)
class StratumFactors:
    """Bayes factors of one stratum, or of all rows where time effects are common.

    Parameters
    ----------
    stratum : str
        Empty where it is all rows.
    factors : tuple of BayesFactor
        Under the fit's errors first.
    strata : int, default 1
        Of the fit. The lowest of S factors asks for caution below -log S: prior odds of one to one
        that
        some stratum drifts are odds of about one to S for each.
    outcomes : int, default 1
        Of which the same is asked; prior odds that one drifts are shared by all of K, and both
        limits lie log K lower.
    """

    stratum: str
    factors: tuple[BayesFactor, ...]
    strata: int = 1
    outcomes: int = 1

    @property
    def reason(self) -> Message:
        """Why nothing can be judged; empty where it can."""
        for factor in self.factors:
            if factor.reason:
                return factor.reason
            if not factor.error <= MONTE_CARLO:
                return Message("its Monte-Carlo error is {:.2g}", factor.error)
        return NOTHING

    @property
    def lowest(self) -> float:
        """Over error structures: what holds must hold under each."""
        return min(factor.value for factor in self.factors)

    @property
    def highest(self) -> float:
        """Over error structures: what fails must fail under each."""
        return max(factor.value for factor in self.factors)

    @property
    def verdict(self) -> Verdict:
        """Supported or rejected under every error structure; else the weaker verdict."""
        if self.reason:
            return UNTOLD
        shared = math.log(self.outcomes)
        return ladder(
            fails=self.highest < AGAINST - shared,
            doubt=self.lowest < -math.log(self.strata) - shared,
            untold=not self.lowest > HELD,
        )


@dataclass(frozen=True, slots=True)
class TrendEvidence:
    """What Bayes factors say of parallel trends.

    Parameters
    ----------
    strata : tuple of StratumFactors
        By stratum.
    """

    strata: tuple[StratumFactors, ...]

    @property
    def verdict(self) -> Verdict:
        """That of the worst stratum."""
        return worst_of(stratum.verdict for stratum in self.strata)

    @property
    def worst(self) -> StratumFactors:
        """The stratum that the verdict comes from: without a factor, or with the lowest."""
        deciding = (stratum for stratum in self.strata if stratum.verdict == self.verdict)
        return min(deciding, key=lambda stratum: (not stratum.reason, stratum.lowest))

    @property
    def factors(self) -> tuple[BayesFactor, ...]:
        """Of all strata."""
        return tuple(factor for stratum in self.strata for factor in stratum.factors)

    @property
    def number(self) -> Message:
        """The log Bayes factor of the worst stratum, if it has one."""
        worst = self.worst
        if worst.reason:
            return Message("none")
        return Message("{}", Numeral(f"{round(worst.lowest, 1) + 0.0:.1f}"))


def trend_evidence(fit: Fit, outcomes: int = 1) -> TrendEvidence:
    """Judge Bayes factors of parallel trends; the fit keeps what they rest on.

    Parameters
    ----------
    outcomes : int, default 1
        Of which the same is asked.
    """
    factors = bayes_factors(fit)
    number = len({factor.stratum for factor in factors})
    strata = groupby(factors, key=lambda factor: factor.stratum)
    return TrendEvidence(
        tuple(StratumFactors(name, tuple(some), number, outcomes) for name, some in strata)
    )
