"""Causes of understated standard deviations: serial correlation, clusters, or unequal effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.hints import DETAILS, Code
from bayes_nqp._core.i18n import NOTHING, Message, enumerated
from bayes_nqp.checks.model._clusters import Clusters
from bayes_nqp.checks.shared import lasting_shocks, unit_word
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.model.designs import Noise


@dataclass(frozen=True, slots=True, eq=False)
class Causes:
    """Evidence for each of three causes of understated standard deviations.

    Parameters
    ----------
    over : bool
        True if a robust standard deviation by unit exceeds its limit.
    serial : bool
        True if errors of units have another serial correlation: a richer structure widens or moves
        the effect, or the ratio in clusters without treated observations exceeds its limit.
    wider : float
        Largest posterior SD under richer structures over that of the fit; NaN if there is none.
    richer : Noise or None
        The structure that widens or moves the effect most.
    shared : Clusters or None
        Clusters above units in which observations are more correlated than within units.
    robust : float
        Standard error clustered by unit over the model's SD of the same estimate. It exceeds one if
        effects differ between units, even if the model is true.
    """

    over: bool
    serial: bool
    wider: float
    richer: Noise | None
    shared: Clusters | None
    robust: float

    def differ(self, fit: Fit, limit: float) -> bool:
        """Return True if effects that differ between units explain the ratio of clusters by unit.

        Persistent errors look like random effects, so the answer is False while there is evidence
        of serial correlation.
        """
        if self.serial:
            return False
        return self.over if fit.facts.varying is None else self.robust > limit and not self.over


def advice(fit: Fit, causes: Causes, limit: float) -> tuple[list[Message], Message]:
    """Return the causes that the data show, and the next step.

    Parameters
    ----------
    limit : float
        Ratio from which a difference counts.

    Returns
    -------
    tuple of list of Message and Message
        Reasons, as sentences; and one sentence with all that is to be fitted, empty if there is no
        cause.
    """
    facts, differ = fit.facts, causes.differ(fit, limit)
    reasons: list[Message] = []
    hints: list[Hint] = []
    steps: list[Message] = []
    if facts.noise.richer and (causes.serial or causes.over):
        if np.isnan(causes.wider):
            steps.append(
                Message(
                    "Next: report the standard errors clustered by {0}, {1}, or fit without "
                    "precision weights, which allow independent errors only.",
                    unit_word(str(facts.varying or v.UNIT)),
                    Code("nqp.check(fit, 'error_model').evidence['robust_sd']", DETAILS),
                )
            )
        elif causes.serial and causes.richer is not None:
            reasons.append(Message("{}.", causes.richer.why))
            hints.append(Hint("errors", causes.richer))
    if causes.shared is not None:
        name = unit_word(causes.shared.name)
        reasons.append(Message("Errors are correlated within a {}.", name))
        shocks = lasting_shocks(fit, causes.shared.name)
        if shocks is None or shocks in facts.terms:
            steps.append(
                Message(
                    "Next: give groups of {0} separate time effects ({1} in the design), or "
                    "report the standard errors clustered by {0}.",
                    name,
                    Code("time=nqp.TimeEffects(…)", '[design] time = { type = "TimeEffects", … }'),
                )
            )
        else:
            hints.append(Hint("shocks", shocks))
    if differ and facts.varying is None:
        hints.append(Hint("effect", facts.pooling.with_varying(v.UNIT)))
        reasons.append(
            Message(
                "Effects differ between units, or errors are persistent; "
                "nqp.group_time_effects(fit, target='superpopulation') is the mean over all such "
                "units."
            )
        )
    elif differ:
        reasons.append(
            Message(
                "The standard error clustered by {} is {:.2f} times the posterior SD of the effect "
                "on the treated, because effects differ between units; it concerns the population "
                "of units, as does nqp.group_time_effects(fit, target='superpopulation').",
                unit_word(str(facts.varying)),
                causes.robust,
            )
        )
    if causes.over and not (causes.serial or causes.shared is not None or differ):
        reasons.append(
            Message(
                "No richer error structure widens the intervals, so the error variance differs "
                "between units, or units are correlated."
            )
        )
        steps.append(
            Message(
                "Next: report the standard errors clustered by {0}, {1}, and repeat the "
                "check at a higher level, {2}.",
                unit_word(str(facts.varying or v.UNIT)),
                Code("nqp.check(fit, 'error_model').evidence['robust_sd']", DETAILS),
                Code(
                    "nqp.check(fit, 'error_model', cluster='…')",
                    '[checks.error_model] cluster = "..."',
                ),
            )
        )
    if hints:
        steps.insert(
            0,
            Message(
                "Next: fit again with {} in the design.",
                enumerated(Message("{}", x) for x in hints),
            ),
        )
    first: Message = steps[0] if steps else NOTHING
    return reasons, first
