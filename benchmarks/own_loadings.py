"""Run: python -m benchmarks.own_loadings; an interrupted run goes on where it stopped.

Coverage where units' own loadings on common series drive when they adopt, and where they do not:
parallel trends, differential trends, `Factors`, and interactive fixed effects with as many factors
as there are, whose intervals are percentiles of a bootstrap over units (never treated and others
apart). Panels that a design refuses count in no coverage. Effects are 1 + .1 e, units' deviations
of sd .3, errors AR(1) of .5; kept in .cache/own_loadings.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.data.simulation import Simulated, staggered
from bayes_nqp.model.latent_factors import NetRows, least_squares, series_of, with_level

STORE = Path(__file__).resolve().parents[1] / ".cache" / "own_loadings"
SEED = 41_000_000
"""Panel k has the seed SEED plus k, the same in every world."""
BOOTSTRAPS = 60

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
type Drift = Callable[[np.random.Generator, Index, int], Array]


def series(rng: np.random.Generator, periods: int, number: int) -> Array:
    """A random walk with steps of sd .5, an AR(1) of .7, another walk, in sds of innovations."""
    shocks = rng.standard_normal((periods, 3)) * (0.5, 1.0, 0.5)
    for t in range(1, periods):
        shocks[t] += (1.0, 0.7, 1.0) * shocks[t - 1]
    return np.asarray(shocks[:, :number])


def driven(number: int, size: float = 1.0) -> Drift:
    """Loadings whose noisy sum decides who adopts, and when: the largest first."""

    def drift(rng: np.random.Generator, cohort: Index, periods: int) -> Array:
        curves = size * series(rng, periods, number)
        loadings = rng.standard_normal((cohort.size, number))
        score = 0.8 * loadings.sum(axis=1) + rng.standard_normal(cohort.size)
        late = np.where(cohort > 0, cohort, periods + 1) + 0.5 * rng.random(cohort.size)
        out = np.empty((cohort.size, periods))
        out[np.argsort(late)] = loadings[np.argsort(-score)] @ curves.T
        return out

    return drift


def apart(rng: np.random.Generator, cohort: Index, periods: int) -> Array:
    """Loadings on two series that have nothing to do with adoption."""
    return np.asarray(rng.standard_normal((cohort.size, 2)) @ series(rng, periods, 2).T)


WORLDS = {
    "two strong factors": (driven(2), 2), "parallel": ("none", 2), "one factor": (driven(1), 1),
    "two weak factors": (driven(2, 0.4), 2), "three factors": (driven(3), 3),
    "loadings apart from adoption": (apart, 2), "lines of cohorts": ("lines", 1),
    "one factor of early adopters": ("factor", 1),
    "two factors of early adopters": ("two factors", 2),
}  # fmt: skip
SIZES = {
    "60 × 16": {"units": 60, "periods": 16, "never": 0.5, "cohorts": (9, 10, 12)},
    "60 × 20": {"units": 60, "periods": 20, "never": 1 / 3, "cohorts": (9, 11, 13, 15, 17)},
    "200 × 35": {"units": 200, "periods": 35, "never": 0.25, "cohorts": (18, 21, 24, 28, 32)},
}  # fmt: skip
TRENDS = {
    "parallel": None, "differential trends": nqp.DifferentialTrends(), "Factors()": nqp.Factors(),
    "Factors(k), k true": nqp.Factors(2),
}  # fmt: skip
FIXED_EFFECTS = "interactive fixed effects"


def simulated(world: str, size: str, number: int) -> Simulated:
    """Make a panel."""
    return staggered(
        **SIZES[size], strata={}, effect="growing", growth=0.1, drift=WORLDS[world][0],
        seed=SEED + number,
    )  # fmt: skip


def interactive(panel: nqp.Panel, factors: int, seed: int) -> tuple[float, float, float]:
    """Estimate and percentiles of interactive fixed effects: treated rows less what is expected."""
    y = np.zeros((panel.n_units, panel.periods))
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    cohort, rng = np.asarray(panel.cohort_codes), np.random.default_rng(seed)
    ever = cohort >= 0
    seen = ~ever[:, None] | (np.arange(panel.periods) < cohort[:, None])
    rows = NetRows(
        np.where(seen, y, 0.0), seen, np.ones((ever.size, 1)), np.zeros((*seen.shape, 0)),
        np.ones(ever.size), ever,
    )  # fmt: skip
    times = np.ones((1 + BOOTSTRAPS, ever.size))
    for part in (ever, ~ever):
        size = int(part.sum())
        times[1:, part] = rng.multinomial(size, np.full(size, 1.0 / size), BOOTSTRAPS)
    start = np.repeat(series_of(rows, factors).series, len(times), axis=0)
    fit = least_squares(rows, times, start, 1e-4)
    n, left = with_level(fit.series), rows.y - rows.known @ fit.time
    expected = np.array(rows.known @ fit.time)
    for unit, at in enumerate(seen):  # Loadings without the ridge.
        own = np.linalg.pinv(n[:, at]) @ left[:, unit, at, None]
        expected[:, unit] += (n @ own)[:, :, 0]
    weights = times[:, :, None] * ~seen
    effect = (weights * (y - expected)).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
    return (float(effect[0]), *np.quantile(effect[1:], [0.025, 0.975]).tolist())


def result(world: str, size: str, number: int, design: str) -> dict[str, object]:
    """Estimate, interval and cost of one design on one panel."""
    made, start, note = simulated(world, size, number), time.process_time(), ""
    truth, factors = float(nqp.att(made.truth).mean()), WORLDS[world][1]
    ok = True
    if design == FIXED_EFFECTS:
        estimate, low, high = interactive(made.panel, factors, SEED + number)
    else:
        trends = nqp.Factors(factors) if design.startswith("Factors(k)") else TRENDS[design]
        sampler = nqp.Importance(draws=500, seed=number)
        try:
            fit = nqp.fit(nqp.StaggeredDiD(trends=trends), made.panel, sampler, progress=False)
        except NQPError as error:
            return {"ok": False, "note": "refused", "why": str(error)[:200]}
        draws = nqp.att(fit)
        estimate = float(draws.mean())
        low, high = (float(x) for x in np.quantile(draws, [0.025, 0.975]))
        ok = bool(fit.gate.passed)
        note = next((x[:1] for x in fit.notes if "common factors" in x), "")
    return {
        "truth": truth, "estimate": estimate, "low": low, "high": high, "ok": ok, "note": note,
        "cpu": time.process_time() - start,
    }  # fmt: skip


def run(panels: int, worlds: list[str], sizes: list[str], designs: list[str]) -> None:
    """Compute what is not there yet."""
    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / "results.jsonl"
    ready = {tuple(line["key"]) for line in stored()}
    with path.open("a", encoding="utf-8") as file:
        for number in range(panels):
            for world in worlds:
                for size in sizes:
                    for design in designs:
                        key = (world, size, number, design)
                        if key not in ready:
                            line = {"key": key, **result(*key)}
                            file.write(json.dumps(line) + "\n")
                            file.flush()


def stored() -> list[dict[str, object]]:
    """Results that are there."""
    path = STORE / "results.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def table() -> pd.DataFrame:
    """Coverage, width, bias and RMSE of the average effect."""
    frame = pd.DataFrame(stored())
    names = ["world", "size", "number", "design"]
    frame[names] = pd.DataFrame(frame["key"].tolist(), index=frame.index)
    inside = (frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"]) & frame["ok"]
    covers = inside.where(frame["note"] != "refused").astype(float)
    frame = frame.assign(covers=covers, width=frame["high"] - frame["low"],
                         error=frame["estimate"] - frame["truth"])  # fmt: skip
    out = frame.groupby(["world", "size", "design"], sort=False).agg(
        panels=("number", "size"), covers=("covers", "mean"), width=("width", "mean"),
        median_width=("width", "median"), bias=("error", "mean"),
        rmse=("error", lambda e: float(np.sqrt((e**2).mean()))), cpu=("cpu", "mean"),
        chosen=("note", lambda x: str(dict(sorted(x[x != ""].value_counts().items())))),
    )  # fmt: skip
    return out.round(2).reset_index()


def main() -> None:
    """Run, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    designs = [*TRENDS, FIXED_EFFECTS]
    parser.add_argument("--only", nargs="*", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--sizes", nargs="*", choices=SIZES, default=list(SIZES))
    parser.add_argument("--designs", nargs="*", choices=designs, default=designs)
    asked = parser.parse_args()
    run(asked.panels, asked.only, asked.sizes, asked.designs)
    print(table().to_markdown(index=False))


if __name__ == "__main__":
    main()
