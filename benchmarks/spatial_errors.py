"""Run: python -m benchmarks.spatial_errors [--panels 500] [--cities FILE].

How often `spatial_errors` is in doubt, and how often Conley's standard error is more than 1.2 times
the posterior sd as it is: errors of 120 places over 16 by 14 degrees that are independent, that are
so while effects differ between units (sd .5), and that move together along distance (correlation
exp(-d / 150 km)); AR(1) of .5, adoption by blocks of neighbours. Seeds were fixed before the first
run. With FILE, a row per city (`code`) and `year` with `nqpf`, `cbec_year`, `province`, `longitude`
and `latitude`, standard errors of its average effect over the posterior sd as well.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayes_nqp as nqp

SEED = 47_000_000
UNITS, PERIODS, KM = 120, 10, 300.0
WORLDS = {"independent": (0.0, None), "effects differ": (0.5, "unit"), "together": (0.0, None)}


def kilometres(place: np.ndarray) -> np.ndarray:
    """Great-circle distances (n, n)."""
    east, north = np.radians(place).T
    half = np.sin((north[:, None] - north) / 2) ** 2
    half += np.cos(north)[:, None] * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    return 2 * 6371.0 * np.arcsin(np.sqrt(half))


def rates(world: str, panels: int) -> np.ndarray:
    """Share in doubt; share of Conley beyond 1.2; mean ratios, as they are and by the model."""
    spread, varying = WORLDS[world]
    rng = np.random.default_rng([SEED, len(world)])
    time = np.arange(PERIODS)
    root = np.linalg.cholesky(0.5 ** np.abs(time[:, None] - time))
    out = np.zeros(4)
    for _ in range(panels):
        place = np.column_stack([rng.uniform(103, 119, UNITS), rng.uniform(23, 37, UNITS)])
        errors = rng.standard_normal((UNITS, PERIODS))
        if world == "together":
            field = np.exp(-kilometres(place) / 150.0) + 1e-9 * np.eye(UNITS)
            errors = np.linalg.cholesky(field) @ errors
        block = (place // 2.0).astype(int) @ [101, 1]
        start = np.array([4.0, 6.0, np.nan])[(block * 7919) % 3]
        effect = 1.0 + spread * rng.standard_normal((UNITS, 1))
        y = errors @ root.T + effect * (time >= start[:, None])
        frame = pd.DataFrame(
            {
                "unit": np.repeat(np.arange(UNITS), PERIODS), "time": np.tile(time, UNITS),
                "y": y.ravel(), "cohort": np.repeat(start, PERIODS),
                "longitude": np.repeat(place[:, 0], PERIODS),
                "latitude": np.repeat(place[:, 1], PERIODS),
            }
        )  # fmt: skip
        panel = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
        design = nqp.StaggeredDiD(nqp.CompletePooling(varying=varying))
        fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
        result = nqp.check(fit, "spatial_errors", km=KM, progress=False)
        row = result.evidence.iloc[1]
        plain = row["over_posterior_sd"]
        out += [result.verdict == "caution", plain > 1.2, plain, row["ratio"]]
    return out / panels


def cities(path: str) -> None:
    """Standard errors on the cities, with common time effects and with those of regions."""
    df = pd.read_csv(path, encoding="utf-8-sig").dropna(subset=["longitude", "coastal_province"])
    df["outcome"] = np.log(df["nqpf"])
    df["region"] = df["coastal_province"].map({0.0: "inland", 1.0: "coastal"})
    names = ["code", "year", "cbec_year", "outcome", "region", "province", "longitude", "latitude"]
    panel = nqp.Panel.from_frame(
        df[names], unit="code", time="year", cohort="cbec_year", outcome="outcome",
        strata=["region"],
    )  # fmt: skip
    for label, time in (("common", nqp.TimeEffects()), ("by region", nqp.TimeEffects(["region"]))):
        design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=time, unidentified="drop")
        fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
        result = nqp.check(fit, "spatial_errors", km=KM, progress=False)
        print(f"\ntime effects {label}: {result.verdict}\n\n{result.evidence.round(4)}")


def main() -> None:
    """Print a table of rates, and numbers of the cities."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=500)
    parser.add_argument("--cities")
    arguments = parser.parse_args()
    head = ["errors", "caution", "Conley / sd > 1.2", "Conley / sd", "by the model's sd"]
    print(f"{arguments.panels} panels a world\n\n| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for world in WORLDS if arguments.panels else ():
        cells = [f"{x:.2f}" for x in rates(world, arguments.panels)]
        print("| " + " | ".join([world, *cells]) + " |", flush=True)
    if arguments.cities:
        cities(arguments.cities)


if __name__ == "__main__":
    main()
