"""Words that a figure has to find room for: long labels, names of groups, numbers along axes."""

from __future__ import annotations

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from pictures import rendered

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.i18n import crossed
from bayes_nqp._core.labels import Labels
from bayes_nqp.checks import CheckResult

LONG = {"outcome": "new quality productivity of prefectures", "outcome_unit": "index points"}
LEVELS = ("other prefectures", "resource-based prefectures")
LABELS = {
    "en": {
        "resource": {
            "label": "resource base",
            "levels": dict(zip(("other", "resource"), LEVELS, strict=True)),
        }
    }
}


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """A fit with groups of long names, one of which is called like its column."""
    strata = {"region": ("coastal", "inland"), "resource": ("other", "resource")}
    panel = nqp.simulation.staggered(
        units=80, periods=10, cohorts=(5, 7), strata=strata, seed=3
    ).panel
    design = nqp.StaggeredDiD(effect=nqp.PartialPooling(["region", "resource"]))
    sampler = nqp.Importance(draws=300, seed=1)
    return nqp.fit(design, panel.with_labels(LABELS), sampler, progress=False)


def _apart(figure: Figure) -> None:
    """No two titles, nor two numbers along an axis, lie over one another; labels end inside."""
    figure.draw_without_rendering()
    edge = figure.bbox
    for ax in figure.axes:
        label = ax.yaxis.label.get_window_extent()
        assert not ax.get_ylabel() or (edge.y0 <= label.y0 and label.y1 <= edge.y1)
        ticks = [x.get_window_extent() for x in ax.get_xticklabels() if x.get_text()]
        ticks.sort(key=lambda box: box.x0)
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(ticks))
    titles = [ax._left_title.get_window_extent() for ax in figure.axes if ax.get_title("left")]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(titles, 2))


def test_a_label_longer_than_its_panel_is_broken() -> None:
    rng = np.random.default_rng(1)
    evidence = xr.Dataset(
        {
            "effect": (("chain", "draw", "shift"), rng.normal(size=(2, 50, 3))),
            "att": (("fit_chain", "fit_draw"), rng.normal(1.0, 0.2, (2, 50))),
        },
        coords={"shift": [1, 2, 3], "gate": "passed"},
        attrs={**LONG, "chance": 0.4},
    )
    result = CheckResult("x", "Is it so?", "passed", "1", "Yes.", evidence, "shifts")
    figure = plots.check(result)
    assert "\n" in figure.axes[0].get_ylabel()
    _apart(figure)
    plt.close(figure)


@pytest.mark.slow
def test_titles_and_numbers_lie_apart(fit: nqp.Fit) -> None:
    for name in ("trend_sensitivity", "time_effects", "pretrends"):
        figure = plots.check(nqp.check(fit, name, progress=False))
        assert rendered(figure)
        _apart(figure)
        plt.close(figure)


def test_a_column_called_like_its_level_keeps_its_label(fit: nqp.Fit) -> None:
    found = nqp.check(fit, "time_effects", progress=False)
    figure = plots.check(found)
    names = [y.get_text() for y in figure.axes[0].get_yticklabels()]
    assert "time effects by region × resource base" in names
    assert f"{LEVELS[0]} − {LEVELS[1]}" in names
    plt.close(figure)


def test_crossed_columns_are_called_by_their_own_labels() -> None:
    labels = Labels.of(LABELS)
    assert crossed(["region", "resource"]) == "region × resource"
    assert crossed(["region", "resource"]).in_("en", labels) == "region × resource base"
    assert crossed(["resource"]).in_("en", labels) == "resource base"
