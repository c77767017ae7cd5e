"""Run: python -m benchmarks.counts --panels 60; an interrupted run goes on where it stopped.

Coverage of 95 % intervals for Poisson, negative binomial and binomial outcomes, in worlds that
differ by one ingredient and share their random numbers. Beside each fit stand the Gaussian model of
the true log rates, which sees no sampling variation, and an infeasible least-squares estimator with
known variances, whose error over its standard deviation has variance one by construction. What this
estimator shows in the same panels is their luck; the last columns of the table take it out.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, gammaincinv, ndtr, pdtr, pdtrik, polygamma
from scipy.stats import binom

import bayes_nqp as nqp

from ._coverage import COVERS, ERROR, SD, against
from ._store import Store
from .earned import markdown

STORE = Store("counts", ("world", "number"))
UNITS, PERIODS, SEED = 60, 14, 47_000_000
BASE: dict[str, Any] = {
    "rho": 0.6, "sd": 0.4, "over": 0.2, "gamma": True, "level": 0.55, "fitted": "Poisson",
}  # fmt: skip
SHARES = {"fitted": "Binomial", "over": 0.0, "level": -0.8, "trials": 20}
WORLDS: dict[str, dict[str, Any]] = {
    "AR(1) and gamma noise": {},
    "AR(1) and log-normal noise": {"gamma": False},
    "AR(1) without noise": {"over": 0.0},
    "gamma noise without AR(1)": {"sd": 0.0},
    "ten times the events": {"level": 0.55 + np.log(10.0)},
    "constant effects": {"constant": True},
    "negative binomial, AR(1)": {"fitted": "NegativeBinomial"},
    "negative binomial, no AR(1)": {"fitted": "NegativeBinomial", "sd": 0.0},
    "binomial, 20 trials": SHARES,
    "binomial, 5 trials": SHARES | {"trials": 5},
    "yes/no": SHARES | {"trials": 1},
}
"""What differs from `BASE`: `sd` and `rho` of AR(1) log rates, variance and kind of the noise that
multiplies rates, mean log rate or log odds, effects, and the likelihood of the fit."""
LUCK = "known variances"


def errors(world: dict[str, Any]) -> tuple[np.ndarray, float]:
    """Covariance of a unit's log rates, and the mean of one over their exponential."""
    over, lags = world["over"], abs(np.subtract.outer(np.arange(PERIODS), np.arange(PERIODS)))
    inverse, white = np.exp(world["sd"] ** 2) * (1.0 + over), np.log1p(over)
    if world["gamma"] and over:
        inverse, white = np.exp(world["sd"] ** 2) / (1.0 - over), float(polygamma(1, 1.0 / over))
    return world["sd"] ** 2 * world["rho"] ** lags + white * np.eye(PERIODS), inverse


def noise(normal: np.ndarray, world: dict[str, Any]) -> np.ndarray:
    """Log of independent factors with mean one and variance `over`, from normal numbers."""
    over = world["over"]
    if not over:
        return np.zeros_like(normal)
    if world["gamma"]:
        return np.asarray(np.log(over * gammaincinv(1.0 / over, ndtr(normal))))
    return np.asarray(normal * np.sqrt(np.log1p(over)) - 0.5 * np.log1p(over))


