"""Questions of what is left in space, where mediators of linked units are part of the model."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS
from bayes_nqp.inference.fitting import fit_given_channels, total_fit

SAMPLER = nqp.Importance(seed=1, draws=500)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """One mediator, whose linked units' values act on the outcome by .4."""
    return nqp.simulation.channels_in_space(units=120, seed=53_000_000).panel


def fitted(panel: nqp.Panel, spillovers: object) -> nqp.Fit:
    """Channels beside links of the four nearest."""
    links = nqp.spatial_weights.nearest(panel, k=4)
    design = nqp.StaggeredDiD(spillovers=spillovers)
    stated = nqp.Mediation(design, panel.roles.mediators, links=links)
    return nqp.fit(stated, panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_shared_causes_leave_no_trace_given_them(panel: nqp.Panel) -> None:
    """In errors of the total effect W M is a shock that linked units share; given M nothing is."""
    links = nqp.spatial_weights.nearest(panel, k=4)
    fit = fitted(panel, nqp.SpatialLag(links, lag=False))
    total = total_fit(fit)
    assert CHECKS["spatial_form"](total).verdict == "failed"
    assert CHECKS["spatial_lm"](total).verdict == "caution"
    for name in ("spatial_form", "spatial_lm", "moran"):
        assert nqp.check(fit, name, progress=False).verdict == "passed"


def test_direct_effects_are_those_of_the_channels(panel: nqp.Panel) -> None:
    """The equation by itself has the direct effects of the model that it is part of."""
    links = nqp.spatial_weights.nearest(panel, k=4)
    fit = fitted(panel, nqp.SpatialLag(links, lag=False))
    alone = fit_given_channels(fit)
    direct, own = nqp.nde(fit), nqp.att(alone, path="direct")
    assert abs(float(own.mean() - direct.mean())) < 0.1 * float(direct.std())
    assert float(own.std()) == pytest.approx(float(direct.std()), rel=0.1)
    names = {x.name for x in alone.model_frame.equations[0].rows.columns}
    assert names == {x.name for x in fit.model_frame.equations[0].rows.columns}


@pytest.mark.slow
def test_rings_beside_linked_mediators(panel: nqp.Panel) -> None:
    """Links of mediators that are not those of treatment enter as they are."""
    alone = fit_given_channels(fitted(panel, nqp.Rings([100.0])))
    names = [x.name for x in alone.model_frame.equations[0].rows.columns]
    assert {"digital", "W × digital"} <= set(names)
    assert CHECKS["moran"](alone).verdict in ("passed", "caution")
    assert np.isfinite(nqp.att(alone)).all()
