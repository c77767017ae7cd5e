"""Weights against independent implementations: pymcdm, scipy, numpy's singular values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from pymcdm.methods import TOPSIS
from pymcdm.weights import critic_weights, entropy_weights
from scipy.stats import entropy

import bayes_nqp as nqp

KEYS = ["schooling", "patents", "robots", "energy", "waste"]
UP, DOWN = KEYS[:3], KEYS[3:]
SYSTEM = nqp.IndexSystem.of(UP, DOWN)


def frame(seed: int, units: int = 12, periods: int = 5) -> pd.DataFrame:
    """Indicators of different sizes and spreads."""
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([range(units), range(2010, 2010 + periods)])
    df = pd.DataFrame({"city": rows.get_level_values(0), "year": rows.get_level_values(1)})
    common = rng.normal(size=len(df))
    for k, key in enumerate(KEYS):
        df[key] = 10.0**k * np.exp(0.3 * (k + 1) * (0.5 * common + rng.normal(size=len(df))))
    return df


def scaled(df: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Min–max by hand."""
    x = df[KEYS].to_numpy()
    z = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    z[:, 3:] = 1.0 - z[:, 3:]
    return np.asarray(z)


def built(df: pd.DataFrame, weights: object) -> nqp.index.Index:
    recipe = nqp.ProductivityIndex(SYSTEM, weights)  # type: ignore[arg-type]
    return recipe.build(df, unit="city", time="year")


@pytest.mark.parametrize("seed", range(3))
def test_entropy_weights_are_those_of_pymcdm(seed: int) -> None:
    df = frame(seed)
    # It takes an entropy with a zero for 0, so it is asked of shifted amounts, none of them zero.
    expected = entropy_weights(scaled(df) + 1e-4)
    found = built(df, nqp.Entropy(shift=1e-4)).weights["weight"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_entropy_with_zeros_is_that_of_scipy(seed: int) -> None:
    df = frame(seed)
    z = scaled(df)
    assert (z == 0).any(axis=0).all()
    spread = 1.0 - entropy(z) / np.log(len(z))
    found = built(df, nqp.Entropy()).weights["weight"]
    np.testing.assert_allclose(found, spread / spread.sum(), rtol=0, atol=1e-12)


def test_the_convention_for_zeros_is_the_limit_of_shifts() -> None:
    df = frame(1)
    limit = built(df, nqp.Entropy()).group_weights
    far = [np.abs(built(df, nqp.Entropy(shift=s)).group_weights - limit).max()
           for s in (1e-2, 1e-4, 1e-8)]  # fmt: skip
    assert far[0] > 10 * far[1] > 100 * far[2]
    assert far[2] < 1e-6


def test_yearly_entropy_is_that_of_each_year() -> None:
    df = frame(2)
    found = built(df, nqp.Entropy(scope="yearly", shift=1e-4)).weights
    z = scaled(df) + 1e-4
    for year in range(2010, 2015):
        expected = entropy_weights(z[df["year"] == year])
        mine = found.loc[found["period"] == str(year), "weight"]
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_critic_weights_are_those_of_pymcdm(seed: int) -> None:
    df = frame(seed)
    found = built(df, nqp.Critic()).weights["weight"]
    np.testing.assert_allclose(found, critic_weights(scaled(df)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_topsis_is_that_of_pymcdm(seed: int) -> None:
    df = frame(seed)
    index = built(df, nqp.EntropyTopsis())
    types = np.array([1, 1, 1, -1, -1])
    expected = TOPSIS()(df[KEYS].to_numpy(), index.group_weights[0], types)
    np.testing.assert_allclose(index.values, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_index_is_the_first_principal_component(seed: int) -> None:
    df = frame(seed)
    z = scaled(df)
    standard = (z - z.mean(axis=0)) / z.std(axis=0)
    u, s, vt = np.linalg.svd(standard, full_matrices=False)
    signed = built(df, nqp.PrincipalComponent()).values
    assert abs(np.corrcoef(signed, u[:, 0] * s[0])[0, 1]) == pytest.approx(1.0, abs=1e-12)
    squared = built(df, nqp.PrincipalComponent("squared")).weights["weight"]
    np.testing.assert_allclose(squared, vt[0] ** 2, rtol=0, atol=1e-12)


def test_nested_weights_by_hand() -> None:
    df = frame(4)
    system = nqp.IndexSystem.of({"labour": UP}, {"nature": DOWN})
    recipe = nqp.ProductivityIndex(system, nqp.Entropy(shift=1e-4), hierarchy="nested")
    z = scaled(df)
    parts = [entropy_weights(z[:, part] + 1e-4) for part in (slice(0, 3), slice(3, 5))]
    scores = np.column_stack([z[:, :3] @ parts[0], z[:, 3:] @ parts[1]])
    across = entropy_weights(scores + 1e-4)
    expected = np.concatenate([parts[0] * across[0], parts[1] * across[1]])
    found = recipe.build(df, unit="city", time="year").weights["weight"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    alike = recipe.replace(hierarchy="equal").build(df, unit="city", time="year").weights["weight"]
    np.testing.assert_allclose(alike, np.concatenate(parts) / 2, rtol=0, atol=1e-12)
