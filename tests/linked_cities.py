"""Cities on a line with links, treatment and a covariate, and models of them written densely."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of

UNITS, PERIODS = 40, 6
IDS = [f"c{k:02d}" for k in range(UNITS)]
LEVEL = np.arange(UNITS) % 2
COAST = np.array(["inland", "coastal"])[LEVEL]


def links(*, inside: bool = False) -> pd.DataFrame:
    """The three nearest of places on a line, of all units or of those of the same level."""
    x = np.random.default_rng(5).random(UNITS)
    distance = np.abs(x[:, None] - x) + np.eye(UNITS) * 9.0
    distance = distance + 9.0 * inside * (LEVEL[:, None] != LEVEL)
    near = np.zeros((UNITS, UNITS))
    near[np.arange(UNITS)[:, None], np.argsort(distance, axis=1)[:, :3]] = 1.0
    return pd.DataFrame(near, IDS, IDS)


WEIGHTS = nqp.spatial_weights.matrix(links())
W = WEIGHTS.matrix.toarray()


def panel_of(delta: float = 0.4, seed: int = 3, w: np.ndarray = W) -> nqp.Panel:
    """Half of the units adopt, at two dates; outcomes and treatment of those near them matter."""
    generator = np.random.default_rng(seed)
    cohort = np.array([2002.0, 2003.0, np.nan, np.nan])[np.arange(UNITS) // 2 % 4]
    time = 2000 + np.arange(PERIODS)
    treated = (time >= cohort[:, None]) * 1.0
    x = generator.standard_normal((UNITS, PERIODS))
    own = treated + 0.3 * x + 0.5 * w @ treated + generator.standard_normal((UNITS, 1))
    own = own + 0.5 * generator.standard_normal((UNITS, PERIODS))
    y = np.linalg.solve(np.eye(UNITS) - delta * w, own)
    frame = pd.DataFrame(
        {
            "city": np.repeat(IDS, PERIODS), "year": np.tile(time, UNITS), "y": y.ravel(),
            "x": x.ravel(), "cohort": np.repeat(cohort, PERIODS),
            "coast": np.repeat(np.array(["inland", "coastal"])[LEVEL], PERIODS),
            "m": generator.standard_normal(UNITS * PERIODS),
        }
    ).sample(frac=1.0, random_state=1)  # fmt: skip
    return nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"],
        strata=["coast"], moderators=["m"],
    )  # fmt: skip


PANEL = panel_of()


def design_of(weights: object = WEIGHTS, **changes: object) -> nqp.StaggeredDiD:
    """Complete pooling, common time effects and independent errors, unless changed."""
    arguments: dict[str, object] = {
        "effect": nqp.CompletePooling(varying=None), "errors": nqp.IID(), "time": nqp.TimeEffects(),
        "covariates": ["x"], "spillovers": nqp.SpatialLag(weights),  # type: ignore[arg-type]
    }  # fmt: skip
    return nqp.StaggeredDiD(**{**arguments, **changes})  # type: ignore[arg-type]


def tables(panel: nqp.Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, covariate and event time (unit, period); no event time is -1."""
    y, x = np.zeros((2, UNITS, PERIODS))
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    x[panel.unit_codes, panel.time_codes] = panel.covariates[:, 0]
    event = np.arange(PERIODS) - panel.cohort_codes[:, None]
    return y, x, np.where((panel.cohort_codes[:, None] >= 0) & (event >= 0), event, -1)


def receivers_of(term: nqp.SpatialLag) -> list[np.ndarray]:
    """Who is of each level of those who receive (unit): of one, or of the two of the coast."""
    if not term.receivers:
        return [np.ones(UNITS)]
    return [(COAST == level) * 1.0 for level in ("coastal", "inland")]


