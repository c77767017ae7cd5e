"""Check of the spatial lag: its coefficient and the precision of spillover effects."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, detailed, equality, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, Guide, asks
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import LAGGED, Fit, equation_draws
from bayes_nqp.model.predictors import DELTA

NEAR_ONE = 0.9
"""Coefficient of the spatial lag above which total effects are more than ten times direct ones."""
MOST = 0.05
"""Probability of exceeding it above which the verdict is caution."""
WIDE = 3.0
"""SD of spillover effects over that of direct effects above which the verdict is caution."""


@asks(
    "Is the coefficient of the spatial lag clearly below one?",
    "spatial lag",
    place=125,
    needs=(LAGGED,),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Posterior probability that the coefficient of the spatial lag exceeds {0:g}; "
            "posterior SD of spillover effects relative to that of direct effects.",
            NEAR_ONE,
        ),
        thresholds=Message(
            "Caution: that probability exceeds {0:.0%}, or the ratio of the SDs exceeds {1:g}."
            " Otherwise passed.",
            MOST,
            WIDE,
        ),
        failure=Message(
            "Spillover and total effects are almost unbounded, and their estimates are imprecise.",
        ),
        remedy=Message(
            "use weights with fewer neighbours, such as nqp.spatial_weights.nearest(panel, 4), "
            "or report direct effects only",
        ),
        code='nqp.check(fit, "spatial_lag")',
        limits=Message(
            "A positive coefficient is no evidence of spillovers, because shared shocks give "
            "one too.",
        ),
    ),
)
def spatial_lag(fit: Fit) -> Finding:
    """Test if the coefficient of the spatial lag is below one, and how precise spillovers are."""
    delta = np.asarray(equation_draws(fit, DELTA))
    near = float((delta > NEAR_ONE).mean())
    effects = group_time_effects(fit)
    sd = {
        str(path): float(att(effects, path=str(path)).std()) for path in effects[v.PATH].to_numpy()
    }
    ratio = sd.get(v.RECEIVED, 0.0) / sd.get(v.DIRECT, 1.0)
    figure = Message(
        "coefficient {:.2f} ± {:.2f}; P(above {}) {}; SD of spillover over direct effects {:.1f}",
        float(delta.mean()), float(delta.std()), NEAR_ONE, equality(near, 2), ratio,
    )  # fmt: skip
    if near > MOST:
        bound = Message("The coefficient of the spatial lag may be close to one.")
        meaning = Message("Spillover and total effects are then almost unbounded and imprecise.")
        return Finding(DOUBT, figure, joined([bound, meaning]))
    if ratio > WIDE:
        wide = Message(
            "The posterior SD of spillover effects is {:.1f} times that of direct effects.", ratio
        )
        meaning = Message("Spillover and total effects are imprecise; direct effects are not.")
        return Finding(DOUBT, figure, joined([wide, meaning]))
    sentence = Message("The coefficient of the spatial lag is below one, so effects are bounded.")
    shared = Message(
        "Shocks shared by spatial neighbours also give a positive coefficient, which is therefore "
        "no evidence of spillovers."
    )
    return Finding(HOLDS, figure, joined([sentence, detailed(shared)]))
