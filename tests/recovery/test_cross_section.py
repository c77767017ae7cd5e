"""Intervals of direct and indirect effects in cross-sections cover what was simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mediated import confounded_effects

import bayes_nqp as nqp

TRUTH = {"skill": 0.6, "effort": -0.25, "all mediators": 0.35, "direct": 0.4, "total": 0.75}
"""Effects 1 and −0.5 on the mediators, slopes 0.6 and 0.5, and 0.4 besides."""


def simulated(seed: int, rho: float = 0.0, rows: int = 300) -> pd.DataFrame:
    """Two mediators with correlated errors; the first one's own is correlated with the outcome's.

    Parameters
    ----------
    seed : int
    rho : float
        Correlation of the errors of skill, given those of effort, and of the outcome.
    rows : int
    """
    rng = np.random.default_rng(seed)
    x, treat = rng.normal(size=rows), rng.integers(0, 2, rows)
    other = rng.normal(0, 1.5, rows)
    own, left = rng.normal(size=(2, rows))
    skill = 1.0 * treat + x + 0.4 * other + own
    effort = -0.5 * treat + other
    error = 1.2 * (rho * own + np.sqrt(1 - rho**2) * left)
    wage = 0.4 * treat + 0.6 * skill + 0.5 * effort - x + error
    return pd.DataFrame({"treat": treat, "x": x, "skill": skill, "effort": effort, "wage": wage})


def drawn(frame: pd.DataFrame) -> nqp.Mediated:
    return nqp.mediate(
        frame, outcome="wage", treatment="treat", mediators=["skill", "effort"], covariates="x",
        draws=800, chains=1,
    )  # fmt: skip


def covered(effects: Any) -> dict[str, bool]:
    """Whether each 95 % interval holds the truth."""
    draws = effects["effect"].isel(chain=0, cell=0).to_series().unstack("path")
    draws["all mediators"] = draws["skill"] + draws["effort"]
    ends = draws.quantile([0.025, 0.975])
    return {name: bool(ends[name].iloc[0] <= x <= ends[name].iloc[1]) for name, x in TRUTH.items()}


def coverage(
    number: int, rho: float, *adjusted: Callable[[nqp.Mediated], Any]
) -> list[pd.Series[float]]:
    """Share of replications in which intervals hold the truth, for each way to adjust."""
    found = [drawn(simulated(seed, rho)) for seed in range(number)]
    return [pd.DataFrame([covered(adjust(one)) for one in found]).mean() for adjust in adjusted]


@pytest.mark.slow
def test_intervals_cover() -> None:
    (share,) = coverage(200, 0.0, lambda found: found.effects)
    # Three standard errors of 200 trials below 95 %, and at most 99.5 %.
    assert (share >= 0.905).all(), share
    assert (share <= 0.995).all(), share


@pytest.mark.slow
def test_confounding_is_taken_off_at_its_true_correlation() -> None:
    naive, right, wrong = coverage(
        60,
        0.4,
        lambda found: found.effects,
        lambda found: confounded_effects(found, "skill", 0.4),
        lambda found: confounded_effects(found, "effort", 0.4),
    )
    assert naive["skill"] < 0.5
    assert naive["direct"] < 0.7
    assert (right >= 0.87).all(), right
    # Confounding of the other one is another thing.
    assert wrong["skill"] < 0.5
