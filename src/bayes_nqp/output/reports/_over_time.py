"""Sentences on effects over event time and the units behind them."""

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
    """Return a sentence on the change of the effect over event time for the same units.

    Parameters
    ----------
    ends : tuple of two Posterior
        Effects at event time 0 and at the last one of the window.
    step : Posterior
        Difference of the second and the first.
    last : int
        Event time at which the window ends.
    cohorts : sequence of str
        Cohorts that are compared.
    units : int
        Number of their units.
    unit : str, default ""
        Unit of the outcome.
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
    """Return a sentence on the direction of change after adoption for the same units.

    Parameters
    ----------
    step : Posterior
        Change of the effect.
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
    """Return the reason why changes over event time are not assessed.

    Parameters
    ----------
    enough : int
        Number of units that a comparison requires.
    """
    return Message(
        "The report does not assess changes of the effect over event time: fewer than {} "
        "units are observed both at adoption and at any later event time.",
        enough,
    ).in_(language)


def composition(units: Sequence[tuple[int, int]], language: str) -> str:
    """Return a sentence on the different sets of units behind event times.

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
