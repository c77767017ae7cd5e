"""Run: python -m benchmarks.weights

How often 95 % intervals of the average effect cover it where outcomes are means of clusters of
unequal size: without weights under AR(1) errors, and with sizes as weights under independent ones.
Panels and seeds stand here; nothing is kept.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayes_nqp as nqp

SEED = 20_261_130
"""Panel k of world w has the seed (SEED, w, k)."""
CLUSTERS, PERIODS, WITHIN = 40, 8, 5.0
WORLDS: dict[str, tuple[float, float]] = {
    "shocks of clusters last (AR(1) of .8)": (0.8, 1.0),
    "shocks of clusters last (AR(1) of .5)": (0.5, 1.0),
    "shocks of clusters do not last": (0.0, 1.0),
    "no shocks of clusters": (0.0, 0.0),
    "no shocks, small clusters adopt": (0.0, 0.0),
}
"""Autocorrelation and sd of innovations of what befalls a cluster as a whole."""
DESIGNS: dict[str, tuple[object, str | None]] = {
    "`AR1()`, no weights": (nqp.AR1(), None), "`IID()`, sizes as weights": (nqp.IID(), "size"),
}  # fmt: skip


def simulated(world: str, number: int) -> pd.DataFrame:
    """Make rows: means of clusters of 5 to 500 people, each of whom adds an error of sd 5."""
    seed = np.random.SeedSequence((SEED, list(WORLDS).index(world), number))
    rng, first = np.random.default_rng(seed), int(seed.generate_state(1)[0])
    rho, shocks = WORLDS[world]
    frame = nqp.simulation.staggered(
        units=CLUSTERS, periods=PERIODS, cohorts=(4, 6), strata={}, deviation_sd=0.0, level=0.0,
        rho=rho, sigma=max(shocks, 1e-6), seed=first,
    ).panel.frame.copy()  # fmt: skip
    size = np.exp(rng.uniform(np.log(5.0), np.log(500.0), CLUSTERS)).round()
    if world.endswith("small clusters adopt"):
        treated = frame.groupby("unit", sort=True)["cohort"].first().notna().to_numpy()
        size[np.argsort(~treated, kind="stable")] = np.sort(size)
    frame["size"] = size[frame.groupby("unit", sort=True).ngroup()]
    frame["outcome"] += WITHIN * rng.normal(size=len(frame)) / np.sqrt(frame["size"])
    frame["outcome"] += frame["time"] >= frame["cohort"]
    return frame


def one_panel(world: str, number: int) -> list[dict[str, object]]:
    """Fit a panel by both ways."""
    frame, lines = simulated(world, number), []
    for name, (errors, weights) in DESIGNS.items():
        panel = nqp.Panel.from_frame(
            frame, unit="unit", time="time", cohort="cohort", outcome="outcome", weights=weights
        )
        fit = nqp.fit(
            nqp.StaggeredDiD(nqp.CompletePooling(varying=None), errors=errors), panel,  # type: ignore[arg-type]
            nqp.Importance(draws=400, seed=number), progress=False, threads=1,
        )  # fmt: skip
        draws = nqp.att(fit).to_numpy()
        low, high = np.quantile(draws, [0.025, 0.975])
        lines.append(
            {"world": world, "design": name, "covered": low <= 1.0 <= high, "sd": draws.std(),
             "mean": draws.mean()}
        )  # fmt: skip
    return lines


def table(lines: list[dict[str, object]]) -> str:
    """Coverage and sds, as Markdown."""
    rows = [
        "| means of clusters | design | panels | coverage | posterior sd | sd of estimates |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for (world, name), part in pd.DataFrame(lines).groupby(["world", "design"], sort=False):
        rows.append(
            f"| {world} | {name} | {len(part)} | {part['covered'].mean():.2f} "
            f"| {part['sd'].mean():.3f} | {part['mean'].std():.3f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Fit all panels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    panels = parser.parse_args().panels
    print(table([x for w in WORLDS for k in range(panels) for x in one_panel(w, k)]))


if __name__ == "__main__":
    main()
