"""Election day registration and turnout under each assumption about trends, as Markdown on stdout.

python -m benchmarks.trends_turnout turnout.csv

Turnout, in per cent, of 47 states in 24 presidential elections (Xu 2017; `turnout` of the R package
fect, with columns abb, year, turnout and policy_edr). The scale of four cohorts is fixed at its
prior's value; the reference values, of another program for the same model, have it estimated. So it
is integrated out here as well, over points of equal prior mass.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import halfnorm

import bayes_nqp as nqp
from bayes_nqp.checks.trends._bayes_factor import bayes_factors
from bayes_nqp.inference.fitting import log_marginal

from .trends_china import table

ROLES = {"unit": "abb", "time": "year", "outcome": "turnout", "treated": "policy_edr"}
SEED = 19_760_101
SAMPLER = nqp.Importance(seed=SEED)
POINTS = 16
"""Of the half-normal prior of the cohorts' scale."""
DESIGNS = {
    "parallel trends": nqp.StaggeredDiD(),
    "differential trends": nqp.StaggeredDiD(trends=nqp.DifferentialTrends()),
}
REFERENCE = {"parallel trends": "2.46 (2.38)", "differential trends": "2.97 (3.32)"}
REFERENCE_FACTOR = 3.3


def marginal(design: nqp.StaggeredDiD, panel: nqp.Panel) -> float:
    """Log marginal likelihood of all rows."""
    return log_marginal(design, panel, seed=SEED, proposals=4000).value


def scale_integrated(design: nqp.StaggeredDiD, panel: nqp.Panel) -> tuple[float, float, float]:
    """Mean and sd of the ATT, and log marginal likelihood, ``p(y) = mean_k p(y | scale_k)``."""
    scales = halfnorm.ppf((np.arange(POINTS) + 0.5) / POINTS)
    designs = [design.replace(priors=nqp.Priors(cohort=float(scale))) for scale in scales]
    logs = np.array([marginal(at_scale, panel) for at_scale in designs])
    fits = [nqp.fit(at_scale, panel, SAMPLER, progress=False) for at_scale in designs]
    draws = np.array([nqp.att(fit).to_numpy().ravel() for fit in fits])
    weight = np.exp(logs - logsumexp(logs))
    mean = weight @ draws.mean(axis=1)
    sd = np.sqrt(weight @ ((draws - mean) ** 2).mean(axis=1))
    return float(mean), float(sd), float(logsumexp(logs) - np.log(POINTS))


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    panel = nqp.Panel.from_frame(pd.read_csv(parser.parse_args().file), **ROLES)
    fit = nqp.fit(DESIGNS["parallel trends"], panel, SAMPLER, progress=False)
    result = nqp.check(fit, "assumptions", progress=False)
    print(f"{panel}\n\n{result.verdict}. {result.sentence}\n\n{table(result.evidence)}\n")
    parallel, drifting = (marginal(design, panel) for design in DESIGNS.values())
    print("log Bayes factors of parallel over differential trends, untreated rows:")
    print(pd.DataFrame(bayes_factors(fit)).to_string(index=False))
    print(f"all rows: {parallel - drifting:.2f}\n")
    print("| the cohorts' scale integrated out | ATT | reference |\n| --- | --- | --- |")
    logs = []
    for name, design in DESIGNS.items():
        mean, sd, log = scale_integrated(design, panel)
        logs.append(log)
        print(f"| {name} | {mean:.2f} ({sd:.2f}) | {REFERENCE[name]} |")
    print(f"| log Bayes factor, all rows | {logs[0] - logs[1]:.2f} | {REFERENCE_FACTOR} |")


if __name__ == "__main__":
    main()
