"""From replications to benchmarks/results/calibration.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from benchmarks.calibration.scenarios import RHOS, TRUTHS
from benchmarks.calibration.scores import by_rank, long, score, width_ratios
from scipy.stats import binom

BAR, WIDTH_BAR = 0.93, 1.10
MAIN = {
    "ATT": "att",
    "inland": "region inland",
    "coastal": "region coastal",
    "inland − coastal": "contrast",
}

HEAD = """# Calibration

Made by `make calibrate`, which runs `python -m benchmarks.calibration{options}`. An interrupted run
goes on where it stopped; `--collect` writes this page from the replications that are there.

## Coverage under serial correlation

60 units, 14 periods, seven batches that start in periods 5, 6, 8, 9, 10, 11 and 12, 30 % never
treated, two strata (inland, coastal) with time effects of their own, unit deviations of the effect
with sd .3, AR(1) errors with innovation sd 1 and autocorrelation ρ (`nqp.simulation.staggered`).
Every replication is a new panel and a refit of `StaggeredDiD(PartialPooling(["region"]), AR1())`
with
default priors, by 4 chains of {draws} draws of the default sampler, `Importance`. The truth is
the sample mean effect of the treated rows, which is what `nqp.att` estimates. Intervals are
equal-tailed, at a nominal 95 %.
Replication r = 0, 1, … of scenario k = 1, 2, … (truths as listed, ρ = 0, .5, .8 within each) has
seed 100000 k + r.

{truths}

