"""Section of a report on direct and spillover effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.effects.estimands import long_run_effects, spillover_effects
from bayes_nqp.inference.fitting import DYNAMIC, RECEIVED, meets, own_receivers
from bayes_nqp.output.reports import (
    MANY,
    Block,
    Context,
    Heading,
    Paragraph,
    exposed,
    level,
    neighbours,
    posterior_of,
    section,
    sides,
)


@section(place=35, needs=(RECEIVED,), exhibit=110)
def spillovers(context: Context) -> Iterator[Block]:
    """Report spillover effects, and the direct part of the effect on treated units."""
    yield Heading(context.translate("Spillover effects"))
    if context.fit.facts.adopted:
        sentences = [*_untreated(context), _treated(context)]
        if meets(context.fit, (DYNAMIC,)):
            sentences.append(_over_periods(context))
        yield Paragraph(context.joined(sentences))
    else:
        yield Paragraph(exposed(context))


def _untreated(context: Context) -> Iterator[str]:
    """Report spillover effects on untreated units, overall and by band."""
    fit = context.fit
    yield neighbours(context)
    groups = dict(_groups(context))
    yield from groups.values()
    if alike := [x for x in groups if x not in own_receivers(fit)]:
        yield from _alike(context, [*map(context.translate.name, alike)])
    if not fit.facts.has("exposure"):
        return
    rings = spillover_effects(fit, v.RING, context.weights)
    parts = [
        Message(
            "{size} at {ring}",
            ring=ring,
            size=level(posterior_of(rings.sel(ring=ring), context.prob), context.effect_unit),
        )
        for ring in rings[v.RING].to_numpy().tolist()
    ]
    if len(parts) > 1:
        yield context.translate("Their spillover effects are {}.", listed(parts))


def _alike(context: Context, factors: Sequence[str]) -> Iterator[str]:
    """Report that groups share one spillover coefficient, and the meaning for their intervals."""
    if context.fit.facts.has("exposure"):
        return
    yield context.translate(
        "All levels of {factors} share one spillover coefficient. Their spillover effects"
        " differ only by the share of treated neighbours, and their intervals are valid "
        "only if the coefficient is the same (check spillover_heterogeneity).",
        factors=listed(factors, MANY),
    )
    result = context.found("spillover_heterogeneity")
    if result is not None and result.verdict == "inconclusive":
        yield context.translate(
            "That check was inconclusive: the confidence stated for the average does not "
            "apply to single groups."
        )


def _groups(context: Context) -> Iterator[tuple[str, str]]:
    """Return spillover effects on untreated units of each group, by factor."""
    for factor in context.factors:
        draws = spillover_effects(context.effects, factor, context.weights).dropna(factor)
        if not 1 < draws.sizes[factor] <= MANY:
            continue
        parts = [
            Message(
                "{size} in {group}",
                group=context.translate.name(level_, factor),
                size=level(posterior_of(draws.sel({factor: level_}), context.prob),
                           context.effect_unit),
            )
            for level_ in draws[factor].to_numpy().tolist()
        ]  # fmt: skip
        yield (
            factor,
            context.translate(
                "By {factor}, the spillover effects on untreated units are {groups}.",
                factor=context.translate.name(factor), groups=listed(parts, MANY),
            ),
        )  # fmt: skip


def _treated(context: Context) -> str:
    """Report the direct and the spillover part of the effect on treated units."""
    translate, effects = context.translate, context.effects
    if v.DIRECT not in effects[v.PATH]:
        return translate("Spillovers between treated units are part of their total effect.")
    return translate(
        "The average effect on treated units consists of a direct effect of {} and a "
        "spillover effect of {}.",
        *sides(context),
    )


def _over_periods(context: Context) -> str:
    """Report immediate, current and long-run effects."""
    runs = long_run_effects(context.fit).sel({v.PATH: v.TOTAL})
    sizes = {
        str(run): level(posterior_of(runs.sel(run=run), context.prob), context.effect_unit)
        for run in runs["run"].to_numpy()
    }
    return context.translate(
        "Effects build up over periods. For units treated in the last period, the "
        "immediate effect of the policy is {short}, the effect up to then {actual}, and "
        "the long-run effect {long}.",
        **sizes,
    )
