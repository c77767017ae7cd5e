"""Parallel trends where errors follow those of linked units."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp

SAMPLER = nqp.Importance(seed=1, draws=500)


@pytest.mark.slow
@pytest.mark.parametrize("durbin", [False, True], ids=["SEM", "SDEM"])
@pytest.mark.parametrize(
    ("slope", "verdicts"), [(0.0, {"passed", "inconclusive"}), (0.2, {"failed"})]
)
def test_a_drift_of_adopters_is_seen(durbin: bool, slope: float, verdicts: set[str]) -> None:
    """Leads stand beside a Durbin model, which holds errors that follow linked units'."""
    made = nqp.simulation.staggered(
        units=100, periods=12, cohorts=(6, 8, 10), strata={}, deviation_sd=0.0, seed=7,
        spillover=nqp.simulation.Spillover(nqp.Rings([100.0]), untreated=(0.0,)),
    )  # fmt: skip
    panel = made.panel
    links = nqp.spatial_weights.nearest(panel, k=4)
    w = links.aligned(panel.unit_labels).matrix.toarray()
    root = np.linalg.inv(np.eye(len(w)) - 0.3 * w)
    noise = np.random.default_rng(1).normal(0.0, 1.0, (len(w), panel.periods))
    shared = (root @ noise - noise)[panel.unit_codes, panel.time_codes]
    ever = panel.cohort_codes[panel.unit_codes] >= 0
    panel = panel.with_outcome(panel.outcome + shared + slope * panel.time_codes * ever)
    spillovers = nqp.SpatialLag(links, error=True, durbin=durbin)
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), spillovers=spillovers)
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    assert nqp.check(fit, "pretrends", progress=False).verdict in verdicts
