"""Verdicts on parallel trends by Bayes factors, stratum by stratum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bayes_nqp._core.i18n import NOTHING, Message, Numeral, detailed, joined
from bayes_nqp.checks.shared import UNTOLD, Verdict, ladder, worst_of
from bayes_nqp.checks.trends._bayes_factor import AGAINST, HELD, BayesFactor, bayes_factors
from bayes_nqp.inference.fitting import Fit

APART: Final = Message(
    "This model does not assume parallel trends: each unit has its own loadings on common factors. "
    "Weak factors are estimated imprecisely, and their remainder, which no check can rule out, "
    "biases the effect."
)
WITH_DIFFERENTIAL_TRENDS: Final = Message(
    "This model does not assume parallel trends: treated units may follow differential trends."
)
"""Sentence for models with differential trends."""
DIPPING: Final = Message(
    "This model assumes parallel trends, except that adoption of a unit may depend on its outcomes "
    "in the {n} period before.",
    plural="This model assumes parallel trends, except that adoption of a unit may depend on its "
    "outcomes in the {n} periods before.",
    n=1,
)
"""Sentence for models in which adoption of each unit may depend on the n periods before it."""
CHOSEN: Final = Message(
    "This model assumes parallel trends, except that all treated units may have been selected by "
    "their outcomes in the {n} period before the first adoption.",
    plural="This model assumes parallel trends, except that all treated units may have been "
    "selected by their outcomes in the {n} periods before the first adoption.",
    n=1,
)
"""Sentence for models in which treated units may be selected before the first adoption."""
SHIFTING: Final = joined(
    [
        Message(
            "This model assumes parallel trends, except for one lasting level shift of treated "
            "units before adoption, which is not part of the effect."
        ),
        detailed(
            Message(
                "An early response to the policy would look the same and would be part of the "
                "effect; only knowledge of the policy distinguishes the two."
            )
        ),
    ]
)
"""Sentence for models in which the level of treated units may shift before adoption."""
MONTE_CARLO: Final = 0.3
"""Largest Monte Carlo error of a factor with a verdict."""


@dataclass(frozen=True, slots=True)
class StratumFactors:
    """Bayes factors of one stratum, or of all observations if time effects are common.

    Parameters
    ----------
    stratum : str
        Name of the stratum; empty for all observations.
    factors : tuple of BayesFactor
        Those under the errors of the fit first.
    strata : int, default 1
        Number of strata of the fit. The lowest of S factors leads to caution below -log S: even
        prior odds that some stratum has differential trends are odds of about one to S for each.
    outcomes : int, default 1
        Number of tested outcomes K. The prior odds that one of them has differential trends are
        shared, so both limits are lower by log K.
    """

    stratum: str
    factors: tuple[BayesFactor, ...]
    strata: int = 1
    outcomes: int = 1

    @property
    def reason(self) -> Message:
        """Reason for a missing verdict; empty otherwise."""
        for factor in self.factors:
            if factor.reason:
                return factor.reason
            if not factor.error <= MONTE_CARLO:
                return Message("its Monte-Carlo error is {:.2g}", factor.error)
        return NOTHING

    @property
    def lowest(self) -> float:
        """Lowest factor over error structures, which decides a pass."""
        return min(factor.value for factor in self.factors)

    @property
    def highest(self) -> float:
        """Highest factor over error structures, which decides a failure."""
        return max(factor.value for factor in self.factors)

    @property
    def verdict(self) -> Verdict:
        """Verdict: passed or failed if it is so under every error structure."""
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
    """Bayes factors of parallel trends by stratum.

    Parameters
    ----------
    strata : tuple of StratumFactors
        Factors by stratum.
    """

    strata: tuple[StratumFactors, ...]

    @property
    def verdict(self) -> Verdict:
        """Verdict of the worst stratum."""
        return worst_of(stratum.verdict for stratum in self.strata)

    @property
    def worst(self) -> StratumFactors:
        """The deciding stratum: one without a factor, or with the lowest factor."""
        deciding = (stratum for stratum in self.strata if stratum.verdict == self.verdict)
        return min(deciding, key=lambda stratum: (not stratum.reason, stratum.lowest))

    @property
    def factors(self) -> tuple[BayesFactor, ...]:
        """Factors of all strata."""
        return tuple(factor for stratum in self.strata for factor in stratum.factors)

    @property
    def number(self) -> Message:
        """The log Bayes factor of the worst stratum, if it has one."""
        worst = self.worst
        if worst.reason:
            return Message("none")
        return Message("{}", Numeral(f"{round(worst.lowest, 1) + 0.0:.1f}"))


def trend_evidence(fit: Fit, outcomes: int = 1) -> TrendEvidence:
    """Compute the verdicts on parallel trends by Bayes factors; the fit caches likelihoods.

    Parameters
    ----------
    outcomes : int, default 1
        Number of outcomes that are tested.
    """
    factors = bayes_factors(fit)
    number = len({factor.stratum for factor in factors})
    strata = groupby(factors, key=lambda factor: factor.stratum)
    return TrendEvidence(
        tuple(StratumFactors(name, tuple(some), number, outcomes) for name, some in strata)
    )
