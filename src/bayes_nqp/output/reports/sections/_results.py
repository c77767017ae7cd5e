"""Average effects, by group, and differences between groups."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._group_differences import between, groups_of
from bayes_nqp.output.reports._posterior import posteriors_of, together
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.reports._sentences import change, jointly
from bayes_nqp.output.tables import spatial_fits


@section(place=30, exhibit=90)
def results(context: Context) -> Iterator[Block | Sketch]:
    """Report effects overall and by group."""
    translate, factors = context.translate, list(context.factors)
    yield Heading(translate("Heterogeneity" if factors else "Baseline results"))
    for sentences in _by(context):
        yield Paragraph(context.joined(sentences))
    if differences := list(between(context)):
        yield Paragraph(context.joined(differences))
    if not factors or not context.tells("short"):  # else it stands in the summary
        yield from context.table("effects", by=factors or None)
    yield from context.sketches("forest")
    if context.others:
        yield Heading(translate("Comparison of models"), 2)
        yield from context.table("robustness", context.fits)
        if spatial := spatial_fits(context.fits):
            yield from context.table("spatial", spatial, checks=context.checks)


def _by(context: Context) -> Iterator[tuple[str, ...]]:
    """Yield sentences on every group by factor, and on their joint probability."""
    groups = groups_of(context)
    outcome = context.outcome or context.translate("the outcome")
    every = [
        ((level, factor), draws.isel({factor: k}))
        for factor, draws in groups.items()
        for k, level in enumerate(draws[factor].to_numpy().tolist())
    ]
    posteriors = posteriors_of([draws for _, draws in every], context.prob)
    sentences = dict[str, list[str]]()
    for ((level, factor), _), posterior in zip(every, posteriors, strict=True):
        whom = Message("{} ({})", *map(context.translate.name, (level, factor), (factor, "")))
        sentences.setdefault(factor, []).append(
            change(
                posterior,
                outcome,
                context.language,
                context.effect_unit,
                whom,
                **context.moved,
            )
        )
    yield from map(tuple, sentences.values())
    named = [draws for (_, draws), x in zip(every, posteriors, strict=True) if x.named]
    if len(named) > 1:
        kind = Message("of group effects")
        yield (jointly(kind, len(named), together(named), context.language),)
