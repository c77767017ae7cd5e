"""Run: python -m benchmarks.triple_differences --panels 100; an interrupted run goes on.

Coverage of 95 % intervals under triple differences: 30 states with an eligible and an ineligible
group over 14 periods. States that enable the policy drift, every state has a random walk of shocks,
and errors are AR(1). Difference-in-differences of the eligible units alone, and least squares with
state × time and group × time effects and standard errors clustered by state, use the same panels.
In the last world the policy also affects ineligible units, and the checks are run.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

import bayes_nqp as nqp

from ._coverage import COVERS, ERROR, SD, against
from ._store import ROOT, Store
from .earned import markdown

STORE = Store("triple_differences", ("world", "number"))
PAGE = ROOT / "benchmarks" / "results" / "triple_differences.md"
SEED = 61_000_000
BASE: dict[str, Any] = {"states": 30, "periods": 14, "cohorts": (6, 7, 8, 9, 10)}
AFFECTED = "ineligible units affected"
WORLDS: dict[str, dict[str, Any]] = {
    "drift and shocks": {},
    "one tenth missing": {"missing": 0.1},
    "two eligible groups": {"eligible": ["a", "b"]},
    "persistent errors": {"rho": 0.8},
    AFFECTED: {"spillover": 0.5},
}
"""What differs from `BASE` in the arguments of the simulation."""
EVENTS = range(5)
CHECKS = ("ineligible_units", "pretrends", "placebo_time", "eligible_support")


def least_squares(panel: nqp.Panel, truth: float) -> dict[str, float]:
    """Average effect on gaps by saturated least squares, with errors clustered by state.

    On gaps, unit and group × time dummies are what is left of state × time and group × time ones.
    """
    unit, time = panel.unit_codes, panel.time_codes
    cohort = panel.cohort_codes[unit]
    on = (cohort >= 0) & (time >= cohort)
    level = next(iter(panel.strata_codes.values()), np.zeros(len(panel.unit_labels), int))[unit]
    cell = pd.Series(zip(level[on], cohort[on], time[on], strict=True)).factorize()[0]
    of_cell = np.zeros((time.size, cell.max() + 1))
    of_cell[np.flatnonzero(on), cell] = 1.0
    by_time = np.eye(panel.periods * (level.max() + 1))[level * panel.periods + time]
    x = np.column_stack([of_cell, np.eye(unit.max() + 1)[unit], by_time])
    bread = np.linalg.pinv(x.T @ x, hermitian=True)
    beta = bread @ (x.T @ panel.outcome)
    state = panel.frame["state"].factorize()[0]
    scores = np.zeros((state.max() + 1, x.shape[1]))
    np.add.at(scores, state, x * (panel.outcome - x @ beta)[:, None])
    w = np.zeros(x.shape[1])
    w[: cell.max() + 1] = np.bincount(cell) / cell.size
    number = len(scores)
    sd = np.sqrt(number / (number - 1) * ((scores @ bread @ w) ** 2).sum())
    error = float(w @ beta - truth)
    name, inside = "least squares", abs(error) < student.ppf(0.975, number - 1) * sd
    return {name + ERROR: error, name + SD: float(sd), name + COVERS: int(inside)}


def measured(name: str, number: int) -> dict[str, Any]:
    """Errors, sds and coverage of one panel, and verdicts where ineligible units are affected."""
    made = nqp.simulation.triple_difference(**{**BASE, **WORLDS[name]}, seed=SEED + number)
    sampler = nqp.Importance(seed=number)
    design = nqp.TripleDifference(eligible="eligible", by="state")
    if "eligible" in WORLDS[name]:
        design = design.replace(shocks=nqp.ClusterTimeEffects("state", errors=nqp.AR1()))
    fit = nqp.fit(design, made.panel, sampler, progress=False)
    truth = float(nqp.att(made.truth).mean())
    events, true = nqp.att(fit, by="event_time"), nqp.att(made.truth, by="event_time")
    row: dict[str, Any] = {"world": name, "number": number} | against({
        "average": (nqp.att(fit), truth),
        **{
            f"event time {k}": (events.sel(event_time=k), float(true.sel(event_time=k).mean()))
            for k in EVENTS
        },
    })  # fmt: skip
    alone = made.panel.where(made.panel.frame["eligible"] == 1)
    shocks = {"shocks": design.shocks} if design.shocks else {}
    plain = nqp.fit(nqp.StaggeredDiD(**shocks), alone, sampler, progress=False)
    row |= against({"eligible units alone": (nqp.att(plain), truth)})
    row |= least_squares(fit.panel, truth)
    if name == AFFECTED:
        row |= {x: str(nqp.check(fit, x, progress=False).verdict) for x in CHECKS}
    return row


def table(rows: pd.DataFrame) -> str:
    """Coverage, bias and width by world and quantity."""
    lines: list[list[Any]] = [["world", "quantity", "panels", "covered (se)", "bias (se)", "width"]]
    for world in WORLDS:
        part = rows[rows["world"] == world]
        for column in part.columns[part.columns.str.endswith(ERROR)]:
            name, n = column.removesuffix(ERROR), len(part)
            if not n:
                continue
            held, error = part[name + COVERS], part[column]
            lines.append([
                world, name, n, f"{held.mean():.3f} ({held.std(ddof=0) / n**0.5:.3f})",
                f"{error.mean():+.3f} ({error.std(ddof=0) / n**0.5:.3f})",
                f"{3.92 * part[name + SD].mean():.2f}",
            ])  # fmt: skip
    return markdown(lines)


def verdicts(rows: pd.DataFrame) -> str:
    """Verdicts where ineligible units are affected: of all panels, and of intervals that miss."""
    part = rows[rows["world"] == AFFECTED]
    missed = part[part["average" + COVERS] == 0]
    lines: list[list[Any]] = [["check", "verdict", "panels", "intervals that miss"]]
    for check in CHECKS:
        for verdict in ("passed", "inconclusive", "caution", "failed"):
            lines.append([
                check, verdict, int((part[check] == verdict).sum()),
                int((missed[check] == verdict).sum()),
            ])  # fmt: skip
    silent = (missed[list(CHECKS)] == "passed").all(axis=1).sum()
    only = (missed["ineligible_units"] == "passed").sum()
    return (
        f"{len(missed)} of {len(part)} intervals miss; all of these checks passed in {silent} of "
        f"them, and `ineligible_units` passed in {only}.\n\n{markdown(lines)}"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=0)
    parser.add_argument("--collect", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    STORE.fill([(world,) for world in WORLDS], range(options.panels), measured)
    rows = STORE.keep() if options.collect else STORE.rows()
    text = f"{table(rows)}\n\n{verdicts(rows)}\n"
    print(text)
    if options.collect:
        words = " ".join(__doc__.split("\n\n", 1)[1].split())
        command = "python -m benchmarks.triple_differences --panels N"
        head = f"# Triple differences\n\n`{command}`\n\n{words}"
        PAGE.write_text(f"{head}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
