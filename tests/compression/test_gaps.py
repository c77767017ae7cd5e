"""Sums over rows equally far apart say what classes of units say, in panels full of gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from dense import dense, values_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_panels import random_panel

from bayes_nqp import AR1, ContinuousExposure, Panel, Partial, StaggeredDiD
from bayes_nqp.compression import Rows, reduce_rows
from bayes_nqp.compression.gap_sums import gap_patterns
from bayes_nqp.compression.kernel import log_densities, log_density
from bayes_nqp.compression.problem import Packed
from bayes_nqp.designs._plan import Equation

DESIGNS = {
    "none": StaggeredDiD(Partial(["region"], varying=None), AR1(), unidentified="drop"),
    "cities": StaggeredDiD(Partial(["region"], varying="city"), AR1(), unidentified="drop"),
    "slopes": ContinuousExposure(
        "d", effect=Partial(["region"], varying="city"), by_time=True, unidentified="drop"
    ),
}


def _density(packed: Packed, x: np.ndarray) -> tuple[float, np.ndarray]:
    gradient = np.zeros(x.size)
    return log_density(x, packed.ints, packed.floats, gradient), gradient


def _by_classes(packed: Packed) -> Packed:
    """The same problem, without the sums by gap."""
    ints = packed.ints.copy()
    ints[21] = 0
    return Packed(ints, packed.floats, packed.n_parameters)


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
    equation = DESIGNS[name].plan(panel).equations[0]
    assert len(equation.problem.classes) > 40
    assert equation.packed.ints[21] > 0
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
    ours = np.array([_density(equation.packed, x)[0] for x in points])
    change = np.diff(theirs)
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())


@pytest.mark.parametrize("name", [*DESIGNS, "one cohort"])
@pytest.mark.parametrize("correlation", [-4.0, 0.3, 4.0])
def test_density_and_gradient_are_those_of_classes(name: str, correlation: float) -> None:
    if name == "one cohort":
        equation = DESIGNS["cities"].plan(_in_one_cohort()).equations[0]
        assert equation.packed.ints[21] > 0
    else:
        equation = _equation(name, 11)[0]
    names = equation.problem.parameter_names
    x = 0.5 * np.random.default_rng(3).standard_normal(len(names))
    x[names.index("rho")] = correlation
    value, gradient = _density(equation.packed, x)
    expected, slope = _density(_by_classes(equation.packed), x)
    assert value == pytest.approx(expected, rel=1e-11)
    np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-9 * np.abs(slope).max())
    alone = np.empty(1)
    log_densities(x[None], equation.packed.ints, equation.packed.floats, alone)
    assert alone[0] == pytest.approx(value, rel=1e-13)


def test_classes_remain_where_gaps_are_too_irregular() -> None:
    """Units seen in few periods that are never equally far apart have more gaps than rows."""
    times = [np.cumsum([0, *steps]) for steps in ([1, 2, 4, 8], [3, 5, 6, 7], [9, 10, 11, 12])]
    codes = np.zeros(3, dtype=np.int64)
    rows = Rows(
        unit=np.repeat(np.arange(3), 5), time=np.concatenate(times), stratum=codes,
        cohort=codes - 1, outcome=np.arange(15.0),
    )  # fmt: skip
    assert gap_patterns(reduce_rows(rows), codes) is None
    assert (
        gap_patterns(reduce_rows(replace(rows, time=np.tile(np.arange(5), 3))), codes) is not None
    )
