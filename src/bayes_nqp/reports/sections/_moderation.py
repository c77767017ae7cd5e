"""How the effect differs along a moderator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_nqp import vocabulary as v
from bayes_nqp.checks import ROWS
from bayes_nqp.estimands import moderated
from bayes_nqp.language import Numeral
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import chance, level, posterior_of
from bayes_nqp.reports._registry import section


@section(place=50, needs=(ROWS,))
def moderation(context: Context) -> Iterator[Block]:
    """Draw the effect along the design's moderator, and say how much it changes."""
    translate, fit = context.translate, context.fit
    name = fit.facts.moderator
    if name is None:
        return
    moderator = fit.plan.moderator
    assert moderator is not None
    slope = moderated(fit, [moderator.centre], weights=context.weights)["slope"]
    if name in slope.dims:  # curved where both legs of a channel are moderated
        slope = slope.isel({name: 0})
    yield Heading(translate("Moderation"))
    slope = slope.reset_coords(drop=True)
    if bool(np.isfinite(slope).all()):
        posterior = posterior_of(slope.transpose(*v.SAMPLE_DIMS) * moderator.size, context.prob)
        size = level(posterior, context.effect_unit)
        yield Paragraph(
            translate(
                (
                    "A standard deviation ({sd}) more of {name} goes with a change of the effect "
                    "by {size}; P(> 0) = {p}. This compares treated rows with each other: it is "
                    "causal only if nothing else that moves the effect goes along with {name}."
                )
                if context.staggered
                else (
                    "A standard deviation ({sd}) more of {name} goes with a change of the effect "
                    "by {size}; P(> 0) = {p}. This compares exposed rows with each other: it is "
                    "causal only if nothing else that moves the effect goes along with {name}."
                ),
                name=name,
                sd=Numeral(f"{moderator.size:.3g}"),
                size=size,
                p=chance(posterior.p_positive),
            )
        )
