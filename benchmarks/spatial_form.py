"""Run: python -m benchmarks.spatial_form [--forms].

Size at 5 % of likelihood ratio and Wald tests of a spatial Durbin model against a plain lag and
against spatial errors, in worlds of these forms: on contrasts whitened by the fit's errors, and
with errors taken as independent over time. Worlds and seeds were fixed before the first run.

With --forms: the share of panels in which SDM, SAR and SEM each have the highest marginal
likelihood, under N(0, 1) for covariates of linked units (``theta_sd=1``) and under unit
information, beside the lowest BIC by numbers of units and of rows; and how often the check says
that likelihood ratio and marginal likelihoods disagree.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

import bayes_nqp as nqp

SEED = 43_000_000
UNITS, PERIODS = 80, 10
LAG = 0.4
THETA = {"SAR": 0.0, "SEM": -LAG, "SDM": 0.5, "SDM, weak": 0.25}
"""What linked units' treatment and covariates do, in multiples of what a unit's own do."""
WORLDS = [(form, levels, rho) for form in ("SAR", "SEM") for levels in (1, 4) for rho in (0.0, 0.7)]
FORMS = ("SDM", "SAR", "SEM")


def panels_of(
    form: str, levels: int, rho: float, seed: int
) -> Iterator[tuple[nqp.Panel, nqp.StaggeredDiD]]:
    """Panels of a world without end, each with a Durbin design."""
    rng = np.random.default_rng([seed, len(form) + ord(form[1]), levels, int(10 * rho)])
    place = np.column_stack([rng.uniform(100, 120, UNITS), rng.uniform(22, 40, UNITS)])
    near = np.argsort(np.linalg.norm(place[:, None] - place, axis=2), axis=1)[:, 1:6]
    links = np.zeros((UNITS, UNITS))
    links[np.arange(UNITS)[:, None], near] = 1.0
    ids = [f"u{k:03d}" for k in range(UNITS)]
    weights = nqp.spatial_weights.matrix(pd.DataFrame(links, ids, ids))
    level = np.empty(UNITS, dtype=int)
    level[np.argsort(place[:, 0])] = np.arange(UNITS) * levels // UNITS
    time, w = np.arange(PERIODS), weights.matrix.toarray()
    lower = np.linalg.cholesky(rho ** np.abs(time[:, None] - time) / (1.0 - rho**2))
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), time=nqp.TimeEffects(["level"]),
        spillovers=nqp.SpatialLag(weights),
    )  # fmt: skip
    while True:
        start = np.where(rng.random(UNITS) < 0.5, 99, rng.integers(3, 8, UNITS))
        policy = (time >= start[:, None]).astype(float)
        x = rng.standard_normal((UNITS, PERIODS))
        errors = rng.standard_normal((UNITS, PERIODS)) @ lower.T + rng.standard_normal((UNITS, 1))
        errors += rng.standard_normal((levels, PERIODS))[level]
        mean = policy + 0.5 * x
        y = np.linalg.solve(np.eye(UNITS) - LAG * w, errors + mean + THETA[form] * (w @ mean))
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
        yield panel, design


def answers(form: str, levels: int, rho: float, panels: int, seed: int = SEED) -> np.ndarray:
    """Share of panels that reject the world's form (errors, statistic)."""
    count = np.zeros((2, 2))
    for _, (panel, design) in zip(range(panels), panels_of(form, levels, rho, seed), strict=False):
        fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
        evidence = nqp.check(fit, "spatial_form", progress=False).evidence
        tests = evidence.sel(restricted=form)
        count += np.stack([tests["ratio_p"], tests["wald_p"]], axis=1) < 0.05
    return count / panels


def sizes(panels: int, seed: int) -> None:
    """Print a table of sizes."""
    head = ["form", "levels", "AR(1)", "LR", "Wald", "LR, iid", "Wald, iid"]
    rule(head, panels)
    for form, levels, rho in WORLDS:
        shares = answers(form, levels, rho, panels, seed)
        cells = [form, str(levels), f"{rho:.1f}", *(f"{x:.3f}" for x in shares.ravel())]
        print("| " + " | ".join(cells) + " |", flush=True)


def bic(evidence: xr.Dataset, count: int) -> np.ndarray:
    """Minus half of each form's BIC, less that of SDM."""
    tests = evidence.sel(errors="whitened", restricted=["SAR", "SEM"])
    less = -0.5 * tests["ratio"] + 0.5 * tests["freedom"] * np.log(count)
    return np.array([0.0, *less.to_numpy()])


def forms(panels: int, seed: int) -> None:
    """Print which form is preferred, by world."""
    kinds = ("theta_sd=1", "unit information", "BIC, units", "BIC, rows")
    rule(["world", "AR(1)", *kinds, "they disagree"], panels)
    for form in THETA:
        for rho in (0.0, 0.7):
            count, disputed = np.zeros((len(kinds), len(FORMS))), 0
            worlds = panels_of(form, 1, rho, seed)
            for _, (panel, design) in zip(range(panels), worlds, strict=False):
                fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
                narrow, unit = (
                    nqp.check(fit, "spatial_form", progress=False, **options)
                    for options in ({"theta_sd": 1.0}, {})
                )
                heights = [
                    narrow.evidence["log_marginal"], unit.evidence["log_marginal"],
                    bic(unit.evidence, UNITS), bic(unit.evidence, panel.n_rows),
                ]  # fmt: skip
                count[np.arange(len(kinds)), np.argmax(heights, axis=1)] += 1
                disputed += "they disagree" in unit.sentence
            shares = [" ".join(f"{x:.2f}" for x in line) for line in count / panels]
            cells = [form, f"{rho:.1f}", *shares, f"{disputed / panels:.2f}"]
            print("| " + " | ".join(cells) + " |", flush=True)


def rule(head: list[str], panels: int) -> None:
    """Print the head of a table."""
    print(f"{panels} panels a world\n\n| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))


def main() -> None:
    """Print a table of sizes, or of preferred forms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--forms", action="store_true")
    arguments = parser.parse_args()
    (forms if arguments.forms else sizes)(arguments.panels, arguments.seed)


if __name__ == "__main__":
    main()
