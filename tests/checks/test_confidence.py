"""Confidence is what the checks that count leave of a result, and rivals what they say of one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import confidence_of, labels, rivals_of

from bayes_nqp.checks import CHECKS, WEIGHED, CheckResult
from bayes_nqp.language import Message

CORE = ("support", "pretrends", "sensitivity")


def checks(**verdicts: str) -> list[CheckResult]:
    return [CheckResult(name, "?", verdict, "", "") for name, verdict in verdicts.items()]  # type: ignore[arg-type]


def core(**more: str) -> list[CheckResult]:
    return checks(**{**dict.fromkeys(CORE, "holds"), **more})


@pytest.mark.parametrize(
    ("results", "grade"),
    [
        ([], "not assessed"),
        (checks(support="holds", model_fit="in doubt"), "not assessed"),
        (checks(pretrends="not applicable", support="holds"), "not assessed"),
        (checks(support="fails"), "low"),
        (core(), "high"),
        (core(sensitivity="reported"), "high"),
        (core(sensitivity="not applicable"), "high"),
        (core(pretrends="not applicable", placebo_time="holds"), "medium"),
        (checks(support="holds", placebo_time="holds"), "low"),
        (core(support="not applicable"), "medium"),
        (checks(support="holds", placebo_space="holds", placebo_mixed="holds"), "not assessed"),
        (core(crowding_out="could not tell"), "medium"),
        (core(placebo_time="could not tell", anticipation="in doubt"), "medium"),
        (core(receivers="could not tell"), "high"),  # Not of what an average effect assumes.
        (core(influence="in doubt", leave_out="in doubt"), "medium"),
        (core(influence="in doubt", leave_out="in doubt", anticipation="in doubt"), "low"),
        (core(pretrends="fails"), "low"),
        (core(pretrends="fails", placebo_time="fails"), "low"),
        (core(pretrends="fails", placebo_time="fails", model_fit="fails"), "very low"),
        # What speaks to contrasts or channels alone, or describes, says nothing of an average.
        (core(time_effects="fails", confounding="fails", inconsistent="in doubt"), "high"),
    ],
)
def test_grades(results: list[CheckResult], grade: str) -> None:
    assert confidence_of(results).grade == grade
    if results:
        assert confidence_of(results, converged=False).grade == "very low"


# The rule: a line each. Of an average over assumptions, with and without checks of its trends.

FINE = {"support": "holds", "pretrends": "could not tell", "sensitivity": "could not tell"}


def grade(probability: float = 0.9, /, *, converged: bool = True, **verdicts: str) -> str:
    """Of a model average whose likeliest assumption has this probability."""
    asked = checks(**{**FINE, **verdicts})
    return confidence_of(asked, converged=converged, support=probability, averaged=True).grade


def test_very_low_without_convergence_or_with_three_failures() -> None:
    assert grade(converged=False) == "very low"
    three = dict.fromkeys(("support", "model_fit", "influence"), "fails")
    assert grade(**three) == "very low"
    assert grade(**three | {"influence": "holds"}) == "low"


def test_low_where_a_check_fails_or_much_is_missing() -> None:
    assert grade(influence="fails") == "low"
    assert grade(**dict.fromkeys(("influence", "leave_out", "model_fit"), "in doubt")) == "low"
    assert confidence_of(checks(crowding_out="holds"), averaged=True).unasked == ("support",)
    assert confidence_of(checks(crowding_out="holds"), averaged=True).grade == "low"
    assert grade(0.49) == "low"


def test_medium_where_something_is_open() -> None:
    assert grade(influence="in doubt") == "medium"
    assert grade(support="not applicable", influence="holds") == "medium"
    assert grade(crowding_out="could not tell") == "medium"
    assert grade(0.5) == grade(0.69) == "medium"


def test_high_where_nothing_is() -> None:
    assert grade(0.7) == "high"
    assert grade(influence="holds", crowding_out="holds") == "high"
    assert confidence_of(core()).grade == "high"


def test_not_assessed_where_no_check_answered() -> None:
    assert confidence_of([], support=0.9, averaged=True).grade == "not assessed"
    assert confidence_of(checks(model_fit="not applicable")).grade == "not assessed"
    assert confidence_of(checks(model_fit="fails")).grade == "low"


@pytest.mark.parametrize("name", sorted(WEIGHED))
def test_checks_of_parallel_trends_count_for_a_fit_and_not_for_an_average(name: str) -> None:
    failing = core(**{name: "fails"})
    assert confidence_of(failing).grade == "low"
    average = confidence_of(failing, support=0.9, averaged=True)
    assert average.grade == "high"
    assert name not in (*average.failed, *average.unanswered, *average.unasked)


def test_more_support_never_lowers_the_grade() -> None:
    order = ["very low", "low", "not assessed", "medium", "high"]
    for verdict in ("holds", "in doubt", "fails"):
        grades = [order.index(grade(p, influence=verdict)) for p in np.linspace(0.0, 1.0, 101)]
        assert grades == sorted(grades)


def test_a_failing_check_is_never_better_than_one_that_holds() -> None:
    order = ["very low", "low", "not assessed", "medium", "high"]
    rng = np.random.default_rng(4)
    channels = sorted(name for name, check in CHECKS.items() if check.of == "channels")
    names = [*CORE, "placebo_time", "influence", "model_fit", "time_effects", *channels]
    for _ in range(300):
        verdicts = dict(
            zip(names, rng.choice(["holds", "in doubt", "fails"], len(names)), strict=True)
        )
        name = str(rng.choice(names))
        for subject in ("average", "contrast", "channel"):
            grades = [
                order.index(confidence_of(checks(**{**verdicts, name: one}), subject).grade)  # type: ignore[arg-type]
                for one in ("fails", "in doubt", "holds")
            ]
            assert grades == sorted(grades)


def test_contrasts_and_channels_need_more() -> None:
    assert confidence_of(core(), "contrast").unasked == ("time_effects",)
    assert confidence_of(core(), "contrast").grade == "low"
    assert confidence_of(core(time_effects="fails"), "contrast").failed == ("time_effects",)
    assert confidence_of(core(), "channel").unasked == ("mediator_pretrends", "confounding")
    assert confidence_of(core(confounding="fails"), "channel").grade == "low"
    told = confidence_of(core(mediator_pretrends="holds", confounding="reported"), "channel")
    assert (told.grade, told.unanswered) == ("medium", ("confounding",))
    exposed = confidence_of(checks(support="holds", future_exposure="holds"), adopted=False)
    assert exposed.grade == "high"


def of_time(own: float, other: float, verdict: str = "holds") -> CheckResult:
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
    (forward,) = rivals_of([one], "region", "coastal", "inland")
    (backward,) = rivals_of([one], "region", "inland", "coastal")
    assert forward.p_positive == pytest.approx(0.84, abs=0.02)
    assert backward.p_positive == pytest.approx(1 - forward.p_positive)
    assert forward.choice == "time effects common to all"
    assert forward.choice.in_("zh") == "共同时间效应"
    assert not rivals_of([one], "market", "coastal", "inland")
    assert not rivals_of([one], "region", "coastal", "western")


@pytest.mark.parametrize(("verdict", "rivals"), [("fails", 1), ("in doubt", 1), ("holds", 0)])
def test_without_its_draws_a_doubt_is_of_every_pair(verdict: str, rivals: int) -> None:
    found = rivals_of(checks(time_effects=verdict), "region", "a", "b")
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
    one = CheckResult("sensitivity", "?", "reported", "", "", evidence, "sensitivity")
    forward = [x.p_positive for x in rivals_of([one], "region", "a", "b")]
    backward = [x.p_positive for x in rivals_of([one], "region", "b", "a")]
    assert forward == [above]
    assert backward == pytest.approx([1 - above])
    assert all(x.less_data for x in rivals_of([one], "region", "a", "b"))
    bounds = xr.Dataset({"original_lower": ("quantity", [0.1, 0.1])}, coords=evidence.coords)
    interval = CheckResult("sensitivity", "?", "reported", "", "", bounds, "sensitivity")
    assert not rivals_of([interval], "region", "a", "b")
    table = CheckResult("sensitivity", "?", "reported", "", "", pd.DataFrame(), "sensitivity")
    assert not rivals_of([table], "region", "a", "b")
