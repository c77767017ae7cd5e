"""Leads of an event study, as the check of pre-trends found them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp import schema
from bayes_nqp.errors import StudyError

REGIONS = ["coastal", "inland"]
MEANS = {-2: 0.2, -3: -0.5}


@pytest.fixture(scope="module")
def effects() -> xr.Dataset:
    return schema.build(
        1 + 0.01 * np.random.default_rng(1).normal(size=(2, 200, 1, 4)),
        strata={"region": [*REGIONS, *REGIONS]},
        cohort=[2015] * 4,
        time=[2015, 2015, 2016, 2016],
        event_time=[0, 0, 1, 1],
        rows=[3] * 4,
        units=[3] * 4,
    )


@pytest.fixture(scope="module")
def found() -> nqp.CheckResult:
    rng = np.random.default_rng(2)
    means = np.array(list(MEANS.values()))
    dims = ("chain", "draw", "region", "event_time")
    shift = np.array([[0.0], [2.0]])
    evidence = xr.Dataset(
        {
            "lead": (
                ("chain", "draw", "event_time"),
                means + 0.01 * rng.normal(size=(2, 200, 2)),
            ),
            "lead_region": (dims, means + shift + 0.01 * rng.normal(size=(2, 200, 2, 2))),
            "rows_lead": ("event_time", [3, 3]),
            "rows_lead_region": (("region", "event_time"), np.full((2, 2), 3)),
        },
        coords={"event_time": list(MEANS), "region": REGIONS, "gate": "passed"},
    )
    return nqp.CheckResult("pretrends", "?", "holds", "", "", evidence, "event_study")


def heights(figure: object, x: float) -> set[float]:
    """Heights of all points drawn near an event time, to a tenth."""
    points = set()
    for line in figure.axes[0].lines:  # type: ignore[attr-defined]
        for at, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            if abs(float(at) - x) < 0.3 and line.get_marker() not in ("", "None", None):
                points.add(round(float(y), 1))
    return points


def test_leads_come_from_the_check(effects: xr.Dataset, found: nqp.CheckResult) -> None:
    figure = nqp.plots.event_study(effects, leads=found)
    assert heights(figure, -2) == {0.2}
    assert heights(figure, -3) == {-0.5}
    assert heights(nqp.plots.event_study(effects), -2) == set()


@pytest.mark.parametrize("by", ["region", {"coast": "region"}])
def test_leads_by_group(effects: xr.Dataset, found: nqp.CheckResult, by: object) -> None:
    figure = nqp.plots.event_study(effects, by=by, leads=found)  # type: ignore[arg-type]
    assert heights(figure, -3) == {-0.5, 1.5}


def test_only_the_check_of_trends_has_leads(effects: xr.Dataset) -> None:
    other = nqp.CheckResult("support", "?", "holds", "", "")
    with pytest.raises(StudyError, match="'leads' is the check 'support'"):
        nqp.plots.event_study(effects, leads=other)
