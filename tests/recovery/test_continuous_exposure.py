"""Slopes of a continuous exposure, and their differences between units, are recovered."""

from __future__ import annotations

import numpy as np
import pytest
from exposed import SLOPES, exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.inference.fitting import mode_averages

SEEDS = range(40)


def _groups(model_frame):
    """Shares of cells in all rows, in the difference of two regions, and in each."""

    def share(rows):
        return rows / rows.sum()

    rows, region = model_frame.cells.rows, model_frame.cells.strata["region"]
    of = {r: share(np.where(region == r, rows, 0)) for r in SLOPES}
    return np.stack([share(rows), of["inland"] - of["coastal"], *of.values()], axis=1)


@pytest.mark.slow
def test_intervals_of_slopes_hold_the_truth():
    """Modal intervals are a little too narrow; 40 draws of coverage .93 give 33 at the least."""
    design = nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"]))
    inside, error = [], []
    for seed in SEEDS:
        panel = exposed_panel(exposed_frame(seed, deviation=0.3))
        slopes = panel.frame.groupby("region")["slope"].mean()
        regions = [slopes[r] for r in SLOPES]
        truth = [panel.frame["slope"].mean(), slopes["inland"] - slopes["coastal"], *regions]
        mean, sd = mode_averages(design, panel, _groups)
        error.append((mean - truth) / sd)
        inside.append(np.abs(error[-1]) <= 1.96)
    assert (np.sum(inside, axis=0) >= 33).all()
    # Errors over posterior sd: no bias, and neither too wide nor too narrow on average.
    assert np.abs(np.mean(error, axis=0)).max() < 0.5
    assert np.sqrt(np.mean(np.square(error))) < 1.25
