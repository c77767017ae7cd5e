"""Run: python -m benchmarks.dynamic_lag coverage | checks [--collect]; an interrupted one goes on.

Bias and coverage of a spatial lag with outcomes of the period before: its coefficients, and effects
of the calendar at once, so far and in the end, at 8, 12 and 20 periods, where links cross levels of
time effects; the same where persistence is in the errors instead ("errors"), and where coefficients
are drawn from their priors ("prior"); with what the check says which of the two it is. --collect
keeps rows in benchmarks/measured.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.numerics.linear_gaussian import coefficients_of

from ._coverage import against, printed
from ._store import Store
from .spatial_lag import nearest

KEYS = ("world", "number")
STORES = {"coverage": Store("dynamic_lag", KEYS), "checks": Store("dynamic_lag_checks", KEYS)}
SEED = 33_000_000
"""Panel k of world w has the seed `SEED` + 100,000 w + k."""
UNITS, LEVELS, BURN = 100, 4, 30
WORLDS = {"8": 8, "12": 12, "20": 20, "errors": 12, "prior": 12}
"""Periods of each world."""
COEFFICIENTS, PHI, THETA, SLOPE = np.array([0.3, 0.5, -0.1]), 0.6, 0.3, (0.5, 0.2)


@dataclass(frozen=True)
class World:
    """A panel whose outcomes follow others', its weights, and the truth."""

    panel: nqp.Panel
    weights: nqp.spatial_weights.SpatialWeights
    truth: dict[str, float]


def world(name: str, seed: int) -> World:
    """Blocks of neighbours have time effects of their own; some of each adopt, at three dates."""
    periods = WORLDS[name]
    places, links = nearest(UNITS, 5, UNITS)
    w, generator = links.toarray(), np.random.default_rng(seed)
    coefficients = COEFFICIENTS
    if name == "prior":
        prior = 2.0 * generator.beta(3.0, 3.0, 3) - 1.0
        coefficients = coefficients_of(np.clip(prior, -0.94, 0.96)[None])[0]
    delta, tau, psi = coefficients if name != "errors" else (coefficients[0], 0.0, 0.0)
    level = np.argsort(np.argsort(places[:, 0])) * LEVELS // UNITS
    cohort = generator.choice([*(np.array([0.4, 0.5, 0.7]) * periods).astype(int), 1000], UNITS,
                              p=[0.15, 0.15, 0.15, 0.55])  # fmt: skip
    inverse = np.linalg.inv(np.eye(UNITS) - delta * w)
    alpha = generator.standard_normal(UNITS)
    x = error = bare = total = np.zeros(UNITS)
    kept = inverse @ (tau * np.eye(UNITS) + psi * w)
    memory: list[np.ndarray] = []
    rows = []
    for t in range(-BURN, periods):
        event = t - cohort
        own = np.where(event >= 0, 0.8 + 0.1 * np.minimum(event, 4), 0.0)
        treated = (event >= 0) * 1.0
        x = 0.5 * x + alpha * 0.3 + generator.standard_normal(UNITS)
        innovation = generator.standard_normal(UNITS)
        error = PHI * error + innovation if name == "errors" else innovation
        means = 2.0 * generator.standard_normal(LEVELS)[level]
        bare = kept @ bare + inverse @ (alpha + means + SLOPE[0] * x + SLOPE[1] * w @ x + error)
        total = kept @ total + inverse @ (own + THETA * w @ treated)
        memory.append(own)
        if t >= 0:
            response, direct = inverse, np.zeros(UNITS)
            for past in memory[::-1]:
                direct = direct + np.diag(response) * past
                direct = direct + np.diag(response @ w) * THETA * (past > 0)
                response = kept @ response
            rows.append((bare + total, x, total, direct, treated > 0))
    y, x_all, totals, directs, treated_all = (
        np.stack(part, axis=1) for part in zip(*rows, strict=True)
    )
    last, done = treated_all[:, -1], own + THETA * w @ treated
    end = np.linalg.inv((1.0 - tau) * np.eye(UNITS) - (delta + psi) * w)
    outside = ~treated_all & (np.arange(periods) >= cohort.min())
    truth = {
        "delta": delta, "tau": tau, "psi": psi,
        "total": totals[treated_all].mean(), "direct": directs[treated_all].mean(),
        "received": (totals - directs)[treated_all].mean(),
        "received by untreated": totals[outside].mean(),
        "short run": (inverse @ done)[last].mean(), "actual run": totals[last, -1].mean(),
        "long run": (end @ done)[last].mean(),
        "long run direct": (np.diag(end) * own + np.diag(end @ w) * THETA)[last].mean(),
        "impact of x, long run": sum(SLOPE) / (1.0 - tau - delta - psi),
        "response after 3": ((tau + psi) / (1.0 - delta)) ** 3 / (1.0 - delta),
    }  # fmt: skip
    ids = [f"u{k:05d}" for k in range(UNITS)]
    frame = pd.DataFrame(
        {
            "unit": np.repeat(ids, periods), "year": np.tile(np.arange(periods), UNITS),
            "y": y.ravel(), "x": x_all.ravel(),
            "cohort": np.repeat(np.where(cohort < periods, cohort, np.nan), periods),
            "level": np.repeat([f"l{k:02d}" for k in level], periods),
        }
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", covariates=["x"],
        strata=["level"],
    )  # fmt: skip
    weights = nqp.spatial_weights.SpatialWeights(tuple(ids), links, "nearest")
    return World(panel, weights, {key: float(value) for key, value in truth.items()})


