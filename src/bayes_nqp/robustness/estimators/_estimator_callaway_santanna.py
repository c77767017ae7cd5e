"""Callaway and Sant'Anna: changes of cohorts less changes of never-treated units.

For each pair q of cohort and period, let d_iq be the changes since the reference period. They exist
for n_q units of the cohort and m_q never-treated units observed in both periods. The estimate b_q
is the difference of mean changes. The influence of a unit on b_q is (d_iq - mean) / n_q, or minus
that over m_q. Averages weight cohorts by their shares p_q of units; the influence of the shares is
added: (1[i in q] - p_q) (b_q - theta) / (n sum p).
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._rows import (
    AVERAGE,
    EventCurve,
    Sample,
    estimator,
    never_treated,
)


@estimator(
    "Callaway–Sant'Anna",
    Message(
        "parallel trends with never-treated units; reference: last period before "
        "adoption; pre-adoption periods unrestricted"
    ),
    place=10,
)
def callaway_santanna(rows: Sample) -> EventCurve:
    """Compare changes with those of never-treated units (Callaway and Sant'Anna 2021)."""
    never_treated(rows)
    return averaged(rows, *_group_time(rows))


def averaged(rows: Sample, event: Index, b: Array, psi: Array, member: Mask) -> EventCurve:
    """Average group-time effects b (pair) by event time, and over treated observations.

    The arrays psi and member (pair, unit) are the influence of units, and the units of cohorts.
    """
    # P(G = g) of each group-time effect: its share of units.
    p = member.mean(axis=1)
    times = np.append(np.unique(event), AVERAGE)
    mean, sd = np.empty(times.size), np.empty(times.size)
    for k, e in enumerate(times):
        some = event >= 0 if e == AVERAGE else event == e
        share = p[some] / p[some].sum()
        mean[k] = share @ b[some]
        # Influence of the average: the influence of its effects and of their weights.
        shares = (member[some] - p[some, None]).T @ (b[some] - mean[k])
        influence = share @ psi[some] + shares / (rows.n_units * p[some].sum())
        sd[k] = np.sqrt(influence @ influence)
    return EventCurve(times, mean, sd)


def _group_time(rows: Sample) -> tuple[Index, Array, Array, Mask]:
    """Return ATT(g, t) at event times, the influence of each unit, and numbers of units."""
    periods = int(rows.time.max()) + 1
    y = np.full((rows.n_units, periods), np.nan)
    y[rows.unit, rows.time] = rows.y
    cohort = np.zeros(rows.n_units, dtype=np.int64)
    cohort[rows.unit] = rows.cohort
    pairs, effect, influence, members = [], [], [], []
    for g in np.unique(cohort[cohort >= 0]):
        base = g + rows.reference
        for t in range(periods):
            if base < 0 or t == base:
                continue
            # y_t - y_(g-1): the cohort's mean minus the mean of never-treated units, b = ATT(g, t).
            change, mine = y[:, t] - y[:, base], cohort == g
            parts = [np.flatnonzero(some & ~np.isnan(change)) for some in (mine, cohort < 0)]
            if not all(len(part) for part in parts):
                continue
            means = [change[part].mean() for part in parts]
            # psi_i = ± (change_i - mean) / n, within the unit's group (treated or never treated).
            psi = np.zeros(rows.n_units)
            for part, mean, sign in zip(parts, means, (1.0, -1.0), strict=True):
                psi[part] = sign * (change[part] - mean) / len(part)
            pairs.append((g, t))
            effect.append(means[0] - means[1])
            influence.append(psi)
            members.append(np.isin(np.arange(rows.n_units), parts[0]))
    if not pairs:
        raise NotApplicable(Message("no cohort is observed in the last period before adoption"))
    group, time = np.array(pairs).T
    return time - group, np.array(effect), np.array(influence), np.array(members)
