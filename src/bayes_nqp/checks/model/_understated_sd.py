"""Why a standard deviation may be too small: time, clusters, or effects that differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import NOTHING, Message, enumerated
from bayes_nqp.checks.model._clusters import Clusters
from bayes_nqp.checks.shared import lasting_shocks, unit_word
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.model.designs import Noise


@dataclass(frozen=True, slots=True, eq=False)
class Causes:
    """What speaks for each of three causes.

    Parameters
    ----------
    over : bool
        Whether a robust standard deviation by unit exceeds its limit.
    serial : bool
        Whether errors of units are correlated otherwise in time: a richer structure widens or
        moves the effect, or clusters without treated rows say so.
    wider : float
        Largest posterior sd under richer structures over the fit's own; NaN where there is none.
    richer : Noise or None
        The structure that widens or moves the effect most.
    shared : Clusters or None
        Above units, by which rows move together more than a unit's own do.
    robust : float
        Standard error clustered by unit over the model's sd of the same estimate: beyond one
        also where the model is right, if effects differ between units.
    """

    over: bool
    serial: bool
    wider: float
    richer: Noise | None
    shared: Clusters | None
    robust: float

    def differ(self, fit: Fit, limit: float) -> bool:
        """Whether effects that differ between units explain what clusters by unit say.

        Errors that last look like deviations of effects: while these are wrong nobody can tell.
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
                    "Next: report the cluster-robust standard error, or fit without precision "
                    "weights, which allow independent errors only."
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
                    "Next: give groups of {} separate time effects (time=nqp.TimeEffects(…)), or "
                    "report the cluster-robust standard error.",
                    name,
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
                "Next: report the cluster-robust standard error, clustered at a higher level with "
                "the option cluster='…' of this check."
            )
        )
    if hints:
        steps.insert(0, Message("Next: fit {}.", enumerated(Message("{}", x) for x in hints)))
    first: Message = steps[0] if steps else NOTHING
    return reasons, first
