"""What a misfit does to the average effect: to its standard deviation, and to where it lies.

A model that misses the shape of errors (their correlation, tails or variances) still gives an
average that is right: with the influences ``psi_i`` of units (`_influences`) its robust sd is to be
compared with the model's, and the largest ``|psi_i|`` with one sd. A model that misses how the
treated moved against the others may miss the average itself: under a design that has room for
such a movement it is ``theta'``, and since that design holds the fit's own as a special case,
``theta' - theta`` has, if the fit is right, the variance ``var(theta') - var(theta)`` (Hausman
1978).

References
----------
Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46(6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp.checks.model._cluster import robust
from bayes_nqp.checks.model._clusters import clusters_by
from bayes_nqp.checks.model._influences import influences, saturated_model
from bayes_nqp.checks.shared import average_effect, gate_text, reported_weights
from bayes_nqp.designs import Design, DifferentialTrends
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import NotApplicable, NQPError
from bayes_nqp.fitting import Fit, refit
from bayes_nqp.language import Message

_LIMIT, _FAR = 1.2, 1.5
"""Ratios of sds from which a misfit leaves a doubt, and fails."""
_CHANCE = 0.05
"""Chance that a true model has such a ratio."""
_MOVED, _LOST = 1.96, 2.58
"""Sds of the difference between two designs from which one of them is in doubt, and fails."""
_LAST, _COMMON = "last pre-period", "eigenvalue"
_MOVEMENT: Final = ("pre-period", _COMMON)


@dataclass(frozen=True, slots=True)
class Harm:
    """What is left of an average effect where the model misses something.

    Parameters
    ----------
    doubtful, fatal : bool
        Whether it is more than chance explains, and so much that the average should not be
        reported.
    sentence : Message
        With the numbers.
    """

    doubtful: bool
    fatal: bool
    sentence: Message


def harm_of(fit: Fit, names: Iterable[str]) -> list[Harm]:
    """Say what each kind of misfit does to the average effect.

    Parameters
    ----------
    names : iterable of str
        Statistics that the model misses.
    """
    missed = list(names)
    moving = [name for name in missed if any(part in name for part in _MOVEMENT)]
    harms = []
    if len(moving) < len(missed):
        harms.append(_of_shape(fit))
    if moving:
        last, common = all(_LAST in x for x in moving), any(_COMMON in x for x in moving)
        harms.append(_of_movement(fit, last=last, common=common))
    return [harm or _UNKNOWN for harm in harms]


_UNKNOWN: Final = Harm(True, True, Message("What that does to the average effect is not known."))


def _of_shape(fit: Fit) -> Harm | None:
    """Robust over model sd by unit, and the largest influence of one."""
    try:
        units = clusters_by(fit)
        weights = reported_weights(cell_effects(fit))[1].toarray()[:1]
        plan, everywhere, errors = saturated_model(fit, weights)
        estimate = robust(plan, everywhere, errors, units.codes, units.member)
        values = influences(fit, weights[0], units.member)
    except (NotApplicable, NQPError):
        return None
    ratio = float(estimate.ratio[0])
    limit = float(estimate.quantile(1.0 - _CHANCE)[0])
    most = float(np.abs(values.values).max() / np.sqrt(values.model))
    sentence = Message(
        "Clustered by unit, the sd of the average effect is {:.2f} times the model's, and no unit "
        "moves the average by more than {:.1f} sd.",
        ratio,
        most,
    )
    doubtful = ratio > max(_LIMIT, limit) or most > 1.0
    return Harm(doubtful, ratio > max(_FAR, limit), sentence)


def _of_movement(fit: Fit, *, last: bool, common: bool) -> Harm | None:
    """The average under a design with room for the movement, in sds of the difference.

    What all units have in common may go along with adoption later, and leaves a doubt anyway.
    """
    design = _roomier(fit, last=last)
    if design is None:
        return None
    try:
        other = refit(fit, design)
    except (NotApplicable, NQPError):
        return None
    draws, others = average_effect(fit), average_effect(other)
    shift, variance = float(others.mean() - draws.mean()), float(others.var() - draws.var())
    sds = abs(shift) / np.sqrt(max(variance, 0.1 * float(draws.var())))
    sentence = Message(
        "With room for it the average effect is {:.3g}, not {:.3g}: {:.1f} sd of the difference.",
        float(others.mean()),
        float(draws.mean()),
        sds,
    )
    failed = gate_text(other) != gate_text(fit)
    return Harm(sds > _MOVED or failed or common, sds > _LOST and not failed, sentence)


def _roomier(fit: Fit, *, last: bool) -> Design | None:
    if last and fit.takes("anticipation") and not fit.facts.anticipation:
        return fit.variant(anticipation=1)
    if fit.takes("trends") and fit.facts.parallel:
        return fit.variant(trends=DifferentialTrends())
    return None
