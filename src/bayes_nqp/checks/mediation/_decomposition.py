"""Whether direct and indirect effects add up to what the outcome alone says."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.checks.mediation._evidence_rows import drawn, finding_of
from bayes_nqp.checks.shared import OVERALL, Finding, asks, ladder
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, total
from bayes_nqp.inference.fitting import CHANNELS, Fit, total_fit

_LIMITS = (0.5, 1.0)


@asks(
    "Do direct and indirect effects add up to the effect on the outcome alone?",
    "adding up",
    of="channels",
    place=210,
    needs=(CHANNELS,),
)
def decomposition(fit: Fit) -> Finding:
    """Compare direct and indirect effects together with the outcome's own fit.

    The outcome's design without mediators is fitted to the same rows. With equal error models
    both agree exactly; otherwise nearly. It holds if they differ by less than half a posterior
    sd of that fit, overall and in every level of every factor, asks for caution up to one,
    and fails beyond: with other autocorrelation an equation weighs other periods, which does
    no harm where trends are parallel, and tells where those of a mediator are not.
    """
    if "b" in fit.facts.moderated:
        raise NotApplicable(
            Message(
                "Where a moderator shifts slopes of mediators the total effect is curved in it, "
                "which the outcome's own design is not; ask it of moderates=('a', 'direct')."
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
        "direct and indirect {:.3g}, outcome alone {:.3g}; largest difference {:+.2f} posterior "
        "sd ({})",
        lines[0].value,
        lines[1].value,
        gaps[widest],
        widest,
    )
    sentence = Message("Direct and indirect effects add up to the effect on the outcome alone.")
    bad = [name for name, gap in gaps.items() if abs(gap) >= _LIMITS[0]]
    if bad:
        sentence = Message(
            "Direct and indirect effects do not add up to the effect on the outcome alone ({}): "
            "the equations compare other periods, as where a mediator drifts before adoption.",
            listed(bad),
        )
    return finding_of(lines, figure, sentence, [fit, alone], refit=alone)
