"""The density of a problem beside that of dense rows. Used by tests of designs and `gaussian`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bayes_nqp.numerics.linear_gaussian import GaussianProblem, density

type LogLikelihood = Callable[[dict[str, float]], float]
"""Of dense rows, by parameters on their own scales."""


def assert_dense(
    problem: GaussianProblem,
    log_likelihood: LogLikelihood,
    spread: float = 0.6,
    number: int = 4,
    *,
    rel: float = 1e-10,
    abs: float = 1e-9,
) -> None:
    """Hold densities of random points to dense ones.

    Columns are scaled, and densities of flat coefficients are one: constants of the panel, which
    differences of two points do not have.
    """
    names = problem.space.names
    points = spread * np.random.default_rng(1).standard_normal((number, len(names)))
    ours = density(problem, points) - problem.space.log_prior(points)
    rows = problem.space.constrain(points)
    theirs = np.array([log_likelihood(dict(zip(names, row, strict=True))) for row in rows])
    assert ours - ours[0] == pytest.approx(theirs - theirs[0], rel=rel, abs=abs)
