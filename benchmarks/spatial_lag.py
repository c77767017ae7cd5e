"""Run: python -m benchmarks.spatial_lag coverage [--collect] | speed; an interrupted one goes on.

Bias and coverage of the lag's coefficient and of effects of the calendar, in worlds with 1, 4 and
30 levels of time effects whose links cross levels; and what a lag costs beside the fit without one.
A row a panel in .cache/spatial_lag, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.spatial import cKDTree

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.effects.estimands import average_of
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import log_determinant

from ._coverage import against, printed
from ._store import Store

STORE = Store("spatial_lag", ("levels", "number"))
SEED = 16_000_000
"""Panel k of a world with L levels has the seed `SEED` + 100,000 L + k."""
WORLDS = {1: (46, 30), 4: (60, 12), 30: (285, 12)}
"""Levels of time effects, with units and periods."""
DELTA, PHI, THETA, SPREAD = 0.4, 0.6, 0.3, 0.3
TREATED = 0.4


@dataclass(frozen=True)
class World:
    """A panel whose outcomes follow those of linked units, its weights, and the truth."""

    panel: nqp.Panel
    weights: nqp.spatial_weights.SpatialWeights
    truth: dict[str, float]


def nearest(units: int, k: int, seed: int) -> tuple[np.ndarray, sparse.csr_array]:
    """Random places, and the k nearest of each, either way; rows sum to one."""
    places = np.random.default_rng(seed).random((units, 2))
    near = cKDTree(places).query(places, k + 1)[1][:, 1:].ravel()
    at = np.repeat(np.arange(units), k)
    links = sparse.csr_array((np.ones(at.size), (at, near)), (units, units))
    links = sparse.csr_array(links.maximum(links.T))
    return places, sparse.csr_array(sparse.diags_array(1.0 / links.sum(axis=1)) @ links)


def world(units: int, periods: int, levels: int, seed: int) -> World:
    """Blocks of neighbours have time effects of their own; some of each adopt, at four dates."""
    places, links = nearest(units, 5, units)
    generator = np.random.default_rng(seed)
    level = np.argsort(np.argsort(places[:, 0])) * levels // units
    dates = np.array([0.4, 0.5, 0.6, 0.75]) * periods
    adopts = generator.random(units) < TREATED
    for block in range(levels):
        adopts[np.flatnonzero(level == block)[:2]] = False
    cohort = np.where(adopts, generator.choice(dates.astype(int), units), 10 * periods)
    event = np.arange(periods) - cohort[:, None]
    treated = (event >= 0) * 1.0
    own = treated * (
        0.8 + 0.1 * np.minimum(event, 4) + SPREAD * generator.standard_normal((units, 1))
    )
    root = np.linalg.cholesky(nqp.AR1().covariance(periods, np.array([[PHI]]))[0])
    bare = (
        2.0 * generator.standard_normal((units, 1))
        + 2.0 * generator.standard_normal((levels, periods))[level]
        + generator.standard_normal((units, periods)) @ root.T
    )
    inverse = np.linalg.inv(np.eye(units) - DELTA * links.toarray())
    total = inverse @ (own + THETA * (links @ treated))
    back = np.diag(inverse @ links.toarray())[:, None]
    direct = np.diag(inverse)[:, None] * own + back * THETA * treated
    ids = [f"u{k:05d}" for k in range(units)]
    frame = pd.DataFrame(
        {
            "unit": np.repeat(ids, periods), "year": np.tile(np.arange(periods), units),
            "y": (inverse @ bare + total).ravel(),
            "cohort": np.repeat(np.where(adopts, cohort, np.nan), periods),
            "level": np.repeat([f"l{k:02d}" for k in level], periods),
        }
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", strata=["level"]
    )
    inside, outside = treated > 0, (treated == 0) & (np.arange(periods) >= cohort.min())
    truth = {
        "delta": DELTA, "total": total[inside].mean(), "direct": direct[inside].mean(),
        "received": (total - direct)[inside].mean(),
        "received by untreated": total[outside].mean(),
    }  # fmt: skip
    weights = nqp.spatial_weights.SpatialWeights(tuple(ids), links, "nearest")
    return World(panel, weights, {name: float(value) for name, value in truth.items()})


def design_of(weights: object, *, lag: bool = True) -> nqp.StaggeredDiD:
    """One curve of effects, time effects by level, AR(1)."""
    return nqp.StaggeredDiD(
        nqp.CompletePooling(), nqp.AR1(), nqp.TimeEffects(by=["level"]),
        spillovers=nqp.SpatialLag(weights) if lag else None,  # type: ignore[arg-type]
    )  # fmt: skip


def draws_of(fit: nqp.Fit) -> dict[str, np.ndarray]:
    """Draws of every quantity."""
    near = average_of(fit.effects, None, "rows", None, v.NEIGHBOUR)
    draws = {
        "delta": fit.posterior["outcome__delta"],
        **{path: nqp.att(fit, path=path) for path in (v.TOTAL, v.DIRECT, v.RECEIVED)},
        "received by untreated": near.of_effects(fit.effects, v.TOTAL),
    }
    return {name: values.to_numpy().ravel() for name, values in draws.items()}


def answer(levels: int, number: int) -> dict[str, float]:
    """Errors, sds and coverage of every quantity."""
    made = world(*WORLDS[levels], levels, SEED + 100_000 * levels + number)
    sampler = nqp.Importance(draws=500, seed=number + 1)
    fit = nqp.fit(design_of(made.weights), made.panel, sampler, progress=False)
    pairs = {name: (draws, made.truth[name]) for name, draws in draws_of(fit).items()}
    return against(pairs) | {"gate": int(fit.gate.passed)}


def coverage(panels: int, levels: list[int], *, collect: bool) -> None:
    """Fit what is not fitted yet, and show bias and coverage."""
    rows = STORE.fill([(x,) for x in levels], range(panels), answer)
    for one, part in rows.groupby("levels", sort=False):
        size = WORLDS[int(str(one))]
        printed(f"{one} levels, {size}, gate passed {part['gate'].mean():.3f}", part)
    if collect:
        STORE.keep()


FORMS: dict[str, dict[str, bool]] = {
    "SAR": {"durbin": False}, "SDM": {}, "SLX": {"lag": False},
}  # fmt: skip
"""Of the spatial term: outcomes of linked units, their treatment as well, their treatment alone."""


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The least CPU time of several runs."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def speed(largest: int) -> None:
    """Print CPU seconds: fits with and without a lag, the determinant, effects of the calendar."""
    for levels in (4, 30):
        made = world(285, 12, levels, SEED)
        fits = {"without a lag": None, **FORMS}
        # In turns, for other work on the machine slows all; the mean over seeds of the least.
        spent = {name: np.full(5, np.inf) for name in fits}
        for _ in range(3):
            for seed in range(5):
                for name, form in fits.items():
                    once = seconds(lambda seed=seed, form=form: fitted(made, form, seed + 1), 1)  # noqa: B023
                    spent[name][seed] = min(spent[name][seed], once)
        plain = spent["without a lag"].mean()
        for name, each in spent.items():
            print(f"285 × 12, {levels} levels, {name} {each.mean():.3f} s, "
                  f"{each.mean() / plain:.2f} ×", flush=True)  # fmt: skip
    for units, periods in ((3_000, 20), (30_000, 12)):
        if units <= largest:
            links = nearest(units, 6, units)[1]
            spent = seconds(
                lambda links=links: log_determinant(links, np.arange(len(links.indptr) - 1) % 4), 1
            )
            print(f"{units} × {periods}: determinant {spent:.2f} s", flush=True)
    for units, periods in ((3_000, 20), (30_000, 12)):
        if units > largest:
            continue
        big = large(units, periods)
        model_frame = model_frame_of(design_of(big.weights), big.panel)
        reach = lag_effects_of(model_frame, model_frame.equations[0])
        assert reach is not None
        for draws in (1_000, 4_000):
            delta = np.random.default_rng(1).normal(DELTA, 0.01, draws)
            sizes = (reach.n_cells, len(reach.events), int(reach.unit_effect.max()) + 1)
            tau, theta, u = (np.zeros((draws, size)) for size in sizes)
            spent = seconds(lambda: reach.effects(delta, tau, theta, u), 1)  # noqa: B023
            print(f"{units} × {periods}: effects of the calendar, {draws} draws, {spent:.2f} s",
                  flush=True)  # fmt: skip


def large(units: int, periods: int) -> World:
    """A panel of this size whose outcome is noise."""
    links, generator = nearest(units, 6, units)[1], np.random.default_rng(2)
    ids = [f"u{k:05d}" for k in range(units)]
    cohort = np.where(generator.random(units) < 0.4, generator.integers(8, 15, units), np.nan)
    frame = pd.DataFrame(
        {
            "unit": np.repeat(ids, periods), "year": np.tile(np.arange(periods), units),
            "y": generator.standard_normal(units * periods), "cohort": np.repeat(cohort, periods),
            "level": np.repeat([f"l{k % 4}" for k in range(units)], periods),
        }
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", strata=["level"]
    )
    return World(panel, nqp.spatial_weights.SpatialWeights(tuple(ids), links, "nearest"), {})


def fitted(made: World, form: dict[str, bool] | None, seed: int) -> nqp.Fit:
    """Fit anew: no plan is remembered for another seed of the panel's outcome."""
    design = design_of(made.weights, lag=False)
    if form is not None:
        design = design.replace(spillovers=nqp.SpatialLag(made.weights, **form))
    outcome = made.panel.outcome + 1e-9 * np.random.default_rng().random(made.panel.n_rows)
    sampler = nqp.Importance(seed=seed)
    return nqp.fit(design, made.panel.with_outcome(outcome), sampler, progress=False, threads=1)


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=["coverage", "speed"])
    parser.add_argument("--panels", type=int, default=500)
    parser.add_argument("--levels", type=int, nargs="*", default=list(WORLDS))
    parser.add_argument("--largest", type=int, default=3_000)
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    if asked.which == "coverage":
        coverage(asked.panels, asked.levels, collect=asked.collect)
    else:
        speed(asked.largest)


if __name__ == "__main__":
    main()
