"""Sentences about effects over event time, and about who is behind them."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_nqp._core.i18n import Message, enumerated, joined
from bayes_nqp.output.reports._posterior import Posterior, level, stated, sureness
from bayes_nqp.output.reports._unclaimed_signs import unclaimed

_NAMED = 6
"""Cohorts that a sentence names."""


def growth(
    ends: tuple[Posterior, Posterior],
    step: Posterior,
    last: int,
    cohorts: Sequence[str],
    units: int,
    language: str,
    unit: str = "",
) -> str:
    """Say how the effect moves over event time, of the same units at both ends.

    Parameters
    ----------
    ends : tuple of two Posterior
        Effects at event time 0 and at the last one of the window.
    step : Posterior
        Of the second less the first.
    last : int
        Event time at which the window ends.
    cohorts : sequence of str
        That are compared.
    units : int
        How many units of them.
    unit : str, default ""
        Of the outcome.
    """
    first, then = (level(end, unit) for end in ends)
    size = Message(
        "For the {} units observed at adoption and at event time {} ({}), the average "
        "effect relative to all earlier periods is {} at adoption and {} at event time "
        "{}.",
        units,
        last,
        _cohorts(cohorts),
        first,
        then,
        last,
    )
    return joined([size, movement(step, last, language)]).in_(language)


def movement(step: Posterior, last: int, language: str) -> str:
    """Say whether the effect moves between adoption and a later event time, of the same units.

    Parameters
    ----------
    step : Posterior
        Of its change.
    last : int
        The later event time.
    """
    if not step.decided:
        return Message(
            "The data do not determine the direction of change from adoption to event "
            "time {} among the same units ({}).",
            last,
            unclaimed(step, Message("P(up)")),
        ).in_(language)
    return Message(
        "It is {} that from adoption to event time {} the effect moves {} among the same units "
        "({}).",
        sureness(step.p_direction),
        last,
        Message("upwards") if step.positive else Message("downwards"),
        stated(step.p_direction),
    ).in_(language)


def _cohorts(cohorts: Sequence[str]) -> Message:
    if len(cohorts) > _NAMED:
        return Message("{} cohorts, {} to {}", len(cohorts), cohorts[0], cohorts[-1])
    return Message("cohort {}", enumerated(cohorts), plural="cohorts {}", n=len(cohorts))


def no_growth(enough: int, language: str) -> str:
    """Say why nothing is said about growth.

    Parameters
    ----------
    enough : int
        Units that a comparison would need.
    """
    return Message(
        "The report does not assess changes of the effect over event time: fewer than {} "
        "units are observed both at adoption and at any later event time.",
        enough,
    ).in_(language)


def composition(units: Sequence[tuple[int, int]], language: str) -> str:
    """Say that event times rest on different units.

    Parameters
    ----------
    units : sequence of tuple of int
        Event times and the units behind them, in order.
    """
    (first, many), (last, few) = units[0], units[-1]
    return Message(
        "Averages by event time refer to different units ({} at event time {}, {} at "
        "event time {}); differences between them need not be changes of the effect.",
        many,
        first,
        few,
        last,
    ).in_(language)
