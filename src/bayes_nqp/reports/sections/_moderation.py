"""How the effect differs along a moderator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import moderated
from bayes_nqp.estimands._moderated import moderator_rows
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports._posterior import chance, level, posterior_of
from bayes_nqp.tables import summary

__all__ = ["moderation"]


def moderation(context: Context) -> Iterator[Block | Sketch]:
    """Draw the effect along the design's moderator, and say how much it changes.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block or Sketch
    """
    say, fit = context.say, context.fit
    name = fit.design.facts.moderator
    if name is None or fit.panel is None:
        return
    rows = moderator_rows(fit)[1]
    draws = moderated(fit, weights=context.weights)
    slope = draws["slope"]
    if name in slope.dims:  # curved where both legs of a channel are moderated
        slope = slope.isel({name: slope.sizes[name] // 2})
    yield Heading(say["moderation"])
    slope = slope.reset_coords(drop=True)
    if bool(np.isfinite(slope).all()):
        spread = float(rows.std(ddof=1))
        one = posterior_of(slope.transpose(*v.SAMPLE_DIMS) * spread, context.prob)
        size = level(one, context.language, context.unit)
        yield Paragraph(
            say["moderated_says" if context.staggered else "moderated_says_exposure"].format(
                name=name, sd=f"{spread:.3g}", size=size, p=chance(one.p_positive)
            )
        )
    yield Sketch(
        "moderation",
        say["moderation_caption"].format(name),
        lambda: plots.moderation(fit, weights=context.weights, **context.look),
        lambda: summary(moderated(fit, weights=context.weights), context.prob),
    )