def design_of(weights: nqp.spatial_weights.SpatialWeights) -> nqp.StaggeredDiD:
    """One curve of effects, time effects by level, independent errors."""
    return nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), nqp.IID(), nqp.TimeEffects(by=["level"]),
        spillovers=nqp.SpatialLag(weights, dynamics=True),
    )  # fmt: skip


def draws_of(fit: nqp.Fit) -> dict[str, np.ndarray]:
    """Draws of every quantity."""
    coefficients, runs = nqp.spatial_dynamics(fit), nqp.long_run_effects(fit)
    draws = {name: coefficients.sel(coefficient=name) for name in ("delta", "tau", "psi")}
    draws |= {path: nqp.att(fit, path=path) for path in (v.TOTAL, v.DIRECT, v.RECEIVED)}
    draws["received by untreated"] = nqp.spillover_effects(fit)
    draws |= {f"{run} run": runs.sel(run=run, path=v.TOTAL) for run in runs["run"].to_numpy()}
    draws["long run direct"] = runs.sel(run="long", path=v.DIRECT)
    draws["impact of x, long run"] = nqp.impacts(fit, "long").sel(covariate="x", path=v.TOTAL)
    draws["response after 3"] = nqp.impulse_responses(fit, 3).sel(horizon=3, path=v.TOTAL)
    return {name: values.to_numpy().ravel() for name, values in draws.items()}


def fitted(name: str, number: int) -> tuple[World, nqp.Fit]:
    """A panel of a world, and its fit."""
    made = world(name, SEED + 100_000 * list(WORLDS).index(name) + number)
    sampler = nqp.Importance(draws=500, seed=number + 1)
    return made, nqp.fit(design_of(made.weights), made.panel, sampler, progress=False)


def coverage(name: str, number: int) -> dict[str, Any]:
    """Errors, sds and coverage of every quantity."""
    made, fit = fitted(name, number)
    pairs = {key: (draws, made.truth[key]) for key, draws in draws_of(fit).items()}
    return against(pairs) | {"gate": int(fit.gate.passed)}


def checks(name: str, number: int) -> dict[str, Any]:
    """What the check says."""
    fit = fitted(name, number)[1]
    return {"verdict": str(nqp.check(fit, "dynamics", progress=False).verdict)}


def main() -> None:
    """Run the worlds asked for, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=list(STORES))
    parser.add_argument("--panels", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    store, measured = STORES[asked.which], coverage if asked.which == "coverage" else checks
    rows = store.fill([(name,) for name in asked.only], range(asked.panels), measured)
    for name, part in rows.groupby("world", sort=False):
        if measured is coverage:
            title = f"{name}: {UNITS} × {WORLDS[str(name)]}, gate passed {part['gate'].mean():.3f}"
            printed(title, part)
        else:
            print(f"{name}: {len(part)} panels, {part['verdict'].value_counts().to_dict()}")
    if asked.collect:
        store.keep()


if __name__ == "__main__":
    main()
