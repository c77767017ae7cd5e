"""Run: python -m benchmarks.targets

How often 95 % intervals cover the average effect on the treated at hand, and that over all units
like them, where effects differ between units. Panels and seeds stand here; nothing is kept.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Simulated, staggered

SEED = 20_261_127
"""Panel k of n units has the seed (SEED, n, k)."""
UNITS = (20, 40, 80)
LEVEL, DEVIATION = 1.0, 1.0
TARGETS = ("sample", "superpopulation")


def simulated(units: int, number: int) -> Simulated:
    """Make a panel: effects of 1, deviations of units of 1, AR(1) errors of .5 with sd .5."""
    seed = int(np.random.SeedSequence((SEED, units, number)).generate_state(1)[0])
    return staggered(
        units=units, periods=8, cohorts=(4, 6), strata={}, level=LEVEL, deviation_sd=DEVIATION,
        sigma=0.5, seed=seed,
    )  # fmt: skip


def one_panel(units: int, number: int) -> list[dict[str, object]]:
    """Fit a panel, and lay intervals of both targets beside both truths."""
    panel = simulated(units, number)
    truths = {"sample": float(nqp.att(panel.truth).mean()), "superpopulation": LEVEL}
    fit = nqp.fit(
        nqp.StaggeredDiD(nqp.CompletePooling()), panel.panel, nqp.Importance(draws=500,
        seed=number),
        progress=False, threads=1,
    )  # fmt: skip
    lines: list[dict[str, object]] = []
    for target in TARGETS:
        draws = nqp.att(nqp.group_time_effects(fit, target)).to_numpy()
        low, high = np.quantile(draws, [0.025, 0.975])
        line = {"units": units, "target": target, "sd": draws.std(), "mean": draws.mean()}
        lines.append(line | {name: low <= x <= high for name, x in truths.items()})
    return lines


def table(lines: list[dict[str, object]]) -> str:
    """Coverage of both truths, and sds, as Markdown."""
    frame = pd.DataFrame(lines)
    rows = [
        "| units | target | panels | covers the sample's | covers the population's | posterior sd "
        "| sd of estimates |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (units, target), part in frame.groupby(["units", "target"], sort=False):
        rows.append(
            f"| {units} | {target} | {len(part)} | {part['sample'].mean():.3f} "
            f"| {part['superpopulation'].mean():.3f} | {part['sd'].mean():.3f} "
            f"| {part['mean'].std():.3f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Fit all panels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=400)
    panels = parser.parse_args().panels
    lines = [x for n in UNITS for k in range(panels) for x in one_panel(n, k)]
    print(table(lines))


if __name__ == "__main__":
    main()
