"""Event studies relative to a reference period of choice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp.data.simulation import staggered
from bayes_nqp.robustness import over_time
from bayes_nqp.robustness.trends import event_study_of

SAMPLER = nqp.Importance(draws=2000, chains=2, seed=1)
DESIGN = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), unidentified="drop")


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Cohorts of 12, 8 and 7 units, the first of which has two untreated periods."""
    panel = staggered(
        units=45, periods=8, cohorts={3: 12, 5: 8, 6: 7}, strata={}, seed=2, rho=0.0, missing=0.08
    ).panel
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


def by_hand(fit: nqp.Fit, reference: int) -> dict[int, np.ndarray]:
    """Average over cohorts, by observations, of effects less the cohort's lead."""
    study, frame = event_study_of(fit), fit.panel.frame
    parts: dict[int, list[tuple[np.ndarray, int]]] = {}
    for g in (3, 5, 6):
        curve = {-1: np.zeros((2, 2000))}
        for part in (study.leads, study.effects):
            of_cohort = part.isel(cell=(part.cohort == g).to_numpy()).effect.sel(path="total")
            curve |= {int(k): of_cohort.isel(cell=i).to_numpy()
                      for i, k in enumerate(of_cohort.event_time)}  # fmt: skip
        if reference not in curve:
            continue
        units = frame[frame["cohort"] == g]
        for k, values in curve.items():
            number = int((units["time"] == g + k).sum())
            parts.setdefault(k, []).append((values - curve[reference], number))
    return {k: sum(x * n for x, n in some) / sum(n for _, n in some) for k, some in parts.items()}


@pytest.mark.slow
@pytest.mark.parametrize("reference", [-2, -3, -4])
def test_leads_and_effects_are_less_those_of_the_reference(fit: nqp.Fit, reference: int) -> None:
    course, expected = over_time(fit, reference=reference), by_hand(fit, reference)
    assert course.reference == reference
    ours = {int(k): draws.sel(event_time=k).to_numpy()
            for draws in course.parts for k in draws.event_time}  # fmt: skip
    assert set(ours) == set(expected) - {reference}
    for k, values in ours.items():
        np.testing.assert_allclose(values, expected[k], atol=1e-10)
    assert course.left_out == {-2: 0, -3: 1, -4: 1}[reference]


def test_least_squares_without_the_reference_period(fit: nqp.Fit) -> None:
    """One cohort: dummies for all its periods but the reference, and for units and periods."""
    panel = fit.panel.where(np.isin(fit.panel.cohort_codes, [-1, 4])[fit.panel.unit_codes])
    one = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
    unit, time = panel.unit_codes, panel.time_codes
    start = panel.cohort_codes[unit]
    times = [k for k in range(-4, 4) if k != -3]
    columns = [(start >= 0) & (time - start == k) for k in times]
    columns += [unit == k for k in range(panel.n_units)] + [time == t for t in range(1, 8)]
    x = np.stack(columns, axis=1).astype(float)
    estimate = np.linalg.lstsq(x, panel.outcome, rcond=None)[0][: len(times)]
    table = nqp.event_study_table(one, reference=-3, efficient=False)
    table = table[table["part"] != "reference"].set_index("event_time")
    gap = (table.loc[times, "mean"].to_numpy() - estimate) / table.loc[times, "sd"].to_numpy()
    assert np.abs(gap).max() < 0.1


def test_the_usual_reference_is_the_default(fit: nqp.Fit) -> None:
    usual = nqp.event_study_table(fit)
    pd.testing.assert_frame_equal(nqp.event_study_table(fit, reference=-1), usual)
    table = nqp.event_study_table(fit, reference=-3, efficient=False)
    assert table["event_time"].is_monotonic_increasing
    assert table.set_index("event_time").loc[-3, "part"] == "reference"
    assert table.set_index("event_time").loc[-1, "part"] == "lead"


@pytest.mark.slow
def test_the_figure_names_it_and_cohorts_left_out(fit: nqp.Fit) -> None:
    figure = nqp.plots.event_study(fit, reference=-3)
    (note,) = (x.get_text() for x in figure.findobj(match=lambda x: x.get_gid() == "note"))
    assert "relative to event time −3" in note
    assert "not observed at the reference: 1." in " ".join(note.split())
    lines = [line.get_xdata() for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert [x[0] for x in lines] == [-0.5]


@pytest.mark.parametrize("reference", [0, -30, 2])
def test_a_reference_is_a_period_with_leads(fit: nqp.Fit, reference: int) -> None:
    with pytest.raises(StudyError, match="no lead is identified") as no:
        nqp.plots.event_study(fit, reference=reference)
    assert "to −1" in str(no.value.hint)


def test_a_reference_needs_leads(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="have no leads"):
        nqp.event_study_table(fit.effects, reference=-3)
    with pytest.raises(NQPError, match="whole number"):
        nqp.event_study_table(fit, reference=-2.5)
