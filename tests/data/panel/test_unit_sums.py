"""Sums over units: the same bits in any order, and those of exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from doors import UnitPart, UnitSummary
from threadpoolctl import threadpool_limits

Array = npt.NDArray[np.float64]
WHOLE, BARE = (False, True, False), (False, False, True)


def units(n: int = 3000) -> tuple[Array, npt.NDArray[np.int64]]:
    """Units of four keys with gaps: levels of 1e4, a far outlier, zeros that stay zero."""
    rng = np.random.default_rng(3)
    values = rng.standard_t(3, (n, 3, 5)) + 1e4 * rng.random((n, 3, 1))
    key = rng.integers(0, 4, (n, 1))
    values[:, 2] = np.where(key == 1, 0.0, values[:, 2])
    gone = rng.random((n, 1, 5)) < 0.1
    gone[:, :, 0] = False
    return np.where(gone, np.nan, values), key


def summed(values: Array, key: npt.NDArray[np.int64], step: int) -> list[npt.NDArray[np.generic]]:
    def parts() -> Iterator[UnitPart]:
        for start in range(0, len(values), step):
            yield UnitPart(values[start : start + step], key[start : start + step])

    sums, keys = UnitSummary(parts, WHOLE, BARE).sums()
    return [sums.n, sums.level, sums.mean, sums.covariance, sums.seen, sums.absent, keys]


@pytest.mark.slow
@pytest.mark.parametrize(("step", "threads"), [(7, 1), (500, 2), (3000, 8)])
def test_bits_are_those_of_any_order_parts_and_threads(step: int, threads: int) -> None:
    values, key = units()
    order = np.random.default_rng(step).permutation(len(values))
    with threadpool_limits(threads):
        others = summed(values[order], key[order], step)
    for ours, theirs in zip(summed(values, key, 1000), others, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_sums_are_those_of_exact_arithmetic() -> None:
    values, key = units(400)
    n, level, mean, covariance, seen, _, keys = summed(values, key, 90)
    k = int(np.argmax(n))
    of_class = (key[:, 0] == keys[k, 0]) & (~np.isnan(values[:, 0]) == seen[k]).all(axis=1)
    assert of_class.sum() == n[k]
    own = values[of_class]
    centre = np.nan_to_num(own - np.nanmean(own, axis=2, keepdims=True))[:, 0, :2]
    x, y = ([Fraction(float(e)) for e in column] for column in centre.T)
    size = len(x)
    exact = (sum(a * b for a, b in zip(x, y, strict=True)) / size) - sum(x) * sum(y) / size**2
    largest = float(
        np.abs(values - np.nanmean(values, axis=2, keepdims=True))[:, 0][
            ~np.isnan(values[:, 0])
        ].max()
    )
    assert covariance[k, 0, 1] == pytest.approx(float(exact), rel=1e-13, abs=1e-14 * largest)
    assert mean[k, 0] == pytest.approx(float(sum(x)) / size, abs=1e-14 * largest)
    assert level[k, 0] == pytest.approx(np.nanmean(own[:, 0], axis=1).mean(), rel=1e-14)
    bare = covariance[keys[:, 0] == 1][:, 10:15]
    assert not bare.any()


def test_units_that_count_for_several_are_so_many() -> None:
    values, key = units(300)
    counts = np.arange(300.0) % 3 + 1

    def parts() -> Iterator[UnitPart]:
        yield UnitPart(values, key, counts)

    short, _ = UnitSummary(parts, WHOLE, BARE).sums()
    each = np.repeat(np.arange(300), counts.astype(int))
    n, _, mean, covariance, *_ = summed(values[each], key[each], 300)
    np.testing.assert_array_equal(short.n, n)
    np.testing.assert_allclose(short.mean, mean, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(short.covariance, covariance, rtol=1e-12, atol=1e-8)
