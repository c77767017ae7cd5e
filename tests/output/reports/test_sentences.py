"""Sentences agree with the posterior in direction, size and strength, over a grid of cases."""

from __future__ import annotations

import re
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
import xarray as xr
from doors import (
    AlternativeContrast,
    Posterior,
    change,
    comparison,
    composition,
    figures,
    growth,
    indirect,
    no_growth,
    posterior_of,
    share,
)

from bayes_nqp._core.i18n import NOTHING, Message

Z = (-4.0, -2.6, -2.0, -1.5, -1.0, -0.3, 0.0, 0.3, 1.0, 1.5, 2.0, 2.6, 4.0)
SCALES = (1e-4, 0.03, 1.0, 2500.0)
UP = {"en": ("raised",), "zh": ("提高",)}
DOWN = {"en": ("lowered",), "zh": ("降低",)}
WORDS = {
    "en": ("virtually certain", "extremely likely", "very likely"),
    "zh": ("几乎可以肯定", "极有可能", "很可能"),
}
IF = {"en": "assumptions hold", "zh": "假定成立"}
GRADE = {"en": "confidence", "zh": "可信度"}


def posterior(z: float, sd: float, named: bool | None = None) -> Posterior:
    """A normal posterior whose mean is z posterior sds."""
    normal = NormalDist(z * sd, sd)
    low, high = normal.inv_cdf(0.025), normal.inv_cdf(0.975)
    return Posterior(z * sd, sd, low, high, 1 - normal.cdf(0), 0.95, named)


def sides(first: float = 1.0, second: float = 1.0) -> tuple[tuple[str, Posterior], ...]:
    """Two groups, with their effects."""
    return ("inland", posterior(first, 0.1)), ("coastal", posterior(second, 0.1))


def graded(text: str, language: str) -> bool:
    """Whether a sentence repeats the condition or the grade, which stand once in the report."""
    return IF[language] in text or GRADE[language] in text


def numbers(text: str) -> list[float]:
    found = re.findall(r"[−]?\d[\d,]*\.?\d*", text)
    return [float(x.replace("−", "-").replace(",", "")) for x in found]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("z", "sd"), list(product(Z, SCALES)))
def test_change_claims_the_direction_that_the_posterior_has(
    z: float, sd: float, language: str
) -> None:
    one = posterior(z, sd)
    text = change(one, "exports", language)  # type: ignore[arg-type]
    up = any(word in text for word in UP[language])
    down = any(word in text for word in DOWN[language])
    sure = [word for word in WORDS[language] if word in text]
    p = NormalDist().cdf(abs(z))
    if p < 0.9:
        assert not sure
        assert ("do not determine" in text) if language == "en" else ("不足以判断" in text)
    else:
        assert (up, down) == (z > 0, z < 0)
        level = 0 if p >= 0.99 else 1 if p >= 0.95 else 2
        assert sure == [WORDS[language][level]]
    assert not graded(text, language)
    assert any(abs(x - z * sd) <= 0.06 * sd for x in numbers(text))
    assert any(abs(x - one.lower) <= 0.06 * sd for x in numbers(text))
    assert any(abs(x - one.upper) <= 0.06 * sd for x in numbers(text))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("whom", ["", "inland"])
def test_an_exposure_is_no_policy(whom: str, language: str) -> None:
    for z in Z:
        one = posterior(z, 0.1)
        text = change(  # type: ignore[call-overload]
            one, "exports", language, "", whom, "trade", "10 of trade"
        )
        assert "policy" not in text
        assert "政策" not in text
        assert "trade" in text
        assert "10 of trade" in text
        assert whom in text
        assert text[0].isupper() or language == "zh"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("z", Z)
