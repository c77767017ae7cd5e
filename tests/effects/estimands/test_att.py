"""Averages of effects: properties that hold draw by draw."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from effects_dataset import random_effects

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import att, cumulative, effects_of, relative_effects, shrinkage

EFFECTS = random_effects(unidentified=[3, 7])

BYS = [
    None,
    "region",
    "cohort",
    "time",
    "event_time",
    "stratum",
    "cell",
    "unit",
    ["region", "event_time"],
    ["cohort", "time"],
    ["unit", "event_time"],
    {"地区": "region"},
]

ESTIMANDS = {
    "att": lambda e: att(e, by="region"),
    "att by unit": lambda e: att(e, by="unit"),
    "att by region and time": lambda e: att(e, by=["region", "time"], weights="weight"),
    "balanced": lambda e: att(e, by="event_time", balanced=1),
    "relative_effects": lambda e: relative_effects(e, by="region"),
    "cumulative": lambda e: cumulative(e, by="region"),
    "shrinkage": lambda e: shrinkage(e, e, by="cohort")["partial"],
}


def _one_draw(data: xr.Dataset | xr.DataArray, draw: int):
    return data.isel(chain=[1], draw=[draw])


@pytest.mark.parametrize("name", ESTIMANDS)
def test_estimand_of_draws_is_draws_of_estimand(name):
    every = ESTIMANDS[name](EFFECTS)
    for draw in (0, 7):
        alone = ESTIMANDS[name](_one_draw(EFFECTS, draw))
        xr.testing.assert_identical(_one_draw(every, draw), alone)


@pytest.mark.parametrize("weights", ["rows", "units", "equal", "weight"])
@pytest.mark.parametrize("by", BYS, ids=str)
def test_weighted_mean_of_groups_is_the_whole(by, weights):
    groups, whole = att(EFFECTS, by, weights), att(EFFECTS, weights=weights)
    dims = [dim for dim in groups.dims if dim not in ("chain", "draw")]
    mean = (groups * groups.weight).sum(dims) / groups.weight.sum(dims)
    np.testing.assert_allclose(mean, whole, rtol=1e-12)
    assert float(groups.weight.sum()) == pytest.approx(float(whole.weight))
    assert float(groups.rows.sum()) == pytest.approx(float(whole.rows))


def test_att_is_the_mean_over_rows_of_identified_cells():
    kept = EFFECTS.isel(cell=EFFECTS.identified.to_numpy())
    by_hand = (kept.effect * kept.rows).sum("cell") / kept.rows.sum()
    np.testing.assert_allclose(att(EFFECTS), by_hand.sel(path="total"), rtol=1e-12)
    assert att(EFFECTS).attrs["cells_left_out"] == 2


def test_unidentified_cells_may_hold_anything():
    broken = EFFECTS.copy(deep=True)
    broken.effect[..., ~EFFECTS.identified.to_numpy()] = np.nan
    xr.testing.assert_identical(att(broken, by="time"), att(EFFECTS, by="time"))


def test_effect_of_a_unit_is_its_cells_plus_its_deviation():
    draws = att(EFFECTS, by="unit")
    deviation = EFFECTS.deviation.sel(path="total")
    cell, member, rows = (EFFECTS[f"membership_{x}"].to_numpy() for x in ("cell", "member", "rows"))
    number = 5
    total, weight = 0.0, 0
    for c in cell[member == number]:
        if not bool(EFFECTS.identified[c]):
            continue
        inside = cell == c
        mean = (deviation.isel(member=member[inside]) * rows[inside]).sum("member")
        own = deviation.isel(member=number) - mean / rows[inside].sum()
        total, weight = total + EFFECTS.effect.isel(path=0, cell=c) + own, weight + 1
    np.testing.assert_allclose(draws.isel(unit=number), total / weight, rtol=1e-10)
    assert float(draws.rows[number]) == weight


def test_empty_combinations_are_nan():
    effects = random_effects(drop=[("coastal", "high")])
    draws = att(effects, by=["region", "market"])
    assert draws.sel(region="coastal", market="high").isnull().all()
    assert draws.sel(region="inland").notnull().all()
    early = att(effects, by=["cohort", "time"]).sel(cohort=2017, time=2014)
    assert early.isnull().all()
    assert float(early.rows) == 0


def test_labels_keep_the_order_of_the_cells_and_periods_are_sorted():
    assert att(EFFECTS, by="market").market.to_numpy().tolist() == ["low", "high"]
    assert att(EFFECTS, by="event_time").event_time.to_numpy().tolist() == [0, 1, 2, 3, 4]
    assert att(EFFECTS, by="stratum").stratum.to_numpy()[0] == "inland × low"


def test_chinese_columns():
    effects = random_effects(strata={"地区": ("内陆", "沿海")})
    draws = att(effects, by="地区")
    assert draws.dims == ("chain", "draw", "地区")
    renamed = att(effects, by={"region": "地区"})
    np.testing.assert_array_equal(renamed.sel(region="内陆"), draws.sel({"地区": "内陆"}))


def test_a_balanced_window_keeps_cohorts_seen_throughout():
    draws = att(random_effects(), by=["cohort", "event_time"], balanced=3)
    assert draws.event_time.to_numpy().tolist() == [0, 1, 2, 3, 4]
    assert draws.rows.sum("event_time").to_numpy().tolist()[2] == 0
    assert draws.sel(event_time=4).isnull().all()
    counts = att(random_effects(), by="event_time", balanced=3, weights="equal").weight
    assert counts.to_numpy().tolist() == [8, 8, 8, 8, 0]
    with pytest.raises(StudyError, match=r"balanced=9(.|\n)*last identified event time is 4"):
        att(random_effects(), balanced=9)


def test_attrs_and_gate_describe_the_draws():
    draws = att(random_effects(gate="failed: R-hat 1.2"), by="region", weights="units")
    assert draws.gate.item() == "failed: R-hat 1.2"
    assert draws.attrs["weights"] == "units"
    assert draws.attrs["target"] == "sample"
    assert draws.attrs["outcome_unit"] == "log points"
    assert all(isinstance(value, str | int | float) for value in draws.attrs.values())


def test_paths_are_chosen_by_name():
    effects = random_effects(paths=("total", "direct", "digital"))
    direct = att(effects, by="unit", path="direct")
    alone = att(effects.isel(path=[1]), by="unit", path="direct")
    np.testing.assert_allclose(direct, alone)
    with pytest.raises(StudyError, match="did you mean 'digital'"):
        att(effects, path="digitl")


def test_what_holds_no_effects_is_refused():
    with pytest.raises(StudyError, match="contains no effects"):
        effects_of(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "regoin"}, "did you mean 'region'"),
        ({"by": ["region", "region"]}, "repeats a name"),
        ({"by": 3}, "'by' is 3"),
        ({"by": {"rows": "region"}}, "reserved in results"),
        ({"weights": "row"}, "did you mean 'rows'"),
        ({"weights": "region"}, "not a numeric coordinate"),
        ({"balanced": -1}, "balanced"),
        ({"balanced": True}, "'balanced' is True"),
    ],
)
def test_errors_quote_the_argument(arguments, message):
    with pytest.raises(StudyError, match=message):
        att(EFFECTS, **arguments)


def test_by_unit_without_deviations_says_what_to_do():
    with pytest.raises(StudyError, match="varying='unit'"):
        att(random_effects(deviations=False), by="unit")


def test_members_are_called_what_they_are():
    attrs = {"varying": "city", "outcome": "y"}
    cities = random_effects(attrs=attrs)
    assert att(cities, by="city").dims[-1] == "city"
    with pytest.raises(StudyError, match="by='unit' is not a variable by which effects vary"):
        att(cities, by="unit")


def test_nothing_identified():
    with pytest.raises(StudyError, match="no group-time effect is identified"):
        att(random_effects(unidentified=range(1000)))


def test_relative_is_a_ratio_of_means():
    draws = relative_effects(EFFECTS, by="region")
    kept = EFFECTS.isel(cell=EFFECTS.identified.to_numpy()).sel(path="total")
    inland = kept.isel(cell=kept.region.to_numpy() == "inland")
    top = (inland.effect * inland.rows).sum("cell")
    bottom = ((inland.observed - inland.effect) * inland.rows).sum("cell")
    np.testing.assert_allclose(draws.sel(region="inland"), top / bottom, rtol=1e-10)
    assert draws.dims == ("chain", "draw", "region")
    np.testing.assert_allclose(relative_effects(EFFECTS, path="total"), relative_effects(EFFECTS))


def test_relative_refuses_what_says_nothing():
    with pytest.raises(StudyError, match="changes sign across draws"):
        relative_effects(EFFECTS.assign(observed=EFFECTS.observed * 0 + 1.2), by="region")
    with pytest.raises(StudyError, match="do not contain the observed outcome"):
        relative_effects(EFFECTS.drop_vars("observed"))
    with pytest.raises(StudyError, match="by unit"):
        relative_effects(EFFECTS, by="unit")


def test_cumulative_adds_up():
    draws, steps = cumulative(EFFECTS), att(EFFECTS, by="event_time")
    np.testing.assert_allclose(
        draws.sel(event_time=2), steps.sel(event_time=[0, 1, 2]).sum("event_time")
    )
    by_cohort = cumulative(random_effects(), by="cohort")
    assert by_cohort.sel(cohort=2017, event_time=2).isnull().all()
    assert draws.gate.item() == "passed"


def test_shrinkage_lays_two_fits_side_by_side():
    separate = random_effects(seed=1, draws=40, gate="unverified", drop=[("inland", "low")])
    both = shrinkage(random_effects(), separate, by="stratum")
    assert list(both) == ["partial", "separate"]
    assert both.sizes == {"chain": 4, "draw": 40, "stratum": 3}
    assert both.gate.item() == "unverified"
    assert both.rows.dims == ("stratum",)
    with pytest.raises(StudyError, match="no label or no draw in common"):
        shrinkage(random_effects(), random_effects(strata={"x": ("a",)}), by="stratum")