def counts(uniform: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Poisson quantiles, so that worlds share their numbers."""
    y = np.maximum(np.ceil(pdtrik(uniform, mean)), 0.0)
    y = np.where((y > 0) & (pdtr(np.maximum(y - 1.0, 0.0), mean) >= uniform), y - 1.0, y)
    return np.where(pdtr(0.0, mean) >= uniform, 0.0, y)


def simulated(number: int, world: dict[str, Any]) -> pd.DataFrame:
    """A panel: six cohorts, two strata, four in ten units never treated, and what is behind it."""
    streams = [np.random.default_rng((SEED + number, k)) for k in range(7)]
    n, t = UNITS, np.arange(PERIODS)
    cohorts, stratum = np.arange(PERIODS // 3, 3 * PERIODS // 4)[:6], np.arange(n) % 2
    never = streams[0].random(n) < 0.4
    cohort = np.where(never, PERIODS, streams[0].choice(cohorts, n))[:, None]
    time_effect = np.cumsum(streams[1].normal(0.04, 0.08, (2, PERIODS)), axis=1)
    exposure = 0.3 * streams[3].normal(size=(n, 1))
    exposure = np.exp(exposure + np.cumsum(streams[3].normal(0.01, 0.02, (n, PERIODS)), axis=1))
    treated, of_cohort = t >= cohort, streams[4].normal(0.0, 0.05, PERIODS + 1)[cohort]
    effect = 0.25 + 0.03 * (t - cohort) + 0.2 * stratum[:, None] + of_cohort
    effect = treated * (0.45 if world.get("constant") else effect)
    lags = abs(np.subtract.outer(t, t))
    serial = streams[5].normal(size=(n, PERIODS)) @ np.linalg.cholesky(world["rho"] ** lags).T
    serial = world["sd"] * serial - 0.5 * world["sd"] ** 2
    level = streams[2].normal(world["level"], 1.0, n)[:, None] + time_effect[stratum]
    rate = level + effect + serial + noise(streams[6].normal(size=(n, PERIODS)), world)
    uniform = np.random.default_rng((SEED + number, 7)).random((n, PERIODS))
    trials = world.get("trials", 0)
    if trials:
        exposure = np.full(rate.shape, float(trials))
        mean, expected = trials * expit(rate), trials * expit(level + effect)
        y = binom.ppf(uniform, trials, expit(rate))
    else:
        mean, expected = exposure * np.exp(rate), exposure * np.exp(level + effect)
        y = counts(uniform, mean)
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(n), PERIODS), "time": np.tile(t, n), "y": y.ravel(),
        "exposure": exposure.ravel(), "rate": rate.ravel(), "mean": mean.ravel(),
        "expected": expected.ravel(), "effect": effect.ravel(), "base": (level + effect).ravel(),
        "treated": treated.ravel(), "stratum": np.repeat(np.where(stratum, "b", "a"), PERIODS),
        "cohort": np.repeat(np.where(never, np.nan, cohort[:, 0]), PERIODS),
    })  # fmt: skip
    told = (y.sum(axis=1) > 0) & ~((y.sum(axis=1) == trials * PERIODS) & bool(trials))
    return frame[np.repeat(told, PERIODS)].reset_index(drop=True)


def known(frame: pd.DataFrame, world: dict[str, Any]) -> tuple[float, float]:
    """Estimate of the mean log effect with known variances and flat cells, and its sd.

    Generalised least squares of ``o + (y - mu) / mu``, with variance ``V + diag(E 1 / mu)``; of
    trials ``o + (y - n p) / v`` with ``v = n p (1 - p)`` and ``1 / v = (2 + e^o + e^-o) / n``.
    """
    covariance, inverse = errors(world)
    unit, n = frame["unit"].factorize()[0], frame["unit"].nunique()
    by_time = (frame["stratum"] + frame["time"].astype(str)).factorize()[0]
    cell = frame["stratum"] + frame["cohort"].astype(str) + "|" + frame["time"].astype(str)
    cell = cell[frame["treated"]].factorize()[0]
    k = cell.max() + 1
    of_cell = np.zeros((len(frame), k))
    of_cell[np.flatnonzero(frame["treated"]), cell] = 1.0
    x = np.column_stack([of_cell, np.eye(n)[unit], np.eye(by_time.max() + 1)[by_time]])
    if "trials" in world:
        size, o = frame["exposure"], frame["base"] - 0.5 * world["sd"] ** 2
        own = (2.0 + 2.0 * np.cosh(o) * np.exp(0.5 * world["sd"] ** 2)) / size
        v = frame["mean"] * (1.0 - frame["mean"] / size)
    else:
        own, v = inverse / frame["expected"], frame["mean"]
    y, own = (frame["rate"] + (frame["y"] - frame["mean"]) / v).to_numpy(), own.to_numpy()
    own = own.reshape(n, PERIODS)
    precision = np.linalg.inv(covariance + own[:, :, None] * np.eye(PERIODS))
    weighted = (precision @ x.reshape(n, PERIODS, -1)).reshape(x.shape)
    variance = np.linalg.pinv(x.T @ weighted, hermitian=True)
    w = np.zeros(x.shape[1])
    w[:k] = np.bincount(cell) / cell.size
    return float(w @ variance @ (weighted.T @ y)), float(np.sqrt(w @ variance @ w))


def measured(name: str, number: int) -> dict[str, Any]:
    """Errors, sds and coverage of one panel."""
    world = BASE | WORLDS[name]
    frame = simulated(number, world)
    on = frame[frame["treated"]]
    without = on["expected"] * np.exp(-on["effect"])
    estimate, sd = known(frame, world)
    truth = float(on["effect"].mean())
    luck = {ERROR: estimate - truth, SD: sd, COVERS: int(abs(estimate - truth) < 1.96 * sd)}
    row: dict[str, Any] = {"world": name, "number": number} | {LUCK + k: x for k, x in luck.items()}
    columns = {"unit": "unit", "time": "time", "cohort": "cohort", "strata": ["stratum"]}
    roles = frame.drop(columns=["treated", "effect", "expected", "mean", "base"])
    sampler, noise_ = nqp.Importance(seed=number), nqp.AR1PlusNoise()
    panel = nqp.Panel.from_frame(roles, outcome="rate", **columns)
    fit = nqp.fit(nqp.StaggeredDiD(errors=noise_), panel, sampler, progress=False)
    row |= against({"true log rates": (nqp.att(fit), truth)})
    size = {"trials" if "trials" in world else "exposure": "exposure"}
    panel = nqp.Panel.from_frame(roles, outcome="y", **size, **columns)
    likelihood = getattr(nqp, world["fitted"])()
    design = nqp.StaggeredDiD(errors=noise_, likelihood=likelihood)
    if world["fitted"] != "Poisson":
        design = design.replace(errors=nqp.AR1())
    fit = nqp.fit(design, panel, sampler, progress=False)
    row |= {
        "khat": float(fit.groups["sample_stats"]["khat"]), "passed": int(fit.gate.passed),
    }  # fmt: skip
    if "trials" in world:
        o, tau, n = on["rate"], on["effect"], on["exposure"]
        points = float((n * (expit(o) - expit(o - tau))).sum() / n.sum())
        return row | against({
            "log odds": (nqp.att(fit), truth),
            "percentage points": (100 * nqp.att(fit, scale="probability"), 100 * points),
        })  # fmt: skip
    happened = (on["y"] * np.exp(-on["effect"])).sum()
    return row | against({
        "log points": (nqp.att(fit), truth),
        "per cent, expected": (nqp.relative_effects(fit), on["expected"].sum() / without.sum() - 1),
        "per cent": (nqp.relative_effects(fit), on["y"].sum() / happened - 1),
        "events": (nqp.att(fit, scale="outcome"), (on["y"].sum() - happened) / len(on)),
    })  # fmt: skip


def table() -> str:
    """Tabulate z = error / sd and coverage by world, as they are and without the panels' luck."""
    head = ["world", "quantity", "panels", "mean z", "sd of z (se)", "covered (se)", "width"]
    rows: list[list[Any]] = [[*head, "known variances: sd of z", "sd of z without luck (se)"]]
    for world, part in STORE.rows().groupby("world", sort=False):
        fixed = part[LUCK + ERROR] / part[LUCK + SD]
        part = part.dropna(axis=1, how="all")
        for column in part.columns[part.columns.str.endswith(ERROR)]:
            name, n = column.removesuffix(ERROR), len(part)
            if name == LUCK:
                continue
            z, held = part[column] / part[name + SD], part[name + COVERS]
            r = np.corrcoef(z, fixed)[0, 1] ** 2
            free = z.std() / fixed.std() ** r
            rows.append([
                world, name, n, f"{z.mean():+.2f}",
                f"{z.std():.2f} ({z.std() / (2 * n) ** 0.5:.2f})",
                f"{held.mean():.3f} ({held.std(ddof=0) / n**0.5:.3f})",
                f"{3.92 * part[name + SD].mean():.3f}", f"{fixed.std():.2f}",
                f"{free:.2f} ({free * ((1 - r**2) / 2 / n) ** 0.5:.2f})",
            ])  # fmt: skip
    return markdown(rows)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=60)
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS))
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    STORE.fill([(world,) for world in options.worlds], range(options.panels), measured)
    print(table())


if __name__ == "__main__":
    main()
