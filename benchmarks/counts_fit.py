"""Run: python -m benchmarks.counts_fit --panels 40; an interrupted run goes on where it stopped.

Verdicts of `model_fit` and `identification` for counts and shares, on the panels of
`benchmarks.counts`: shares of false alarms where the model is right, and of detected misfits.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from ._store import Store
from .counts import BASE, SHARES, simulated
from .earned import markdown

STORE = Store("counts_fit", ("case", "number"))
MANY = {"level": BASE["level"] + np.log(10.0)}
POISSON, BINOMIAL, GAMMA = nqp.Poisson(), nqp.Binomial(), nqp.NegativeBinomial()
AR1, NOISE, IID = nqp.AR1(), nqp.AR1PlusNoise(), nqp.IID()
CASES: dict[str, tuple[bool, dict[str, Any], Any, Any, float]] = {
    "Poisson, AR(1) + noise": (True, {}, POISSON, NOISE, 0.0),
    "Poisson, AR(1)": (True, {"over": 0.0}, POISSON, AR1, 0.0),
    "negative binomial, AR(1)": (True, {}, GAMMA, AR1, 0.0),
    "binomial, AR(1)": (True, SHARES, BINOMIAL, AR1, 0.0),
    "30 % of counts set to zero": (False, {}, POISSON, AR1, 0.3),
    "30 % set to zero, ten times the events": (False, MANY, POISSON, AR1, 0.3),
    "30 % set to zero, binomial": (False, SHARES, BINOMIAL, AR1, 0.3),
    "independent errors, AR(1) data, ten times the events": (False, MANY, POISSON, IID, 0.0),
    "AR(1) errors, AR(1) + noise data, ten times the events": (
        False, MANY | {"rho": 0.9}, POISSON, AR1, 0.0,
    ),
}  # fmt: skip
"""Whether the model is right, the data, the likelihood and errors of the fit, and the share of
outcomes that are set to zero at random."""


def measured(case: str, number: int) -> dict[str, Any]:
    """Verdicts of both checks, and statistics outside of their replications."""
    _, changes, likelihood, errors, zeros = CASES[case]
    frame = simulated(number, BASE | changes)
    lost = np.random.default_rng((number, 11)).random(len(frame)) < zeros
    frame = frame.assign(y=np.where(lost, 0.0, frame["y"]))
    roles = frame[["unit", "time", "cohort", "stratum", "y", "exposure"]]
    size = {"trials" if "trials" in changes else "exposure": "exposure"}
    panel = nqp.Panel.from_frame(
        roles, unit="unit", time="time", cohort="cohort", strata=["stratum"], outcome="y", **size
    )
    design = nqp.StaggeredDiD(errors=errors, likelihood=likelihood)
    fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False)
    fitted, found = (
        nqp.check(fit, name, progress=False) for name in ("model_fit", "identification")
    )
    evidence = fitted.evidence
    far = np.abs(evidence["distance"].to_numpy()) > evidence.attrs["bound"]
    return {
        "verdict": fitted.verdict, "p": evidence.attrs["overall_p_value"],
        "named": "; ".join(map(str, evidence["statistic"].to_numpy()[far])),
        "quantile_sd": evidence.attrs["quantile_residual_sd"],
        "quantile_p": evidence.attrs["quantile_residual_p"],
        "identification": found.verdict, "passed": int(fit.gate.passed),
    }  # fmt: skip


def table() -> str:
    """Tabulate verdicts by case."""
    head = ["data and fit", "model", "panels", "caution or failed (SE)", "most often named",
            "SD of quantile residuals", "identification: caution or failed"]  # fmt: skip
    rows: list[list[Any]] = [head]
    for case, part in STORE.rows().groupby("case", sort=False):
        alarm = (part["verdict"] != "passed").mean()
        named = part["named"].fillna("").str.split("; ").explode()
        counts = named[named != ""].value_counts()
        rows.append([
            case, "right" if CASES[case][0] else "wrong", len(part),
            f"{alarm:.2f} ({(alarm * (1 - alarm) / len(part)) ** 0.5:.2f})",
            "; ".join(f"{k} {n / len(part):.0%}" for k, n in counts.head(3).items()),
            f"{part['quantile_sd'].mean():.2f}",
            f"{(part['identification'] != 'passed').mean():.2f}",
        ])  # fmt: skip
    return markdown(rows)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    pd.set_option("display.width", 200)
    STORE.fill([(case,) for case in options.cases], range(options.panels), measured)
    print(table())


if __name__ == "__main__":
    main()
