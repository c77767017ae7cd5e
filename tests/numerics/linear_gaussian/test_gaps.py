"""The density is the dense one in panels full of gaps, with dozens of patterns of periods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from dense import dense, values_of
from doors import Equation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_panels import random_panel

from bayes_nqp import AR1, ContinuousExposure, Panel, PartialPooling, StaggeredDiD
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density

DESIGNS = {
    "none": StaggeredDiD(PartialPooling(["region"], varying=None), AR1(), unidentified="drop"),
    "cities": StaggeredDiD(PartialPooling(["region"], varying="city"), AR1(), unidentified="drop"),
    "slopes": ContinuousExposure(
        "d", effect=PartialPooling(["region"], varying="city"), by_time=True, unidentified="drop"
    ),
}


def _in_one_cohort() -> Panel:
    """Units of a city share stratum and cohort, as firms do that a zone reaches together."""
    rng = np.random.default_rng(8)
    rows = []
    for i in range(120):
        city = i % 12
        first, last = sorted(rng.choice(10, 2, replace=False))
        for t in range(first, last + 1):
            if rng.random() < 0.8:
                cohort = [3.0, 5.0, 7.0, np.nan][city % 4]
                rows.append(
                    (f"u{i:03d}", t, cohort, f"c{city}", "ab"[city % 2], *rng.normal(size=2))
                )
    names = ["unit", "time", "cohort", "city", "region", "y", "x"]
    return Panel.from_frame(
        pd.DataFrame(rows, columns=names), unit="unit", time="time", cohort="cohort",
        outcome="y", strata=["region"], covariates=["x"],
    )  # fmt: skip


def _equation(name: str, seed: int) -> tuple[Equation, Panel]:
    panel = random_panel(seed, units=60, periods=9, missing=0.25, covariates=True)
    equation = model_frame_of(DESIGNS[name], panel).equations[0]
    assert len(equation.problem.classes) > 40
    return equation, panel


@pytest.mark.parametrize("name", DESIGNS)
@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 10**6), spread=st.sampled_from([0.5, 1.5]))
def test_density_is_the_dense_one(name: str, seed: int, spread: float) -> None:
    equation, panel = _equation(name, seed)
    names = equation.problem.parameter_names
    reference = dense(DESIGNS[name], panel)
    points = spread * np.random.default_rng(seed).standard_normal((3, len(names)))
    values = [values_of(names, x) for x in points]
    theirs = np.array([reference.log_likelihood(v) + reference.log_prior(v) for v in values])
    ours = density(equation.gaussian, points)
    change = np.diff(theirs)
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())


def test_units_of_a_city_in_one_cohort() -> None:
    design, panel = DESIGNS["cities"], _in_one_cohort()
    equation = model_frame_of(design, panel).equations[0]
    names = equation.problem.parameter_names
    points = 0.5 * np.random.default_rng(3).standard_normal((4, len(names)))
    reference = dense(design, panel)
    values = [values_of(names, x) for x in points]
    theirs = np.array([reference.log_likelihood(v) + reference.log_prior(v) for v in values])
    change = np.diff(theirs)
    ours = np.diff(density(equation.gaussian, points))
    assert np.abs(ours - change).max() <= 1e-8 * max(1.0, np.abs(change).max())
