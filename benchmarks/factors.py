"""Run: python -m benchmarks.factors; an interrupted run goes on where it stopped.

How often the largest eigenvalue of untreated innovations lies outside its replications with random
signs (`model_fit`), where units share nothing but time effects (its size) and where they share more
(its power). Errors are AR(1) with autocorrelation .5. Factors are random walks of which a step has
the sd of an innovation times `step`; loadings are standard normal, the same for adopters as for the
others. `--full` asks `nqp.check` of default fits, else the innovations have the true covariance.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.checks.model._eigenvalue import Innovations
from bayes_nqp.data.simulation import staggered

STORE = Path(__file__).resolve().parents[1] / ".cache" / "factors"
SEED = 31_000_000
"""Panel k of a world has the seed SEED plus k, the same in every world."""
RHO, PERIODS, SIGNS = 0.5, 14, 500
STATISTIC = "largest eigenvalue, share"

Array = npt.NDArray[np.float64]
type Draw = Callable[[np.random.Generator, int, int], Array]


def student(rng: np.random.Generator, units: int, periods: int) -> Array:
    """Innovations with three degrees of freedom."""
    return rng.standard_t(3, (units, periods)) / np.sqrt(3.0)


def unequal(rng: np.random.Generator, units: int, periods: int) -> Array:
    """Innovations whose sd differs between units, log-normal with sd .7."""
    return rng.standard_normal((units, periods)) * np.exp(0.7 * rng.standard_normal((units, 1)))


def normal(rng: np.random.Generator, units: int, periods: int) -> Array:
    """Standard normal innovations."""
    return rng.standard_normal((units, periods))


def noisy(times: float) -> Draw:
    """Normal innovations, in one period `times` as large."""

    def draw(rng: np.random.Generator, units: int, periods: int) -> Array:
        out = rng.standard_normal((units, periods))
        out[:, periods - PERIODS // 2] *= times
        return out

    return draw


def factor(step: float) -> Draw:
    """A common random walk beside the errors, to which adopters load as others do."""

    def draw(rng: np.random.Generator, units: int, periods: int) -> Array:
        walk = step * rng.standard_normal(PERIODS).cumsum()
        return rng.standard_normal((units, 1)) * walk

    return draw


SHOCKS: dict[str, Draw] = {
    "normal": normal, "t(3)": student, "unequal sds": unequal, "one period × 2": noisy(2.0),
    "one period × 4": noisy(4.0),
}  # fmt: skip
EXTRA: dict[str, Draw] = {f"walk, step {x:g}": factor(x) for x in (0.25, 0.5, 1.0)}
DRIFTS = ("lines", "unit lines", "bend", "factor")
WORLDS = (*SHOCKS, *EXTRA, *DRIFTS)
UNITS = (60, 285)


def errors_of(world: str) -> Callable[[np.random.Generator, int, int], Array]:
    """Errors of units over periods: AR(1) from `SHOCKS`, with what `EXTRA` adds."""

    def draw(rng: np.random.Generator, units: int, periods: int) -> Array:
        early = 30
        shocks = SHOCKS.get(world, normal)(rng, units, periods + early)
        errors = np.zeros_like(shocks)
        for t in range(1, periods + early):
            errors[:, t] = RHO * errors[:, t - 1] + shocks[:, t]
        added = EXTRA[world](rng, units, periods) if world in EXTRA else 0.0
        return np.asarray(errors[:, early:] + added)

    return draw


def p_value(world: str, units: int, number: int, full: bool) -> float:
    """Two-sided p-value of the statistic on one panel."""
    seed = SEED + number
    drift = world if world in DRIFTS else "none"
    if full:
        panel = staggered(
            units=units, periods=PERIODS, noise=errors_of(world), drift=drift, seed=seed
        ).panel
        sampler = nqp.Importance(draws=250, chains=2, seed=seed)
        fit = nqp.fit(nqp.StaggeredDiD(), panel, sampler, progress=False)
        evidence = nqp.check(fit, "model_fit", draws=SIGNS, progress=False).evidence
        assert evidence is not None
        return float(evidence["p_value"].sel(statistic=STATISTIC))
    errors = errors_of(world)(np.random.default_rng(seed), units, PERIODS)
    apart = np.subtract.outer(np.arange(PERIODS), np.arange(PERIODS))
    lower = np.linalg.cholesky(RHO ** abs(apart) / (1.0 - RHO**2))
    white = np.linalg.solve(lower, errors.T).T
    level = np.arange(units) % 2
    innovations = Innovations(white, level, np.linalg.solve(lower, np.ones(PERIODS)))
    signed, actual = innovations.replicated(SIGNS, seed), innovations.share()
    below, above = (1 + (signed <= actual).sum()), (1 + (signed >= actual).sum())
    return float(min(1.0, 2 * min(below, above) / (SIGNS + 1)))


def run(panels: int, full: bool, worlds: list[str], sizes: list[int]) -> None:
    """Compute what is not there yet."""
    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / ("full.jsonl" if full else "innovations.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    ready = {tuple(json.loads(line)[:3]) for line in lines}
    with path.open("a", encoding="utf-8") as file:
        for number in range(panels):
            for units in sizes:
                for world in worlds:
                    if world in DRIFTS and not full:
                        continue  # innovations alone have no adoption
                    if (world, units, number) not in ready:
                        p = p_value(world, units, number, full)
                        file.write(json.dumps([world, units, number, p]) + "\n")
                        file.flush()


def main() -> None:
    """Run, and print shares of panels with p < .05 as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=400)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--worlds", nargs="*", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--units", nargs="*", type=int, default=list(UNITS))
    asked = parser.parse_args()
    run(asked.panels, asked.full, asked.worlds, asked.units)
    path = STORE / ("full.jsonl" if asked.full else "innovations.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    frame = pd.DataFrame(rows, columns=["world", "units", "number", "p"])
    table = frame.assign(seen=frame["p"] < 0.05).groupby(["world", "units"], sort=False)["seen"]
    print(table.agg(["mean", "size"]).unstack("units").round(3).to_markdown())


if __name__ == "__main__":
    main()
