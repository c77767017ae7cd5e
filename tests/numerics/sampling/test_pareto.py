"""The shape of importance weights is ArviZ's."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array
from doors import Weights


@pytest.mark.parametrize("size", [30, 200, 256, 2000, 10_000])
@pytest.mark.parametrize("tail", [0.3, 1.0, 3.0])
def test_the_shape_is_that_of_pareto_smoothing(size: int, tail: float) -> None:
    log_weights = tail * np.random.default_rng(size).standard_t(5.0, size)
    theirs = float(array.array_stats.psislw(-log_weights)[1])
    assert Weights(log_weights).khat == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_points_without_a_density_do_not_count() -> None:
    log_weights = np.random.default_rng(0).standard_normal(500)
    some = np.concatenate([log_weights, np.full(50, -np.inf)])
    assert Weights(some).khat == Weights(log_weights).khat
    assert Weights(np.zeros(100)).khat == -np.inf
    assert Weights(log_weights[:20]).khat == np.inf