def test_comparison_names_the_larger_group(z: float, language: str) -> None:
    text = comparison(posterior(z, 0.1), sides(), "exports", language)  # type: ignore[arg-type]
    if NormalDist().cdf(abs(z)) < 0.9:
        assert not any(word in text for word in WORDS[language])
        assert ("which effect is larger" if language == "en" else "哪一组的效应更大") in text
    else:
        order = ("inland", "coastal") if z > 0 else ("coastal", "inland")
        said = "the effect is larger in {} than in {}" if language == "en" else "{} 的效应大于 {}"
        assert said.format(*order) in text
    assert not graded(text, language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("z", [-2.6, 0.3, 2.6])
def test_of_two_negative_effects_one_lowered_more(z: float, language: str) -> None:
    both = sides(-3.0, -5.0)
    text = comparison(posterior(z, 0.1), both, "exports", language)  # type: ignore[arg-type]
    assert "larger" not in text
    assert "更大" not in text
    if abs(z) < 1:
        said = "where the policy lowered exports more" if language == "en" else "使 exports 降低"
        assert said in text
        return
    # A difference above zero: the effect in the second group is the more negative one.
    order = ("coastal", "inland") if z > 0 else ("inland", "coastal")
    said = (
        "lowered exports more in {} than in {}" if language == "en" else "在 {} 降低得比在 {} 更多"
    )
    assert said.format(*order) in text
    other = comparison(  # type: ignore[call-overload]
        posterior(z, 0.1), both, "exports", language, "", "", "trade"
    )
    assert "policy" not in other
    assert "trade" in other


@pytest.mark.parametrize("named", [True, False])
def test_what_is_not_named_with_the_others_is_not_claimed(named: bool) -> None:
    one, ends = posterior(2.6, 0.1, named), (posterior(1.0, 0.1), posterior(1.26, 0.1))
    said = (
        change(one, "exports", "en", "", "inland"),
        comparison(one, sides(), "exports", "en"),  # type: ignore[arg-type]
        indirect(one, "digital", "exports", "en"),
        growth(ends, one, 5, ["2006"], 14, "en"),
    )
    for text in said:
        assert ("virtually certain" in text) == named
        assert ("do not determine" in text) == (not named)
        assert not graded(text, "en")


CHOICE = Message("time effects {}", Message("common to all"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("z", [-4.0, -1.5, 1.5, 4.0])
@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.85, 0.91, 0.96, 0.9995])
def test_a_comparison_is_as_likely_as_under_the_other_choice(
    z: float, p: float, language: str
) -> None:
    one, rival = (
        posterior(z, 0.1),
        AlternativeContrast("time_effects", CHOICE, p if z > 0 else 1 - p),
    )
    text = comparison(  # type: ignore[call-overload]
        one, sides(), "exports", language, rivals=[rival]
    )
    sure = [word for word in WORDS[language] if word in text]
    least = min(p, NormalDist().cdf(abs(z)))
    if least < 0.9:
        assert not sure
        assert ("do not determine" if language == "en" else "不足以判断") in text
    else:
        assert sure == [WORDS[language][0 if least >= 0.99 else 1 if least >= 0.95 else 2]]
    if least == p:
        assert str(CHOICE if language == "en" else CHOICE.in_("zh")) in text


@pytest.mark.parametrize(
    ("rival", "why"),
    [
        (
            AlternativeContrast("time_effects", NOTHING, 0.5),
            "the result depends on the choice of time effects",
        ),
        (
            AlternativeContrast(
                "trend_sensitivity", Message("another reference"), 0.65, less_data=True
            ),
            "P(> 0) = 0.650 with another reference",
        ),
    ],
)
def test_a_contradicted_comparison_says_by_what(rival: AlternativeContrast, why: str) -> None:
    text = comparison(posterior(4, 0.1), sides(), "exports", "en", rivals=[rival])  # type: ignore[arg-type]
    assert "The data do not determine which effect is larger" in text
    assert why in text
    assert "P(> 0) > 0.999" in text


@pytest.mark.parametrize(("language", "word"), [("en", "It is likely that"), ("zh", "较有可能")])
def test_a_less_precise_choice_weakens_the_word_and_keeps_the_direction(
    language: str, word: str
) -> None:
    leads = AlternativeContrast(
        "trend_sensitivity", Message("another reference"), 0.7, less_data=True
    )
    text = comparison(  # type: ignore[call-overload]
        posterior(4, 0.1), sides(), "exports", language, rivals=[leads]
    )
    assert word in text
    assert "P > 0.999" in text
    assert "P = 0.700" in text
    exact = AlternativeContrast("time_effects", CHOICE, 0.7)
    both = comparison(  # type: ignore[call-overload]
        posterior(4, 0.1), sides(), "exports", language, rivals=[leads, exact]
    )
    assert word not in both


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("z", Z)
def test_indirect_effects_are_claimed_as_surely_as_they_are(z: float, language: str) -> None:
    text = indirect(posterior(z, 0.1), "digital", "exports", language)  # type: ignore[arg-type]
    claimed = any(word in text for word in WORDS[language])
    assert claimed == (NormalDist().cdf(abs(z)) >= 0.9)
    if claimed:
        up = "raised" in text if language == "en" else "提高" in text
        assert up == (z > 0)
    assert not graded(text, language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("z", Z)
def test_growth_says_which_way_and_of_whom(z: float, language: str) -> None:
    ends, step = (posterior(1.0, 0.1), posterior(1.0 + z, 0.1)), posterior(z, 0.1)
    text = growth(ends, step, 5, ["2006", "2007"], 14, language)  # type: ignore[arg-type]
    sure = NormalDist().cdf(abs(z)) >= 0.9
    ways = ("upwards", "downwards") if language == "en" else ("上升", "下降")
    claims = [way in text and any(word in text for word in WORDS[language]) for way in ways]
    assert claims == [sure and z > 0, sure and z < 0]
    assert not graded(text, language)
    assert all(part in text for part in ("14", "2006", "2007", "5"))


def test_many_cohorts_are_counted_and_one_is_named() -> None:
    ends, step = (posterior(1.0, 0.1), posterior(1.0, 0.1)), posterior(0.0, 0.1)
    many = [str(year) for year in range(2000, 2009)]
    assert "(9 cohorts, 2000 to 2008)" in growth(ends, step, 5, many, 14, "en")
    assert "（9 个批次，2000 至 2008）" in growth(ends, step, 5, many, 14, "zh")
    assert "(cohort 2000)" in growth(ends, step, 5, many[:1], 14, "en")


def test_what_is_not_compared_is_said() -> None:
    assert "fewer than 5 units" in no_growth(5, "en")
    assert "不足 5 个" in no_growth(5, "zh")
    assert "(21 at event time 0, 1 at event time 5)" in composition([(0, 21), (5, 1)], "en")
    assert "第 0 期 21 个，第 5 期 1 个" in composition([(0, 21), (5, 1)], "zh")


def test_posterior_of_draws() -> None:
    values = np.random.default_rng(3).normal(2.0, 1.0, (4, 500))
    one = posterior_of(xr.DataArray(values, dims=("chain", "draw")), 0.9)
    assert one.mean == pytest.approx(values.mean())
    assert one.sd == pytest.approx(values.std(ddof=1))
    assert (one.lower, one.upper) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
    assert one.p_positive == pytest.approx((values > 0).mean())


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [
        (0.06704, 0.0123, "0.067"),
        (-0.06704, 0.0123, "−0.067"),
        (12345.678, 321.0, "12,346"),
        (-0.00001, 0.02, "0.000"),
        (1.5e-6, 2.0e-7, "0.00000150"),
        (0.5, float("nan"), "0.500"),
    ],
)
def test_decimals_follow_the_posterior_sd(value: float, sd: float, text: str) -> None:
    assert figures(value, sd) == text


def test_a_withheld_share_is_explained() -> None:
    assert "includes zero" in share(None, 0.95, "en")
    assert "包含零" in share(None, 0.95, "zh")
    draws = xr.DataArray(np.full((4, 100), 0.4), dims=("chain", "draw"))
    assert "40 %" in share(draws, 0.95, "en")
    open_ = share(draws - 0.4, 0.95, "en")
    assert "The data do not determine the share" in open_
    assert "account for 0 %" not in open_


@pytest.mark.parametrize(
    ("z", "why"),
    [
        (1.0, {"en": "", "zh": ""}),
        (1.8, {"en": "but the interval includes zero", "zh": "但区间包含零"}),
        (
            2.6,
            {
                "en": "but not credible jointly with the others",
                "zh": "但与其他各项联合判断时不足以确定方向",
            },
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_high_probability_that_claims_nothing_says_why(
    z: float, why: dict[str, str], language: str
) -> None:
    one = posterior(z, 0.1, named=False)
    for text in (
        comparison(one, sides(), "exports", language),  # type: ignore[arg-type]
        change(one, "exports", language, whom="inland"),  # type: ignore[arg-type]
    ):
        assert why[language] in text
        assert ("but " in text or "，但" in text) == bool(why[language])
        assert not any(word in text for word in WORDS[language])
