"""Other estimators in closed form beside the packages that are known for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from against import cases, peers
from against.peers import Roles

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness import AVERAGE, ESTIMATORS, EventCurve, Sample

dd = pytest.importorskip("diff_diff")

PEERS: dict[str, Any] = {
    "callaway_santanna": (lambda: dd.CallawaySantAnna(base_period="universal"), True),
    "imputation": (dd.ImputationDiD, True),
    "sun_abraham": (dd.SunAbraham, False),
    "two_stage": (dd.TwoStageDiD, True),
}
SIMULATED = Roles("unit", "time", "first", "outcome")


@cache
def frames() -> dict[str, tuple[pd.DataFrame, Roles]]:
    panel = nqp.simulation.staggered(strata={}, effect="growing", growth=0.3, seed=5).panel
    frame = panel.frame.assign(first=panel.frame["cohort"].fillna(0).astype(int))
    frame["unit"] = frame["unit"].astype("category").cat.codes
    return {
        "castle": (cases.castle_frame(), cases.CASTLE),
        "simulated": (frame, SIMULATED),
        "gaps": (cases.thinned(frame), SIMULATED),
    }


def theirs(name: str, data: str) -> Iterator[tuple[int, float, float]]:
    """Event time, estimate and standard error by diff-diff, the average last."""
    make, aggregates = PEERS[name]
    frame, roles = frames()[data]
    how = {"aggregate": "event_study"} if aggregates else {}
    with peers.quiet():
        found = make().fit(frame, **roles.diff_diff, **how)
    for e, x in found.event_study_effects.items():
        if np.isfinite(x["se"]) and x["se"] > 0:
            yield int(e), float(x["effect"]), float(x["se"])
    yield AVERAGE, float(found.overall_att), float(found.overall_se)


@pytest.mark.parametrize("data", ["castle", "simulated", "gaps"])
@pytest.mark.parametrize("name", PEERS)
def test_estimates_and_standard_errors_are_those_of_diff_diff(name: str, data: str) -> None:
    frame, roles = frames()[data]
    found = ESTIMATORS[name].estimate(Sample.of(cases.panel_of(frame, roles)))
    ours = dict(zip(found.event_time.tolist(), zip(found.mean, found.sd, strict=True), strict=True))
    lines = list(theirs(name, data))
    assert len(lines) > 5
    # With gaps diff-diff weighs the influence of cohorts' shares in its own way.
    loose = 0.08 if (name, data) == ("callaway_santanna", "gaps") else 1e-6
    for event_time, mean, sd in lines:
        assert ours[event_time][0] == pytest.approx(mean, abs=1e-6)
        assert ours[event_time][1] == pytest.approx(sd, rel=loose)


def test_two_stages_are_those_of_pyfixest() -> None:
    pytest.importorskip("pyfixest")
    frame, roles = frames()["castle"]
    found = ESTIMATORS["two_stage"].estimate(Sample.of(cases.panel_of(frame, roles)))
    assert found.mean[-1] == pytest.approx(peers.pyfixest_did2s(frame, roles), abs=1e-6)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    panel = nqp.datasets.castle_doctrine()
    sampler = nqp.Importance(draws=200, chains=2, seed=1)
    return nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), panel, sampler, progress=False)


@pytest.mark.slow
def test_the_table_holds_the_fit_and_the_others(fit: nqp.Fit) -> None:
    table = nqp.estimators_table(fit)
    average = table[table["event_time"].isna()].set_index("estimator")
    assert average.index[0] == "bayes_nqp"
    assert average.loc["bayes_nqp", "mean"] == pytest.approx(float(nqp.att(fit).mean()))
    assert average.loc["Borusyak–Jaravel–Spiess", "mean"] == pytest.approx(0.0668998, abs=1e-6)
    assert (table["upper"] > table["lower"]).all()
    with pytest.raises(StudyError, match="imputations"):
        nqp.estimators_table(fit, ["imputations"])


def test_an_estimator_of_ones_own_is_one_function(fit: nqp.Fit) -> None:
    from bayes_nqp.robustness.estimators import estimator

    @estimator("Naive", Message("nothing"), place=5)
    def naive(rows: Sample) -> EventCurve:
        """Take the mean of treated rows."""
        times, w = rows.targets(rows.treated)
        return rows.estimates(times, w, rows.y[:, None])

    try:
        table = nqp.estimators_table(fit, ["naive"])
        figure = nqp.plots.estimators(fit, estimators=["naive"])
    finally:
        del ESTIMATORS["naive"]
    rows = Sample.of(fit.panel)
    drawn = table[(table["estimator"] == "Naive") & table["event_time"].isna()]
    assert drawn["mean"].item() == pytest.approx(rows.y[rows.treated].mean())
    assert "nothing" in [text.get_text() for text in figure.axes[1].texts]


@pytest.mark.slow
def test_where_everyone_adopts_the_last_are_compared_with() -> None:
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    panel = nqp.Panel.from_frame(
        frame.dropna(subset="cohort"), unit="unit", time="time", cohort="cohort", outcome="outcome"
    )
    design = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID(), unidentified="drop")
    sampler = nqp.Importance(draws=100, chains=2, seed=1)
    fit = nqp.fit(design, panel, sampler, progress=False)
    table = nqp.estimators_table(fit)
    assert {"Callaway–Sant'Anna", "Sun–Abraham"} < set(table["estimator"])
    shorter = panel.where(panel.time_codes < panel.cohort_codes.max())
    same = nqp.fit(design.replace(unidentified="raise"), shorter, sampler, progress=False)
    pd.testing.assert_frame_equal(table, nqp.estimators_table(same))
