"""Sentences on differences of effects between groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import xarray as xr

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import AlternativeContrast, alternative_contrasts_of
from bayes_nqp.effects.estimands import (
    att,
    heterogeneity_sd,
    pairwise_contrasts,
    simultaneous_signs,
)
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import Posterior, posterior_of, posteriors_of, together
from bayes_nqp.output.reports._sentences import comparison, differing, jointly, stands, untold

MANY = 6
"""Levels of a factor of which sentences speak."""
_FEW = 3
"""Differences that the answer tells."""

_SHARED = Message(
    "Effects by {} are partially pooled: an effect far from the others is shrunk towards "
    "them, and its interval covers the truth less often than the other intervals."
)


def groups_of(context: Context, effects: xr.Dataset | None = None) -> dict[str, xr.DataArray]:
    """Return the effects of all groups that are described in sentences, by factor.

    Parameters
    ----------
    effects : Dataset, optional
        Group-time effects; those of the reported posterior by default.
    """
    effects_dataset = context.effects if effects is None else effects
    every = {factor: att(effects_dataset, factor, context.weights) for factor in context.factors}
    complete = {factor: draws.dropna(factor) for factor, draws in every.items()}
    return {factor: draws for factor, draws in complete.items() if draws.sizes[factor] <= MANY}


def between(context: Context) -> Iterator[str]:
    """Yield sentences on the variation between groups and on jointly credible differences."""
    gaps = _gaps(context)
    for factor, of_factor in gaps.items():
        if len(of_factor) > 1:
            groups = groups_of(context)[factor]
            tail = float(simultaneous_signs(pairwise_contrasts(groups, factor))["tail"].min())
            size = posterior_of(heterogeneity_sd(groups, factor), context.prob)
            number, name = groups.sizes[factor], context.translate.name(factor)
            yield differing(size, tail, number, name, context.language, context.effect_unit)
            if any(str(x).endswith(f"scale_strata_{factor}") for x in context.fit.posterior):
                yield _SHARED.fill(name).in_(context.language)
        shown = [gap for gap in of_factor if gap.told]
        for gap in shown:
            yield gap.sentence(context)
        if len(shown) < len(of_factor):
            yield untold(len(of_factor) - len(shown), len(shown), context.language)
    named = [gap.draws for of_factor in gaps.values() for gap in of_factor if gap.stands]
    if len(named) > 1:
        kind = Message("of differences between groups")
        yield jointly(kind, len(named), together(named), context.language)


def between_briefly(context: Context) -> Iterator[str]:
    """Yield sentences on the clearest differences and the number of the other pairs."""
    every = [gap for of_factor in _gaps(context).values() for gap in of_factor]
    shown = sorted((gap for gap in every if gap.told), key=lambda gap: -gap.distance)
    for gap in shown[:_FEW]:
        yield gap.sentence(context)
    if len(shown) > _FEW:
        yield context.translate(
            "For {} further differences between groups see the section on heterogeneity.",
            len(shown) - _FEW,
        )
    if len(shown) < len(every):
        yield untold(len(every) - len(shown), len(shown), context.language)


@dataclass(frozen=True, slots=True, eq=False)
class _Gap:
    """Difference of effects between two groups.

    Parameters
    ----------
    sides : tuple of two tuples of str and Posterior
        Names of both groups and their effects.
    alone : bool
        True if it is the only difference of its factor.
    """

    factor: str
    draws: xr.DataArray
    posterior: Posterior
    sides: tuple[tuple[str, Posterior], tuple[str, Posterior]]
    rivals: tuple[AlternativeContrast, ...]
    alone: bool

    @property
    def told(self) -> bool:
        """Return True if a sentence reports this difference."""
        return bool(self.posterior.named) or self.alone

    @property
    def stands(self) -> bool:
        """Return True if a direction is claimed and supported by all alternative choices."""
        return stands(self.posterior, self.rivals)

    @property
    def distance(self) -> float:
        """Return the distance of the mean from zero in posterior SDs."""
        return abs(self.posterior.mean) / (self.posterior.sd or 1.0)

    def sentence(self, context: Context) -> str:
        """Return the sentence that compares both groups."""
        return comparison(
            self.posterior,
            self.sides,
            context.outcome or context.translate("the outcome"),
            context.language,
            context.effect_unit,
            context.translate.name(self.factor),
            context.moved.get("exposure", ""),
            rivals=self.rivals,
        )


def _gaps(context: Context) -> dict[str, list[_Gap]]:
    """Return all pairwise differences by factor, with signs judged jointly over all of them."""
    groups = {factor: x for factor, x in groups_of(context).items() if x.sizes[factor] > 1}
    pairs = [
        (factor, gap.isel(pair=k))
        for factor, draws in groups.items()
        for gap in (pairwise_contrasts(draws, factor),)
        for k in range(gap.sizes["pair"])
    ]
    gaps: dict[str, list[_Gap]] = {factor: [] for factor in groups}
    posteriors = posteriors_of([draws for _, draws in pairs], context.prob)
    for (factor, draws), posterior in zip(pairs, posteriors, strict=True):
        first, second = (draws[f"pair_{side}"].item() for side in ("level", "minus"))
        sides = _side(context, groups[factor], first), _side(context, groups[factor], second)
        rivals = alternative_contrasts_of(context.checks, factor, first, second)
        alone = groups[factor].sizes[factor] == 2
        gaps[factor].append(_Gap(factor, draws, posterior, sides, rivals, alone))
    return gaps


def _side(context: Context, draws: xr.DataArray, level: object) -> tuple[str, Posterior]:
    """Return the printed name of a group and its effect."""
    factor = str(draws.dims[-1])
    level_draws = draws.sel({factor: level})
    return context.translate.name(level, factor), posterior_of(level_draws, context.prob)
