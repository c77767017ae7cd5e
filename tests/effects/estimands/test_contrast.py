"""Contrasts, ranks and probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from effects_dataset import random_effects

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import (
    att,
    contrast,
    convergence_of,
    prob_best,
    probability,
    rank,
    rope,
    worst_convergence,
)

EFFECTS = random_effects(strata={"region": ("inland", "coastal", "islands"), "地区": ("南", "北")})
DRAWS = att(EFFECTS, by="region")


def test_contrasts_are_antisymmetric_and_add_up():
    def minus(a, b):
        return contrast(DRAWS, region=a, minus=b)

    np.testing.assert_allclose(minus("inland", "coastal"), -minus("coastal", "inland"))
    np.testing.assert_allclose(
        minus("inland", "coastal") + minus("coastal", "islands"), minus("inland", "islands")
    )
    assert (minus("inland", "inland") == 0).all()


def test_a_ratio_is_a_ratio():
    ratio = contrast(DRAWS, region="inland", minus="coastal", kind="ratio")
    np.testing.assert_allclose(ratio * DRAWS.sel(region="coastal"), DRAWS.sel(region="inland"))
    assert ratio.contrast.item() == "inland / coastal"


def test_the_mapping_form_takes_any_name():
    draws = att(EFFECTS, by="地区")
    result = contrast(draws, {"地区": "南"}, minus="北")
    np.testing.assert_array_equal(result, draws.sel({"地区": "南"}) - draws.sel({"地区": "北"}))
    assert result.contrast.item() == "南 − 北"


def test_other_dims_are_kept_and_several_can_be_compared():
    draws = att(EFFECTS, by=["region", "地区", "event_time"])
    one = contrast(draws, region="inland", minus="coastal")
    assert one.dims == ("chain", "draw", "地区", "event_time")
    two = contrast(
        draws, {"region": "inland", "地区": "南"}, minus={"region": "islands", "地区": "北"}
    )
    expected = draws.sel({"region": "inland", "地区": "南"}) - draws.sel(
        {"region": "islands", "地区": "北"}
    )
    np.testing.assert_array_equal(two, expected)


def test_numbers_are_levels_too():
    draws = att(EFFECTS, by="cohort")
    result = contrast(draws, cohort=2014, minus=2017)
    assert result.contrast.item() == "2014 − 2017"


def test_the_gate_survives():
    assert contrast(DRAWS, region="inland", minus="coastal").gate.item() == "passed"
    assert convergence_of(DRAWS.sel(region="inland") * 2 - att(EFFECTS)) == "passed"
    failed = att(random_effects(gate="failed: 3 divergences"))
    assert convergence_of(failed - att(EFFECTS)) == "unverified"
    assert worst_convergence(failed, DRAWS) == "failed: 3 divergences"
    assert worst_convergence(DRAWS.drop_vars("gate"), DRAWS) == "unverified"


@pytest.mark.parametrize(
    ("levels", "minus", "message"),
    [
        ({"region": "inlnd"}, "coastal", "did you mean 'inland'"),
        ({"region": "inland"}, "coast", "did you mean 'coastal'"),
        ({"regoin": "inland"}, "coastal", "did you mean 'region'"),
        ({}, "coastal", "no level to compare"),
        ({"region": "inland", "x": 1}, "coastal", "2 dims are compared"),
        ({"region": "inland"}, {"x": 1}, "different dims"),
    ],
)
def test_contrast_errors(levels, minus, message):
    with pytest.raises(StudyError, match=message):
        contrast(DRAWS, levels, minus=minus)
    with pytest.raises(StudyError, match="'kind' is "):
        contrast(DRAWS, region="inland", minus="coastal", kind="log")


def test_ranks_within_every_draw():
    ranks = rank(DRAWS, "region")
    assert (ranks.sum("region") == 6).all()
    top = DRAWS.region.to_numpy()[DRAWS.argmax("region").to_numpy()]
    for level in DRAWS.region.to_numpy():
        np.testing.assert_array_equal(ranks.sel(region=level) == 1, top == level)
    assert convergence_of(ranks) == "passed"
    holes = DRAWS.where(DRAWS.region != "inland")
    assert rank(holes, "region").sel(region="inland").isnull().all()
    assert (rank(holes, "region", largest_first=False).sum("region") == 3).all()


def test_probability_of_the_best_is_the_share_of_first_ranks():
    draws = att(EFFECTS, by=["region", "cohort"])
    chance = prob_best(draws, "region")
    np.testing.assert_allclose(chance.sum("region"), 1)
    first = (rank(draws, "region") == 1).mean(["chain", "draw"])
    np.testing.assert_allclose(chance, first)
    tied = xr.zeros_like(DRAWS)
    np.testing.assert_allclose(prob_best(tied, "region"), 1 / 3)
    with pytest.raises(StudyError, match="did you mean 'region'"):
        prob_best(draws, "regions")


def test_probabilities():
    values = DRAWS.sel(region="inland").to_numpy()
    assert float(probability(DRAWS).sel(region="inland")) == (values > 0).mean()
    both = probability(DRAWS, above=0.9, below=1.1).sel(region="inland")
    assert float(both) == ((values > 0.9) & (values < 1.1)).mean()
    assert float(rope(DRAWS, 1.0).sel(region="inland")) == (abs(values) < 1).mean()
    holes = DRAWS.where(DRAWS.region != "inland")
    assert probability(holes).isnull().to_numpy().tolist() == [True, False, False]
    with pytest.raises(StudyError, match="width=0"):
        rope(DRAWS, 0)
    with pytest.raises(StudyError, match="not draws"):
        probability(DRAWS.mean(["chain", "draw"]))
