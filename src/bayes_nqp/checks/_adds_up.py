"""Whether direct and indirect effects add up to what the outcome alone says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp import schema
from bayes_nqp.checks._channels import drawn, table_of, worst_of
from bayes_nqp.checks._labels import OVERALL
from bayes_nqp.checks._needs import CHANNELS
from bayes_nqp.checks._refit import cautious, channels, total_fit
from bayes_nqp.checks._result import (
    DOUBT,
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    Finding,
    NotApplicable,
    Verdict,
    asks,
)
from bayes_nqp.effects import cell_effects
from bayes_nqp.estimands import att, total
from bayes_nqp.language import Message, listed

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["adds_up"]

_LIMITS = (0.5, 1.0)


@asks(
    "Do direct and indirect effects add up to the effect on the outcome alone?",
    "adding up",
    of="channels",
    place=210,
    needs=(CHANNELS,),
)
def adds_up(fit: Fit) -> Finding:
    """Compare direct and indirect effects together with the outcome's own fit.

    The outcome's design without mediators is fitted to the same rows. With equal error models
    both agree exactly; otherwise nearly. It holds if they differ by less than half a posterior
    sd of that fit, overall and in every level of every factor, is in doubt up to one,
    and fails beyond: with other autocorrelation an equation weighs other periods, which does
    no harm where trends are parallel, and tells where those of a mediator are not.
    """
    design = channels(fit)
    if "b" in design.facts.moderated:
        raise NotApplicable(
            Message(
                "Where a moderator shifts slopes of mediators the total effect is curved in it, "
                "which the outcome's own design is not; ask it of moderates=('a', 'direct')."
            )
        )
    alone = total_fit(fit)
    lines, gaps = [], {}
    for factor in (None, *schema.factors(cell_effects(fit))):
        ours, theirs = total(fit, factor), att(alone, factor)
        levels = [None] if factor is None else list(ours[factor].to_numpy())
        for level in levels:
            at = {} if factor is None else {factor: level}
            name = OVERALL if factor is None else f"{factor} = {level}"
            one, other = ours.sel(at), theirs.sel(at)
            if bool(np.isnan(one).any() or np.isnan(other).any()):
                continue
            gaps[name] = float((one.mean() - other.mean()) / other.std())
            lines.append(drawn(name, Message("direct and indirect"), one, _verdict(gaps[name])))
            lines.append(drawn(name, Message("outcome alone"), other, NOT_APPLICABLE))
    verdict = worst_of(line.verdict for line in lines)
    widest = max(gaps, key=lambda name: abs(gaps[name]))
    figure = Message(
        "direct and indirect {:.3g}, outcome alone {:.3g}; largest difference {:+.2f} posterior "
        "sd ({})",
        lines[0].value,
        lines[1].value,
        gaps[widest],
        widest,
    )
    bad = [name for name, gap in gaps.items() if abs(gap) >= _LIMITS[0]]
    sentence = Message("Direct and indirect effects add up to the effect on the outcome alone.")
    if bad:
        sentence = Message(
            "Direct and indirect effects do not add up to the effect on the outcome alone ({}): "
            "the equations compare other periods, as where a mediator drifts before adoption.",
            listed(bad),
        )
    verdict, sentence = cautious(verdict, sentence, alone)
    return Finding(verdict, figure, sentence, table_of(lines, [fit, alone]), "channels")


def _verdict(gap: float) -> Verdict:
    return HOLDS if abs(gap) < _LIMITS[0] else DOUBT if abs(gap) < _LIMITS[1] else FAILS
