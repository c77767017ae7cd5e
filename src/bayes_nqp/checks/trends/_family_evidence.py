"""Posterior probabilities of the families of assumptions, and the verdict on parallel trends.

The probabilities are those of the model average, from untreated observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import Hint, NQPError
from bayes_nqp._core.i18n import (
    NOTHING,
    Message,
    Numeral,
    advised,
    chance,
    enumerated,
    joined,
    listed,
)
from bayes_nqp.checks.model import evenly, rests_on
from bayes_nqp.checks.shared import FAILS, HOLDS, Verdict, ladder, reason
from bayes_nqp.checks.trends._candidates import (
    FAMILIES,
    PRIOR,
    Family,
    evidence_of,
    family_probabilities,
    log_bayes_factor,
)
from bayes_nqp.checks.trends._recommended_specification import shared_shocks
from bayes_nqp.checks.trends._trend_evidence import MONTE_CARLO
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import CHANNELS, Fit, meets, once, refit, short_refit, total_fit

PASSED: Final = 0.7
"""Posterior probability of parallel trends from which observations support them."""
REJECTED: Final = 0.05
"""Posterior probability of parallel trends below which observations reject them."""


@dataclass(frozen=True, slots=True)
class FamilyEvidence:
    """Posterior probabilities of the families that a panel identifies, at the default prior.

    Parameters
    ----------
    posterior : dict of str to float
        Probability by family.
    error : float
        Largest relevant Monte Carlo error of a log marginal likelihood.
    """

    posterior: dict[Family, float]
    error: float = 0.0

    @property
    def parallel(self) -> float:
        """Posterior probability of parallel trends."""
        return self.posterior["parallel"]

    @property
    def alternative(self) -> Family | None:
        """Most probable family other than parallel trends; None if none is identified."""
        others = {name: p for name, p in self.posterior.items() if name != "parallel"}
        return max(others, key=lambda name: others[name], default=None)

    @property
    def log_bayes_factor(self) -> float:
        """Log Bayes factor of parallel trends against the other families."""
        return log_bayes_factor(self.posterior)

    @property
    def verdict(self) -> Verdict:
        """Verdict: passed from `PASSED` on, failed below `REJECTED`, otherwise inconclusive."""
        vague = self.alternative is None or self.error > MONTE_CARLO
        supported = self.parallel >= PASSED and not vague
        return ladder(fails=self.parallel < REJECTED, untold=not supported)

    @property
    def sentence(self) -> Message:
        """Finding in words."""
        other = self.alternative
        if other is None:
            return Message("This panel identifies no alternative to parallel trends.")
        now, then = chance(self.parallel, 2), PRIOR["parallel"]
        if self.verdict == HOLDS:
            return Message(
                "The data before adoption support parallel trends (posterior probability {}, prior "
                "{:.2f}).",
                now,
                then,
            )
        if self.verdict == FAILS:
            return Message(
                "The data before adoption reject parallel trends (posterior probability {}, prior "
                "{:.2f}) in favour of {}.",
                now,
                then,
                self._explained,
            )
        return Message(
            "The data do not distinguish parallel trends (posterior probability {}, prior "
            "{:.2f}) from {}.",
            now,
            then,
            self._explained,
        )

    @property
    def probabilities(self) -> Message:
        """Posterior probabilities of all families, without a conclusion."""
        if self.alternative is None:
            return self.sentence
        return Message(
            "Posterior probabilities: parallel trends {} (prior {:.2f}), {}.",
            chance(self.parallel, 2),
            PRIOR["parallel"],
            listed(Message("{} {}", *x, context="probability") for x in self._others),
        )

    @property
    def _explained(self) -> Message:
        """Families other than parallel trends, with labelled probabilities."""
        event = Message("an event just before adoption, such as anticipation")
        return enumerated(
            Message(
                "{} (posterior probability {})", event if name == FAMILIES["event"] else name, p
            )
            for name, p in self._others
        )

    @property
    def _others(self) -> list[tuple[Message, Numeral]]:
        """Families other than parallel trends, with their posterior probabilities."""
        others = [(name, p) for name, p in self.posterior.items() if name != "parallel"]
        others.sort(key=lambda x: -x[1])
        return [(FAMILIES[name], chance(p, 2)) for name, p in others]

    @property
    def figure(self) -> Message:
        """Posterior probability of parallel trends, as in the model average."""
        if self.alternative is None:
            return NOTHING
        return Message(
            "P(parallel trends) {} (prior {:.2f}); log Bayes factor {:.1f}",
            chance(self.parallel, 2),
            PRIOR["parallel"],
            self.log_bayes_factor,
        )


def family_evidence(fit: Fit) -> FamilyEvidence:
    """Compute the probabilities of the families of assumptions as the model average does."""
    evidence = evidence_of(reference_of(fit).fit)
    posterior = family_probabilities(evidence)
    best = max((x.value for x in evidence if not x.reason), default=np.nan)
    # An error matters if its candidate is within some log units of the most probable.
    errors = [x.error for x in evidence if not x.reason and x.value > best - 5.0]
    posterior.setdefault("parallel", 0.0)
    return FamilyEvidence(posterior, max(errors, default=0.0))


@dataclass(frozen=True, slots=True)
class Reference:
    """The fit of the outcome that provides the evidence of untreated observations.

    Parameters
    ----------
    changes : dict
        Arguments by which its design differs from that of the given fit.
    words : Message
        Reason for the difference.
    """

    fit: Fit
    changes: dict[str, object]
    words: Message


def reference_of(fit: Fit) -> Reference:
    """Refit under the error structure that untreated observations require, if it is another.

    Shared shocks are included if the average effect depends on them, as in `error_model`. For a
    `Mediation`, this is the fit of its outcome.
    """
    if meets(fit, (CHANNELS,)):
        fit = total_fit(fit)
    spread = evenly(fit)
    same, words, together = spread.fit, spread.words, shared_shocks(spread.fit)
    changes: dict[str, object] = {} if same is fit else {"errors": same.facts.noise}
    if together is None:
        return Reference(same, changes, words)
    design = same.variant(shocks=together.shocks)
    units = Message(
        "Units of the same {} share persistent shocks (log Bayes factor {:.1f})",
        together.by,
        together.value,
    )
    try:
        after = att(short_refit(same, design)).to_numpy()
        if not rests_on(att(same).to_numpy(), after):
            return Reference(same, changes, words)
        shared = once(same, ("shared", together.by), lambda: refit(same, design))
    except NQPError as refusal:
        lacking = Message(
            "{}, but models with these shocks cannot be estimated: {}.", units, reason(refusal)
        )
        return Reference(same, changes, joined([words, lacking]))
    every = Message(
        "{}, so all candidate models include them ({}).", units, Hint("shocks", together.shocks)
    )
    changes["shocks"] = together.shocks
    return Reference(shared, changes, joined([words, advised(every)]))
