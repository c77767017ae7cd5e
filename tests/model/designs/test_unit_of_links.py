"""The unit of weights that link units does not matter, where rows need not add up to one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.model.pooling import Pooling

SAMPLER = nqp.Importance(seed=1, draws=500)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Untreated units receive of those within 100 km."""
    near = nqp.simulation.Spillover(nqp.Rings([100.0]), untreated=(0.4,))
    return nqp.simulation.staggered(
        units=60, periods=9, cohorts=(5, 7), strata={}, seed=3, spillover=near
    ).panel


def fitted(panel: nqp.Panel, unit: float, effect: Pooling) -> nqp.Fit:
    """Links of the four nearest, times some number."""
    links = nqp.spatial_weights.nearest(panel, k=4).aligned(panel.unit_labels)
    names = panel.unit_labels
    frame = pd.DataFrame(unit * links.matrix.toarray(), index=names, columns=names)
    weights = nqp.spatial_weights.matrix(frame, standardised="none")
    design = nqp.StaggeredDiD(effect, spillovers=nqp.SpatialLag(weights, lag=False))
    return nqp.fit(design, panel, SAMPLER, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [nqp.CompletePooling(varying=None), nqp.NoPooling(varying=None)])
def test_what_is_received_does_not_depend_on_the_unit(panel: nqp.Panel, effect: Pooling) -> None:
    """Priors are of exposure over what it varies: one over kilometres is as good as shares."""
    one, small = fitted(panel, 2.0, effect), fitted(panel, 0.02, effect)
    for path in ("total", "direct", "received"):
        first, second = nqp.att(one, path=path), nqp.att(small, path=path)
        np.testing.assert_allclose(second, first, rtol=1e-5, atol=1e-6)
    name = next(x for x in ("linked_level", "linked_each") if f"outcome__{x}" in one.posterior)
    first, second = (x.posterior[f"outcome__{name}"].to_numpy() for x in (one, small))
    np.testing.assert_allclose(0.01 * second, first, rtol=1e-5, atol=1e-6)
