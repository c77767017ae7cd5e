"""What every weighting scheme and every scale must keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayes_nqp as nqp
from bayes_nqp.data.index import recalled, relation

KEYS = ["schooling", "patents", "robots", "energy"]
SYSTEM = nqp.IndexSystem.of({"labour": KEYS[:2], "means": KEYS[2:3]}, {"means": KEYS[3:]})
SCHEMES = {
    "entropy": nqp.Entropy(),
    "entropy, shifted": nqp.Entropy(shift=1e-4),
    "entropy, yearly": nqp.Entropy(scope="yearly"),
    "equal": nqp.EqualWeights(),
    "CRITIC": nqp.Critic(),
    "component": nqp.PrincipalComponent("squared"),
    "TOPSIS": nqp.EntropyTopsis(),
    "TOPSIS, yearly": nqp.EntropyTopsis(scope="yearly"),
    "fixed": nqp.FixedWeights(dict(zip(KEYS, (1, 2, 3, 4), strict=True))),
}
RECIPES = {
    f"{name}, {scale.scope}": nqp.ProductivityIndex(SYSTEM, scheme, scale)
    for name, scheme in SCHEMES.items()
    for scale in (nqp.MinMax(), nqp.MinMax(scope="yearly"))
} | {
    "entropy, base": nqp.ProductivityIndex(SYSTEM, nqp.Entropy(), nqp.MinMax(base=2011)),
    "CRITIC, base": nqp.ProductivityIndex(SYSTEM, nqp.Critic(), nqp.MinMax(base=2011)),
    "entropy, nested": nqp.ProductivityIndex(SYSTEM, hierarchy="nested"),
    "CRITIC, nested": nqp.ProductivityIndex(SYSTEM, nqp.Critic(), hierarchy="nested"),
    "entropy, equal": nqp.ProductivityIndex(SYSTEM, hierarchy="equal"),
}


def frame(seed: int, units: int = 7, periods: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    city = np.repeat([f"城市{u}" for u in range(units)], periods)
    df = pd.DataFrame({"city": city, "year": np.tile(np.arange(2010, 2010 + periods), units)})
    for key in KEYS:
        df[key] = np.exp(rng.normal(size=len(df)) * rng.uniform(0.2, 1.0)) + rng.normal()
    return df


def built(recipe: nqp.ProductivityIndex, df: pd.DataFrame) -> nqp.index.Index:
    return recipe.build(df, unit="city", time="year")


@pytest.mark.parametrize("name", RECIPES)
def test_contributions_sum_to_the_index_and_weights_to_one(name: str) -> None:
    index = built(RECIPES[name], frame(1))
    np.testing.assert_allclose(index.group_weights.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert (index.group_weights >= 0).all()
    np.testing.assert_allclose(index.contributions.sum(axis=1), index.values, atol=1e-12)
    np.testing.assert_allclose(index.by_dimension.sum(axis=1), index.values, atol=1e-12)
    if "base" not in name:
        assert index.values.between(-1e-12, 1 + 1e-12).all()


@pytest.mark.parametrize("name", RECIPES)
@settings(max_examples=5)
@given(seed=st.integers(0, 99), factor=st.floats(0.01, 1e4), shift=st.floats(-1e3, 1e3))
def test_units_of_measurement_do_not_matter(
    name: str, seed: int, factor: float, shift: float
) -> None:
    df = frame(seed)
    other = df.assign(robots=df["robots"] * factor + shift, energy=df["energy"] / factor)
    one, two = (built(RECIPES[name], x) for x in (df, other))
    np.testing.assert_allclose(two.group_weights, one.group_weights, atol=1e-8)
    np.testing.assert_allclose(two.values, one.values, atol=1e-8)


@pytest.mark.parametrize("name", RECIPES)
@settings(max_examples=5)
@given(seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(name: str, seed: int) -> None:
    df = frame(seed)
    other = df.sample(frac=1, random_state=seed)
    one, two = (built(RECIPES[name], x) for x in (df, other))
    np.testing.assert_allclose(two.group_weights, one.group_weights, atol=1e-12)
    pd.testing.assert_series_equal(two.values.sort_index(), one.values, rtol=1e-10)


@pytest.mark.parametrize("name", RECIPES)
def test_every_unit_twice_changes_nothing(name: str) -> None:
    df = frame(3)
    twice = pd.concat([df, df.assign(city=df["city"] + "′")], ignore_index=True)
    one, two = (built(RECIPES[name], x) for x in (df, twice))
    np.testing.assert_allclose(two.group_weights, one.group_weights, atol=1e-12)
    np.testing.assert_allclose(two.values[: len(df)], one.values, atol=1e-12)


@pytest.mark.parametrize("name", RECIPES)
def test_a_unit_of_weight_two_counts_like_two_units(name: str) -> None:
    df = frame(4)
    again = df[df["city"] == "城市2"].assign(city="城市2′")
    two = built(RECIPES[name], pd.concat([df, again], ignore_index=True))
    rows = np.where(df["city"] == "城市2", 2.0, 1.0)
    weighted = built(RECIPES[name], df).problem.weights(rows)
    np.testing.assert_allclose(weighted, two.group_weights, atol=1e-12)


@pytest.mark.parametrize("name", RECIPES)
def test_a_negative_indicator_is_its_opposite_as_a_positive_one(name: str) -> None:
    df = frame(5)
    up = nqp.IndexSystem.of({"labour": KEYS[:2], "means": KEYS[2:]})
    one = built(RECIPES[name], df)
    two = built(RECIPES[name].replace(system=up), df.assign(energy=-df["energy"]))
    np.testing.assert_allclose(two.values, one.values, atol=1e-12)


@pytest.mark.parametrize("name", RECIPES)
def test_draws_are_reproducible_and_sum_to_one(name: str) -> None:
    index = built(RECIPES[name], frame(6))
    one, two = index.draws(5, seed=1), index.draws(5, seed=1)
    assert one.dims == ("index_draw", "row")
    assert one.equals(two)
    assert not one.equals(index.draws(5, seed=2)) or not index.recipe.weights.estimated
    np.testing.assert_allclose(index.weight_draws(5, seed=1).sum("indicator"), 1.0, atol=1e-12)
    same = np.ptp(one.to_numpy(), axis=0).max() < 1e-12
    assert same == (not index.recipe.weights.estimated)


def test_draws_lie_around_the_index() -> None:
    index = built(nqp.ProductivityIndex(SYSTEM), frame(7, units=40))
    drawn = index.weight_draws(400, seed=3)
    off = (drawn.mean("index_draw") - index.group_weights[0]) / drawn.std("index_draw")
    assert float(abs(off).max()) < 1.0
    fewer = built(nqp.ProductivityIndex(SYSTEM), frame(7, units=10)).weight_draws(400, seed=3)
    assert float(drawn.std("index_draw").mean()) < float(fewer.std("index_draw").mean())


def test_bounds_of_a_base_year() -> None:
    df = frame(8)
    index = built(nqp.ProductivityIndex(SYSTEM, normalise=nqp.MinMax(base=2010)), df)
    base = index.normalised[df["year"] == 2010]
    np.testing.assert_allclose(base.min(), 0.0, atol=1e-12)
    np.testing.assert_allclose(base.max(), 1.0, atol=1e-12)
    pooled = built(nqp.ProductivityIndex(SYSTEM), df)
    # Shares do not depend on where amounts are measured from once that is their minimum.
    np.testing.assert_allclose(index.group_weights, pooled.group_weights, atol=1e-12)


def test_a_constant_without_weight_changes_nothing_else() -> None:
    df = frame(9).assign(forest=1.0)
    system = nqp.IndexSystem.of({"labour": [*KEYS[:2], "forest"], "means": KEYS[2:3]},
                                {"means": KEYS[3:]})  # fmt: skip
    for scheme in (nqp.Entropy(), nqp.Critic(), nqp.PrincipalComponent(), nqp.EqualWeights()):
        for hierarchy in ("flat", "nested", "equal"):
            recipe = nqp.ProductivityIndex(SYSTEM, scheme, hierarchy=hierarchy)
            with_it = recipe.replace(system=system, constant="zero")
            one, two = built(recipe, df), built(with_it, df)
            np.testing.assert_allclose(two.values, one.values, atol=1e-12)
            assert (two.contributions["forest"] == 0).all()


def test_missing_values() -> None:
    df = frame(10)
    df.loc[1, "robots"] = np.nan
    df.loc[4, "robots"] = np.nan
    expected = df["robots"].copy()
    expected[1] = (df["robots"][0] + df["robots"][2]) / 2
    recipe = nqp.ProductivityIndex(SYSTEM, missing="interpolate")
    inside = built(recipe, df)
    assert np.flatnonzero(inside.values.isna()).tolist() == [4]
    assert any("robots 1" in note for note in inside.notes)
    kept = built(nqp.ProductivityIndex(SYSTEM), df.assign(robots=expected).drop(index=4))
    np.testing.assert_allclose(inside.values.dropna(), kept.values, atol=1e-12)
    expected[4] = df["robots"][5]
    whole = built(nqp.ProductivityIndex(SYSTEM), df.assign(robots=expected))
    extended = built(recipe.replace(missing="extend"), df)
    np.testing.assert_allclose(extended.values, whole.values, atol=1e-12)
    dropped = built(recipe.replace(missing="drop"), df)
    assert np.flatnonzero(dropped.values.isna()).tolist() == [1, 4]
    assert dropped.draws(2, seed=0).isnull().sum() == 4


def test_a_gap_is_filled_in_proportion_to_time() -> None:
    df = frame(11).astype({"year": float})
    df.loc[df["year"] == 2012, "year"] = 2012.5
    df.loc[2, "robots"] = np.nan
    filled = df.copy()
    filled.loc[2, "robots"] = np.interp(2012.5, [2011, 2013], df["robots"][[1, 3]])
    one = built(nqp.ProductivityIndex(SYSTEM, missing="interpolate"), df)
    np.testing.assert_allclose(one.values, built(nqp.ProductivityIndex(SYSTEM), filled).values)


def test_a_frame_remembers_its_recipe() -> None:
    recipe = RECIPES["entropy, base"]
    frame_ = built(recipe, frame(12)).frame("指数")
    assert recalled(frame_[frame_["year"] > 2010].reset_index(drop=True)) == {"指数": recipe}
    assert recalled(frame_.drop(columns="指数")) == {}
    assert recalled(frame(12)) == {}


@pytest.mark.parametrize("name", SCHEMES)
def test_every_recipe_can_be_remembered(name: str) -> None:
    recipe = replace(RECIPES[f"{name}, pooled"])
    assert recalled(built(recipe, frame(1)).frame("x"))["x"] == recipe
    assert eval(repr(recipe), {**vars(nqp.index)}) == recipe


def test_how_an_outcome_is_made_of_an_index() -> None:
    index = np.random.default_rng(1).uniform(0.1, 0.9, size=50)
    other = np.random.default_rng(2).uniform(0.1, 0.9, size=50)
    for outcome, log in ((index, False), (np.log(index), True), (100 * index, False),
                         (np.log(index) - 3, True)):  # fmt: skip
        found = relation(outcome, index)
        assert found is not None
        assert found.log == log
        np.testing.assert_allclose(found(index), outcome, atol=1e-9)
    assert relation(index + 0.01 * other, index) is None
    assert relation(index**2, index) is None
    assert str(relation(100 * index, index)) == "the index, times 100"
