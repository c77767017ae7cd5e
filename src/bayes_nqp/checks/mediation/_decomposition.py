"""Comparison of direct plus indirect effects with the total effect of a model without mediators."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, joined, listed
from bayes_nqp.checks.mediation._evidence_rows import drawn, finding_of
from bayes_nqp.checks.shared import OVERALL, Finding, Guide, asks, ladder
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, total
from bayes_nqp.inference.fitting import CHANNELS, Fit, total_fit

_LIMITS = (0.5, 1.0)


@asks(
    "Do direct and indirect effects add up to the total effect of a model without mediators?",
    "decomposition of the total effect",
    of="channels",
    place=210,
    needs=(CHANNELS,),
    guide=Guide(
        statistic=Message(
            "Difference between direct plus indirect effects and the total effect of "
            "the outcome's design without mediators, on the same observations, in "
            "posterior SDs of the latter, overall and in every group."
        ),
        thresholds=Message(
            "Caution: a difference of at least {0:g} posterior SDs. Failed: at least {1:g}.",
            *_LIMITS,
        ),
        failure=Message(
            "The decomposition into direct and indirect effects explains another total "
            "effect than that of the outcome alone, because the equations weight "
            "periods differently."
        ),
        remedy=Message(
            "test the mediators with {} and give the mediation model the error structure "
            "of the total effect",
            Code('nqp.check(fit, "mediator_pretrends")', '[checks] run = ["mediator_pretrends"]'),
        ),
        code='nqp.check(fit, "mediator_pretrends")\nnqp.check(fit, "decomposition").evidence',
        limits=Message("Effects that add up are no evidence that the mediators are causal."),
    ),
)
def decomposition(fit: Fit) -> Finding:
    """Compare direct plus indirect effects with the total effect of a model without mediators.

    The outcome's design without mediators is fitted to the same observations. With equal error
    structures the two agree exactly, and otherwise approximately. With other serial correlation an
    equation gives other weights to periods. This is harmless under parallel trends, and shows that
    a mediator has a differential trend otherwise.
    """
    if "b" in fit.facts.moderated:
        raise NotApplicable(
            Message(
                "A moderator of the mediators' slopes makes the total effect nonlinear in "
                "the moderator, which the model without mediators does not allow. Run the "
                "check on a fit with moderates=('a', 'direct')."
            )
        )
    alone = total_fit(fit)
    lines, gaps = [], {}
    for factor in (None, *schema.factors(group_time_effects(fit))):
        paths, outcome = total(fit, factor), att(alone, factor)
        for level in [None] if factor is None else paths[factor].to_numpy():
            at = {} if factor is None else {factor: level}
            name = OVERALL if factor is None else f"{factor} = {level}"
            summed, single = paths.sel(at), outcome.sel(at)
            if bool(np.isnan(summed).any() or np.isnan(single).any()):
                continue
            gap = gaps[name] = float((summed.mean() - single.mean()) / single.std())
            verdict = ladder(fails=abs(gap) >= _LIMITS[1], doubt=abs(gap) >= _LIMITS[0])
            lines.append(drawn(name, Message("direct and indirect"), summed, verdict))
            lines.append(drawn(name, Message("outcome alone"), single))
    widest = max(gaps, key=lambda name: abs(gaps[name]))
    figure = Message(
        "direct plus indirect {:.3g}, total without mediators {:.3g}; largest "
        "difference {:+.2f} posterior SDs ({})",
        lines[0].value,
        lines[1].value,
        gaps[widest],
        widest,
    )
    sentence = Message(
        "Direct and indirect effects add up to the total effect of the model without mediators."
    )
    bad = [name for name, gap in gaps.items() if abs(gap) >= _LIMITS[0]]
    if bad:
        found = Message(
            "Direct and indirect effects do not add up to the total effect of the "
            "model without mediators ({}).",
            listed(bad),
        )
        why = Message(
            "The equations weight periods differently, for example because a mediator "
            "has a differential trend before adoption."
        )
        sentence = joined([found, why])
    return finding_of(lines, figure, sentence, [fit, alone], refit=alone)
