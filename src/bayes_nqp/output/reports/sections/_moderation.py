"""How the effect differs along a moderator."""

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
    "Of this, {} is a change of what units have of their own treatment, and {} of what they "
    "receive of others'; through links it is {} of those who send."
)
_SIDES_DOSE: Final = Message(
    "Of this, {} is a change of what units have of their own exposure, and {} of what they receive "
    "of others'; through links it is {} of those who send."
)


@section(place=50, needs=(ROWS,))
def moderation(context: Context) -> Iterator[Block]:
    """Draw the effect along the design's moderator, and say how much it changes."""
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
                    "A standard deviation ({sd}) more of {name} goes with a change of the effect "
                    "by {size}; {p}. This compares treated rows with each other: it is "
                    "causal only if nothing else that moves the effect goes along with {name}."
                )
                if context.staggered
                else (
                    "A standard deviation ({sd}) more of {name} goes with a change of the effect "
                    "by {size}; {p}. This compares exposed rows with each other: it is "
                    "causal only if nothing else that moves the effect goes along with {name}."
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
