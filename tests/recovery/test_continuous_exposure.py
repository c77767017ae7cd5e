"""Slopes of a continuous exposure, and their differences between units, are recovered."""

from __future__ import annotations

import numpy as np
from exposed import SLOPES, exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.fitting import modal_effects

SEEDS = range(40)


def test_intervals_of_slopes_hold_the_truth():
    """Modal intervals are a little too narrow; 40 draws of coverage .93 give 33 at the least."""
    design = nqp.ContinuousExposure("trade", nqp.Partial(["region"]))
    inside, error = [], []
    for seed in SEEDS:
        panel = exposed_panel(exposed_frame(seed, deviation=0.3))
        effects = modal_effects(design, panel, draws=300, seed=seed)
        frame = panel.frame
        truth = frame.groupby("region")["slope"].mean()
        by_region = nqp.att(effects, by="region")
        groups = {
            "all": (nqp.att(effects), frame["slope"].mean()),
            "difference": (
                nqp.contrast(by_region, region="inland", minus="coastal"),
                truth["inland"] - truth["coastal"],
            ),
            **{r: (by_region.sel(region=r), truth[r]) for r in SLOPES},
        }
        draws = {name: (x.to_numpy().ravel(), true) for name, (x, true) in groups.items()}
        inside.append([
            np.quantile(x, 0.025) <= true <= np.quantile(x, 0.975) for x, true in draws.values()
        ])  # fmt: skip
        error.append([(x.mean() - true) / x.std() for x, true in draws.values()])
    assert (np.sum(inside, axis=0) >= 33).all()
    # Errors over posterior sd: no bias, and neither too wide nor too narrow on average.
    assert np.abs(np.mean(error, axis=0)).max() < 0.5
    assert np.sqrt(np.mean(np.square(error))) < 1.25