**The bars**: coverage ≥ .93 of the ATT, of each stratum, of the contrast and of each event time,
with no upper limit; mean width ≤ 1.1 times that of `NoPooling()` (flat priors; the same errors,
deviations and panels: the first {separate} replications); cohorts are judged on average. What
misses a bar is **bold**. With {count} replications a coverage of .95 has a Monte-Carlo error of
{error}: of the {judged} coverages that are judged one by one, {missed} are below .93, where
{chance:.1f} would be by chance alone if all were .95.
"""


def page(records: list[dict[str, Any]], draws: int) -> str:
    table = long(records)
    scores = score(table)
    partial = scores[scores["method"] == "partial"]
    ratios = width_ratios(table)
    return "\n".join(
        [
            _head(partial, scores, draws),
            "### Coverage\n",
            _wide(partial, "coverage", _coverage, lowest=True),
            "### Coverage, all truths together\n",
            "Of the three estimators: partial pooling, separate effects (on fewer panels), and "
            "saturated least squares with independent errors (see below).\n",
            _together(table),
            "### Width over that of separate effects\n",
            _wide(ratios, "ratio", _ratio, lowest=False),
            "### Bias and root mean squared error\n",
            _accuracy(partial),
            "### Event times\n",
            "Coverage:\n",
            _by_label(partial, "event_time", "coverage", _coverage),
            "Bias:\n",
            _by_label(partial, "event_time", "bias", _signed),
            "### Cohorts, from the lowest true effect of a panel to the highest\n",
            "Pooling draws an outlying cohort towards the others, and its interval with it.\n",
            _ranks(table),
            "### What ignoring serial correlation does\n",
            "Coverage of saturated least squares with independent errors (flat priors, no "
            "deviations; the imputation estimator), on the same panels:\n",
            _wide(scores[scores["method"] == "iid"], "coverage", _coverage, lowest=True, cohorts=0),
            "### Sampling\n",
            _sampling(records),
        ]
    )


def _head(partial: pd.DataFrame, scores: pd.DataFrame, draws: int) -> str:
    count = int(partial["replications"].min())
    apart = scores.loc[scores["method"] == "separate", "replications"]
    separate = int(apart.min()) if len(apart) else 0
    judged = partial[partial["group"] != "cohort"]
    return HEAD.format(
        options=_options(count, separate, draws),
        draws=draws,
        truths="\n".join(f"- *{name}*: {text}" for name, (text, _) in TRUTHS.items()),
        separate=separate,
        count=count,
        error=_short(float(np.sqrt(0.95 * 0.05 / count)), 3),
        judged=len(judged),
        missed=int((judged["coverage"] < BAR).sum()),
        chance=len(judged) * float(binom.cdf(np.ceil(BAR * count) - 1, count, 0.95)),
    )


def _options(count: int, separate: int, draws: int) -> str:
    given = {"replications": (count, 500), "separate": (separate, 100), "draws": (draws, 250)}
    return "".join(f" --{name} {n}" for name, (n, usual) in given.items() if n != usual)


def _short(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"


def _signed(value: float) -> str:
    return ("−" if round(value, 3) < 0 else "+") + _short(abs(value), 3)


def _coverage(value: float) -> str:
    return f"**{_short(value, 3)}**" if value < BAR else _short(value, 3)


def _ratio(value: float) -> str:
    return f"**{_short(value)}**" if value > WIDTH_BAR else _short(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _scenarios(scores: pd.DataFrame) -> list[tuple[str, float, pd.DataFrame]]:
    out = []
    for truth in TRUTHS:
        for rho in RHOS:
            here = scores[(scores["truth"] == truth) & (scores["rho"] == rho)]
            if len(here):
                out.append((truth, rho, here))
    return out


def _wide(
    scores: pd.DataFrame,
    column: str,
    shown: Callable[[float], str],
    *,
    lowest: bool,
    cohorts: int = 1,
) -> str:
    """Main quantities, the worst event time, and the mean over cohorts."""
    rows = []
    for truth, rho, here in _scenarios(scores):
        values = here.set_index("quantity")[column]
        times = values[here.loc[here["group"] == "event_time", "quantity"]]
        worst = str(times.idxmin() if lowest else times.idxmax())
        row = [truth, f"{rho:g}", *(shown(values[q]) for q in MAIN.values())]
        row += [shown(times.mean()), f"{shown(times[worst])} (at {worst.split(' ')[1]})"]
        if cohorts:
            row.append(shown(values[here.loc[here["group"] == "cohort", "quantity"]].mean()))
        rows.append(row)
    head = ["truth", "ρ", *MAIN, "event times, mean", "worst"]
    return _table(head + ["cohorts, mean"] * cohorts, rows)


def _together(table: pd.DataFrame) -> str:
    """Coverage by estimator and autocorrelation; groups of quantities as one."""
    quantity = table["quantity"].where(~table["group"].isin(["event_time", "cohort"]))
    pooled = table.assign(quantity=quantity.fillna(table["group"]))
    means = pooled.groupby(["method", "rho", "quantity"])["covered"].mean()
    panels = pooled[pooled["quantity"] == "att"].groupby(["method", "rho"]).size()
    shown = {**MAIN, "event times": "event_time", "cohorts": "cohort"}
    rows = [
        [method, f"{rho:g}", str(panels[method, rho])]
        + [_coverage(means[method, rho, q]) for q in shown.values()]
        for method in ("partial", "separate", "iid")
        for rho in RHOS
        if (method, rho) in panels.index
    ]
    return _table(["estimator", "ρ", "panels", *shown], rows)


def _accuracy(scores: pd.DataFrame) -> str:
    rows = []
    for truth, rho, here in _scenarios(scores):
        known = here.set_index("quantity")
        cells = [
            f"{_signed(known.loc[q, 'bias'])}, {_short(known.loc[q, 'rmse'], 3)}"
            for q in MAIN.values()
        ]
        rows.append([truth, f"{rho:g}", *cells])
    return _table(["truth", "ρ", *MAIN], rows)


def _by_label(scores: pd.DataFrame, group: str, column: str, shown: Callable[[float], str]) -> str:
    part = scores[scores["group"] == group].copy()
    part["label"] = part["quantity"].str.split(" ").str[1].astype(float)
    labels = sorted(part["label"].unique())
    rows = [
        [truth, f"{rho:g}", *(shown(here.set_index("label")[column][k]) for k in labels)]
        for truth, rho, here in _scenarios(part)
    ]
    return _table(["truth", "ρ", *(f"{k:g}" for k in labels)], rows)


def _ranks(table: pd.DataFrame) -> str:
    ranked = by_rank(table)
    ranks = sorted(ranked["rank"].unique())
    rows = [
        [truth, f"{rho:g}", *(_short(here.set_index("rank")["coverage"][k], 3) for k in ranks)]
        for truth, rho, here in _scenarios(ranked)
    ]
    return _table(["truth", "ρ", *(str(k) for k in ranks)], rows)


def _sampling(records: list[dict[str, Any]]) -> str:
    rows = []
    for method in ("partial", "separate"):
        mine = [r for r in records if r["method"] == method]
        fits = pd.DataFrame([r for r in mine if r["quantities"]])
        if fits.empty:
            continue
        rows.append(
            [
                method, str(len(mine)), str(len(mine) - len(fits)),
                str(int(fits["importance_ess"].isna().sum())), str(int((~fits["passed"]).sum())),
                f"{fits['khat'].max():.2f}", f"{fits['importance_ess'].median():.0f}",
                f"{fits['ess'].median():.0f}",
            ]
        )  # fmt: skip
    head = [
        "pooling", "fits", "without draws", "tempered", "gate failed", "largest k-hat",
        "effective weights, median", "smallest ESS, median",
    ]  # fmt: skip
    return _table(head, rows)
