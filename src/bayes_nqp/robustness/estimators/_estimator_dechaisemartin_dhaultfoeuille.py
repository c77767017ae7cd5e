"""De Chaisemartin and D'Haultfœuille: changes since the last untreated period, by diff-diff."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import (
    adjusted,
    ask,
    curve,
    frame_of,
    need,
    window,
    x_of,
)
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "de Chaisemartin–D'Haultfœuille",
    Message("parallel trends with not yet treated units; reference: last period before adoption"),
    place=50,
)
def dechaisemartin_dhaultfoeuille(rows: Sample) -> EventCurve:
    """Compare changes with those of not yet treated units (2020, 2024)."""
    need(rows, no_anticipation=True, every_period=True)
    # The package needs the first period of every unit.
    early = np.isin(np.arange(rows.n_units), rows.unit[rows.time == rows.time.min()])
    rows, lost = rows.where(early[rows.unit]), int((~early).sum())
    notes = [*adjusted(rows.x)]
    if lost:
        notes.append(Message("units left out because their first period is missing: {}", lost))
    data, longest = frame_of(rows), window(rows).longest + 1
    result, heard = ask(
        "diff_diff",
        lambda dd: dd.ChaisemartinDHaultfoeuille(twfe_diagnostic=False).fit(
            data, "y", "unit", "time", "treated", L_max=longest, covariates=x_of(data)
        ),
    )
    # DID_l is the effect at event time l - 1; placebo l concerns event time -1 - l.
    effects = {int(k) - 1: x for k, x in result.event_study_effects.items()}
    leads = {int(k) - 1: x for k, x in (result.placebo_event_study or {}).items()}
    every = dict(sorted((leads | effects).items()))
    mean, sd = ([x[name] for x in every.values()] for name in ("effect", "se"))
    if longest == 1:
        average = float(result.overall_att), float(result.overall_se)
        return curve(every, mean, sd, average, (*notes, *heard))
    # delta = sum_l w_l DID_l. The package adds variances as if the DID_l were independent; its
    # results hold no covariances. sd(delta) <= sum_l w_l sd(DID_l) holds for any covariances.
    weights = result.cost_benefit_delta["weights"]
    bound = sum(w * effects[int(k) - 1]["se"] for k, w in weights.items() if w > 0)
    notes.append(
        Message(
            "the standard error of the average is an upper bound, for any correlation of effects"
        )
    )
    return curve(every, mean, sd, (float(result.overall_att), float(bound)), (*notes, *heard))
