"""Rows of the robustness table: each is the specification that it names, and is one file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model import average_influences
from bayes_nqp.checks.shared import ROBUSTNESS_ROWS, Requested, robustness_row, some_rows
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=300, chains=2, seed=4)
KEYS = ["unit", "time"]


def panel_of(first: int = 2013, **changes: Any) -> nqp.Panel:
    """Forty cities in eight provinces and five industries, with two controls and coordinates."""
    made = staggered(units=40, periods=9, cohorts=(4, 6), strata={}, seed=3, missing=0.03).panel
    rng, unit, time = np.random.default_rng(1), made.unit_codes, made.time_codes
    start = np.where(made.cohort_codes >= 0, made.cohort_codes + float(first), np.nan)
    frame = made.frame.assign(
        time=time + first, cohort=start[unit], x=rng.normal(size=made.n_rows),
        rare=(rng.random(made.n_rows) < 0.02).astype(float),
        province=np.char.add("p", (unit % 8).astype(str)),
        industry=np.char.add("i", (unit // 8).astype(str)),
        region=np.array(["east", "west"])[(unit >= 20).astype(int)], one="same",
        area=np.array(["a", "b", "c"])[unit % 3],
        longitude=rng.uniform(100, 110, 40)[unit], latitude=rng.uniform(25, 35, 40)[unit],
    ).assign(**changes)  # fmt: skip
    return nqp.Panel.from_frame(frame, **{**made.arguments, "covariates": ["x", "rare"]})


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(nqp.StaggeredDiD(), panel_of(), SAMPLER, progress=False)


def made(fit: nqp.Fit, row: str, **requested: Any) -> dict[str, Any]:
    """What the specifications of a row are, by label."""
    found = ROBUSTNESS_ROWS[row].specifications(fit, Requested(**requested))
    return {str(label): task() for label, task in found}


def controls(task: Any) -> pd.DataFrame:
    """The controls of a specification, by unit and period."""
    design, panel = task
    names = design.facts.covariates_of(panel)
    return panel.frame.set_index(KEYS)[list(names)].set_axis(["x", "rare"], axis=1)


@pytest.mark.slow
def test_controls_are_lagged_within_units(fit: nqp.Fit) -> None:
    frame = fit.panel.frame.assign(time=fit.panel.frame["time"] + 1)
    earlier = frame.set_index(KEYS)[["x", "rare"]]
    (task,) = made(fit, "controls_lagged").values()
    lagged = controls(task)
    known = fit.panel.frame.set_index(KEYS).index.intersection(earlier.index)
    pd.testing.assert_frame_equal(lagged.sort_index(), earlier.loc[known].sort_index())
    assert task[1].time_labels[0] == 2014


@pytest.mark.slow
def test_controls_are_winsorised_and_rare_dummies_are_not(fit: nqp.Fit) -> None:
    frame = fit.panel.frame.set_index(KEYS)
    for tail, task in zip((0.01, 0.05), made(fit, "controls_winsorised").values(), strict=True):
        low, high = frame["x"].quantile([tail, 1 - tail])
        expected = frame[["x", "rare"]].assign(x=frame["x"].clip(low, high))
        pd.testing.assert_frame_equal(controls(task).sort_index(), expected.sort_index())


@pytest.mark.slow
def test_baseline_controls_are_means_before_the_first_adoption_times_time(fit: nqp.Fit) -> None:
    frame = fit.panel.frame
    first = frame["cohort"].min()
    means = frame[frame["time"] < first].groupby("unit")[["x", "rare"]].mean()
    (task,) = made(fit, "controls_baseline").values()
    ours = controls(task)
    period = ours.index.get_level_values("time").to_numpy() - 2017.0
    by_hand = (means - means.mean()).loc[ours.index.get_level_values("unit")].to_numpy()
    np.testing.assert_allclose(ours.to_numpy(), by_hand * period[:, None], atol=1e-12)


@pytest.mark.slow
def test_extreme_outcomes_are_left_out(fit: nqp.Fit) -> None:
    outcome = fit.panel.outcome
    for tail, (_, panel) in zip((0.01, 0.05), made(fit, "truncated").values(), strict=True):
        low, high = np.quantile(outcome, [tail, 1 - tail])
        kept = outcome[(outcome >= low) & (outcome <= high)]
        np.testing.assert_array_equal(np.sort(panel.outcome), np.sort(kept))


@pytest.mark.slow
def test_adoption_counts_from_the_next_period_without_the_first(fit: nqp.Fit) -> None:
    (task,) = made(fit, "next_period").values()
    moved, frame = task[1].frame, fit.panel.frame
    assert set(moved["cohort"].dropna()) == {x + 1 for x in frame["cohort"].dropna()}
    pd.testing.assert_series_equal(
        moved.set_index(KEYS)["outcome"].sort_index(),
        frame[frame["time"] != frame["cohort"]].set_index(KEYS)["outcome"].sort_index(),
    )


@pytest.mark.slow
def test_periods_are_left_out(fit: nqp.Fit) -> None:
    (label, (_, panel)), *_ = made(fit, "periods").items()
    assert label == "without 2020, 2021"
    assert sorted(panel.frame["time"].unique()) == list(range(2013, 2020))
    ((_, middle),) = made(fit, "periods", without_periods=("2015",)).values()
    assert 2015 not in set(middle.frame["time"])
    early = nqp.fit(nqp.StaggeredDiD(), panel_of(2001), SAMPLER, progress=False)
    with pytest.raises(NotApplicable) as none:
        made(early, "periods")
    assert "no period of 2020 to 2022" in none.value.why


def test_samples_by_a_column(fit: nqp.Fit) -> None:
    frame = fit.panel.frame
    alone = made(fit, "samples", samples=("region",))
    assert list(alone) == ["region = east alone", "region = west alone"]
    assert alone["region = east alone"][1].n_rows == (frame["region"] == "east").sum()
    without = made(fit, "samples", samples=("area",))
    assert without["without area = b"][1].n_rows == (frame["area"] != "b").sum()
    assert len(without) == 3


@pytest.mark.slow
def test_two_way_clusters_add_both_variances_less_that_of_the_intersection(fit: nqp.Fit) -> None:
    frame = fit.panel.frame.drop_duplicates("unit").set_index("unit")
    units, parts = frame.loc[fit.panel.unit_labels.tolist()], average_influences(fit)
    columns = [units[x].to_numpy() for x in ("province", "industry")]
    same = [np.equal.outer(x, x) for x in columns]
    both, psi = same[0] & same[1], parts.values
    few = 5 / 4
    square = sum(few * psi @ x @ psi for x in same) - few * psi @ both @ psi
    expected = sum(few * np.trace(x @ parts.covariance) for x in same)
    expected -= few * np.trace(both @ parts.covariance)
    label = "clustered by province and by industry"
    found = {
        str(x): task for x, task in ROBUSTNESS_ROWS["clusters"].specifications(fit, Requested())
    }
    if square <= 0:
        with pytest.raises(NotApplicable, match="not positive"):
            found[label]()
    else:
        ratio = max(1.0, np.sqrt(max(1 + (square - expected) / parts.model, 0)))
        assert found[label]() == pytest.approx(ratio)
    table = nqp.check(fit, "spatial_errors", progress=False).evidence.set_index("by")
    by_unit = [task() for x, task in found.items() if str(x) == "clustered by unit"]
    assert by_unit == pytest.approx([max(1.0, table["ratio"].iloc[0])])
    (conley,) = made(fit, "conley_errors").values()
    assert conley == pytest.approx(max(1.0, table.loc["Conley, 300 km", "ratio"]))


@pytest.mark.slow
def test_shared_shocks_and_unit_trends_are_terms_of_the_design(fit: nqp.Fit) -> None:
    shocks = {label: design.shocks for label, (design, _) in made(fit, "shocks").items()}
    assert shocks["lasting shocks by province"] == nqp.ClusterTimeEffects(
        "province", errors=nqp.AR1()
    )
    assert shocks["shocks by province in each period"] == nqp.ClusterTimeEffects("province")
    ((design, panel),) = made(fit, "unit_trends").values()
    assert design.trends == nqp.UnitTrends()
    assert panel is fit.panel


@pytest.fixture(scope="module")
def result() -> nqp.CheckResult:
    """The effect is negative in the east; a row is registered as users register theirs."""
    panel = panel_of()
    start = panel.cohort_codes[panel.unit_codes]
    treated = (start >= 0) & (panel.time_codes >= start)
    east = panel.frame["region"] == "east"
    noise = np.random.default_rng(5).normal(0, 0.5, panel.n_rows)
    panel = panel.with_outcome(np.where(east, -0.8, 3.0) * treated + noise)
    fit = nqp.fit(nqp.StaggeredDiD(errors=nqp.IID()), panel, SAMPLER, progress=False)

    @robustness_row(Message("toy"), place=1)
    def toy_row(fit: nqp.Fit, requested: Requested) -> Any:
        """Leave out the units with an odd code."""
        even = fit.panel.unit_codes % 2 == 0
        yield Message("even units"), lambda: some_rows(fit, even)
        yield Message("a wider interval"), lambda: 2.0

    try:
        found = nqp.check(fit, "referee", samples="region", progress=False)
    finally:
        del ROBUSTNESS_ROWS["toy_row"]
    assert isinstance(found, nqp.CheckResult)
    return found


def test_a_row_says_whether_the_conclusion_changes(result: nqp.CheckResult) -> None:
    rows = nqp.specification_table(result).set_index("specification")
    assert rows.loc["region = east alone", "conclusion"] == "opposite sign"
    assert rows.loc["region = west alone", "conclusion"] == "unchanged"
    assert rows["conclusion"].iloc[0] == ""
    assert result.verdict == "failed"
    text = nqp.table(result, "referee").to_markdown()
    assert "opposite sign" in text
    assert "Conclusion" in text
    assert "each part is estimated by itself" in text
    chinese = nqp.table(result, "referee", language="zh").to_markdown()
    assert "符号相反" in chinese
    assert "稳健性检验" in chinese


@pytest.mark.slow
def test_a_row_is_one_function(result: nqp.CheckResult) -> None:
    rows = nqp.specification_table(result).set_index("specification")
    assert rows.index[1:3].tolist() == ["even units", "a wider interval"]
    wide, first = rows.loc["a wider interval"], rows.iloc[0]
    assert wide["sd"] == pytest.approx(2 * first["sd"])
    assert wide["mean"] == pytest.approx(first["mean"])


def test_bad_options_are_sentences(fit: nqp.Fit) -> None:
    asked = {
        "'without_periods' names '1999', which is not a period": {"without_periods": 1999},
        "'samples' names 'one'; the number of its values is 1": {"samples": "one"},
        "'samples' names 'x'; the number of its values is 3": {"samples": "x"},
        "'samples' names 'nowhere', which the panel does not have": {"samples": "nowhere"},
    }
    for sentence, options in asked.items():
        with pytest.raises(StudyError, match=sentence):
            nqp.check(fit, "referee", progress=False, **options)


def test_controls_that_do_not_exist_or_vary_give_reasons() -> None:
    """A dummy of the last period does not vary when lagged."""
    panel = panel_of()
    flat = nqp.fit(nqp.StaggeredDiD(covariates=()), panel, SAMPLER, progress=False)
    with pytest.raises(NotApplicable) as none:
        made(flat, "controls_lagged")
    assert "the design has no controls" in none.value.why
    last = panel_of(x=(panel.frame["time"] == 2021).astype(float) * (panel.unit_codes % 2))
    ending = nqp.fit(nqp.StaggeredDiD(), last, SAMPLER, progress=False)
    with pytest.raises(NotApplicable) as constant:
        made(ending, "controls_lagged")
    assert "covariates='x one period earlier' is constant" in constant.value.why
