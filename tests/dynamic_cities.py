"""Cities whose outcomes, or errors, follow those of the year before."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_nqp as nqp

UNITS, PERIODS, BURN = 60, 10, 20
IDS = [f"c{k:02d}" for k in range(UNITS)]
PLACES = np.random.default_rng(5).random((UNITS, 2))
_NEAR = np.argsort(np.linalg.norm(PLACES[:, None] - PLACES, axis=2), axis=1)[:, 1:5]
LINKS = np.zeros((UNITS, UNITS))
LINKS[np.arange(UNITS)[:, None], _NEAR] = 1.0
WEIGHTS = nqp.spatial_weights.matrix(pd.DataFrame(LINKS, IDS, IDS), label="four nearest")
W = WEIGHTS.matrix.toarray()
SIDE = (PLACES[:, 0] > 0.5) * 1
COHORT = np.array([4, 6, 99, 99])[np.arange(UNITS) % 4]


def panel_of(
    coefficients: tuple[float, float, float] = (0.3, 0.5, -0.1), phi: float = 0.0, seed: int = 1
) -> nqp.Panel:
    """Effects of one, .3 of linked units'; a covariate with .5 and .2; time effects by side."""
    delta, tau, psi = coefficients
    generator = np.random.default_rng(seed)
    inverse = np.linalg.inv(np.eye(UNITS) - delta * W)
    alpha, y, x, error = generator.standard_normal(UNITS), *np.zeros((3, UNITS))
    rows = []
    for t in range(-BURN, PERIODS):
        x = 0.5 * x + generator.standard_normal(UNITS)
        error = phi * error + generator.standard_normal(UNITS)
        treated = (t >= COHORT) * 1.0
        means = generator.standard_normal(2)[SIDE]
        own = alpha + means + treated + 0.3 * W @ treated + 0.5 * x + 0.2 * W @ x + error
        y = inverse @ (tau * y + psi * W @ y + own)
        rows.append((y, x))
    y, x = (np.stack(part[BURN:], axis=1) for part in zip(*rows, strict=True))
    frame = pd.DataFrame(
        {
            "city": np.repeat(IDS, PERIODS), "year": np.tile(2000 + np.arange(PERIODS), UNITS),
            "y": y.ravel(), "x": x.ravel(), "side": np.repeat(SIDE, PERIODS),
            "cohort": np.repeat(np.where(COHORT < PERIODS, 2000.0 + COHORT, np.nan), PERIODS),
        }
    )  # fmt: skip
    return nqp.Panel.from_frame(
        frame.sample(frac=1.0, random_state=1), unit="city", time="year", cohort="cohort",
        outcome="y", covariates=["x"], strata=["side"],
    )  # fmt: skip


def design_of(**changes: object) -> nqp.StaggeredDiD:
    """One curve of effects, independent errors, a dynamic Durbin model, unless changed."""
    arguments: dict[str, object] = {
        "effect": nqp.CompletePooling(varying=None), "errors": nqp.IID(),
        "time": nqp.TimeEffects(by=["side"]),
        "spillovers": nqp.SpatialLag(WEIGHTS, dynamics=True),
    }  # fmt: skip
    return nqp.StaggeredDiD(**{**arguments, **changes})  # type: ignore[arg-type]
