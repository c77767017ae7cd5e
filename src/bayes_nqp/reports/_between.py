"""How effects differ between groups, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import xarray as xr

from bayes_nqp.checks import rivals_of
from bayes_nqp.estimands import att, differences, joint_signs, spread
from bayes_nqp.language import Message
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import Posterior, posterior_of, posteriors_of, together
from bayes_nqp.reports._sentences import comparison, differing, jointly, stands, untold

MANY = 6
"""Levels of a factor of which sentences speak."""


def groups_of(context: Context) -> dict[str, xr.DataArray]:
    """Find the effects of all groups of which sentences speak, by factor."""
    every = {factor: att(context.effects, factor, context.weights) for factor in context.factors}
    known = {factor: draws.dropna(factor) for factor, draws in every.items()}
    return {factor: draws for factor, draws in known.items() if draws.sizes[factor] <= MANY}


def between(context: Context, grounds: Grounds) -> Iterator[str]:
    """Say how much groups differ at all, then which differences hold together."""
    groups = {factor: x for factor, x in groups_of(context).items() if x.sizes[factor] > 1}
    gaps = {factor: differences(draws, factor) for factor, draws in groups.items()}
    every = [gap.isel(pair=k) for gap in gaps.values() for k in range(gap.sizes["pair"])]
    posteriors = posteriors_of(every, context.prob)
    named: list[xr.DataArray] = []
    for factor, draws in groups.items():
        number = gaps[factor].sizes["pair"]
        own, every = every[:number], every[number:]
        said, posteriors = posteriors[:number], posteriors[number:]
        sides = _sides(context, factor, draws)
        kept = [k for k in range(number) if said[k].named or number == 1]
        if number > 1:
            tail = float(joint_signs(gaps[factor])["tail"].min())
            size = posterior_of(spread(draws, factor), context.prob)
            name = context.translate.name(factor)
            yield differing(size, tail, len(sides), name, context.language, context.effect_unit)
        for k in kept:
            first, second = (own[k][f"pair_{side}"].item() for side in ("level", "minus"))
            rivals = rivals_of(context.checks, factor, first, second)
            named += [own[k]] if stands(said[k], rivals) else []
            yield comparison(
                said[k],
                (sides[first], sides[second]),
                context.outcome or context.translate("the outcome"),
                context.language,
                context.effect_unit,
                context.translate.name(factor),
                context.moved.get("exposure", ""),
                confidence=partial(grounds, "contrast"),
                rivals=rivals,
            )
        if len(kept) < number:
            yield untold(number - len(kept), len(kept), context.language)
    if len(named) > 1:
        kind = Message("between groups")
        yield jointly(kind, len(named), together(named), context.language)


def _sides(
    context: Context, factor: str, draws: xr.DataArray
) -> dict[object, tuple[str, Posterior]]:
    """Call every group by its name, with its effect."""
    return {
        level: (
            context.translate.name(level, factor),
            posterior_of(draws.isel({factor: k}), context.prob),
        )
        for k, level in enumerate(draws[factor].to_numpy().tolist())
    }
