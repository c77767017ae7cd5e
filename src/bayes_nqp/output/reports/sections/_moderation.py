"""Heterogeneity of the effect by a moderator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import ROWS
from bayes_nqp.effects.estimands import moderated
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of, stated
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.reports._spillover_sentences import moderated_sides

_SIDES: Final = Message(
    "The change consists of {} in the effect of own treatment and {} in the spillover "
    "effect; spillovers depend on {} of the sending units."
)
_SIDES_DOSE: Final = Message(
    "The change consists of {} in the effect of own exposure and {} in the spillover "
    "effect of others' exposure; spillovers depend on {} of the sending units."
)


@section(place=50, needs=(ROWS,))
def moderation(context: Context) -> Iterator[Block]:
    """Plot the effect against the moderator and report its change."""
    translate, fit = context.translate, context.fit
    name = fit.facts.moderator
    if name is None:
        return
    moderator = fit.model_frame.moderator
    assert moderator is not None
    slope = moderated(fit, [moderator.centre], weights=context.weights)["slope"]
    if name in slope.dims:  # curved where both legs of a channel are moderated
        slope = slope.isel({name: 0})
    yield Heading(translate("Heterogeneity by a moderator"))
    slope = slope.reset_coords(drop=True)
    if bool(np.isfinite(slope).all()):
        posterior = posterior_of(slope.transpose(*v.SAMPLE_DIMS) * moderator.size, context.prob)
        size = level(posterior, context.effect_unit)
        yield Paragraph(
            translate(
                (
                    "An increase of {name} by one standard deviation ({sd}) is associated"
                    " with a change of the effect by {size}; {p}. This compares treated "
                    "observations and is causal only if no other moderator is correlated "
                    "with {name}."
                )
                if context.staggered
                else (
                    "An increase of {name} by one standard deviation ({sd}) is associated"
                    " with a change of the effect by {size}; {p}. This compares exposed "
                    "observations and is causal only if no other moderator is correlated "
                    "with {name}."
                ),
                name=name,
                sd=Numeral(f"{moderator.size:.3g}"),
                size=size,
                p=stated(posterior.p_positive, "P(> 0)"),
            )
        )
    if (sides := moderated_sides(context)) is not None:
        sizes = (level(x, context.effect_unit) for x in sides)
        words = _SIDES if context.fit.facts.adopted else _SIDES_DOSE
        yield Paragraph(translate(words, *sizes, name))
