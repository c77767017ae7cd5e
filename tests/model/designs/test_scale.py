"""The scale of priors is that of least squares on dummies, written densely."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense
from design_table import DESIGNS


def test_scale_of_priors_is_the_two_way_residual() -> None:
    """``s`` from least squares on dummies, written densely."""
    for name in ("partial, units, AR(1)", "common time"):
        case = DESIGNS[name]
        panel = case.make(5, missing=0.2)
        reference = dense(case.design, panel)
        free = (
            panel.time_codes
            < np.where(panel.cohort_codes < 0, 10**6, panel.cohort_codes)[panel.unit_codes]
        )
        units = (panel.unit_codes[free][:, None] == np.arange(panel.n_units)).astype(float)
        by = case.design.facts.time_strata(panel)
        node = panel.time_codes[free] + 1000 * sum(
            (10**k * panel.strata_codes[f][panel.unit_codes[free]] for k, f in enumerate(by)), 0
        )
        times = (node[:, None] == np.unique(node)).astype(float)
        x = np.concatenate([units, times], axis=1)
        beta, _, rank, _ = np.linalg.lstsq(x, panel.outcome[free], rcond=1e-10)
        rest = panel.outcome[free] - x @ beta
        assert reference.s == pytest.approx(np.sqrt(rest @ rest / (free.sum() - rank)), rel=1e-10)
