"""What checks say where units load on common series: loadings are flat, and many."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Two walks in common."""
    panel = nqp.simulation.staggered(
        units=120, periods=12, cohorts=(5, 7, 9), never=0.4, strata={}, seed=53_000_003
    ).panel
    rng = np.random.default_rng(53_000_003)
    paths = np.cumsum(rng.normal(0.0, 0.4, (2, 12)), axis=1)
    loads = rng.standard_normal((panel.unit_labels.size, 2))
    series = (loads @ paths)[panel.unit_codes, panel.time_codes]
    design = nqp.StaggeredDiD(trends=nqp.Factors(2))
    sampler = nqp.Importance(seed=3)
    return nqp.fit(design, panel.with_outcome(panel.outcome + series), sampler, progress=False)


@pytest.mark.slow
def test_weights_that_leave_nobody_out_tell_of_nobody(fit: nqp.Fit) -> None:
    """A unit whose weights fail has moved nothing until it has been refitted."""
    found = CHECKS["influence"](fit, refits=2)
    table = found.evidence
    assert (table["pareto_k"] > table.attrs["good_k"]).sum() > 10
    assert int(table["refitted"].sum()) == 2
    assert found.verdict == "inconclusive"
    assert "refits=" in found.sentence


@pytest.mark.slow
def test_flat_loadings_have_no_prior_to_compare_with(fit: nqp.Fit) -> None:
    """Autocorrelation that series explain is none of the errors'."""
    assert CHECKS["prior_predictive"](fit).verdict == "not applicable"


@pytest.mark.slow
def test_no_pooling_beside_loadings_tells_no_conclusion(fit: nqp.Fit) -> None:
    """Every unit has a level and two loadings: effects of single cells are hardly known."""
    found = CHECKS["specifications"](fit)
    assert found.verdict == "passed"
    sd = found.evidence["att"].std(("chain", "draw"))
    assert float(sd.max() / sd[0]) > 3.0
