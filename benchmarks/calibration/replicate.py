"""One replication: simulate, refit, and put intervals beside the truth."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from benchmarks.calibration.scenarios import Scenario
from scipy.stats import t as student

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.effects.estimands import att, contrast
from bayes_nqp.numerics.sampling import Importance

Array = npt.NDArray[np.float64]

NOMINAL = 0.95
POOLING = {"partial": nqp.PartialPooling(["region"]), "separate": nqp.NoPooling()}
PARAMETERS = ("scale_walk", "scale_cohort", "scale_cell", "scale_deviation", "rho", "sigma")


def design_of(method: str) -> nqp.StaggeredDiD:
    return nqp.StaggeredDiD(effect=POOLING[method], errors=nqp.AR1())


def quantities(effects: xr.Dataset) -> dict[str, Array]:
    """Draws of everything that is judged, flat over chains."""
    by_region = att(effects, by="region")
    parts = {
        "att": att(effects),
        "region": by_region,
        "contrast": contrast(by_region, region="inland", minus="coastal"),
        "event_time": att(effects, by="event_time"),
        "cohort": att(effects, by="cohort"),
    }
    out: dict[str, Array] = {}
    for name, draws in parts.items():
        flat = draws.stack(sample=("chain", "draw")).to_numpy()
        if flat.ndim == 1:
            out[name] = flat
            continue
        for label, values in zip(draws[name].to_numpy(), flat, strict=True):
            text = label if isinstance(label, str) else f"{float(label):g}"
            out[f"{name} {text}"] = values
    return out


def refit(scenario: Scenario, replication: int, method: str, draws: int) -> dict[str, Any]:
    """Intervals of one method on one panel; plain numbers that a cache can hold."""
    simulated = scenario.simulate(replication)
    truth = {k: float(x[0]) for k, x in quantities(simulated.truth).items()}
    record: dict[str, Any] = {
        "scenario": scenario.name, "replication": replication, "method": method,
    }  # fmt: skip
    if method == "iid":
        record["quantities"] = _least_squares(simulated.panel, simulated.truth, truth)
        return record
    began = time.perf_counter()
    try:
        sampler = Importance(draws=draws, seed=scenario.seed(replication))
        fit = nqp.fit(design_of(method), simulated.panel, sampler, progress=False)
    except NQPError as error:
        return record | {"failed": str(error), "quantities": {}}
    record["quantities"] = {
        name: [truth[name], float(x.mean()), float(x.std()), *_interval(x)]
        for name, x in quantities(nqp.group_time_effects(fit)).items()
    }
    record["parameters"] = {
        name: float(fit.posterior[f"outcome__{name}"].mean())
        for name in PARAMETERS
        if f"outcome__{name}" in fit.posterior
    }
    gate = fit.gate
    record |= {
        "passed": gate.passed, "khat": gate.khat, "importance_ess": gate.importance_ess,
        "ess": gate.ess_bulk, "seconds": time.perf_counter() - began,
    }  # fmt: skip
    return record


def _interval(draws: Array) -> list[float]:
    tail = (1.0 - NOMINAL) / 2.0
    return [float(x) for x in np.quantile(draws, [tail, 1.0 - tail])]


def _least_squares(
    panel: nqp.Panel, truth: xr.Dataset, known: dict[str, float]
) -> dict[str, list[float]]:
    """Saturated least squares with independent errors: a flat prior, serial correlation ignored."""
    # The layout of simulated panels does not depend on the seed: one factorisation serves all.
    key = (panel.unit_codes.tobytes(), panel.time_codes.tobytes(), panel.cohort_codes.tobytes())
    if key not in _SOLVED:
        _SOLVED[key] = _solve(panel, truth)
    maps, names, residual, free = _SOLVED[key]
    estimates = maps @ panel.outcome
    sigma = np.sqrt(np.sum((residual @ panel.outcome) ** 2) / free)
    half = student.ppf(0.5 + NOMINAL / 2.0, free)
    spread = sigma * np.linalg.norm(maps, axis=1)
    return {
        name: [known[name], float(b), float(s), float(b - half * s), float(b + half * s)]
        for name, b, s in zip(names, estimates, spread, strict=True)
    }


_SOLVED: dict[tuple[bytes, ...], tuple[Array, list[str], Array, int]] = {}


def _solve(panel: nqp.Panel, truth: xr.Dataset) -> tuple[Array, list[str], Array, int]:
    stratum = panel.strata_codes["region"][panel.unit_codes]
    cohort = panel.cohort_codes[panel.unit_codes]
    treated = (cohort >= 0) & (panel.time_codes >= cohort)
    cells = np.stack([stratum, cohort, panel.time_codes], axis=1)[treated]
    table, cell = np.unique(cells, axis=0, return_inverse=True)
    X_cell = np.zeros((panel.n_rows, len(table)))
    X_cell[np.flatnonzero(treated), cell.ravel()] = 1.0
    X_unit = np.eye(panel.n_units)[panel.unit_codes]
    X_time = np.eye(2 * panel.periods)[stratum * panel.periods + panel.time_codes]
    X = np.concatenate([X_cell, X_unit, X_time], axis=1)
    inverse = np.linalg.pinv(X, rcond=1e-10)
    effects = inverse[: len(table)]
    draws = quantities(truth.isel(chain=[0] * len(table), draw=[0]).assign_coords(
        chain=np.arange(len(table))
    ).drop_vars(["deviation"]).assign(
        effect=(("chain", "draw", "path", "cell"), np.eye(len(table))[:, None, None, :])
    ))  # fmt: skip
    weights = np.stack(list(draws.values()))
    residual = np.eye(panel.n_rows) - X @ inverse
    free = panel.n_rows - int(np.linalg.matrix_rank(X))
    return weights @ effects, list(draws), residual, free
