"""Whether a spatial lag is clear of one, where effects on others have no bound."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, advised, equality, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, asks
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import LAGGED, Fit, equation_draws
from bayes_nqp.model.predictors import DELTA

NEAR_ONE = 0.9
"""Coefficient of linked units' outcomes from which totals are more than ten times as large."""
MOST = 0.05
"""Probability that it is as large as that."""
WIDE = 3.0
"""Sd of what is received, in multiples of that of the direct effect."""


@asks(
    "Is the spatial lag clear of one?", "spatial lag", place=125, needs=(LAGGED,), assumption=True
)
def spatial_lag(fit: Fit) -> Finding:
    """Judge the coefficient of linked units' outcomes, and how well received effects are known."""
    delta = np.asarray(equation_draws(fit, DELTA))
    near = float((delta > NEAR_ONE).mean())
    effects = group_time_effects(fit)
    sd = {
        str(path): float(att(effects, path=str(path)).std()) for path in effects[v.PATH].to_numpy()
    }
    ratio = sd.get(v.RECEIVED, 0.0) / sd.get(v.DIRECT, 1.0)
    figure = Message(
        "coefficient {:.2f} ± {:.2f}; P(above {}) {}; sd of received over direct effects {:.1f}",
        float(delta.mean()), float(delta.std()), NEAR_ONE, equality(near, 2), ratio,
    )  # fmt: skip
    weights = advised(
        Message("Try weights that link fewer units: fewer nearest ones, or a cut-off (km=300).")
    )
    if near > MOST:
        bound = Message("Near one effects on others have no bound, and here they are hardly known.")
        return Finding(DOUBT, figure, joined([bound, weights]))
    if ratio > WIDE:
        wide = Message(
            "The coefficient is clear of one, but effects received have {:.1f} times the standard "
            "deviation of own ones.",
            ratio,
        )
        return Finding(DOUBT, figure, joined([wide, weights]))
    sentence = Message(
        "Feedback is bounded. Shocks that linked units share give a positive coefficient too: by "
        "itself it proves no spillover."
    )
    return Finding(HOLDS, figure, sentence)
