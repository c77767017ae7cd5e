"""Provinces whose productivity follows that of linked ones: truth of a point more everywhere."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import provinces

OPTIONS = {"seed": 3, "spillover": 0.2, "mediators": ["upgrading"], "neighbours": 4}


def by_unit(simulated: nqp.simulation.Simulated, path: str) -> np.ndarray:
    """True effects of provinces along a path, in innovations' sds of productivity (unit)."""
    effects = nqp.att(simulated.truth, by="unit", path=path)
    labels = simulated.panel.unit_labels
    return effects.sel(unit=labels).to_numpy()[0, 0] / simulated.parameters["gain"]


def test_truth_is_the_matrix_of_derivatives() -> None:
    plain, lagged = provinces(**OPTIONS | {"spillover": 0.0}), provinces(**OPTIONS, lag=0.4)
    panel = lagged.panel
    w = nqp.spatial_weights.nearest(panel, k=4).aligned(panel.unit_labels).matrix.toarray()
    inverse = np.linalg.inv(np.eye(len(w)) - 0.4 * w)
    own = {path: by_unit(plain, path) for path in ("total", "direct", "upgrading")}
    derivatives = inverse @ (np.diag(own["total"]) + 0.2 * w)
    total, diagonal = derivatives.sum(axis=1), np.diag(derivatives)
    assert by_unit(lagged, "total") == pytest.approx(total, abs=1e-10)
    assert by_unit(lagged, "received") == pytest.approx(total - diagonal, abs=1e-10)
    via = np.diag(inverse) * own["upgrading"]
    assert by_unit(lagged, "upgrading") == pytest.approx(via, abs=1e-10)
    assert by_unit(lagged, "direct") == pytest.approx(diagonal - via, abs=1e-10)
    assert "received" not in plain.truth["path"]


@pytest.mark.slow
def test_a_spillover_alone_is_received_of_a_point_more_everywhere() -> None:
    plain, linked = provinces(**OPTIONS | {"spillover": 0.0}), provinces(**OPTIONS)
    assert by_unit(linked, "received") == pytest.approx(np.full(31, 0.2), abs=1e-10)
    assert by_unit(linked, "direct") == pytest.approx(by_unit(plain, "direct"), abs=1e-10)
    total = by_unit(plain, "total") + 0.2
    assert by_unit(linked, "total") == pytest.approx(total, abs=1e-10)


@pytest.mark.slow
def test_a_lag_is_found_again() -> None:
    simulated = provinces(**OPTIONS, lag=0.4, spatial=0.0)
    near = nqp.spatial_weights.nearest(simulated.panel, k=4)
    design = nqp.ContinuousExposure(
        "cbec", nqp.PartialPooling(["region"]), spillovers=nqp.SpatialLag(near)
    )
    fit = nqp.fit(design, simulated.panel, nqp.Importance(seed=1), progress=False)
    draws = {"total": nqp.att(fit), "received": nqp.att(fit, path="received")}
    for path, values in draws.items():
        truth = nqp.att(simulated.truth, path=path).item()
        assert abs(float(values.mean()) - truth) < 3.0 * float(values.std())
    delta = fit.posterior["outcome__delta"]
    assert abs(float(delta.mean()) - 0.4) < 3.0 * float(delta.std())


def test_what_explodes_is_refused() -> None:
    with pytest.raises(StudyError, match="'lag'"):
        provinces(**OPTIONS, lag=1.0)
