"""Run: python -m benchmarks.shocks

How often 95 % intervals of the average effect cover it where units of a province share shocks and
adopt together, or each for itself. Panels and seeds stand here; nothing is kept.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayes_nqp as nqp

SEED = 20_261_128
"""Panel k of world w has the seed (SEED, w, k)."""
PROVINCES, EACH, PERIODS, SD = 20, 4, 8, 1.0
WORLDS = ("provinces adopt", "units adopt", "provinces adopt, no shocks")
DESIGNS = {"none": None, "by province": nqp.ClusterTimeEffects("province")}


def simulated(world: str, number: int) -> nqp.Panel:
    """Make a panel: effects of 1, AR(1) errors of .5 with sd 1, shocks of sd 1 by province."""
    seed = np.random.SeedSequence((SEED, WORLDS.index(world), number))
    rng, first = np.random.default_rng(seed), int(seed.generate_state(1)[0])
    panel = nqp.simulation.staggered(
        units=PROVINCES * EACH, periods=PERIODS, cohorts=(4, 6), strata={}, deviation_sd=0.0,
        level=0.0, never=0.5, seed=first,
    ).panel  # fmt: skip
    frame = panel.frame.copy()
    province = np.arange(PROVINCES * EACH) % PROVINCES
    if world != "units adopt":
        frame["cohort"] = np.array([4.0, 6.0, np.nan, np.nan])[province % 4][panel.unit_codes]
    frame["province"] = np.char.add("p", province.astype(str))[panel.unit_codes]
    if world != "provinces adopt, no shocks":
        shocks = SD * rng.normal(size=(PROVINCES, PERIODS))
        frame["outcome"] += shocks[province[panel.unit_codes], panel.time_codes]
    frame["outcome"] += frame["time"] >= frame["cohort"]
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="outcome")


def one_panel(world: str, number: int) -> list[dict[str, object]]:
    """Fit a panel with shocks and without."""
    panel, lines = simulated(world, number), []
    for name, shocks in DESIGNS.items():
        fit = nqp.fit(
            nqp.StaggeredDiD(nqp.CompletePooling(), shocks=shocks), panel,
            nqp.Importance(draws=300, seed=number), progress=False, threads=1,
        )  # fmt: skip
        draws = nqp.att(fit).to_numpy()
        low, high = np.quantile(draws, [0.025, 0.975])
        lines.append(
            {"world": world, "shocks": name, "covered": low <= 1.0 <= high, "sd": draws.std(),
             "mean": draws.mean()}
        )  # fmt: skip
    return lines


def table(lines: list[dict[str, object]]) -> str:
    """Coverage and sds, as Markdown."""
    rows = [
        "| world | shocks of the design | panels | coverage | posterior sd | sd of estimates |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for (world, shocks), part in pd.DataFrame(lines).groupby(["world", "shocks"], sort=False):
        rows.append(
            f"| {world} | {shocks} | {len(part)} | {part['covered'].mean():.3f} "
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
