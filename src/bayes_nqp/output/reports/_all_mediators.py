"""Sentences on the indirect effects through all mediators."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message, either
from bayes_nqp.effects.estimands import nie, proportion_mediated
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import posteriors_of, together
from bayes_nqp.output.reports._sentences import indirect, jointly


def through(context: Context, *, brief: bool = False) -> Iterator[str]:
    """Yield sentences on the indirect effect of every mediator and on their joint signs.

    Parameters
    ----------
    brief : bool, default False
        If True, state only effects with a claimed direction and list the other mediators.
    """
    via = nie(context.effects, weights=context.weights, mediators=list(context.channels))
    every = [via.sel(mediator=name) for name in context.channels]
    posteriors = posteriors_of(every, context.prob)
    ratio = proportion_mediated(context.effects, weights=context.weights)
    shares = (
        {}
        if ratio.attrs["withheld"]
        else {name: float(ratio.sel(mediator=name).median()) for name in context.channels}
    )
    open_ = []
    for name, posterior in zip(context.channels, posteriors, strict=True):
        called = context.translate.name(name)
        if brief and not posterior.named:
            open_.append(called)
            continue
        yield indirect(
            posterior,
            called,
            context.outcome or context.translate("the outcome"),
            context.language,
            context.effect_unit,
            context.moved.get("exposure", ""),
            shares.get(name),
        )
    if open_:
        yield context.translate(
            "The data do not determine the direction of the indirect effect through {}.",
            either(open_),
        )
    named = [
        channel for channel, posterior in zip(every, posteriors, strict=True) if posterior.named
    ]
    if len(named) > 1 and not brief:
        kind = Message("of indirect effects")
        yield jointly(kind, len(named), together(named), context.language)
