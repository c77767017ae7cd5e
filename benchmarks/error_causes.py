"""Run: python -m benchmarks.error_causes

Which cause the check of the error model sees, where it is there and where it is not: effects that
differ between units, shocks that provinces share, errors that last, and none. Panels and seeds
stand here; nothing is kept.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayes_nqp as nqp

SEED = 20_261_129
"""Panel k of world w has the seed (SEED, w, k)."""
PROVINCES, EACH, PERIODS = 20, 4, 8
WORLDS: dict[str, dict[str, float]] = {
    "the model is true": {}, "effects differ (sd 1.5)": {"spread": 1.5},
    "shocks by province (sd 1)": {"shocks": 1.0}, "AR(1) of .8, fitted as independent": {},
}  # fmt: skip
DESIGNS = {
    "treatment of provinces": nqp.StaggeredDiD(nqp.CompletePooling()),
    "exposure": nqp.ContinuousExposure("dose", nqp.CompletePooling()),
}
CAUSES = {"time": "correlated otherwise", "clusters": "correlated within a province",
          "effects": "superpopulation"}  # fmt: skip


def simulated(
    world: str, number: int, *, exposed: bool, shocks: float = 0.0, spread: float = 0.0
) -> nqp.Panel:
    """Make a panel: effects of 1, AR(1) errors of .5 with sd 1; a dose that provinces share."""
    seed = np.random.SeedSequence((SEED, list(WORLDS).index(world), number))
    rng, first = np.random.default_rng(seed), int(seed.generate_state(1)[0])
    panel = nqp.simulation.staggered(
        units=PROVINCES * EACH, periods=PERIODS, cohorts=(4, 6), strata={}, deviation_sd=0.0,
        level=0.0, rho=0.8 if "independent" in world else 0.5, seed=first,
    ).panel  # fmt: skip
    frame, unit, time = panel.frame.copy(), panel.unit_codes, panel.time_codes
    province = np.arange(PROVINCES * EACH) % PROVINCES
    frame["cohort"] = np.array([4.0, 6.0, np.nan, np.nan])[province % 4][unit]
    frame["province"] = np.char.add("p", province.astype(str))[unit]
    frame["outcome"] += shocks * rng.normal(size=(PROVINCES, PERIODS))[province[unit], time]
    dose = rng.normal(size=(PROVINCES, PERIODS)).cumsum(axis=1)[province[unit], time]
    frame["dose"] = dose + 0.3 * rng.normal(size=len(frame))
    effect = 1.0 + spread * rng.normal(size=PROVINCES * EACH)[unit]
    frame["outcome"] += effect * (frame["dose"] if exposed else frame["time"] >= frame["cohort"])
    role = {"exposures": ["dose"]} if exposed else {"cohort": "cohort"}
    return nqp.Panel.from_frame(frame, unit="unit", time="time", outcome="outcome", **role)


def one_panel(world: str, name: str, number: int) -> dict[str, object]:
    """Fit a panel, and ask."""
    panel = simulated(world, number, exposed=name == "exposure", **WORLDS[world])
    design = DESIGNS[name]
    if "independent" in world:
        design = design.replace(errors=nqp.IID())
    sampler = nqp.Importance(draws=400, seed=number)
    result = nqp.check(nqp.fit(design, panel, sampler, progress=False, threads=1), "error_model")
    said = result.sentence + result.details
    seen = {cause: words in said for cause, words in CAUSES.items()}
    doubt = result.verdict in ("caution", "failed")
    return {"design": name, "world": world, "doubt": doubt, **seen}


def table(lines: list[dict[str, object]]) -> str:
    """Shares of panels, as Markdown."""
    rows = [
        "| design | world | panels | in doubt or fails | time | clusters | effects |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (name, world), part in pd.DataFrame(lines).groupby(["design", "world"], sort=False):
        shares = part[["doubt", *CAUSES]].mean()
        rows.append(f"| {name} | {world} | {len(part)} | " + " | ".join(
            f"{x:.2f}" for x in shares) + " |")  # fmt: skip
    return "\n".join(rows)


def main() -> None:
    """Fit all panels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=40)
    panels = range(parser.parse_args().panels)
    print(table([one_panel(w, d, k) for d in DESIGNS for w in WORLDS for k in panels]))


if __name__ == "__main__":
    main()
