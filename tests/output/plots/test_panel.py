"""Status and outcomes of a panel, and how parts of any figure are styled."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from effects_dataset import random_effects

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.exceptions import StudyError


def test_every_unit_has_a_line_of_its_status_however_many() -> None:
    panel = nqp.simulation.staggered(
        units=900, periods=6, cohorts=(3, 5), missing=0.1, seed=1
    ).panel
    figure = plots.panel(panel)
    status = figure.axes[0].images[0].get_array()
    assert status.shape == (900, 6)
    assert (status > 0).sum() == panel.n_rows
    treated = (panel.time_codes >= panel.cohort_codes[panel.unit_codes]) & (
        panel.cohort_codes[panel.unit_codes] >= 0
    )
    assert (status == 2).sum() == treated.sum()
    assert [ax.get_title(loc="left").split()[0] for ax in figure.axes[1:]] == ["3", "5"]


def test_outcomes_are_means_by_cohort_and_period() -> None:
    panel = nqp.simulation.staggered(units=40, periods=6, cohorts=(4,), seed=1).panel
    figure = panel.plot()
    (_, ax) = figure.axes
    frame = panel.frame.assign(cohort=panel.frame["cohort"].fillna(-1))
    means = frame.groupby(["cohort", "time"])["outcome"].mean()
    lines = {line.get_gid(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(lines["mean"], means.loc[4])
    np.testing.assert_allclose(lines["never"], means.loc[-1])


EFFECTS = random_effects()


@pytest.mark.slow
@pytest.mark.parametrize("draw", [plots.event_study, plots.forest, plots.caterpillar])
def test_parts_of_any_figure_take_looks(draw: object) -> None:
    figure = draw(EFFECTS, style={"note": False, "lines": {"linewidth": 7.0}})  # type: ignore[operator]
    assert not figure._supxlabel.get_visible()
    assert 7.0 in {line.get_linewidth() for ax in figure.axes for line in ax.lines}


def test_points_and_bars_have_names_and_wrong_names_are_refused() -> None:
    figure = plots.event_study(EFFECTS, style={"points": {"color": "#123456"}, "interval": False})
    (ax,) = figure.axes
    colours = {line.get_color() for line in ax.lines if line.get_gid() == "points"}
    assert colours == {"#123456"}
    assert all(not x.get_visible() for x in ax.collections if x.get_gid() == "interval")
    with pytest.raises(StudyError, match="no 'point' to style"):
        plots.event_study(EFFECTS, style={"point": False})
    with pytest.raises(StudyError, match="colour"):
        plots.event_study(EFFECTS, style={"points": {"colour": "k"}})


def test_what_users_drew_keeps_its_look() -> None:
    figure, ax = plt.subplots()
    (mine,) = ax.plot([0, 1], [0, 1], linewidth=3.0)
    plots.event_study(EFFECTS, ax=ax, style={"lines": {"linewidth": 7.0}})
    assert mine.get_linewidth() == 3.0
    plt.close(figure)
