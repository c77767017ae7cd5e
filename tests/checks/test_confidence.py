"""Confidence is what the checks that count leave of a result, and rivals what they say of one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import alternative_contrasts_of, confidence_of, labels

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS, WEIGHED, CheckResult

CORE = ("identification", "pretrends", "trend_sensitivity")


def checks(**verdicts: str) -> list[CheckResult]:
    return [CheckResult(name, "?", verdict, "", "") for name, verdict in verdicts.items()]  # type: ignore[arg-type]


def core(**more: str) -> list[CheckResult]:
    return checks(**{**dict.fromkeys(CORE, "passed"), **more})


@pytest.mark.parametrize(
    ("results", "grade"),
    [
        ([], "not assessed"),
        (checks(identification="passed", model_fit="caution"), "not assessed"),
        (checks(pretrends="not applicable", identification="passed"), "not assessed"),
        (checks(identification="failed"), "low"),
        (core(), "high"),
        (core(trend_sensitivity="reported"), "high"),
        (core(trend_sensitivity="not applicable"), "high"),
        (core(pretrends="not applicable", placebo_time="passed"), "medium"),
        (checks(identification="passed", placebo_time="passed"), "low"),
        (core(identification="not applicable"), "medium"),
        (
            checks(identification="passed", placebo_space="passed", placebo_mixed="passed"),
            "not assessed",
        ),
        (core(displacement="inconclusive"), "medium"),
        (core(placebo_time="inconclusive", anticipation="caution"), "medium"),
        (
            core(spillover_heterogeneity="inconclusive"),
            "high",
        ),  # Not of what an average effect assumes.
        (core(influence="caution", leave_out="caution"), "medium"),
        (core(influence="caution", leave_out="caution", anticipation="caution"), "low"),
        (core(pretrends="failed"), "low"),
        (core(pretrends="failed", placebo_time="failed"), "low"),
        (core(pretrends="failed", placebo_time="failed", model_fit="failed"), "very low"),
        # What speaks to contrasts or channels alone, or describes, says nothing of an average.
        (
            core(time_effects="failed", mediation_sensitivity="failed", inconsistent="caution"),
            "high",
        ),
    ],
)
def test_grades(results: list[CheckResult], grade: str) -> None:
    assert confidence_of(results).grade == grade
    if results:
        assert confidence_of(results, converged=False).grade == "very low"


# The rule: a line each. Of an average over assumptions, with and without checks of its trends.

FINE = {
    "identification": "passed",
    "pretrends": "inconclusive",
    "trend_sensitivity": "inconclusive",
}


def grade(probability: float = 0.9, /, *, converged: bool = True, **verdicts: str) -> str:
    """Of a model average whose likeliest assumption has this probability."""
    asked = checks(**{**FINE, **verdicts})
    return confidence_of(asked, converged=converged, support=probability, averaged=True).grade


def test_very_low_without_convergence_or_with_three_failures() -> None:
    assert grade(converged=False) == "very low"
    three = dict.fromkeys(("identification", "model_fit", "influence"), "failed")
    assert grade(**three) == "very low"
    assert grade(**three | {"influence": "passed"}) == "low"


def test_low_where_a_check_fails_or_much_is_missing() -> None:
    assert grade(influence="failed") == "low"
    assert grade(**dict.fromkeys(("influence", "leave_out", "model_fit"), "caution")) == "low"
    for averaged in (False, True):
        few = confidence_of(checks(displacement="passed"), support=0.9, averaged=averaged)
        assert (few.grade, few.unasked) == ("low", CORE)
        few = confidence_of(checks(identification="passed"), support=0.9, averaged=averaged)
        assert few.unasked == CORE[1:]
        assert few.grade == ("low" if averaged else "not assessed")
    assert grade(0.49) == "low"


def test_medium_where_something_is_open() -> None:
    assert grade(influence="caution") == "medium"
    assert grade(identification="not applicable", influence="passed") == "medium"
    assert grade(displacement="inconclusive") == "medium"
    assert grade(0.5) == grade(0.69) == "medium"
    # Under Poisson() the check of the width of intervals is not applicable; model_fit has little
    # power against serial correlation of log rates and does not replace it.
    assert grade(error_model="not applicable", model_fit="not applicable") == "medium"
    assert grade(error_model="not applicable", model_fit="passed") == "medium"


def test_high_where_nothing_is() -> None:
    assert grade(0.7) == "high"
    assert grade(influence="passed", displacement="passed") == "high"
    assert confidence_of(core()).grade == "high"


def test_not_assessed_where_no_check_answered() -> None:
    assert confidence_of([], support=0.9, averaged=True).grade == "not assessed"
    assert confidence_of(checks(model_fit="not applicable")).grade == "not assessed"
    assert confidence_of(checks(model_fit="failed")).grade == "low"


@pytest.mark.parametrize("name", sorted(WEIGHED))
def test_checks_of_parallel_trends_count_for_a_fit_and_not_for_an_average(name: str) -> None:
    failing = core(**{name: "failed"})
    assert confidence_of(failing).grade == "low"
    average = confidence_of(failing, support=0.9, averaged=True)
    assert average.grade == "high"
    assert name not in (*average.failed, *average.unanswered, *average.unasked)


@pytest.mark.slow
def test_more_support_never_lowers_the_grade() -> None:
    order = ["very low", "low", "not assessed", "medium", "high"]
    for verdict in ("passed", "caution", "failed"):
        grades = [order.index(grade(p, influence=verdict)) for p in np.linspace(0.0, 1.0, 101)]
        assert grades == sorted(grades)


@pytest.mark.slow
def test_a_failing_check_is_never_better_than_one_that_holds() -> None:
    order = ["very low", "low", "not assessed", "medium", "high"]
    rng = np.random.default_rng(4)
    channels = sorted(name for name, check in CHECKS.items() if check.of == "channels")
    names = [*CORE, "placebo_time", "influence", "model_fit", "time_effects", *channels]
    for _ in range(300):
        verdicts = dict(
            zip(names, rng.choice(["passed", "caution", "failed"], len(names)), strict=True)
        )
        name = str(rng.choice(names))
        for subject in ("average", "contrast", "channel"):
            grades = [
                order.index(confidence_of(checks(**{**verdicts, name: one}), subject).grade)  # type: ignore[arg-type]
                for one in ("failed", "caution", "passed")
            ]
            assert grades == sorted(grades)


def test_contrasts_and_channels_need_more() -> None:
    assert confidence_of(core(), "contrast").unasked == ("time_effects",)
    assert confidence_of(core(), "contrast").grade == "low"
    assert confidence_of(core(time_effects="failed"), "contrast").failed == ("time_effects",)
    assert confidence_of(core(), "channel").unasked == (
        "mediator_pretrends",
        "mediation_sensitivity",
    )
    assert confidence_of(core(mediation_sensitivity="failed"), "channel").grade == "low"
    told = confidence_of(
        core(mediator_pretrends="passed", mediation_sensitivity="reported"), "channel"
    )
    assert (told.grade, told.unanswered) == ("medium", ("mediation_sensitivity",))
    exposed = confidence_of(
        checks(identification="passed", future_exposure="passed"), adopted=False
    )
    assert exposed.grade == "high"


def of_time(own: float, other: float, verdict: str = "passed") -> CheckResult:
    """The check of time effects, with one difference between two regions."""
    draws = np.random.default_rng(5).normal(size=(4, 500))
    evidence = xr.Dataset(
        {
            "contrast": (
                ("chain", "draw", "specification", "pair"),
                np.stack([own + draws, other + draws], axis=-1)[..., None],
            )
        },
        attrs=labels([Message("by {}", "region"), Message("common to all")]),
        coords={
            "specification": ["by region", "common to all"],
            "factor": ("pair", ["region"]),
            "level": ("pair", ["coastal"]),
            "minus": ("pair", ["inland"]),
        },
    )
    return CheckResult("time_effects", "?", verdict, "", "", evidence, "comparison")  # type: ignore[arg-type]


def test_a_rival_speaks_of_its_own_pair_in_either_order() -> None:
    one = of_time(3.0, 1.0)
    (forward,) = alternative_contrasts_of([one], "region", "coastal", "inland")
    (backward,) = alternative_contrasts_of([one], "region", "inland", "coastal")
    assert forward.p_positive == pytest.approx(0.84, abs=0.02)
    assert backward.p_positive == pytest.approx(1 - forward.p_positive)
    assert forward.choice == "time effects common to all"
    assert forward.choice.in_("zh") == "共同时间效应"
    assert not alternative_contrasts_of([one], "market", "coastal", "inland")
    assert not alternative_contrasts_of([one], "region", "coastal", "western")


@pytest.mark.parametrize(("verdict", "rivals"), [("failed", 1), ("caution", 1), ("passed", 0)])
def test_without_its_draws_a_doubt_is_of_every_pair(verdict: str, rivals: int) -> None:
    found = alternative_contrasts_of(checks(time_effects=verdict), "region", "a", "b")
    assert [rival.p_positive for rival in found] == [0.5] * rivals


@pytest.mark.parametrize("above", [0.001, 0.2, 0.93, 0.98])
def test_the_lead_fit_gives_its_own_probability(above: float) -> None:
    evidence = xr.Dataset(
        {"original_probability": ("quantity", [0.9, above])},
        coords={
            "label": ("quantity", ["overall", "a − b"]),
            "factor": ("quantity", ["", "region"]),
            "kind": ("quantity", ["overall", "difference"]),
        },
    )
    one = CheckResult("trend_sensitivity", "?", "reported", "", "", evidence, "trend_sensitivity")
    forward = [x.p_positive for x in alternative_contrasts_of([one], "region", "a", "b")]
    backward = [x.p_positive for x in alternative_contrasts_of([one], "region", "b", "a")]
    assert forward == [above]
    assert backward == pytest.approx([1 - above])
    assert all(x.less_data for x in alternative_contrasts_of([one], "region", "a", "b"))
    bounds = xr.Dataset({"original_lower": ("quantity", [0.1, 0.1])}, coords=evidence.coords)
    interval = CheckResult(
        "trend_sensitivity", "?", "reported", "", "", bounds, "trend_sensitivity"
    )
    assert not alternative_contrasts_of([interval], "region", "a", "b")
    table = CheckResult(
        "trend_sensitivity", "?", "reported", "", "", pd.DataFrame(), "trend_sensitivity"
    )
    assert not alternative_contrasts_of([table], "region", "a", "b")
