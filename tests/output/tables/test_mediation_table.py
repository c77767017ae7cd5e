"""Tables of mediation, and contrasts, probabilities and ranks of indirect effects."""

from __future__ import annotations

import numpy as np
import pytest
from mediated import channels_fit, random_paths

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.tables import mediation_table, mediator_comparison, summary

pytestmark = pytest.mark.xdist_group("mediation_pictures")

EFFECTS = random_paths()


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


def test_every_path_is_what_its_estimand_says(fit):
    table = mediation_table(fit).set_index("path")
    assert table.index.tolist() == ["direct", "digital", "finance", "all mediators", "total"]
    assert table.at["direct", "mean"] == pytest.approx(float(nqp.nde(fit).mean()))
    assert table.at["total", "mean"] == pytest.approx(float(nqp.total(fit).mean()))
    via = nqp.nie(fit)
    for name in ("digital", "finance", "all mediators"):
        draws = via.sel(mediator=name)
        assert table.at[name, "mean"] == pytest.approx(float(draws.mean()))
        assert table.at[name, "p_positive"] == pytest.approx(float((draws > 0).mean()))
        np.testing.assert_allclose(
            table.loc[name, ["lower", "upper"]].astype(float),
            np.quantile(draws, [0.025, 0.975]),
            rtol=1e-6,
        )
    share = nqp.proportion_mediated(fit).sel(mediator="digital")
    assert table.at["digital", "proportion"] == pytest.approx(float(share.median()))
    assert table.at["digital", "withheld"] == ""
    assert np.isnan(table.at["direct", "proportion"])
    # Digital rises by 2 and enters with slope 1.
    assert table.at["digital", "lower"] < 2 < table.at["digital", "upper"]
    assert table.at["finance", "lower"] < 0 < table.at["finance", "upper"]
    assert set(table["gate"]) == {str(fit.gate)}


def test_parts_add_up_in_every_group():
    table = mediation_table(EFFECTS, by=["region", "market"])
    means = table.pivot(index=["region", "market"], columns="path", values="mean")
    np.testing.assert_allclose(means["direct"] + means["all mediators"], means["total"])
    np.testing.assert_allclose(means["digital"] + means["finance"], means["all mediators"])
    assert table.columns[:3].tolist() == ["path", "region", "market"]


def test_a_proportion_of_a_total_that_straddles_zero_is_withheld_with_its_reason():
    effects = EFFECTS.copy(deep=True)
    inland = effects["region"].to_numpy() == "inland"
    noise = np.random.default_rng(3).normal(size=(*effects["effect"].shape[:2], 1))
    effects["effect"][:, :, 0, inland] = noise
    effects["effect"][:, :, 1, inland] = noise - effects["effect"][:, :, 2:, inland].sum("path")
    table = mediation_table(effects, by="region").set_index(["path", "region"])
    inside, outside = ("digital", "inland"), ("digital", "coastal")
    assert table.at[inside, "withheld"] == "the total effect straddles zero"
    assert np.isnan(table.at[inside, "proportion"])
    assert table.at[outside, "withheld"] == ""
    share = nqp.proportion_mediated(effects, by="region").sel(mediator="digital", region="coastal")
    assert table.at[outside, "proportion"] == pytest.approx(float(share.median()))
    assert table.at[outside, "proportion_lower"] == pytest.approx(float(np.quantile(share, 0.025)))
    assert (table.xs("total")["withheld"] == "").all()


def test_empty_groups_are_left_out():
    table = mediation_table(random_paths(drop=[("inland", "low")]), by=["region", "market"])
    assert len(table) == 5 * 3
    assert not table["mean"].isna().any()


@pytest.mark.slow
def test_options_reach_the_summary():
    narrow, wide = (mediation_table(EFFECTS, prob=p, kind="hdi") for p in (0.5, 0.9))
    assert (wide["upper"] - wide["lower"] > narrow["upper"] - narrow["lower"]).all()
    assert wide.attrs["kind"] == "hdi"
    assert wide.attrs["probability"] == 0.9
    equal = mediation_table(EFFECTS, weights="equal").set_index("path")
    assert equal.at["total", "mean"] == pytest.approx(
        float(nqp.total(EFFECTS, weights="equal").mean())
    )
    with pytest.raises(StudyError, match="no mediators"):
        mediation_table(EFFECTS.sel(path=["total"]))
    with pytest.raises(StudyError, match="prob"):
        mediation_table(EFFECTS, prob=2)


