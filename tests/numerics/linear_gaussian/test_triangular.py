"""Triangular systems of stacks, whatever the size, the stack and the layout in memory."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_nqp.numerics.linear_gaussian._unit_matrices import back_solve, half_solve


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 12, 13, 40])
@pytest.mark.parametrize("stacks", [((3,), (3,)), ((4, 1), (1, 5)), ((), (7,)), ((0,), (0,))])
@pytest.mark.parametrize("columns", [0, 1, 6])
def test_systems_are_solved(
    size: int, stacks: tuple[tuple[int, ...], tuple[int, ...]], columns: int
) -> None:
    rng = np.random.default_rng(size)
    x = rng.standard_normal((*stacks[0], size, size + 3))
    lower = np.zeros((*stacks[0], size + 2, size + 2))
    lower[..., :size, :size] = np.linalg.cholesky(x @ x.swapaxes(-1, -2))
    lower = lower[..., :size, :size]  # A view, as those of larger factors are.
    right = rng.standard_normal((*stacks[1], columns, size)).swapaxes(-1, -2)
    before = right.copy()
    half, back = half_solve(lower, right), back_solve(lower, right)
    assert lower @ half == pytest.approx(np.broadcast_to(right, half.shape), abs=1e-9)
    assert lower.swapaxes(-1, -2) @ back == pytest.approx(
        np.broadcast_to(right, back.shape), abs=1e-9
    )
    assert (right == before).all()
