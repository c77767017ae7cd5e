"""The flat slope of a continuous exposure against two-way fixed effects of pyfixest."""

from __future__ import annotations

import numpy as np
import pyfixest as pf
import pytest
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of

FLAT = nqp.ContinuousExposure("trade", nqp.NoPooling(varying=None), nqp.IID())


def rows(seed, **changes):
    """Return rows with holes."""
    frame = exposed_frame(seed, **changes)
    return frame[np.random.default_rng(seed).random(len(frame)) > 0.15].reset_index(drop=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_one_slope(seed):
    frame = rows(seed)
    effects = nqp.posterior_mean(
        FLAT, exposed_panel(frame, strata=[], covariates=["finance"], moderators=[])
    )
    peer = pf.feols("y ~ trade + finance | province + year", frame).coef()["trade"]
    assert float(nqp.att(effects).item()) == pytest.approx(peer, rel=1e-7)


@pytest.mark.parametrize("common", [True, False])
def test_slopes_by_stratum(common):
    frame = rows(3)
    design = FLAT.replace(time=nqp.TimeEffects()) if common else FLAT
    effects = nqp.att(nqp.posterior_mean(design, exposed_panel(frame)), by="region")
    for region in ("coastal", "inland"):
        frame[region] = frame["trade"] * (frame["region"] == region)
    frame["cell"] = frame["year"].astype(str) + ("" if common else frame["region"])
    peer = pf.feols("y ~ coastal + inland | province + cell", frame).coef()
    for region in ("coastal", "inland"):
        found = float(effects.sel(region=region).item())
        assert found == pytest.approx(peer[region], rel=1e-7)


def test_moderation():
    frame = rows(4, theta=0.5)
    design = FLAT.replace(moderator="finance")
    model_frame = model_frame_of(design, exposed_panel(frame, strata=[]))
    effects = nqp.posterior_mean(design, exposed_panel(frame, strata=[]))
    frame["product"] = frame["trade"] * (frame["finance"] - model_frame.moderator.centre)
    peer = pf.feols("y ~ trade + finance + product | province + year", frame).coef()
    by_year = nqp.att(effects, by="time").squeeze(drop=True).to_numpy()
    mean = frame.groupby("year")["finance"].mean().to_numpy() - model_frame.moderator.centre
    slope = np.polyfit(mean, by_year, 1)
    np.testing.assert_allclose(slope, [peer["product"], peer["trade"]], rtol=1e-6)
