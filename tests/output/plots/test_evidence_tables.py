"""Pictures of convergence, of cells and of contrasts compared, as objects."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import COLOURS, WARNING, labels
from matplotlib.collections import PolyCollection
from matplotlib.text import Text
from pictures import rendered

from bayes_nqp import plots
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult


def _said(figure):
    texts = [t.get_text() for t in figure.findobj(Text) if t.get_visible()]
    return "\n".join(filter(None, texts)).replace("\n", " ")


def _result(evidence, kind, verdict="passed"):
    return CheckResult("x", "Is it so?", verdict, "1", "Yes.", evidence, kind)


def converged(n=6, *, bad=False):
    r_hat = 1.0 + 0.001 * np.arange(n)
    sizes = 4000.0 - 10 * np.arange(n)
    if bad:
        r_hat[0], sizes[1] = 1.2, 90.0
    return pd.DataFrame(
        {
            "quantity": [f"q{k}" for k in range(n)],
            "r_hat": r_hat,
            "ess_bulk": sizes,
            "ess_tail": sizes - 50,
        }
    )


def cells(strata=("coastal", "inland")):
    rows = [
        {"region": s, "cohort": g, "time": t, "event_time": t - g, "rows": 1 + 4 * (g - 2015),
         "identifying": 1, "identified": not (s == "inland" and t == 2017), "reason": "",
         "controls": 9, "information": 0.5, "few_units": g == 2015, "few_controls": False,
         "on_prior": s == "coastal" and g == 2015 and t == 2016}
        for s in strata for g in (2015, 2016) for t in range(g, 2018)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def contrasts(gate="passed"):
    draws = np.random.default_rng(1).normal([0.0, 1.0, 2.0], size=(2, 200, 2, 3))
    return xr.Dataset(
        {"contrast": (("chain", "draw", "specification", "pair"), draws)},
        attrs=labels([Message("by {}, pooled", "region × market"), Message("common to all")]),
        coords={
            "specification": ["by region × market, pooled", "common to all"],
            "contrast_label": ("pair", ["a − b", "a − c", "b − c"]),
            "gate": gate,
        },
    )


KINDS = {"table": converged, "cells": cells, "comparison": contrasts}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_kind_is_drawn(kind, language):
    open_figures = plt.get_fignums()
    result = _result(KINDS[kind](), kind)
    figure = plots.check(result, language=language, title="A title")
    assert plt.get_fignums() == open_figures
    assert "A title" in _said(figure)
    assert any("\u4e00" <= c <= "\u9fff" for c in _said(figure)) == (language == "zh")
    assert rendered(figure) > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_into_given_axes(kind):
    figure, ax = plt.subplots()
    try:
        assert plots.check(_result(KINDS[kind](), kind), ax=ax, title="Mine") is figure
        assert ax.get_title(loc="left") + ax.get_title() == "Mine"
        drawn = [ax, *ax.child_axes]
        assert any(a.lines or a.collections for a in drawn)
        assert rendered(figure) > 1000
    finally:
        plt.close(figure)


def test_convergence_lists_the_worst_first_in_red():
    figure = plots.check(_result(converged(bad=True), "table", "failed"))
    left, right = figure.axes
    labels = [t.get_text() for t in left.get_yticklabels()]
    assert labels[:2] == ["q0", "q1"]
    assert [t.get_color() == WARNING for t in left.get_yticklabels()] == [True, True] + 4 * [False]
    red = [line for line in right.lines if line.get_markeredgecolor() == WARNING]
    assert [line.get_xdata().tolist() for line in red] == [[90.0], [40.0]]
    limits = [next(x.get_xdata()[0] for x in ax.lines if x.get_linestyle() == "--")
              for ax in (left, right)]  # fmt: skip
    assert limits == [1.01, 400.0]
    assert "convergence diagnostics failed" in _said(figure)
    assert "failed" not in _said(plots.check(_result(converged(), "table")))


def test_convergence_of_many_quantities_leaves_out_the_best():
    figure = plots.check(_result(converged(60), "table"))
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert len(labels) == 40
    assert labels[0] == "q59"
    assert "20 not shown." in _said(figure)


def test_cells_show_rows_and_marks():
    figure = plots.check(_result(cells(), "cells"))
    first, second = figure.axes
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["coastal", "inland"]
    mesh = first.collections[0].get_array().reshape(2, 3)
    np.testing.assert_array_equal(np.ma.filled(mesh, 0), [[1, 1, 1], [0, 5, 5]])
    corners = {
        c.get_facecolor().tolist().__repr__(): len(c.get_paths())
        for c in first.collections
        if isinstance(c, PolyCollection) and c.get_zorder() == 2
    }
    assert sorted(corners.values()) == [1, 3]
    crosses = second.lines[0].get_xdata().tolist()
    assert crosses == [2, 2]
    said = _said(figure)
    for words in ("Orange corner", "Purple corner", "Red cross"):
        assert words in said
    plain = cells().assign(identified=True, few_units=False, on_prior=False)
    said = _said(plots.check(_result(plain, "cells")))
    for words in ("Orange corner", "Purple corner", "Red cross"):
        assert words not in said


@pytest.mark.slow
def test_cells_of_many_strata_are_told_to_be_left_out():
    figure = plots.check(_result(cells([f"s{k:02d}" for k in range(15)]), "cells"))
    assert sum(ax.get_visible() for ax in figure.axes) == 12
    assert "3 not shown." in _said(figure)


def test_cells_without_strata_have_one_panel():
    table = cells(["coastal"]).drop(columns="region")
    figure = plots.check(_result(table, "cells"))
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2015", "2016"]


def test_comparison_has_every_contrast_under_each_specification():
    figure = plots.check(_result(contrasts(), "comparison"), prob=0.9)
    (ax,) = figure.axes
    labels = [t.get_text() for t in ax.get_yticklabels()]
    both = ["time effects by region × market, pooled", "common time effects"]
    assert labels == ["a − b", *both, "a − c", *both, "b − c", *both]
    means = contrasts()["contrast"].mean(["chain", "draw"]).to_numpy()
    marks = [line.get_xydata() for line in ax.lines if line.get_marker() in ("o", "D")]
    points = sorted(np.concatenate(marks).tolist(), key=lambda point: -point[1])  # from the top
    np.testing.assert_allclose([x for x, _ in points], means.T.ravel())
    assert {line.get_markeredgecolor() for line in ax.lines if line.get_marker() == "D"} == {
        COLOURS[0]
    }
    assert "50 % and 90 %" in _said(figure)
    failed = plots.check(_result(contrasts("failed: R-hat 1.2 of x"), "comparison"))
    assert "convergence diagnostics failed: R-hat 1.2 of x" in _said(failed)
