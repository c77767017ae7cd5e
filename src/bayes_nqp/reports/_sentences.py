"""Plain sentences about posteriors: right in direction and in strength, in two languages.

How sure a sentence sounds depends on the posterior probability of the direction alone, in the
calibrated words of the IPCC (Mastrandrea et al. 2010).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._said import closed
from bayes_nqp.tables._words import percent

__all__ = [
    "Posterior",
    "change",
    "comparison",
    "figures",
    "level",
    "posterior_of",
    "ranking",
    "share",
    "sureness",
]

Array = npt.NDArray[np.float64]
type Language = Literal["en", "zh"]

UNDECIDED = 0.9
"""Below this probability of a direction, none is claimed."""

_SURENESS: tuple[tuple[float, str, str], ...] = (
    (0.99, "virtually certain", "几乎确定"),
    (0.95, "extremely likely", "极有可能"),
    (UNDECIDED, "very likely", "很可能"),
)


@dataclass(frozen=True, slots=True)
class Posterior:
    """A posterior in the numbers that a sentence needs.

    Parameters
    ----------
    mean, sd, lower, upper : float
        The interval is equal-tailed.
    p_positive : float
        Posterior probability of a value above zero.
    prob : float
        Of the interval.
    """

    mean: float
    sd: float
    lower: float
    upper: float
    p_positive: float
    prob: float

    @property
    def p_direction(self) -> float:
        """Posterior probability of the likelier sign."""
        return max(self.p_positive, 1 - self.p_positive)

    @property
    def positive(self) -> bool:
        """Whether a value above zero is the likelier."""
        return self.p_positive >= 0.5

    @property
    def decided(self) -> bool:
        """Whether the posterior says enough to claim a direction."""
        return self.p_direction >= UNDECIDED


def posterior_of(draws: xr.DataArray, prob: float) -> Posterior:
    """Summarise the draws of one number.

    Parameters
    ----------
    draws : DataArray (chain, draw)
    prob : float

    Returns
    -------
    Posterior
    """
    values: Array = draws.transpose(*v.SAMPLE_DIMS).to_numpy().astype(np.float64).ravel()
    tail = (1 - prob) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return Posterior(
        float(values.mean()),
        float(values.std(ddof=1)),
        float(lower),
        float(upper),
        float((values > 0).mean()),
        prob,
    )


def sureness(p_direction: float, language: Language) -> str:
    """Put the probability of a direction into words.

    Parameters
    ----------
    p_direction : float
        At least one half.
    language : {"en", "zh"}

    Returns
    -------
    str
        Empty below .9, where no direction is claimed.
    """
    for least, english, chinese in _SURENESS:
        if p_direction >= least:
            return english if language == "en" else chinese
    return ""


def figures(value: float, sd: float) -> str:
    """Write a number with as many decimals as its posterior sd makes sense of.

    Parameters
    ----------
    value, sd : float

    Returns
    -------
    str
    """
    decimals = 3 if not (math.isfinite(sd) and sd > 0) else 1 - math.floor(math.log10(sd))
    text = f"{value:,.{min(max(decimals, 0), 10)}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def chance(p: float) -> str:
    """Write a probability; none that draws estimate is exactly 0 or 1.

    Parameters
    ----------
    p : float

    Returns
    -------
    str
    """
    return "> .999" if p > 0.999 else "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def stated(p: float) -> str:
    """State a probability as a sentence in brackets does: P = .982, or P > .999.

    Parameters
    ----------
    p : float

    Returns
    -------
    str
    """
    written = chance(p)
    return f"P {written}" if written[0] in "<>" else f"P = {written}"


def level(one: Posterior, language: Language, unit: str = "") -> str:
    """Write mean and interval.

    Parameters
    ----------
    one : Posterior
    language : {"en", "zh"}
    unit : str, default ""
        Of the outcome.

    Returns
    -------
    str
    """
    mean, lower, upper = (figures(x, one.sd) for x in (one.mean, one.lower, one.upper))
    of = f" {unit}" if unit else ""
    if language == "zh":
        return f"{mean}{of}（{percent(one.prob)} 可信区间 {lower} 至 {upper}）"
    return f"{mean}{of} ({percent(one.prob)} interval {lower} to {upper})"


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


def ranking(chances: Mapping[str, float], language: Language) -> str:
    """Say which of several effects is the largest.

    Parameters
    ----------
    chances : mapping of str to float
        Posterior probability of each to be the largest.
    language : {"en", "zh"}

    Returns
    -------
    str
    """
    best = max(chances, key=lambda name: chances[name])
    p = chances[best]
    if language == "zh":
        if p < UNDECIDED:
            return closed(f"{best} 的效应最大的后验概率最高，但仅为 {chance(p)}：排序尚不明确。")
        return closed(f"{best} 的效应最大（{stated(p)}）。")
    if p < UNDECIDED:
        return (
            f"{best} is the likeliest to have the largest effect, with a posterior probability of "
            f"no more than {chance(p)}: the order is open."
        )
    return f"The effect is largest in {best} ({stated(p)})."


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
