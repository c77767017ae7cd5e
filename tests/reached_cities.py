"""Cities whose outcomes follow the treatment of those near them, and not their outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_nqp as nqp

UNITS, PERIODS = 60, 10
IDS = [f"c{k:02d}" for k in range(UNITS)]
COHORT = np.array([2005.0, 2006.0, np.nan, np.nan, np.nan])[np.arange(UNITS) % 5]


def links() -> pd.DataFrame:
    """The two nearest of places on a line, in a third of cities; the others are islands."""
    x = np.random.default_rng(5).random(UNITS)
    near = np.zeros((UNITS, UNITS))
    order = np.argsort(np.abs(x[:, None] - x) + np.eye(UNITS) * 9.0)[:, :2]
    near[np.arange(UNITS)[:, None], order] = (np.arange(UNITS) % 3 > 0)[:, None]
    return pd.DataFrame(near, IDS, IDS)


WEIGHTS = nqp.spatial_weights.matrix(links())
W = WEIGHTS.matrix.toarray()
TREATED = (2000 + np.arange(PERIODS) >= COHORT[:, None]) * 1.0


def panel_of(seed: int = 3, lead: float = 0.0) -> nqp.Panel:
    """Effects of one, of half of it on those near them, and of ``lead`` in the period before."""
    generator = np.random.default_rng(seed)
    time = 2000 + np.arange(PERIODS)
    x = generator.standard_normal((UNITS, PERIODS))
    y = TREATED + 0.5 * W @ TREATED + 0.3 * x + 0.2 * W @ x + generator.standard_normal((UNITS, 1))
    y += lead * (time == COHORT[:, None] - 1)
    y += 0.3 * generator.standard_normal((UNITS, PERIODS))
    places = np.random.default_rng(5).random(UNITS)
    frame = pd.DataFrame(
        {
            "city": np.repeat(IDS, PERIODS), "year": np.tile(time, UNITS), "y": y.ravel(),
            "x": x.ravel(), "cohort": np.repeat(COHORT, PERIODS),
            "province": np.repeat([f"p{k % 10}" for k in range(UNITS)], PERIODS),
            "longitude": np.repeat(100.0 + 20.0 * places, PERIODS),
            "latitude": np.repeat(30.0 + np.arange(UNITS) / UNITS, PERIODS),
        }
    )  # fmt: skip
    return nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"]
    )


PANEL = panel_of()


def design_of(**changes: object) -> nqp.StaggeredDiD:
    """Treatment and the covariate of linked units, without a lag."""
    arguments: dict[str, object] = {
        "effect": nqp.CompletePooling(varying=None), "errors": nqp.IID(), "time": nqp.TimeEffects(),
        "spillovers": nqp.SpatialLag(WEIGHTS, lag=False),
    }  # fmt: skip
    return nqp.StaggeredDiD(**{**arguments, **changes})  # type: ignore[arg-type]


def fit_of(panel: nqp.Panel = PANEL, draws: int = 500, **changes: object) -> nqp.Fit:
    """Fit it."""
    sampler = nqp.Importance(seed=1, draws=draws)
    return nqp.fit(design_of(**changes), panel, sampler, progress=False)
