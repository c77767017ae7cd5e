"""Coverage of effects of treatments that end: in force, after exit, and by event time.

python -m benchmarks.treatment_paths PANELS

Panels have 60 units and 14 periods. Results are stored in results/treatment_paths.json, one entry
for each scenario, design and seed, and computed once; the table is printed at the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

import bayes_nqp as nqp

STORE: Final = Path(__file__).parent / "results" / "treatment_paths.json"
SCENARIOS: Final[dict[str, dict[str, Any]]] = {
    "half of the effect remains": {},
    "the effect ends": {"remains": 0.0},
    "treated again": {"pause": 2},
    "exit after bad years": {"selection": True},
}
DESIGNS: Final = {
    "effects after exit": nqp.StaggeredDiD(),
    "no effects after exit": nqp.StaggeredDiD(after="none"),
}
CHECKS: Final = ("carry_over", "exit_timing", "pretrends", "path_support")


def quantities(source: Any, *, modelled: bool) -> dict[str, xr.DataArray]:
    """Return the estimands of a fit or a truth."""
    out = {"treated": nqp.att(source)}
    by_time = nqp.att(source, by="event_time")
    out |= {f"event time {k}": by_time.sel(event_time=k) for k in (0, 1, 2, 3)}
    if modelled:
        out["after exit"] = nqp.after_exit(source)
        by_exit = nqp.att(source, by="exit_time")
        steps = by_exit["exit_time"].to_numpy()
        out |= {f"exit time {k}": by_exit.sel(exit_time=k) for k in (0, 1, 2, 3) if k in steps}
        by_switch = nqp.first_switch(source)
        out |= {f"first switch {k}": by_switch.sel(first_switch=k) for k in (2, 4)}
    return out


def one(scenario: str, design: str, seed: int) -> dict[str, Any]:
    """Fit one panel, and compare estimates with the truth and verdicts of checks."""
    made = nqp.simulation.exits(**{"seed": seed, **SCENARIOS[scenario]})
    fit = nqp.fit(DESIGNS[design], made.panel, nqp.Importance(seed=1), progress=False)
    modelled = design == "effects after exit"
    truth = quantities(made.truth, modelled=modelled)
    estimates = {}
    for name, draws in quantities(fit, modelled=modelled).items():
        low, high = np.quantile(draws, (0.025, 0.975))
        estimates[name] = [
            float(x) for x in (draws.mean(), draws.std(), low, high, truth[name].mean())
        ]
    verdicts = {name: nqp.check(fit, name, progress=False).verdict for name in CHECKS}
    return {"estimates": estimates, "verdicts": verdicts}


def table(results: dict[str, Any]) -> str:
    """Return coverage, bias and undetected misses as a Markdown table."""
    lines = [
        "| scenario | design | quantity | panels | bias | RMSE | mean SD | coverage | undetected |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for scenario in SCENARIOS:
        for design in DESIGNS:
            rows = [x for key, x in results.items() if key.startswith(f"{scenario}|{design}|")]
            names = dict.fromkeys(name for x in rows for name in x["estimates"])
            for name in names:
                some = [x for x in rows if name in x["estimates"]]
                mean, sd, low, high, true = np.array([x["estimates"][name] for x in some]).T
                missed = (true < low) | (true > high)
                warned = [{"caution", "failed"} & {*x["verdicts"].values()} != set() for x in some]
                silent = missed & ~np.array(warned)
                lines.append(
                    f"| {scenario} | {design} | {name} | {len(some)} | {(mean - true).mean():+.3f} "
                    f"| {np.sqrt(((mean - true) ** 2).mean()):.3f} | {sd.mean():.3f} "
                    f"| {1 - missed.mean():.2f} | {silent.mean():.2f} |"
                )
            if rows:
                flags = {
                    name: np.mean([x["verdicts"][name] in ("caution", "failed") for x in rows])
                    for name in CHECKS
                }
                listed = ", ".join(f"{name} {share:.2f}" for name, share in flags.items())
                lines.append(f"| {scenario} | {design} | caution or failed: {listed} | | | | | | |")
    return "\n".join(lines)


def main(panels: int) -> None:
    """Compute missing results, and print the table."""
    results = json.loads(STORE.read_text()) if STORE.exists() else {}
    for seed in range(1, panels + 1):
        for scenario in SCENARIOS:
            for design in DESIGNS:
                key = f"{scenario}|{design}|{seed}"
                if key not in results:
                    results[key] = one(scenario, design, seed)
                    STORE.write_text(json.dumps(results, indent=0))
        print(seed, flush=True)
    print(table(results))


if __name__ == "__main__":
    main(int(sys.argv[1]))
