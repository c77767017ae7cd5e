"""Run: python -m benchmarks.spatial_form.

Size at 5 % of likelihood ratio and Wald tests of a spatial Durbin model against a plain lag and
against spatial errors, in worlds of these forms: on contrasts whitened by the fit's errors, and
with errors taken as independent over time. Worlds and seeds were fixed before the first run.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayes_nqp as nqp

SEED = 43_000_000
UNITS, PERIODS = 80, 10
WORLDS = [(form, levels, rho) for form in ("SAR", "SEM") for levels in (1, 4) for rho in (0.0, 0.7)]


def answers(form: str, levels: int, rho: float, panels: int, seed: int = SEED) -> np.ndarray:
    """Share of panels that reject the world's form (errors, statistic)."""
    rng = np.random.default_rng([seed, len(form) + ord(form[1]), levels, int(10 * rho)])
    place = np.column_stack([rng.uniform(100, 120, UNITS), rng.uniform(22, 40, UNITS)])
    near = np.argsort(np.linalg.norm(place[:, None] - place, axis=2), axis=1)[:, 1:6]
    links = np.zeros((UNITS, UNITS))
    links[np.arange(UNITS)[:, None], near] = 1.0
    ids = [f"u{k:03d}" for k in range(UNITS)]
    weights = nqp.spatial_weights.matrix(pd.DataFrame(links, ids, ids))
    level = np.empty(UNITS, dtype=int)
    level[np.argsort(place[:, 0])] = np.arange(UNITS) * levels // UNITS
    time, s = np.arange(PERIODS), np.eye(UNITS) - 0.4 * weights.matrix.toarray()
    lower = np.linalg.cholesky(rho ** np.abs(time[:, None] - time) / (1.0 - rho**2))
    design = nqp.StaggeredDiD(
        nqp.Complete(varying=None), time=nqp.TimeEffects(["level"]),
        spillovers=nqp.SpatialLag(weights),
    )  # fmt: skip
    count = np.zeros((2, 2))
    for _ in range(panels):
        start = np.where(rng.random(UNITS) < 0.5, 99, rng.integers(3, 8, UNITS))
        policy = (time >= start[:, None]).astype(float)
        x = rng.standard_normal((UNITS, PERIODS))
        errors = rng.standard_normal((UNITS, PERIODS)) @ lower.T + rng.standard_normal((UNITS, 1))
        errors += rng.standard_normal((levels, PERIODS))[level]
        mean = policy + 0.5 * x
        y = (
            np.linalg.solve(s, mean + errors)
            if form == "SAR"
            else mean + np.linalg.solve(s, errors)
        )
        frame = pd.DataFrame(
            {
                "unit": np.repeat(ids, PERIODS), "time": np.tile(time, UNITS), "y": y.ravel(),
                "x": x.ravel(), "level": np.repeat(level, PERIODS).astype(str),
                "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS),
            }
        )  # fmt: skip
        panel = nqp.Panel.from_frame(
            frame, unit="unit", time="time", cohort="cohort", outcome="y", covariates=["x"],
            strata=["level"],
        )  # fmt: skip
        fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
        evidence = nqp.check(fit, "spatial_form", progress=False).evidence
        tests = evidence.sel(restricted=form)
        count += np.stack([tests["ratio_p"], tests["wald_p"]], axis=1) < 0.05
    return count / panels


def main() -> None:
    """Print a table of sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    panels = arguments.panels
    head = ["form", "levels", "AR(1)", "LR", "Wald", "LR, iid", "Wald, iid"]
    print(f"{panels} panels a world\n\n| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for form, levels, rho in WORLDS:
        shares = answers(form, levels, rho, panels, arguments.seed)
        cells = [form, str(levels), f"{rho:.1f}", *(f"{x:.3f}" for x in shares.ravel())]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
