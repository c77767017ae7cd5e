"""The model average where a policy reaches others, sooner if units respond early."""

from __future__ import annotations

import numpy as np
import pytest
from doors import effects_over_rows, model_frame_of, short_refit
from spilled import EDGES, spilled

import bayes_nqp as nqp

PATHS = ("total", "direct", "received")


@pytest.fixture(scope="module")
def early() -> nqp.Fit:
    """Rings, and a response of adopters in the period before they adopt."""
    panel = spilled(2, units=100, periods=12, sigma=0.5, kappa=(1.0, 0.5, 0.6)).panel
    start = np.asarray(panel.cohort_codes)[panel.unit_codes]
    before = (start >= 0) & (panel.time_codes == start - 1)
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), spillovers=nqp.Rings(EDGES), time=nqp.TimeEffects()
    )
    moved = panel.with_outcome(panel.outcome + 0.8 * before)
    return nqp.fit(design, moved, nqp.Importance(seed=1), progress=False)


@pytest.mark.slow
def test_a_response_before_adoption_is_one_of_the_designs(early: nqp.Fit) -> None:
    answer = nqp.model_average(early)
    assert not answer.left_out
    weights = answer.table.set_index("design")["weight"]
    assert weights[weights.index.str.contains("anticipation")].sum() > 0.5
    right = nqp.fit(early.variant(anticipation=1), early.panel, early.sampler, progress=False)
    for path in PATHS:
        draws, expected = nqp.att(answer, path=path), nqp.att(right, path=path)
        assert abs(float(draws.mean() - expected.mean())) < float(draws.std())


@pytest.mark.slow
def test_effects_over_rows_are_those_of_the_design_on_average(early: nqp.Fit) -> None:
    design = early.variant(anticipation=1)
    effects = short_refit(early, design)
    model_frames = (early.model_frame, model_frame_of(design, early.panel))
    moved = effects_over_rows(nqp.group_time_effects(early), effects, *model_frames)
    assert moved["identified"].all()
    # Treated rows are the same in both, cell by cell otherwise split.
    np.testing.assert_allclose(
        nqp.att(moved, path="direct"), nqp.att(effects, path="direct"), rtol=1e-10
    )
    itself = nqp.group_time_effects(early)
    same = effects_over_rows(itself, itself, early.model_frame, early.model_frame)
    np.testing.assert_allclose(same["effect"], itself["effect"], rtol=1e-12)


@pytest.mark.slow
def test_effects_over_rows_keep_who_is_in_which_cell() -> None:
    """Cells of the fit and of the other design are of other numbers; members are in the fit's."""
    panel = spilled(2, units=60, periods=10, sigma=0.5).panel
    design = nqp.StaggeredDiD(spillovers=nqp.Rings(EDGES), time=nqp.TimeEffects())
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    effects_dataset, other = nqp.group_time_effects(fit), fit.variant(anticipation=1)
    effects = short_refit(fit, other)
    assert effects.sizes["cell"] > effects_dataset.sizes["cell"]
    moved = effects_over_rows(
        effects_dataset, effects, fit.model_frame, model_frame_of(other, panel)
    )
    for name in ("membership_cell", "membership_rows"):
        np.testing.assert_array_equal(moved[name], effects_dataset[name])
    members = [
        x["member"].to_numpy()[x["membership_member"].to_numpy()] for x in (moved, effects_dataset)
    ]
    assert list(members[0]) == list(members[1])
    assert np.isfinite(nqp.att(moved, by="unit")).all()
    assert np.isfinite(nqp.model_average(fit).sensitivity).all(axis=None)


@pytest.mark.slow
def test_what_a_design_refuses_is_left_out_and_named() -> None:
    """A dynamic lag takes no trends; channels take no dips, and have responses."""
    made = nqp.simulation.channels_in_space(units=60, periods=10, seed=1)
    times = {"time": nqp.TimeEffects()}
    lag = nqp.SpatialLag(nqp.spatial_weights.nearest(made.panel, 4), dynamics=True)
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), nqp.IID(), spillovers=lag, **times)
    fit = nqp.fit(design, made.panel, nqp.Importance(seed=1), progress=False)
    left_out = {str(name): str(why) for name, why in nqp.model_average(fit).left_out}
    assert "cannot be combined with 'trends'" in left_out["a linear differential trend"]
    rings = nqp.StaggeredDiD(nqp.CompletePooling(), spillovers=nqp.Rings((50.0, 100.0)), **times)
    fit = nqp.fit(nqp.Mediation(rings), made.panel, nqp.Importance(seed=1), progress=False)
    answer = nqp.model_average(fit)
    refused = {str(name): str(why) for name, why in answer.left_out}
    assert "does not identify all effects" in refused.pop(
        "anticipation three periods before adoption"
    )
    assert all("dip" in name or "shift" in name for name in refused)
    assert all("mediation cannot be combined" in why for why in refused.values())
    assert np.isfinite(nqp.att(answer, path="received")).all()
