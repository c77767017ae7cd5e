"""Small models whose posterior is known in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from bayes_nqp import (
    AR1,
    IID,
    CompletePooling,
    Importance,
    NoPooling,
    Panel,
    StaggeredDiD,
    fit,
    posterior_mean,
)
from bayes_nqp.inference.model_frame import model_frame_of

TREATED, CONTROL = 6, 9


def two_periods(seed: int = 3) -> tuple[Panel, np.ndarray, np.ndarray]:
    """One cohort, treated in the second of two periods; and the units' growth."""
    rng = np.random.default_rng(seed)
    df = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(TREATED + CONTROL), 2),
            "time": np.tile([0, 1], TREATED + CONTROL),
            "cohort": np.repeat([1.0] * TREATED + [np.nan] * CONTROL, 2),
            "y": rng.normal(size=2 * (TREATED + CONTROL)),
        }
    )
    df.loc[(df.cohort == 1) & (df.time == 1), "y"] += 1.5
    growth = df.pivot_table(index="unit", columns="time", values="y").diff(axis=1)[1].to_numpy()
    panel = Panel.from_frame(df, unit="unit", time="time", cohort="cohort", outcome="y")
    return panel, growth[:TREATED], growth[TREATED:]


@pytest.mark.parametrize(("errors", "rho"), [(IID(), 0.0), (AR1(), 0.6), (AR1(), -0.4)])
def test_single_effect(errors: AR1 | IID, rho: float) -> None:
    """``mu ~ N(0, (5 s)^2)`` and the difference of mean growths, of known variance."""
    panel, treated, control = two_periods()
    design = StaggeredDiD(CompletePooling(varying=None), errors)
    s, sigma = model_frame_of(design, panel).equations[0].scale, 0.8
    variance = 2.0 * sigma**2 / (1.0 + rho) * (1.0 / TREATED + 1.0 / CONTROL)
    prior = (5.0 * s) ** 2
    expected = (treated.mean() - control.mean()) * prior / (prior + variance)
    found = posterior_mean(design, panel, sigma=sigma, **({"rho": rho} if errors == AR1() else {}))
    assert float(found["effect"].item()) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("errors", "rho"), [(IID(), 0.0), (AR1(), 0.6)])
def test_deviations_of_units(errors: AR1 | IID, rho: float) -> None:
    """The mean effect shrinks as above; units shrink towards it."""
    panel, treated, control = two_periods()
    design = StaggeredDiD(CompletePooling(), errors)
    s, sigma, omega = model_frame_of(design, panel).equations[0].scale, 0.8, 0.7
    noise = 2.0 * sigma**2 / (1.0 + rho)
    prior = (5.0 * s) ** 2 + omega**2 / TREATED
    variance = noise * (1.0 / TREATED + 1.0 / CONTROL)
    mean = (treated.mean() - control.mean()) * prior / (prior + variance)
    # Given the mean effect, mu and the mean deviation share it by their variances.
    average = mean * omega**2 / TREATED / prior
    deviation = average + (treated - treated.mean()) * omega**2 / (omega**2 + noise)
    found = posterior_mean(
        design, panel, sigma=sigma, scale_deviation=omega,
        **({"rho": rho} if errors == AR1() else {}),
    )  # fmt: skip
    assert float(found["effect"].item()) == pytest.approx(mean, rel=1e-10)
    np.testing.assert_allclose(found["deviation"].values.ravel(), deviation, rtol=1e-9)


@pytest.mark.slow
def test_error_scale_and_effect() -> None:
    """Flat coefficients leave sigma a density in one dimension, and the effect a mixture."""
    panel, treated, control = two_periods()
    design = StaggeredDiD(NoPooling(varying=None), IID())
    s = model_frame_of(design, panel).equations[0].scale
    squares = sum(((g - g.mean()) ** 2).sum() / 2.0 for g in (treated, control))
    free = TREATED + CONTROL - 2

    def density(sigma: float) -> float:
        like = -free * np.log(sigma) - squares / (2.0 * sigma**2)
        return float(np.exp(like + stats.halfnorm.logpdf(sigma, scale=s)))

    total = integrate.quad(density, 0, 20)[0]
    mean = integrate.quad(lambda x: x * density(x), 0, 20)[0] / total
    square = integrate.quad(lambda x: x * x * density(x), 0, 20)[0] / total
    found = fit(design, panel, Importance(seed=4, draws=2000), progress=False)
    sigma = found.posterior["outcome__sigma"]
    size = np.sqrt(found.gate.ess_bulk)
    sd = np.sqrt(square - mean**2)
    assert abs(float(sigma.mean()) - mean) < 4.0 * sd / size
    assert float(sigma.std()) == pytest.approx(sd, rel=0.08)

    effect = found.effects["effect"]
    difference = treated.mean() - control.mean()
    spread = np.sqrt(2.0 * square * (1.0 / TREATED + 1.0 / CONTROL))
    assert abs(float(effect.mean()) - difference) < 4.0 * spread / size
    assert float(effect.std()) == pytest.approx(spread, rel=0.06)
