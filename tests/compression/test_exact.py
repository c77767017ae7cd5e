"""The kernel's log density is the dense one, and its gradient is its slope."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bayes_nqp.compression.kernel import log_density
from bayes_nqp.designs._plan import Equation
from bayes_nqp.errors import IdentificationError


def density(equation: Equation, x: np.ndarray) -> tuple[float, np.ndarray]:
    gradient = np.zeros(x.size)
    packed = equation.packed
    return log_density(x, packed.ints, packed.floats, gradient), gradient


@pytest.mark.parametrize("name", DESIGNS)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    seed=st.integers(0, 10**6),
    missing=st.sampled_from([0.0, 0.1, 0.3]),
    singletons=st.sampled_from([0, 2]),
    spread=st.sampled_from([0.3, 1.0, 2.0]),
)
def test_density_and_gradient(
    name: str, seed: int, missing: float, singletons: int, spread: float
) -> None:
    case = DESIGNS[name]
    panel = case.make(seed, missing=missing, singletons=singletons)
    try:
        equation = case.design.plan(panel).equations[0]
    except IdentificationError:
        assume(False)
    names = equation.problem.parameter_names
    reference = dense(case.design, panel)
    points = spread * np.random.default_rng(seed).standard_normal((3, len(names)))
    ours = np.array([density(equation, x)[0] for x in points])
    values = [values_of(names, x) for x in points]
    theirs = np.array([reference.log_likelihood(v) + reference.log_prior(v) for v in values])
    change = np.diff(theirs)
    # Slopes by period, far out where scales differ by many orders: both sides lose a digit.
    far = name == "exposure, by time" and np.abs(theirs).max() > 1e5
    close = 1e-7 if far else 1e-8
    assert np.abs(np.diff(ours) - change).max() <= close * max(1.0, np.abs(change).max())

    x = points[0]
    gradient = density(equation, x)[1]
    step = 1e-5
    for k in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead[k] += step
        behind[k] -= step
        slope = (density(equation, ahead)[0] - density(equation, behind)[0]) / (2.0 * step)
        assert gradient[k] == pytest.approx(
            slope, rel=1e-5, abs=1e-5 * max(1.0, abs(ours[0]) / 1e3)
        )


def test_scale_of_priors_is_the_two_way_residual() -> None:
    """``s`` from least squares on dummies, written densely."""
    for name in ("partial, units, AR(1)", "common time"):
        case = DESIGNS[name]
        panel = case.make(5, missing=0.2)
        reference = dense(case.design, panel)
        free = (
            panel.time_codes
            < np.where(panel.cohort_codes < 0, 10**6, panel.cohort_codes)[panel.unit_codes]
        )
        units = (panel.unit_codes[free][:, None] == np.arange(panel.n_units)).astype(float)
        by = case.design.time_strata(panel)
        node = panel.time_codes[free] + 1000 * sum(
            (10**k * panel.strata_codes[f][panel.unit_codes[free]] for k, f in enumerate(by)), 0
        )
        times = (node[:, None] == np.unique(node)).astype(float)
        x = np.concatenate([units, times], axis=1)
        beta, _, rank, _ = np.linalg.lstsq(x, panel.outcome[free], rcond=1e-10)
        rest = panel.outcome[free] - x @ beta
        assert reference.s == pytest.approx(np.sqrt(rest @ rest / (free.sum() - rank)), rel=1e-10)


def test_density_rejects_what_it_cannot_compute() -> None:
    case = DESIGNS["partial, units, AR(1)"]
    equation = case.design.plan(case.make(1)).equations[0]
    x = np.zeros(equation.packed.n_parameters)
    x[-1] = 400.0
    value, gradient = density(equation, x)
    assert value == -np.inf or np.isfinite(value)
    assert np.isfinite(gradient).all()
