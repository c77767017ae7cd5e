"""Synthetic difference-in-differences: weights of diff-diff for every cohort, and their average.

A cohort has weights w of never-treated units and l of earlier periods. Let z_i be the mean outcome
of unit i from adoption on minus l'y_i before. The effect is the mean of z over the cohort minus
w'z. The average weights cohorts by treated observations. The jackknife leaves out one
unit at a time, with fixed w and l (Arkhangelsky et al. 2021, algorithm 3).
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import ask, curve, frame_of, need
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator, never_treated


@estimator(
    "Synthetic DiD",
    Message(
        "parallel trends with weighted never-treated units; reference: weighted earlier periods"
    ),
    place=80,
)
def synthetic_did(rows: Sample) -> EventCurve:
    """Weight never-treated units and periods to match each cohort before adoption."""
    never_treated(rows)
    need(rows, no_anticipation=True, balanced=True)
    cohorts = [_without_each(rows, int(g)) for g in np.unique(rows.cohort[~rows.never])]
    # theta_(-i) = sum_g n_g(-i) tau_g(-i) / sum_g n_g(-i); the last entry leaves out no unit.
    tau, n = (np.array([cohort[k] for cohort in cohorts]) for k in (0, 1))
    with np.errstate(invalid="ignore"):
        theta = (tau * n).sum(axis=0) / n.sum(axis=0)
    sd = float(np.sqrt((rows.n_units - 1) * np.var(theta[:-1])))
    return curve((), (), (), (theta[-1], sd), dict.fromkeys(x for *_, y in cohorts for x in y))


def _without_each(rows: Sample, g: int) -> tuple[Array, Array, tuple[Message, ...]]:
    """Return a cohort's effect and treated observations (unit + 1) without each unit; notes."""
    some = rows.never | (rows.cohort == g)
    data = frame_of(rows)[some].assign(ever=(rows.cohort[some] == g).astype(int))
    y = data.pivot(index="unit", columns="time", values="y")
    treated, before = (
        (data.groupby("unit")["ever"].max() == 1).to_numpy(),
        y.columns < g + rows.start,
    )
    method, post = "jackknife" if treated.sum() > 1 else "placebo", list(y.columns[~before])
    result, notes = ask(
        "diff_diff",
        lambda dd: dd.SyntheticDiD(variance_method=method, seed=0).fit(
            data, "y", "ever", "unit", "time", post_periods=post
        ),
    )
    w, last = (
        y.index.map(result.unit_weights)[~treated],
        y.columns.map(result.time_weights)[before],
    )
    z = y.loc[:, ~before].mean(axis=1).to_numpy() - y.loc[:, before].to_numpy() @ last.to_numpy()
    w, n = w.to_numpy(np.float64), int(treated.sum())
    tau, size = (
        np.full(rows.n_units + 1, z[treated].mean() - w @ z[~treated]),
        np.full(rows.n_units + 1, n),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        tau[y.index[~treated]] = z[treated].mean() - (w @ z[~treated] - w * z[~treated]) / (1 - w)
    tau[y.index[treated]] = (z[treated].sum() - z[treated]) / max(n - 1, 1) - w @ z[~treated]
    size[y.index[treated]] -= 1
    return tau, size * len(post), notes
