"""Run: python -m benchmarks.spatial_lm.

Size of Lagrange multiplier tests of panels at 5 %: as papers print them, and on whitened contrasts
centred by what time effects by level take of the score; and their power against a lag of .2.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp.space.checks._statistics import TESTS, as_printed, whitened

SEED = 41_000_000
UNITS, PERIODS = 100, 12
LEVELS = (1, 4, 25)
CORRELATIONS = (0.0, 0.5, 0.8)


def rejections(levels: int, rho: float, lag: float, panels: int) -> np.ndarray:
    """Share of panels that reject (ours | as printed, test)."""
    rng = np.random.default_rng([SEED, levels, int(10 * rho), int(10 * lag)])
    place = np.column_stack([rng.uniform(100, 120, UNITS), rng.uniform(22, 40, UNITS)])
    near = np.argsort(np.linalg.norm(place[:, None] - place, axis=2), axis=1)[:, 1:6]
    links = np.zeros((UNITS, UNITS))
    links[np.arange(UNITS)[:, None], near] = 1.0
    links = np.maximum(links, links.T)
    w = links / links.sum(axis=1, keepdims=True)
    table = np.zeros((UNITS, levels))
    table[np.argsort(place[:, 0]), np.arange(UNITS) * levels // UNITS] = 1.0
    time = np.arange(PERIODS)
    covariance = rho ** np.abs(time[:, None] - time) / (1.0 - rho**2)
    lower, spread = np.linalg.cholesky(covariance), np.linalg.inv(np.eye(UNITS) - lag * w)
    count = np.zeros((2, len(TESTS)))
    for _ in range(panels):
        start = np.where(rng.random(UNITS) < 0.4, 99, rng.integers(3, 10, UNITS))
        policy = (time >= start[:, None]).astype(float)
        y = table @ rng.standard_normal((levels, PERIODS)) + rng.standard_normal((UNITS, 1))
        y = spread @ (y + 0.5 * policy + rng.standard_normal((UNITS, PERIODS)) @ lower.T)
        columns, matrix = policy[..., None], csr_array(w)
        answers = (
            whitened(y, columns, table, matrix, covariance), as_printed(y, columns, matrix)
        )  # fmt: skip
        count += [[answer[name][1] < 0.05 for name in TESTS] for answer in answers]
    return count / panels


def main() -> None:
    """Print a table of sizes, and one of power."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=1_000)
    panels = parser.parse_args().panels
    head = ["levels", "AR(1)", *TESTS, *(f"{name}, as printed" for name in TESTS)]
    for title, lag in (("Size at 5 %", 0.0), ("Power against a lag of .2", 0.2)):
        print(f"\n{title}, {panels} panels\n\n| " + " | ".join(head) + " |")
        print("|" + " --- |" * len(head))
        for levels in LEVELS:
            for rho in CORRELATIONS:
                shares = rejections(levels, rho, lag, panels)
                cells = [str(levels), f"{rho:.1f}", *(f"{x:.3f}" for x in shares.ravel())]
                print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
