"""The usual placebo figure: density of estimates, their p-values, and the actual estimate."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import gaussian_kde, norm

from bayes_nqp import plots
from bayes_nqp.checks import CheckResult


def result_of(placebo: np.ndarray, sd: np.ndarray, actual: float) -> CheckResult:
    evidence = xr.Dataset(
        {"placebo": ("repetition", placebo), "placebo_sd": ("repetition", sd), "actual": actual,
         "actual_sd": 0.3},
        attrs={"p": 0.02, "p_left": 0.99, "p_right": 0.02, "dealt_to": "unit", "outcome": "y"},
    )  # fmt: skip
    texts = ("placebo_space", "question", "passed", "p = 0.02", "sentence")
    return CheckResult(*texts, evidence, "permutation")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_density_points_and_line_are_those_of_the_evidence(language: str) -> None:
    rng = np.random.default_rng(1)
    placebo, sd = rng.standard_normal(500) * 0.4, rng.uniform(0.2, 0.6, 500)
    figure = plots.check(result_of(placebo, sd, 1.2), language=language)
    density, p_values = figure.axes
    (points,) = p_values.collections
    shown = points.get_offsets()
    # An estimate 1.96 SDs from zero has p = 0.05, that is, its 95 % interval ends at zero.
    z = np.abs(placebo) / sd
    np.testing.assert_allclose(shown[:, 0], placebo)
    np.testing.assert_allclose(shown[:, 1], 2.0 * (1.0 - norm.cdf(z)), atol=1e-12)
    assert ((shown[:, 1] < 0.05) == (z > norm.ppf(0.975))).all()
    curve, _, actual = density.lines
    x, y = curve.get_data()
    np.testing.assert_allclose(y, gaussian_kde(placebo)(x))
    assert set(actual.get_xdata()) == {1.2}
    labels = {"en": ("Density", "p-value"), "zh": ("密度", "p 值")}[language]
    assert (density.get_ylabel(), p_values.get_ylabel()) == labels


def test_estimates_without_spread_have_no_density() -> None:
    figure = plots.check(result_of(np.full(30, 0.2), np.full(30, 0.1), 0.2))
    assert len(figure.axes[0].lines) == 2
