"""Plain sentences about posteriors: right in direction and in strength, in two languages.

A likelihood never stands alone: it is said to rest on the assumptions, and the confidence that
the checks leave in these stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import xarray as xr

from bayes_nqp.checks._rivals import Rival
from bayes_nqp.language import Translator, closed
from bayes_nqp.reports._posterior import (
    UNDECIDED,
    Language,
    Posterior,
    chance,
    level,
    posterior_of,
    stated,
    sureness,
)
from bayes_nqp.tables._words import percent

__all__ = ["change", "comparison", "indirect", "listed", "share"]


def change(
    one: Posterior,
    outcome: str,
    language: Language,
    unit: str = "",
    whom: str = "",
    exposure: str = "",
    per: str = "",
    *,
    confidence: Callable[[], str],
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
    confidence : callable
        Words what the checks leave of it; asked only where a likelihood is given.

    Returns
    -------
    str
        One sentence or two.
    """
    size = level(one, language, unit)
    sure = sureness(one.p_direction, language)
    if language == "zh":
        subject = exposure or "政策"
        place = f"对 {whom} 而言，" if whom else ""
        average = f"每增加 {per}的平均效应" if exposure else "平均效应"
        if not one.decided:
            return closed(
                f"{place}数据不足以判断 {subject} 是提高还是降低了 {outcome}：{average}为 {size}，"
                f"P(> 0) = {chance(one.p_positive)}。"
            )
        verb = "提高" if one.positive else "降低"
        return closed(
            f"{place}若各项假定成立，{subject} {sure}{verb}了 {outcome}"
            f"（{stated(one.p_direction)}）；{confidence()}。{average}为 {size}。"
        )
    if exposure:
        size = f"{size} per {per}"
    subject = f"more {exposure}" if exposure else "the policy"
    place = f"For {whom}, " if whom else ""
    if not one.decided:
        the = "the" if whom else "The"
        return (
            f"{place}{the} data do not tell whether {subject} raised or lowered {outcome}: the "
            f"average effect is {size}, P(> 0) = {chance(one.p_positive)}."
        )
    verb = "raised" if one.positive else "lowered"
    if_ = "if" if whom else "If"
    return (
        f"{place}{if_} the assumptions hold, it is {sure} that {subject} {verb} {outcome} "
        f"({stated(one.p_direction)}); {confidence()}. The average effect is {size}."
    )


def comparison(
    one: Posterior,
    first: str,
    second: str,
    language: Language,
    unit: str = "",
    factor: str = "",
    *,
    confidence: Callable[[], str],
    rivals: Sequence[Rival] = (),
) -> str:
    """Say in which of two groups the effect is larger.

    It is as likely as in the posterior or under the rival choice that makes it least likely; where
    one of these would claim nothing, or the contrary, nothing is claimed.

    Parameters
    ----------
    one : Posterior
        Of the effect in the first less that in the second.
    first, second : str
    language : {"en", "zh"}
    unit : str, default ""
    factor : str, default ""
        Whose levels they are.
    confidence : callable
        Words what the checks leave of it; asked only where a likelihood is given.
    rivals : sequence of Rival, default ()
        What other choices say of the same difference.

    Returns
    -------
    str
    """
    size = level(one, language, unit)
    of = f" ({factor})" if factor and language == "en" else f"（{factor}）" if factor else ""
    said = f"{first} minus {second}{of}: {size}"
    if language == "zh":
        said = closed(f"{first} 与 {second} {of} 的效应之差为 {size}")
    if not one.decided:
        if language == "zh":
            return f"{said}，数据不足以判断哪一组的效应更大（P(> 0) = {chance(one.p_positive)}）。"
        return (
            f"{said}; the data do not tell which effect is larger (P(> 0) = "
            f"{chance(one.p_positive)})."
        )
    least = min(rivals, key=lambda rival: _agreeing(rival, one), default=None)
    if least is not None and _agreeing(least, one) < UNDECIDED:
        return _open(said, least, one, language)
    p = one.p_direction if least is None else min(one.p_direction, _agreeing(least, one))
    sure, larger = sureness(p, language), first if one.positive else second
    grounds = _grounds(one, least, p, language)
    if language == "zh":
        return closed(
            f"{said}。若各项假定成立，{sure} {larger} 的效应更大（{grounds}）；{confidence()}。"
        )
    return (
        f"{said}. If the assumptions hold, it is {sure} that the effect is larger in {larger} "
        f"({grounds}); {confidence()}."
    )


def _agreeing(rival: Rival, one: Posterior) -> float:
    """Probability that a rival choice gives to the sign of a posterior."""
    return rival.p_positive if one.positive else 1 - rival.p_positive


def _grounds(one: Posterior, rival: Rival | None, p: float, language: Language) -> str:
    own = stated(one.p_direction)
    if rival is None or p == one.p_direction or rival.check != "time_effects":
        return own
    choice = Translator(language).name(rival.choice)
    return (
        f"{own}；采用{choice}时 {stated(p)}"
        if language == "zh"
        else f"{own}; {stated(p)} with {choice}"
    )


def _open(said: str, rival: Rival, one: Posterior, language: Language) -> str:
    """Claim no direction where another choice would claim none, or the contrary."""
    own, zh = stated(one.p_positive, "P(> 0)"), language == "zh"
    choice = Translator(language).name(rival.choice)
    if not rival.choice:
        why = "更换时间效应的检验对此存疑" if zh else "the check of time effects leaves it open"
    elif rival.check == "sensitivity":
        why = f"{choice}时其符号相反" if zh else f"with {choice} it has the other sign"
    else:
        other = stated(rival.p_positive, "P(> 0)")
        why = f"采用{choice}时 {other}" if zh else f"{other} with {choice}"
    if zh:
        return closed(f"{said}（{own}）。哪一组的效应更大尚无定论：{why}。")
    return f"{said} ({own}). Which effect is larger stays open: {why}."


def indirect(
    one: Posterior,
    via: str,
    outcome: str,
    language: Language,
    unit: str = "",
    exposure: str = "",
    *,
    confidence: Callable[[], str],
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
    confidence : callable
        Words what the checks leave of it; asked only where a likelihood is given.

    Returns
    -------
    str
    """
    size = level(one, language, unit)
    sure = sureness(one.p_direction, language)
    if language == "zh":
        subject = exposure or "政策"
        if not one.decided:
            return closed(
                f"经由 {via} 的间接效应为 {size}，数据不足以判断其方向"
                f"（P(> 0) = {chance(one.p_positive)}）。"
            )
        verb = "提高" if one.positive else "降低"
        return closed(
            f"经由 {via} 的间接效应为 {size}。若各项假定成立，{subject} {sure}经由 {via} "
            f"{verb}了 {outcome}（{stated(one.p_direction)}）；{confidence()}。"
        )
    if not one.decided:
        return (
            f"Through {via}: {size}; the data do not tell its direction (P(> 0) = "
            f"{chance(one.p_positive)})."
        )
    verb = "raised" if one.positive else "lowered"
    subject = f"more {exposure}" if exposure else "the policy"
    return (
        f"Through {via}: {size}. If the assumptions hold, it is {sure} that {subject} {verb} "
        f"{outcome} on this path ({stated(one.p_direction)}); {confidence()}."
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
