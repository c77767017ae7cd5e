"""Processes that meet one another in a few others alone: the same density, at a lower cost."""

from __future__ import annotations

import numpy as np
import pytest
from design_table import DESIGNS
from hypothesis import given
from hypothesis import strategies as st

from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density, draw, functionals, gradient, path_laws
from bayes_nqp.numerics.linear_gaussian._arrow_matrix import ArrowFactor

NAME = "lasting shocks and trends, iid"


@pytest.mark.slow
@given(st.integers(0, 4), st.integers(1, 3), st.integers(0, 4), st.integers(0, 99))
def test_the_factor_is_that_of_the_whole_matrix(k: int, s: int, e: int, seed: int) -> None:
    rng, size = np.random.default_rng(seed), k * s + e
    root = rng.standard_normal((2, size, size + 3))
    whole = root @ root.swapaxes(-1, -2) + np.eye(size)
    block = np.arange(k * s) // s
    whole[:, : k * s, : k * s] *= block[:, None] == block
    whole += size * np.eye(size) * 3
    first = whole[:, : k * s, : k * s].reshape(2, k, s, k, s)
    d = np.einsum("bkikj->bkij", first) if k else np.zeros((2, 0, s, s))
    factor = ArrowFactor.of(d, whole[:, k * s :, : k * s], whole[:, k * s :, k * s :])
    np.testing.assert_allclose(factor.log_det, np.linalg.slogdet(whole)[1])
    right = rng.standard_normal((2, size, 2))
    # L^-T L^-1 r = M^-1 r, and (L^-1 r)'(L^-1 r) = r'M^-1 r.
    half = factor.half_solve(right)
    np.testing.assert_allclose(factor.back_solve(half), np.linalg.solve(whole, right), atol=1e-12)
    inner = right.swapaxes(-1, -2) @ np.linalg.solve(whole, right)
    np.testing.assert_allclose(half.swapaxes(-1, -2) @ half, inner, atol=1e-12)
    inverse = np.linalg.inv(whole)
    own, side, corner = factor.inverse()
    np.testing.assert_allclose(side, inverse[:, k * s :, : k * s], atol=1e-12)
    np.testing.assert_allclose(corner, inverse[:, k * s :, k * s :], atol=1e-12)
    for j in range(k):
        part = slice(j * s, (j + 1) * s)
        np.testing.assert_allclose(own[:, j], inverse[:, part, part], atol=1e-12)


def test_shocks_of_cities_meet_in_the_drifts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Density, gradient, means and variances do not depend on what comes off first."""
    found = []
    for many in (1, 1000):
        monkeypatch.setattr(path_laws, "_MANY", many)
        panel = DESIGNS[NAME].make(11, missing=0.1)
        equation = model_frame_of(DESIGNS[NAME].design, panel).equations[0]
        problem, head = equation.gaussian, equation.gaussian.arrowhead
        assert (0 < head.n_apart < head.n_values) == (many == 1)
        points = 0.5 * np.random.default_rng(1).standard_normal((4, len(problem.space)))
        positions = equation.positions.cells
        loads = head.position_loads.toarray()[positions].reshape(
            positions.size, head.n_blocks, head.size
        )
        # Values of processes have no slot: the same loads whatever their order.
        local, border = loads[:, :, : head.n_local], loads[:, :, head.n_local :].sum(axis=1)
        found.append((
            density(problem, points), gradient(problem, points)[1],
            draw(problem, points, None).positions[:, positions],
            *functionals(problem, points, np.moveaxis(local, 0, -1), border[:, : head.n_global].T),
        ))  # fmt: skip
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)
