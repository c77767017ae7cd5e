"""Every check gives a verdict on counts, or the reason why it does not apply."""

from __future__ import annotations

import pytest
from counted import counted, panel_of

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS

GAUSSIAN_ONLY = {
    "error_model", "functional_form", "influence", "omitted_variables",
    "placebo_mixed", "placebo_space", "prior_predictive", "scale_dependence",
}  # fmt: skip
"""Checks that need residuals on the scale of effects, or sufficient statistics."""
REFITTED = {
    "anticipation", "assumptions", "control_group", "leave_out", "model_fit", "placebo_time",
    "pretrends",
    "referee", "specifications",
}  # fmt: skip


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), likelihood=nqp.Poisson())
    panel = panel_of(counted(10, 6, level=2.0), strata=[])
    return nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_verdict_or_a_reason(fit: nqp.Fit, name: str) -> None:
    result = nqp.check(fit, name, progress=False)
    assert str(result.sentence)
    assert "cannot be made" not in str(result.sentence)
    if name in GAUSSIAN_ONLY:
        assert result.verdict == "not applicable"
        assert "Poisson()" in str(result.sentence)
    if name in REFITTED:
        assert result.verdict != "not applicable"
