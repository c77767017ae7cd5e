"""Why a standard deviation may be too small: time, clusters, or effects that differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message
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


def advice(fit: Fit, causes: Causes, limit: float) -> Iterator[Message]:
    """Say which causes there are, and what to fit.

    Parameters
    ----------
    limit : float
        Ratio from which a difference counts.
    """
    facts, differ = fit.facts, causes.differ(fit, limit)
    if facts.noise.richer and (causes.serial or causes.over):
        if np.isnan(causes.wider):
            yield Message(
                "No richer error structure can be fitted (precision weights go with independent "
                "errors only): report the robust sd, or fit without weights."
            )
        elif causes.serial and causes.richer is not None:
            yield Message("{}: fit {}.", causes.richer.why, Hint("errors", causes.richer))
    if causes.shared is not None:
        yield _together(fit, causes.shared)
    if differ:
        yield _apart(fit, causes.robust)
    if causes.over and not (causes.serial or causes.shared is not None or differ):
        yield Message(
            "No richer error structure widens them, so the spread of errors differs between units, "
            "or units move together: report the robust sd, and cluster by a level above "
            "(cluster='…')."
        )


def _together(fit: Fit, shared: Clusters) -> Message:
    """What to fit where units of a cluster move together."""
    name = unit_word(shared.name)
    shocks = lasting_shocks(fit, shared.name)
    if shocks is None or shocks in fit.facts.terms:
        return Message(
            "Errors move together within a {}: give groups of them time effects of their own "
            "(time=nqp.TimeEffects(…)), or report the robust sd.",
            name,
        )
    return Message("Errors move together within a {}: fit {}.", name, Hint("shocks", shocks))


def _apart(fit: Fit, robust: float) -> Message:
    """Whose effect is meant where effects differ between units."""
    if fit.facts.varying is None:
        return Message(
            "Effects differ between units, or errors last: fit {}, and take the mean over all "
            "such units (nqp.group_time_effects(fit, target='superpopulation')) where that is "
            "meant.",
            Hint("effect", fit.facts.pooling.with_varying(v.UNIT)),
        )
    return Message(
        "A standard error clustered by {} is {:.2f} times the sd of the effect on those treated, "
        "since effects differ between them: it speaks of all units like these, as "
        "nqp.group_time_effects(fit, target='superpopulation') does.",
        unit_word(fit.facts.varying),
        robust,
    )