def dense(
    panel: nqp.Panel, design: nqp.StaggeredDiD, values: dict[str, float], w: np.ndarray,
    levels: np.ndarray, *, outcome: np.ndarray | None = None, more: tuple[np.ndarray, ...] = (),
) -> float:  # fmt: skip
    """Log density of all contrasts of rows; flat slopes integrated out under a density of one.

    Parameters
    ----------
    outcome : ndarray (unit, period), optional
        In multiples of its scale; the panel's by default.
    more : tuple of ndarray (unit, period)
        Further columns with a flat slope.
    """
    s, term, priors = (
        model_frame_of(design, panel).equations[0].scale,
        design.spillovers,
        nqp.Priors(),
    )
    assert term is not None
    delta = values.get("delta", 0.0)
    y, x, event = tables(panel)
    y = y / s if outcome is None else outcome
    own = np.eye(UNITS) - delta * w if term.error else np.eye(UNITS)
    sides = [(own, ""), *([(own @ w, "linked_")] if term.durbin else [])]
    flat = [*(side @ x for side, _ in sides), *more]
    treated = (event >= 0) * 1.0
    noise = {k: v for k, v in values.items() if k in ("rho", "noise_ratio", "noise")}
    law = design.errors.covariance(PERIODS, np.array([list(noise.values())]))[0]
    v = np.kron(np.eye(UNITS), values["sigma"] ** 2 * law)

    def add(column: np.ndarray, sd: float) -> None:
        nonlocal v
        v = v + sd**2 * np.outer(column.ravel(), column.ravel())

    treatment = [(own, ""), *((own @ np.diag(x) @ w, "linked_") for x in receivers_of(term))]
    for links, first in treatment if term.durbin else treatment[:1]:
        add(links @ treated, priors.level)
        add(links @ (treated * event), priors.drift)
        for k in range(1, int(event.max()) + 1):
            add(links @ (event >= k), values.get(f"scale_{first}walk", priors.walk))
    if design.effect.varying is not None:
        omega = values.get("scale_deviation", priors.member)
        for row in range(UNITS):
            add(treated * (np.arange(UNITS) == row)[:, None], omega)
    between = linalg.null_space(np.equal.outer(np.unique(levels), levels) * 1.0)
    within = linalg.null_space(np.ones((1, PERIODS)))
    contrast = np.kron(between, within).T
    lagged = np.eye(UNITS) - delta * w
    jacobian = (PERIODS - 1) * np.linalg.slogdet(between.T @ lagged @ between)[1]
    root = np.linalg.cholesky(contrast @ v @ contrast.T)
    z = np.linalg.solve(root, contrast @ (lagged @ y).ravel())
    f = np.linalg.solve(root, contrast @ np.stack([c.ravel() for c in flat], axis=1))
    q, r = np.linalg.qr(f)
    e = z - q @ (q.T @ z)
    logs = np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(r))).sum()
    return float(jacobian - 0.5 * e @ e - logs)


def truth_of(fit: nqp.Fit, w: np.ndarray, *, feedback: bool = True) -> dict[str, np.ndarray]:
    """Effects of the calendar from draws of coefficients, row by row (draw, unit, period).

    Parameters
    ----------
    feedback : bool, default True
        Whether outcomes, and not errors, follow one another.
    """
    _, _, event = tables(fit.panel)
    posterior = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    delta = np.zeros(20)
    if feedback and "outcome__delta" in posterior:
        delta = posterior["outcome__delta"].to_numpy()[:20]
    mean = posterior["outcome__cell_mean"].to_numpy()[:20]
    level, drift, steps = (
        posterior[f"outcome__linked_{x}"].to_numpy()[:20] for x in ("level", "drift", "walk")
    )
    term = fit.facts.term(nqp.SpatialLag)
    assert term is not None
    receivers, last = receivers_of(term), int(event.max())
    steps = steps.reshape(20, len(receivers), last)
    theta = [  # of every level (draw, level)
        level + e * drift + steps[..., :e].sum(axis=-1) for e in range(last + 1)
    ]
    cells = fit.effects.isel(cell=fit.effects["role"].to_numpy() == "treated")
    tau = np.zeros((20, UNITS, PERIODS))
    for c in range(cells.sizes["cell"]):
        coast, cohort, time = (cells[name].to_numpy()[c] for name in ("coast", "cohort", "time"))
        rows = (np.array(["inland", "coastal"])[LEVEL] == coast) & (
            fit.panel.cohort_codes == cohort - 2000
        )
        tau[:, rows, int(time) - 2000] = mean[:, [c]]
    inverse = np.stack([np.linalg.inv(np.eye(UNITS) - d * w) for d in delta])
    total = inverse @ tau
    direct = np.diagonal(inverse, axis1=1, axis2=2)[..., None] * tau
    for k, inside in enumerate(receivers):
        through = inverse @ np.diag(inside) @ w
        sent = sum(x[:, k, None, None] * (event == e) for e, x in enumerate(theta))
        total = total + through @ sent
        direct = direct + np.diagonal(through, axis1=1, axis2=2)[..., None] * sent
    return {"total": total, "direct": direct, "event": event}
