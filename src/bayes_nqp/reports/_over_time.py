"""Sentences about effects over event time, and about who is behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bayes_nqp.language import closed
from bayes_nqp.reports._posterior import Language, Posterior, chance, level, stated, sureness
from bayes_nqp.reports._sentences import listed

__all__ = ["composition", "growth", "no_growth"]

_NAMED = 6
"""Cohorts that a sentence names."""


def growth(
    ends: tuple[Posterior, Posterior],
    step: Posterior,
    last: int,
    cohorts: Sequence[str],
    units: int,
    language: Language,
    unit: str = "",
    *,
    confidence: Callable[[], str],
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
    language : {"en", "zh"}
    unit : str, default ""
        Of the outcome.
    confidence : callable
        Words what the checks leave of it; asked only where a likelihood is given.

    Returns
    -------
    str
    """
    first, then = (level(end, language, unit) for end in ends)
    who, sure = _cohorts(cohorts, language), sureness(step.p_direction, language)
    if language == "zh":
        said = (
            f"就事件时间 0 与 {last} 均有观测的 {units} 个单位（{who}）而言，政策实施当期的"
            f"平均效应为 {first}，第 {last} 期为 {then}。"
        )
        if not step.decided:
            p = chance(step.p_positive)
            return closed(f"{said}数据不足以判断其间效应上升还是下降（P(上升) = {p}）。")
        way = "上升" if step.positive else "下降"
        return closed(
            f"{said}若各项假定成立，其间效应{sure}{way}（{stated(step.p_direction)}）；{confidence()}。"
        )
    said = (
        f"Among the {units} units seen both at adoption and at event time {last} ({who}), the "
        f"average effect is {first} at adoption and {then} at event time {last}. "
    )
    if not step.decided:
        return said + (
            f"Whether it moves up or down between the two the data do not tell (P(up) = "
            f"{chance(step.p_positive)})."
        )
    way = "upwards" if step.positive else "downwards"
    return said + (
        f"If the assumptions hold, it is {sure} that it moves {way} "
        f"({stated(step.p_direction)}); {confidence()}."
    )


def _cohorts(cohorts: Sequence[str], language: Language) -> str:
    if len(cohorts) > _NAMED:
        ends = (len(cohorts), cohorts[0], cohorts[-1])
        return (
            "{} 个批次，{} 至 {}".format(*ends)
            if language == "zh"
            else "{} cohorts, {} to {}".format(*ends)
        )
    names = listed(cohorts, language)
    if language == "zh":
        return f"批次 {names}"
    return f"cohort {names}" if len(cohorts) == 1 else f"cohorts {names}"


def no_growth(enough: int, language: Language) -> str:
    """Say why nothing is said about growth.

    Parameters
    ----------
    enough : int
        Units that a comparison would need.
    language : {"en", "zh"}

    Returns
    -------
    str
    """
    if language == "zh":
        return (
            f"政策实施当期与其后任一期均有观测的单位都不足 {enough} 个，因此不判断效应随时间的"
            "变化。"
        )
    return (
        f"Nothing is said about how the effect moves over event time: fewer than {enough} units "
        "are seen both at adoption and at any later event time."
    )


def composition(units: Sequence[tuple[int, int]], language: Language) -> str:
    """Say that event times rest on different units.

    Parameters
    ----------
    units : sequence of tuple of int
        Event times and the units behind them, in order.
    language : {"en", "zh"}

    Returns
    -------
    str
    """
    (first, many), (last, few) = units[0], units[-1]
    if language == "zh":
        return (
            f"各事件时间的平均效应并非来自同一批单位（事件时间 {first} 为 {many} 个，"
            f"事件时间 {last} 为 {few} 个），因此各点之差未必是效应的变化。"
        )
    return (
        f"The averages by event time do not all rest on the same units ({many} at event time "
        f"{first}, {few} at event time {last}), so a step between two of them need not be growth."
    )
