"""Effects along columns of units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import ROWS, UNITS
from bayes_nqp.effects.estimands import effect_curve, moderators_of
from bayes_nqp.inference.fitting import effect_curves_of
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of, stated
from bayes_nqp.output.reports._registry import section

_AT: Final = Message(
    "With {name} at the 10 % quantile of treated units ({x}) in all of them, the average effect "
    "is {size}; at the 90 % quantile ({high}) it is {larger}."
)
_GAP: Final = Message("The difference is {size}; {p}.")
_GAP_OF: Final = Message(
    "{level}: from the 10 % to the 90 % quantile of {name} the effect changes by {size}; {p}."
)
_CAUSAL: Final = Message(
    "The comparison is between treated units of the same cohort and group, and causal only if no "
    "other moderator is correlated with {name}."
)


@section(place=51, needs=(ROWS, UNITS))
def effect_curves(context: Context) -> Iterator[Block]:
    """Report the effect at a low and a high value of each moderator, and the difference."""
    translate, fit = context.translate, context.fit
    names = moderators_of(fit)
    if names:
        yield Heading(translate("Effects along moderators"))
    for name in names:
        seen = [
            x.curve.values[x.curve.treated]
            for x in effect_curves_of(fit)
            if x.curve.moderator == name
        ]
        ends = np.quantile(np.concatenate(seen), [0.1, 0.9])
        draws = effect_curve(fit, name, ends, weights=context.weights)
        factors = [d for d in draws.dims if d not in (*v.SAMPLE_DIMS, name)]
        sentences = []
        if not factors:
            low, high = (_level(context, draws.isel({name: k})) for k in range(2))
            x, top = (Numeral(f"{end:.3g}") for end in ends)
            sentences.append(translate(_AT, name=name, x=x, size=low, high=top, larger=high))
        gap = draws.isel({name: 1}, drop=True) - draws.isel({name: 0}, drop=True)
        for label in gap[factors[0]].to_numpy() if factors else [None]:
            one = gap if label is None else gap.sel({factors[0]: label})
            posterior = posterior_of(one.reset_coords(drop=True), context.prob)
            words = _GAP if label is None else _GAP_OF
            values = {} if label is None else {"level": str(label), "name": name}
            size, p = level(posterior, context.effect_unit), stated(posterior.p_positive, "P(> 0)")
            sentences.append(translate(words, size=size, p=p, **values))
        yield Paragraph(context.joined([*sentences, translate(_CAUSAL, name=name)]))


def _level(context: Context, draws: xr.DataArray) -> Message:
    """Return the interval of an average effect."""
    return level(posterior_of(draws.reset_coords(drop=True), context.prob), context.effect_unit)
