"""Simulated counts: the truth in log points, exposures, zeros and overdispersion."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp


def test_counts_follow_their_rates() -> None:
    made = nqp.simulation.counts(units=4000, periods=6, cohorts=(4,), noise=0.0, sigma=0.05,
                                 deviation_sd=0.0, level=0.5, seed=1)  # fmt: skip
    frame = made.panel.frame
    assert (frame["events"] == frame["events"].round()).all()
    assert frame["events"].mean() == pytest.approx(3.0, rel=0.02)
    assert float(nqp.att(made.truth).mean()) == pytest.approx(0.5)
    late, ever = frame["time"] >= 4, frame["cohort"].notna()
    total = frame.groupby([frame["region"], ever, late])["events"].sum()
    ratio = np.log(total.xs(True, level=2) / total.xs(False, level=2)).unstack()
    np.testing.assert_allclose(ratio[True] - ratio[False], 0.5, atol=0.1)


def test_noise_is_overdispersion_and_seeds_repeat() -> None:
    options = {"units": 60, "periods": 8, "cohorts": (4,), "seed": 2}
    quiet, noisy = (nqp.simulation.counts(noise=x, **options) for x in (0.0, 0.8))
    assert noisy.panel.outcome.var() > quiet.panel.outcome.var()
    assert nqp.simulation.counts(**options).digest == nqp.simulation.counts(**options).digest
