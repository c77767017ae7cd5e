"""What untreated units receive, as a sentence."""

from __future__ import annotations

from functools import partial

from bayes_nqp.estimands import received
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._sentences import change


def neighbours(context: Context, grounds: Grounds) -> str:
    """Say what the policy did to untreated units, those near treated ones where it is nearness."""
    fit, translate = context.fit, context.translate
    near = fit.facts.has("exposure")
    return change(
        posterior_of(received(fit, weights=context.weights), context.prob),
        context.outcome or translate("the outcome"),
        context.language,
        context.effect_unit,
        translate("untreated units near treated ones") if near else translate("untreated units"),
        confidence=partial(grounds, "average"),
    )
