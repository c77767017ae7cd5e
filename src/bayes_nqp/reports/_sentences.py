"""Plain sentences about posteriors: right in direction and in strength, in two languages."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from bayes_nqp.checks._said import closed
from bayes_nqp.reports._posterior import (
    Language,
    Posterior,
    chance,
    level,
    posterior_of,
    stated,
    sureness,
)
from bayes_nqp.tables._words import percent

__all__ = ["change", "comparison", "growth", "indirect", "listed", "share"]


def change(
    one: Posterior,
    outcome: str,
    language: Language,
    unit: str = "",
    whom: str = "",
    exposure: str = "",
    per: str = "",
) -> str:
    """Say what the policy did to an outcome, on average.

    Parameters
    ----------
    one : Posterior
        Of the average effect.
    outcome : str
    language : {"en", "zh"}
    unit : str, default ""
    whom : str, default ""
        Of which group: "inland"; everybody by default.
    exposure, per : str, default ""
        What moved the outcome, where that is no policy, and how much of it the effect is for.

    Returns
    -------
    str
        One sentence.
    """
    size = level(one, language, unit)
    if exposure and language == "en":
        size = f"{size} per {per}"
    subject = exposure or ("政策" if language == "zh" else "the policy")
    if exposure and language == "en":
        subject = f"more {exposure}"
    sure = sureness(one.p_direction, language)
    if language == "zh":
        place = f"对 {whom} 而言，" if whom else ""
        average = f"每增加 {per}的平均效应" if exposure else "平均效应"
        if not one.decided:
            return closed(
                f"{place}数据不足以判断 {subject} 是提高还是降低了 {outcome}：{average}为 {size}，"
                f"P(> 0) = {chance(one.p_positive)}。"
            )
        verb = "提高" if one.positive else "降低"
        return closed(
            f"{place}{subject} {sure}{verb}了 {outcome}：{average}为 {size}，{_directed(one)}。"
        )
    place = f"For {whom}, " if whom else ""
    if not one.decided:
        the = "the" if whom else "The"
        return (
            f"{place}{the} data do not tell whether {subject} raised or lowered {outcome}: the "
            f"average effect is {size}, P(> 0) = {chance(one.p_positive)}."
        )
    verb = "raised" if one.positive else "lowered"
    what = "increase" if one.positive else "decrease"
    subject = subject if whom else subject[0].upper() + subject[1:]
    return (
        f"{place}{subject} {verb} {outcome}: the average effect is {size}. "
        f"{_article(what)} is {sure} ({stated(one.p_direction)})."
    )


def _directed(one: Posterior) -> str:
    p = chance(one.p_direction)
    return f"该方向的后验概率 {p}" if p[0] in "<>" else f"该方向的后验概率为 {p}"


def _article(what: str) -> str:
    return f"An {what}" if what[0] in "aeiou" else f"A {what}"


def comparison(
    one: Posterior, first: str, second: str, language: Language, unit: str = "", factor: str = ""
) -> str:
    """Say in which of two groups the effect is larger.

    Parameters
    ----------
    one : Posterior
        Of the effect in the first less that in the second.
    first, second : str
    language : {"en", "zh"}
    unit : str, default ""
    factor : str, default ""
        Whose levels they are.

    Returns
    -------
    str
    """
    size = level(one, language, unit)
    of = f" ({factor})" if factor and language == "en" else f"（{factor}）" if factor else ""
    if language == "zh":
        said = closed(f"{first} 与 {second} {of} 的效应之差为 {size}")
        if not one.decided:
            return f"{said}，数据不足以判断哪一组的效应更大（P(> 0) = {chance(one.p_positive)}）。"
        larger = first if one.positive else second
        sure = sureness(one.p_direction, language)
        return closed(f"{said}；{sure} {larger} 的效应更大（{stated(one.p_direction)}）。")
    said = f"{first} minus {second}{of}: {size}"
    if not one.decided:
        return (
            f"{said}; the data do not tell which effect is larger (P(> 0) = "
            f"{chance(one.p_positive)})."
        )
    larger = first if one.positive else second
    return (
        f"{said}; that the effect is larger in {larger} is {sureness(one.p_direction, language)} "
        f"({stated(one.p_direction)})."
    )


def growth(
    start: Posterior, end: Posterior, step: Posterior, last: int, language: Language, unit: str = ""
) -> str:
    """Say how the effect moves over event time.

    Parameters
    ----------
    start, end : Posterior
        Effects at event time 0 and at the last one.
    step : Posterior
        Of the second less the first.
    last : int
        The last event time.
    language : {"en", "zh"}
    unit : str, default ""

    Returns
    -------
    str
    """
    first, then = level(start, language, unit), level(end, language, unit)
    if language == "zh":
        said = f"政策实施当期的效应为 {first}，实施后第 {last} 期为 {then}。"
        if not step.decided:
            return (
                said
                + f"数据不足以判断效应随时间上升还是下降（P(上升) = {chance(step.p_positive)}）。"
            )
        way = "上升" if step.positive else "下降"
        return (
            said
            + f"效应{sureness(step.p_direction, language)}随时间{way}"
            + f"（{stated(step.p_direction)}）。"
        )
    said = f"The effect is {first} at adoption and {then} at event time {last}. "
    if not step.decided:
        return said + (
            f"Whether it moves up or down over event time the data do not tell (P(up) = "
            f"{chance(step.p_positive)})."
        )
    way = "upwards" if step.positive else "downwards"
    return (
        said
        + f"That it moves {way} is {sureness(step.p_direction, language)} "
        + f"({stated(step.p_direction)})."
    )


def indirect(
    one: Posterior, via: str, outcome: str, language: Language, unit: str = "", exposure: str = ""
) -> str:
    """Say what reaches the outcome through one mediator.

    Parameters
    ----------
    one : Posterior
    via, outcome : str
    language : {"en", "zh"}
    unit : str, default ""
    exposure : str, default ""
        What moves the mediator, where that is no policy.

    Returns
    -------
    str
    """
    size = level(one, language, unit)
    if language == "zh":
        subject = exposure or "政策"
        if not one.decided:
            return closed(
                f"经由 {via} 的间接效应为 {size}，数据不足以判断其方向"
                f"（P(> 0) = {chance(one.p_positive)}）。"
            )
        verb = "提高" if one.positive else "降低"
        sure = sureness(one.p_direction, language)
        return closed(
            f"{subject} {sure}经由 {via} {verb}了 {outcome}：间接效应为 {size}，{_directed(one)}。"
        )
    if not one.decided:
        return (
            f"Through {via}: {size}; the data do not tell its direction (P(> 0) = "
            f"{chance(one.p_positive)})."
        )
    what = "an increase" if one.positive else "a decrease"
    return (
        f"Through {via}: {size}; {what} of {outcome} on this path is "
        f"{sureness(one.p_direction, language)} ({stated(one.p_direction)})."
    )


def share(draws: xr.DataArray | None, prob: float, language: Language) -> str:
    """Say which share of the total effect is mediated, or why that is withheld.

    Parameters
    ----------
    draws : DataArray (chain, draw), or None
        None where the posterior of the total effect straddles zero.
    prob : float
    language : {"en", "zh"}

    Returns
    -------
    str
    """
    if draws is None:
        if language == "zh":
            return "总效应的后验分布跨越零，因此不报告中介效应占比。"
        return (
            "No proportion mediated is given: the posterior of the total effect straddles zero, "
            "and a share of nothing has no meaning."
        )
    one, held = posterior_of(draws, prob), percent(prob)
    if language == "zh":
        return (
            f"全部中介变量合计占总效应的 {one.mean:.0%}（{held} 可信区间 {one.lower:.0%} 至 "
            f"{one.upper:.0%}）。"
        ).replace("-", "−")
    return (
        f"All mediators together carry {one.mean:.0%} of the total effect ({held} interval "
        f"{one.lower:.0%} to {one.upper:.0%})."
    ).replace("-", "−")


def listed(items: Sequence[str], language: Language) -> str:
    """Join names as a sentence does.

    Parameters
    ----------
    items : sequence of str
    language : {"en", "zh"}

    Returns
    -------
    str
    """
    if language == "zh":
        return "、".join(items)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
