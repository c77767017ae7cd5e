"""Summaries against plain numpy, and what they say about themselves."""

from __future__ import annotations

import arviz_stats
import numpy as np
import pytest
import xarray as xr
from doors import STATISTICS
from effects_dataset import random_effects

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import att, contrast
from bayes_nqp.output.tables import contrasts_table, event_study_table, summary

EFFECTS = random_effects(draws=200)


def test_columns_against_numpy():
    draws = att(EFFECTS, by="region")
    table = summary(draws, prob=0.9)
    assert list(table) == ["region", *STATISTICS]
    flat = draws.to_numpy().reshape(-1, 2)
    np.testing.assert_allclose(table["mean"], flat.mean(0))
    np.testing.assert_allclose(table["sd"], flat.std(0, ddof=1))
    np.testing.assert_allclose(table["lower"], np.quantile(flat, 0.05, axis=0))
    np.testing.assert_allclose(table["upper"], np.quantile(flat, 0.95, axis=0))
    np.testing.assert_allclose(table["p_positive"], (flat > 0).mean(0))
    one = draws.sel(region="inland").to_numpy()
    assert table["ess_bulk"][0] == pytest.approx(float(arviz_stats.ess(one, method="bulk")))
    assert table["r_hat"][0] == pytest.approx(float(arviz_stats.rhat(one)))


def test_attrs_name_the_interval():
    table = summary(att(EFFECTS, weights="units"), prob=0.8, kind="hdi")
    assert table.attrs["kind"] == "hdi"
    assert table.attrs["probability"] == 0.8
    assert table.attrs["weights"] == "units"
    assert table.attrs["target"] == "sample"
    assert table.attrs["estimand"] == "att"


def test_hdi_is_the_shortest_interval():
    skewed = np.exp(att(EFFECTS) * 20)
    hdi, eti = summary(skewed, kind="hdi"), summary(skewed)
    assert (hdi.upper - hdi.lower)[0] < (eti.upper - eti.lower)[0]
    values = np.sort(skewed.to_numpy().ravel())
    inside = ((values >= hdi.lower[0]) & (values <= hdi.upper[0])).mean()
    assert inside == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("gate", ["passed", "failed: R-hat 1.3 of att", "unverified"])
def test_the_gate_reaches_the_table_through_arithmetic(gate):
    draws = att(random_effects(gate=gate), by="region")
    result = np.exp(contrast(draws * 2, region="inland", minus="coastal")) - 1
    assert summary(result)["gate"].tolist() == [gate]


def test_a_missing_gate_is_unverified():
    assert summary(att(EFFECTS).drop_vars("gate"))["gate"].tolist() == ["unverified"]


def test_resampled_draws_have_the_sizes_that_their_weights_allow():
    draws = att(EFFECTS).assign_coords(importance_ess=50.0)
    table = summary(draws)
    # 1 / (1 / 50 + 1 / 800), of four chains of 200 draws.
    assert table["ess_bulk"][0] == pytest.approx(800 / 17)
    assert table["ess_tail"][0] == pytest.approx(800 / 17)
    assert np.isnan(table["r_hat"][0])


def test_empty_combinations_are_left_out_and_cohorts_are_whole_numbers():
    table = summary(att(EFFECTS, by=["cohort", "time"]))
    assert len(table) == 5 + 4 + 2
    assert table["cohort"].tolist()[:2] == [2014, 2014]
    assert table["cohort"].dtype.kind == "i"


def test_several_quantities():
    draws = att(EFFECTS, by="region")
    table = summary(
        {"overall": att(EFFECTS), "by region": draws, "by cohort": att(EFFECTS, by="cohort")}
    )
    assert table["estimand"].tolist() == ["overall"] + 2 * ["by region"] + 3 * ["by cohort"]
    assert table["region"].tolist() == ["", "inland", "coastal", "", "", ""]
    assert table["cohort"].tolist() == ["", "", "", 2014, 2015, 2017]
    assert set(table["gate"]) == {"passed"}
    both = summary(xr.Dataset({"a": draws, "b": -draws}))
    np.testing.assert_allclose(both["mean"][:2], -both["mean"][2:])


def test_names_rename_dims_and_quantities():
    table = summary({"a": att(EFFECTS, by="region")}, names={"region": "地区", "a": "总效应"})
    assert list(table)[:2] == ["estimand", "地区"]
    assert table["estimand"][0] == "总效应"


def test_what_never_varies_has_no_r_hat_and_no_warning():
    table = summary(att(EFFECTS, by="region") * 0)
    assert table["r_hat"].isna().all()
    assert (table["sd"] == 0).all()
    single = summary(att(EFFECTS.isel(chain=[0])))
    assert single["r_hat"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"prob": 95}, "prob=95 is not between"), ({"kind": "ci"}, "'kind' is ")],
)
def test_errors(arguments, message):
    with pytest.raises(StudyError, match=message):
        summary(att(EFFECTS), **arguments)


def test_what_is_no_longer_draws():
    with pytest.raises(StudyError, match="has no dim 'chain'"):
        summary(att(EFFECTS).mean(["chain", "draw"]))
    with pytest.raises(StudyError, match="is empty"):
        summary({})


def test_event_study_table():
    table = event_study_table(EFFECTS, by="region")
    front = ["region", "part", "baseline", "event_time", "rows", "units"]
    assert list(table) == [*front, *STATISTICS[:-1], "joint_lower", "joint_upper", "gate"]
    assert table["units"].tolist() == [21, 20, 14, 14, 7, 21, 21, 14, 14, 7]
    assert table["event_time"].tolist() == 2 * [0, 1, 2, 3, 4]
    assert len(event_study_table(EFFECTS, balanced=1)) == 2


def test_contrasts_table_holds_every_pair():
    effects = random_effects(strata={"region": ("a", "b", "c"), "market": ("low", "high")})
    table = contrasts_table(effects)
    assert list(table) == ["strata", "level", "minus", *STATISTICS]
    assert table[["level", "minus"]].to_numpy().tolist() == [
        ["a", "b"],
        ["a", "c"],
        ["b", "c"],
        ["low", "high"],
    ]
    draws = contrast(att(effects, by="region"), region="a", minus="c")
    assert table["mean"][1] == pytest.approx(float(draws.mean()))
    assert set(table["gate"]) == {"passed"}
    assert table.attrs["kind"] == "eti"
    assert contrasts_table(random_effects(strata={})).empty


def test_print_shows_the_interval_and_the_gate_in_full():
    gate = "failed: R-hat 1.016 (effect[12]); bulk ESS 321 (effect[20]); tail ESS 296 (scale_cell)"
    table = summary(att(random_effects(gate=gate), by="region"))
    head, *rows = str(table).splitlines()
    assert head.split() == ["region", "mean", "sd", "lower", "upper", "p_positive", "r_hat"]
    assert "..." not in str(table)
    assert f"gate: {gate}" in rows
    assert rows[-1] == "2 rows; columns besides: ess_bulk, ess_tail, gate"
    assert type(table[["mean", "sd"]]).__name__ == "DataFrame"
    del table["gate"]
    assert "mean" in repr(table)
