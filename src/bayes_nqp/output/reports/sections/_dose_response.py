"""Response to a continuous exposure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import DOSE, ROWS, UNITS
from bayes_nqp.effects.estimands import dose_response as response
from bayes_nqp.effects.estimands import exposures_of
from bayes_nqp.inference.fitting import response_of
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of
from bayes_nqp.output.reports._registry import section

_RISE: Final = Message(
    "From the 10 % to the 90 % quantile of exposure ({low} to {high}), the outcome changes by "
    "{size}."
)
_MARGINAL: Final = Message(
    "One more unit of exposure changes it by {size} at the lower value and by {larger} at the "
    "higher one; P(more at the higher value) = {p}."
)
_MEAN: Final = Message("Averaged over exposed observations, one more unit changes it by {size}.")


@section(place=52, needs=(DOSE, ROWS, UNITS))
def dose_response(context: Context) -> Iterator[Block]:
    """Report the response between two values of exposure, and the effect of one more unit."""
    translate, fit = context.translate, context.fit
    if response_of(fit) is None:
        return
    yield Heading(translate("Response to exposure"))
    seen, weights = exposures_of(fit), context.weights
    ends = np.quantile(seen, [0.1, 0.9])
    curve = response(fit, ends, weights=weights).to_numpy()
    slopes = response(fit, ends, weights=weights, derivative=True)
    # The mean over observations is that over 200 quantiles, up to rounding of the report.
    points = np.quantile(seen, (np.arange(200) + 0.5) / 200)
    dose = str(slopes.dims[-1])
    mean = response(fit, points, weights=weights, derivative=True).mean(dose)
    at = [slopes.isel({dose: k}, drop=True) for k in range(2)]
    rise = at[0].copy(data=curve[..., 1] - curve[..., 0])
    sizes = [
        level(posterior_of(x.reset_coords(drop=True), context.prob), context.effect_unit)
        for x in (rise, *at, mean)
    ]
    larger = posterior_of((at[1] - at[0]).reset_coords(drop=True), context.prob).p_positive
    low, high = (Numeral(f"{end:.3g}") for end in ends)
    yield Paragraph(
        context.joined(
            [
                translate(_RISE, low=low, high=high, size=sizes[0]),
                translate(_MARGINAL, size=sizes[1], larger=sizes[2], p=Numeral(f"{larger:.2f}")),
                translate(_MEAN, size=sizes[3]),
            ]
        )
    )
