"""Conclusions of robustness rows: error rate by simulation, power, and which word is used when."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from bayes_nqp.checks.shared import conclusions_of

GRID = norm.ppf((np.arange(1000) + 0.5) / 1000.0)


def evidence(mean: list[float], sd: list[float], fewer: list[bool] | None = None) -> xr.Dataset:
    """Normal posteriors, that of the fit first."""
    draws = np.asarray(mean) + np.asarray(sd) * (GRID / GRID.std())[:, None]
    other = [False, *[True] * (len(mean) - 1)] if fewer is None else [False, *fewer]
    return xr.Dataset(
        {"att": (("chain", "draw", "specification"), draws[None])},
        coords={"fewer": ("specification", other)},
    )


def words(mean: list[float], sd: list[float], fewer: list[bool] | None = None) -> list[str]:
    found = conclusions_of(evidence(mean, sd, fewer))
    names = {"opposite": found.opposite, "changes": found.changed, "weaker": found.weaker}
    return [next((k for k, x in names.items() if x[j]), "same") for j in range(1, len(mean))]


def test_a_wider_interval_alone_is_weaker_evidence() -> None:
    assert words([3.0, 3.0, 1.5], [1.0, 2.0, 1.0]) == ["weaker", "changes"]
    # A loss of 2.9 with a difference of SD 2.8 is chance; one of 7 is not.
    assert words([5.0, 2.1], [1.0, 3.0]) == ["weaker"]
    assert words([10.0, 0.5], [1.0, 3.0]) == ["changes"]
    assert words([-10.0, -0.5], [1.0, 3.0]) == ["changes"]


def test_small_movements_across_the_limit_do_not_count() -> None:
    assert words([2.05, 1.8], [1.0, 1.0]) == ["weaker"]
    assert words([1.9, 2.1], [1.0, 1.0]) == ["same"]


def test_the_opposite_sign_and_new_conclusions_are_named() -> None:
    assert words([4.0, -2.0], [1.0, 1.1]) == ["opposite"]
    assert words([0.5, 4.0, -4.0], [1.0, 1.1, 1.1]) == ["changes", "changes"]
    assert words([0.5, 4.0], [1.0, 3.0]) == ["same"]


def test_another_standard_error_may_lose_the_conclusion() -> None:
    assert words([2.5, 2.5, 2.5], [1.0, 1.5, 2.5], [False, False]) == ["weaker", "changes"]
    assert words([2.5, 2.5], [1.0, 4.0], [False]) == ["changes"]


def test_the_limit_rises_with_rows_that_may_change_and_not_with_precise_ones() -> None:
    row, wide, precise = (1.3, 1.8), (5.0, 2.5), (4.9, 1.01)
    alone = words([5.0, row[0]], [1.0, row[1]])
    assert alone == ["changes"]
    for other, expected in ((precise, "changes"), (wide, "weaker")):
        mean = [5.0, row[0], *[other[0]] * 30]
        assert words(mean, [1.0, row[1], *[other[1]] * 30])[0] == expected


@pytest.mark.parametrize("size", [pytest.param(2.5, marks=pytest.mark.slow), 5.0])
def test_five_per_cent_of_tables_change_by_chance(size: float) -> None:
    """Rows that are subsamples of one sample, of 20 to 97 % of its observations."""
    rng = np.random.default_rng(int(10 * size))
    count, share = 400, np.repeat([0.2, 0.3, 0.5, 0.8, 0.97], 6)
    wrong = 0
    for _ in range(count):
        values = size / np.sqrt(1000) + rng.standard_normal(1000)
        parts = [values, *(rng.choice(values, int(s * 1000), replace=False) for s in share)]
        mean = [float(x.mean()) for x in parts]
        if abs(mean[0]) < 1.96 / np.sqrt(1000):
            continue
        found = conclusions_of(evidence(mean, [x.size**-0.5 for x in parts]))
        wrong += bool((found.changed | found.opposite).any())
    assert wrong / count < 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)
    if size == 5.0:
        # The bound is not so loose that nothing is ever found.
        assert wrong > 0
