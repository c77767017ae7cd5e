"""The event study of counts in per cent, with an axis in events."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from counted import counted, panel_of

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.plots._percent import in_percent, untreated_events
from bayes_nqp.robustness import over_time

SAMPLER = nqp.Importance(seed=1, draws=250, proposals=500)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.CompletePooling(), likelihood=nqp.Poisson())
    return nqp.fit(design, panel_of(counted(20, 7, level=1.5)), SAMPLER, progress=False)


def test_per_cent_and_its_band(fit: nqp.Fit) -> None:
    course = over_time(fit)
    percent = in_percent(course)
    np.testing.assert_allclose(percent.main, 100 * np.expm1(course.main.to_numpy()))
    low, high = percent.band(0.95)
    np.testing.assert_allclose(np.log1p(np.stack([low, high]) / 100), np.stack(course.band(0.95)))
    assert low.min() > -100


def test_the_second_axis_has_the_events(fit: nqp.Fit) -> None:
    figure = nqp.plots.event_study(fit, scale="percent")
    ax = figure.axes[0]
    (right,) = ax.child_axes
    figure.draw_without_rendering()
    untreated = fit.effects["untreated"].mean(("chain", "draw")).to_numpy()
    events = untreated @ fit.effects["rows"].to_numpy() / fit.effects["rows"].to_numpy().sum()
    assert untreated_events(fit.effects) == pytest.approx(events)
    np.testing.assert_allclose(right.get_ylim(), np.array(ax.get_ylim()) * events / 100)
    assert "%" in ax.get_ylabel()
    plt.close(figure)


def test_per_cent_needs_a_log_link() -> None:
    made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    fit = nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), made.panel, SAMPLER, progress=False)
    with pytest.raises(StudyError, match="log points"):
        nqp.plots.event_study(fit, scale="percent")
