"""Distinct rows of codes are those of numpy, joined to numbers or not."""

from __future__ import annotations

import numpy as np
import pytest
from doors import distinct_rows


@pytest.mark.parametrize("shape", [(0, 2), (1, 1), (200, 1), (200, 3), (50, 6)])
@pytest.mark.parametrize("largest", [3, 10**12])
def test_they_are_those_of_numpy(shape: tuple[int, int], largest: int) -> None:
    codes = np.random.default_rng(1).integers(-1, largest, shape)
    codes = np.concatenate([codes, codes[: len(codes) // 2]])
    table, number = distinct_rows(codes)
    theirs, inverse = np.unique(codes, axis=0, return_inverse=True)
    assert np.array_equal(table, theirs)
    assert np.array_equal(number, inverse.ravel())
    assert np.array_equal(table[number], codes)
