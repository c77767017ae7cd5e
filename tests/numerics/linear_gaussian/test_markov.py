"""The precision of Markov errors with known variances, from a tridiagonal inverse."""

from __future__ import annotations

import numpy as np
import pytest
from counted import counted

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.errors import Noise
from bayes_nqp.numerics.linear_gaussian._unit_matrices import absorb, innovation_root
from bayes_nqp.numerics.linear_gaussian.markov import markov_precision


@pytest.mark.parametrize("least", [1.0, 1e-7], ids=["usual", "tiny"])
@pytest.mark.parametrize("errors", [nqp.AR1(), nqp.AR1PlusNoise(), nqp.IID()], ids=str)
def test_it_is_the_dense_one(errors: Noise, least: float) -> None:
    """Gaps, unequal variances, some of them tiny, and the level integrated out."""
    rng = np.random.default_rng(1)
    df = counted(20, 9)
    se = rng.gamma(2.0, 0.3, len(df)) * np.where(rng.random(len(df)) < 0.5, least, 1.0)
    df = df.assign(se=se)[rng.random(len(df)) > 0.15]
    panel = nqp.Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="y", outcome_se="se"
    )
    design = nqp.StaggeredDiD(errors=errors, unidentified="drop")
    problem = model_frame_of(design, panel).equations[0].gaussian
    values = problem.values(problem.space.unconstrain(problem.space.draw(rng, 6)))
    found = markov_precision(problem, values)
    assert found is not None
    root, log_det = innovation_root(problem.noise, problem.moments, values)
    nuisance = problem.nuisance * problem.moments.seen[:, :, None]
    q, absorbed = absorb(root.swapaxes(-1, -2) @ root, nuisance)
    np.testing.assert_allclose(found[0], q, atol=1e-10 * abs(q).max())
    np.testing.assert_allclose(found[1], log_det - absorbed, atol=1e-9)


def test_others_take_the_general_way() -> None:
    """Zero variances leave no inverse; neither do errors that are not Markov."""
    df = counted(12, 6).assign(se=0.3)
    df.loc[df.index[3], "se"] = 0.0
    panel = nqp.Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="y", outcome_se="se"
    )
    problem = model_frame_of(nqp.StaggeredDiD(), panel).equations[0].gaussian
    values = problem.values(problem.space.unconstrain(problem.space.typical)[None])
    assert markov_precision(problem, values) is None
