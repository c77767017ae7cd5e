"""Units with a continuous exposure that reaches those linked to them; its model, densely."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of

UNITS, PERIODS = 36, 7
IDS = [f"p{k:02d}" for k in range(UNITS)]
LEVEL = np.arange(UNITS) % 2
COAST = np.array(["inland", "coastal"])[LEVEL]
_PLACES = np.random.default_rng(8).random((UNITS, 2))
_APART = np.linalg.norm(_PLACES[:, None] - _PLACES, axis=2) + 9.0 * np.eye(UNITS)
LINKS = np.zeros((UNITS, UNITS))
LINKS[np.arange(UNITS)[:, None], np.argsort(_APART, axis=1)[:, :4]] = 1.0
WEIGHTS = nqp.spatial_weights.matrix(pd.DataFrame(LINKS, IDS, IDS), label="four nearest")
W = WEIGHTS.matrix.toarray()
BETA = np.where(LEVEL == 1, 0.8, 0.4)
"""Outcome per unit of exposure, by unit."""


def panel_of(delta: float = 0.3, theta: float = 0.3, seed: int = 1, sd: float = 0.0) -> nqp.Panel:
    """Outcomes and exposure of linked units matter, by known coefficients.

    Parameters
    ----------
    sd : float, default 0
        Of units' own deviations of the slope.
    """
    generator = np.random.default_rng(seed)
    dose = generator.gamma(2.0, 1.0, (UNITS, 1)) + generator.random((UNITS, PERIODS)).cumsum(axis=1)
    dose[:3, :2] = 0.0
    x = generator.standard_normal((UNITS, PERIODS))
    beta = BETA + sd * generator.standard_normal(UNITS)
    bare = beta[:, None] * dose + theta * W @ dose + 0.5 * x + 0.2 * W @ x
    bare = bare + generator.standard_normal((UNITS, 1)) + generator.standard_normal(PERIODS)
    bare = bare + 0.3 * generator.standard_normal((UNITS, PERIODS))
    y = np.linalg.solve(np.eye(UNITS) - delta * W, bare)
    frame = pd.DataFrame(
        {
            "province": np.repeat(IDS, PERIODS), "year": np.tile(2000 + np.arange(PERIODS), UNITS),
            "y": y.ravel(), "x": x.ravel(), "trade": dose.ravel(),
            "coast": np.repeat(COAST, PERIODS), "m": generator.standard_normal(UNITS * PERIODS),
            "z": generator.standard_normal(UNITS * PERIODS),
        }
    ).sample(frac=1.0, random_state=1)  # fmt: skip
    return nqp.Panel.from_frame(
        frame, unit="province", time="year", outcome="y", covariates=["x"], strata=["coast"],
        moderators=["z"], mediators=["m"], exposures=["trade"],
    )  # fmt: skip


PANEL = panel_of()


def design_of(**changes: object) -> nqp.ContinuousExposure:
    """Complete pooling, common time effects and independent errors, unless changed."""
    arguments: dict[str, object] = {
        "effect": nqp.CompletePooling(varying=None), "errors": nqp.IID(), "time": nqp.TimeEffects(),
        "spillovers": nqp.SpatialLag(WEIGHTS),
    }  # fmt: skip
    return nqp.ContinuousExposure("trade", **{**arguments, **changes})  # type: ignore[arg-type]


def table(panel: nqp.Panel, column: np.ndarray) -> np.ndarray:
    """A column as (unit, period)."""
    out = np.zeros((UNITS, PERIODS))
    out[panel.unit_codes, panel.time_codes] = column
    return out


def dense(panel: nqp.Panel, design: nqp.ContinuousExposure, values: dict[str, float]) -> float:
    """Log density of all contrasts of rows; flat slopes integrated out under a density of one."""
    model_frame, term, priors = model_frame_of(design, panel), design.spillovers, nqp.Priors()
    exposure, s, eye = model_frame.exposure, model_frame.equations[0].scale, np.eye(UNITS)
    assert exposure is not None
    delta = values.get("delta", 0.0)
    y, x, dose = (
        table(panel, c) for c in (panel.outcome, panel.covariates[:, 0], panel.exposures[:, 0])
    )
    dose = (dose - design.reference) / exposure.size
    own = eye - delta * W if term.error else eye
    flat = [own @ x, *([own @ W @ x] if term.durbin else [])]
    noise = {k: v for k, v in values.items() if k in ("rho", "noise_ratio", "noise")}
    law = design.errors.covariance(PERIODS, np.array([list(noise.values())]))[0]
    v = np.kron(eye, values["sigma"] ** 2 * law)

    def add(column: np.ndarray, sd: float) -> None:
        nonlocal v
        v = v + sd**2 * np.outer(column.ravel(), column.ravel())

    add(own @ dose, priors.level)
    if term.durbin:
        add(own @ W @ dose, priors.level)
    if isinstance(design.effect, nqp.PartialPooling):
        contrast = np.where(LEVEL == 1, 1.0, -1.0)[:, None] / np.sqrt(2.0)
        add(own @ (contrast * dose), priors.contrast / np.sqrt(2.0))
    if design.effect.varying is not None:
        omega = values.get("scale_deviation", priors.member)
        for row in range(UNITS):
            add(dose * (np.arange(UNITS) == row)[:, None], omega)
    if design.by_time:
        for t in range(PERIODS):
            add(dose * (np.arange(PERIODS) == t), values.get("scale_period", priors.cell))
    between, within = (linalg.null_space(np.ones((1, k))) for k in (UNITS, PERIODS))
    contrast, lagged = np.kron(between, within).T, eye - delta * W
    jacobian = (PERIODS - 1) * np.linalg.slogdet(between.T @ lagged @ between)[1]
    root = np.linalg.cholesky(contrast @ v @ contrast.T)
    z = np.linalg.solve(root, contrast @ (lagged @ y / s).ravel())
    f = np.linalg.solve(root, contrast @ np.stack([c.ravel() for c in flat], axis=1))
    q, r = np.linalg.qr(f)
    e = z - q @ (q.T @ z)
    logs = np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(r))).sum()
    return float(jacobian - 0.5 * e @ e - logs)
