"""Whether levels of a column move apart, and what to fit where they do."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp

SAMPLER = nqp.Importance(draws=400, chains=2, seed=4)


def rows(behind: float, *, more: bool = True, whole: bool = False) -> pd.DataFrame:
    """Three regions of 30 units × 9 periods: the first loses something from the fifth on.

    Its units adopt more often than those of others, or as often, or all of them.
    """
    rng, out = np.random.default_rng(7), []
    for i in range(90):
        region = i % 3
        place = i // 3 % 10
        adopts = place < (10 if whole else 7 if more else 3) if region == 0 else place < 3
        cohort = (5.0, 7.0)[i % 2] if adopts else np.nan
        own, error = rng.normal(), rng.normal() * 0.5
        for t in range(9):
            y = own + error + 0.5 * (t >= cohort) - behind * (region == 0 and t >= 4)
            out.append((f"u{i}", t, cohort, "abc"[region], i / 7, y))
            error = 0.4 * error + rng.normal() * 0.46
    return pd.DataFrame(out, columns=["unit", "time", "cohort", "region", "size", "y"])


def fitted(frame: pd.DataFrame, **roles: object) -> nqp.Fit:
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", **roles
    )
    return nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_a_region_that_falls_behind_is_named_and_the_hint_helps() -> None:
    frame = rows(1.0)
    fit = fitted(frame)
    result = nqp.check(fit, "time_effects", progress=False)
    assert result.verdict == "failed"
    assert result.evidence["column"].to_numpy().tolist() == ["region"]
    assert float(result.evidence["log_bayes_factor"][0]) > 10
    np.testing.assert_allclose(result.evidence["adoption"][0], [0.3, 0.7])
    assert "30 % to 70 % of units are ever treated" in result.details
    hint = re.search(r"with (time=.*) in the design and 'region' among the strata", result.sentence)
    assert hint is not None
    time = eval(f"dict({hint.group(1)})", {"nqp": nqp})
    assert time == {"time": nqp.TimeEffects(["region"])}
    panel = nqp.Panel.from_frame(frame, **{**fit.panel.arguments, "strata": ["region"]})
    design = nqp.StaggeredDiD(nqp.PartialPooling([]), **time)
    again = nqp.fit(design, panel, SAMPLER, progress=False)
    cured = nqp.check(again, "time_effects", progress=False)
    assert cured.verdict == "passed"
    assert "reject time effects common to all" in cured.sentence
    far = [abs(float(nqp.att(x).mean()) - 0.5) for x in (fit, again)]
    assert far[1] < 0.2 < far[0]


@pytest.mark.parametrize(
    ("behind", "options", "verdict", "said"),
    [(0.0, {}, "passed", "no separate time effects"),
     (1.0, {"more": False}, "passed", "average effect moves by"),
     (1.0, {"whole": True}, "inconclusive", 'nqp.check(fit, "error_model")')],
    ids=["no region falls behind", "its units adopt as often", "all its units adopt"],
)  # fmt: skip
def test_what_moves_no_effect_fails_nothing(
    behind: float, options: dict[str, bool], verdict: str, said: str
) -> None:
    result = nqp.check(fitted(rows(behind, **options)), "time_effects", progress=False)
    assert result.verdict == verdict
    assert said in result.sentence


def test_measurements_and_units_are_no_levels() -> None:
    frame = rows(0.0).drop(columns="region").assign(each=lambda x: x["unit"] + "!")
    result = nqp.check(fitted(frame), "time_effects", progress=False)
    assert result.verdict == "not applicable"


@pytest.mark.slow
def test_who_ever_adopts_and_in_which_batch_are_no_levels() -> None:
    frame = rows(1.0)
    batch = frame["cohort"].map({5.0: "first", 7.0: "second"}).fillna("none")
    known = frame.assign(ever=frame["cohort"].notna().astype(int), batch=batch)
    results = [nqp.check(fitted(x), "time_effects", progress=False) for x in (frame, known)]
    assert results[1].evidence["column"].to_numpy().tolist() == ["region"]
    assert results[0].sentence == results[1].sentence


def test_a_unit_without_a_region_counts_by_itself() -> None:
    frame = rows(1.0)
    gap = frame.assign(region=frame["region"].astype(object).mask(frame["unit"] == "u21"))
    result = nqp.check(fitted(gap), "time_effects", progress=False)
    assert result.verdict == "failed"
    assert "1 unit without a value of region (u21)" in result.details


def test_other_models_that_the_data_refute_do_not_count() -> None:
    fit = fitted(rows(1.3), strata=["region"])
    result = nqp.check(fit, "specifications", progress=False)
    assert "Not counted because the data reject them: common time effects" in result.details
    counts = dict(
        zip(result.evidence["specification"].to_numpy(), result.evidence["counts"].to_numpy(),
            strict=True)
    )  # fmt: skip
    assert not counts["common time effects"]
    assert counts["time effects by region, pooled"]