@pytest.mark.slow
def test_every_two_channels_are_compared():
    table = mediator_comparison(EFFECTS)
    assert table[["channel", "minus"]].to_numpy().tolist() == [
        ["direct", "digital"],
        ["direct", "finance"],
        ["digital", "finance"],
    ]
    via = nqp.nie(EFFECTS)
    difference = via.sel(mediator="digital") - via.sel(mediator="finance")
    row = table.iloc[2]
    assert row["mean"] == pytest.approx(float(difference.mean()))
    assert row["p_positive"] == pytest.approx(float((difference > 0).mean()))
    grouped = mediator_comparison(EFFECTS, by="region").set_index(["channel", "minus", "region"])
    by_region = nqp.nie(EFFECTS, by="region").sel(region="inland")
    inside = by_region.sel(mediator="digital") - by_region.sel(mediator="finance")
    assert grouped.at[("digital", "finance", "inland"), "mean"] == pytest.approx(
        float(inside.mean())
    )
    assert len(grouped) == 6
    with pytest.raises(StudyError, match="'pair'"):
        mediator_comparison(EFFECTS, by={"pair": "region"})


# Moderated mediation: indirect effects of groups against one another.


def test_indirect_effects_of_groups_are_contrasted_draw_by_draw():
    via = nqp.nie(EFFECTS, by="region")
    difference = nqp.contrast(via, region="inland", minus="coastal")
    assert difference.dims == ("chain", "draw", "mediator")
    expected = via.sel(region="inland") - via.sel(region="coastal")
    np.testing.assert_array_equal(difference, expected)
    table = summary(difference)
    assert table["mediator"].tolist() == ["digital", "finance", "all mediators"]
    assert (table["contrast"] == "inland − coastal").all()
    assert (table["gate"] == "passed").all()
    assert table.attrs["estimand"] == "difference of nie"


def test_a_mediator_in_one_group_against_another_in_another():
    via = nqp.nie(EFFECTS, by="region")
    both = nqp.contrast(
        via,
        {"mediator": "digital", "region": "inland"},
        minus={"mediator": "finance", "region": "coastal"},
    )
    one = via.sel(mediator="digital", region="inland")
    other = via.sel(mediator="finance", region="coastal")
    np.testing.assert_array_equal(both, one.to_numpy() - other.to_numpy())
    assert both.dims == ("chain", "draw")
    table = summary(both)
    assert table["contrast"].tolist() == ["digital × inland − finance × coastal"]
    assert float(nqp.probability(both, above=0)) == pytest.approx(
        float((one.to_numpy() > other.to_numpy()).mean())
    )
    assert table["gate"].tolist() == ["passed"]


def test_probabilities_of_indirect_effects_keep_mediator_and_group():
    via = nqp.nie(EFFECTS, by="region")
    chance = nqp.probability(via, above=0)
    assert chance.dims == ("mediator", "region")
    expected = float((via.sel(mediator="digital", region="inland") > 0).mean())
    assert float(chance.sel(mediator="digital", region="inland")) == expected
    assert nqp.rope(via, 0.1).dims == ("mediator", "region")


def test_ranks_of_mediators_leave_their_sum_out():
    via = nqp.nie(EFFECTS, by="region")
    ranks = nqp.rank(via, "mediator")
    assert ranks["mediator"].to_numpy().tolist() == ["digital", "finance"]
    assert set(np.unique(ranks)) == {1.0, 2.0}
    chance = nqp.prob_best(via, "mediator")
    np.testing.assert_allclose(chance.sum("mediator"), 1)
    larger = (via.sel(mediator="digital") > via.sel(mediator="finance")).mean(["chain", "draw"])
    np.testing.assert_allclose(chance.sel(mediator="digital"), larger)
    groups = nqp.prob_best(via, "region")
    assert groups.dims == ("mediator", "region")
    np.testing.assert_allclose(groups.sum("region"), 1)
    assert "all mediators" in groups["mediator"]
