"""Pairs of columns by dense products: the same density."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense
from design_table import DESIGNS
from same_density import assert_dense

from bayes_nqp import IID
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density, gaussian_problem
from bayes_nqp.numerics.linear_gaussian.pairs import PairedMap

FIXED = [name for name, case in DESIGNS.items()
         if case.design.effect.varying != "unit" and case.design.errors == IID()
         and "outcome_se" not in case.panel]  # fmt: skip
"""Of these no pair depends on a parameter: there is no map of pairs."""


@pytest.mark.slow
@pytest.mark.parametrize("reduce", [False, True])
@pytest.mark.parametrize("name", [n for n in DESIGNS if n not in FIXED])
def test_dense_pairs_are_sparse_ones(name: str, reduce: bool) -> None:
    case = DESIGNS[name]
    statement = model_frame_of(case.design, case.make(7, missing=0.15)).equations[0].problem
    sparse = gaussian_problem(statement, dense_pairs=False, reduce=False)
    paired = gaussian_problem(statement, dense_pairs=True, reduce=reduce)
    assert isinstance(paired.moments.map1, PairedMap)
    points = np.random.default_rng(0).standard_normal((20, len(sparse.space)))
    assert density(paired, points) == pytest.approx(density(sparse, points), rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["covariates", "baseline", "exposure, by time"])
def test_the_density_is_dense(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(4)
    problem = gaussian_problem(
        model_frame_of(case.design, panel).equations[0].problem, dense_pairs=True
    )
    reference = dense(case.design, panel)
    assert_dense(problem, reference.log_likelihood, 0.5, 3, rel=1e-8, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIXED)
def test_what_is_fixed_has_no_pairs(name: str) -> None:
    """Own cells first or not: the same density."""
    statement = (
        model_frame_of(DESIGNS[name].design, DESIGNS[name].make(7, missing=0.15))
        .equations[0]
        .problem
    )
    whole, reduced = (
        gaussian_problem(statement, reduce=r, dense_pairs=True) for r in (False, True)
    )
    assert not isinstance(whole.moments.map1, PairedMap)
    points = np.random.default_rng(0).standard_normal((20, len(whole.space)))
    assert density(reduced, points) == pytest.approx(density(whole, points), rel=1e-10)


def test_many_columns_are_paired_by_themselves() -> None:
    """Their number decides, and few stay sparse."""
    case = DESIGNS["covariates"]
    few = gaussian_problem(model_frame_of(case.design, case.make(1)).equations[0].problem)
    assert not isinstance(few.moments.map1, PairedMap)
    assert (
        few.digest
        != gaussian_problem(model_frame_of(case.design, case.make(2)).equations[0].problem).digest
    )
