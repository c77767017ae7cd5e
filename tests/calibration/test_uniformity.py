"""The tests of uniformity themselves: right under uniform ranks, and awake under others."""

from __future__ import annotations

import numpy as np
import pytest
from doors import bins_of, chi_square, differences, ecdf_band, ecdf_test, holm

VALUES = 100


def ranks_of(spread: float, shift: float, size: int, seed: int) -> np.ndarray:
    """Ranks of normal truths among draws that are wider, narrower, or shifted."""
    rng = np.random.default_rng(seed)
    draws = shift + spread * rng.standard_normal((size, VALUES - 1))
    return (draws < rng.standard_normal((size, 1))).sum(axis=1).astype(float)


@pytest.mark.slow
def test_exchangeable_draws_give_uniform_ranks() -> None:
    p = [
        (chi_square(ranks, VALUES)[1], ecdf_test(ranks, VALUES))
        for ranks in (ranks_of(1.0, 0.0, 200, seed) for seed in range(200))
    ]
    below = (np.array(p) < 0.1).mean(axis=0)
    # Binomial(200, .1) has sd .021.
    assert np.all(np.abs(below - 0.1) < 0.065)


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "shift"), [(0.7, 0.0), (1.5, 0.0), (1.0, 0.5)])
def test_wrong_draws_are_found(spread: float, shift: float) -> None:
    ranks = ranks_of(spread, shift, 200, 1)
    assert chi_square(ranks, VALUES)[1] < 0.01
    assert ecdf_test(ranks, VALUES) < 0.01


@pytest.mark.slow
def test_the_band_holds_whole_curves_as_often_as_it_says() -> None:
    at, low, high = ecdf_band(150, VALUES, 0.9)
    assert (at[0], low[0], high[-1]) == (0.0, 0.0, 0.0)
    inside = [
        np.all((low <= line + 1e-12) & (line <= high + 1e-12))
        for line in (differences(ranks_of(1.0, 0.0, 150, s), VALUES) for s in range(300))
    ]
    # Discrete counts make the band conservative by a little; sd .017.
    assert 0.85 < np.mean(inside) < 0.97


def test_leaving_the_band_and_a_small_p_value_are_the_same() -> None:
    _, low, high = ecdf_band(150, VALUES, 0.9)
    for seed in range(60):
        ranks = ranks_of(0.85, 0.1, 150, seed)
        line = differences(ranks, VALUES)
        outside = np.any((line < low - 1e-12) | (line > high + 1e-12))
        p = ecdf_test(ranks, VALUES)
        if not 0.08 < p < 0.12:
            assert outside == (p < 0.1)


def test_bins_divide_the_ranks_and_hold_five() -> None:
    assert [bins_of(100, n) for n in (4, 10, 25, 50, 100, 1000)] == [1, 2, 5, 10, 20, 20]
    assert np.isnan(chi_square(np.zeros(4), 100)[1])


def test_holm_adjusts_step_by_step() -> None:
    adjusted = holm(np.array([0.01, np.nan, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, np.nan, 0.06, 0.06, 0.02])
