"""Whether the average effect survives other defensible models of the same data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._judged import judged
from bayes_nqp.checks._labels import owner, texts_of
from bayes_nqp.checks._needs import ROWS
from bayes_nqp.checks._refit import estimator, panel_of
from bayes_nqp.checks._result import Finding, NotApplicable, asks
from bayes_nqp.checks._structures import structure_label
from bayes_nqp.designs import IID
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
from bayes_nqp.pooling import Complete, Partial, Separate
from bayes_nqp.terms import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.designs import Estimator
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel
    from bayes_nqp.priors import Priors

__all__ = ["alternatives_of", "specifications"]

_EFFECT_PRIORS = ("level", "drift", "walk", "contrast", "factor", "cohort", "cell", "member")
_FACTOR = 2.5
_EXAMPLE = "designs={'common time effects': fit.design.replace(time=nqp.TimeEffects())}"


@asks(
    "Does the average effect survive other models of the same data?",
    "specifications",
    place=160,
    needs=(ROWS,),
)
def specifications(fit: Fit, *, designs: Mapping[str, Estimator] | None = None) -> Finding:
    """Refit with other errors, time effects, pooling, priors, covariates, controls.

    One choice is changed at a time. All specifications use the same panel; estimates are of the
    cells from adoption on. Independent errors are shown for comparison, but the verdict does
    not rest on them.

    Parameters
    ----------
    designs : mapping of str to design, optional
        Further designs by name.

    Returns
    -------
    Finding
        Of kind "specifications".
    """
    if designs is not None and not isinstance(designs, Mapping):
        raise StudyError(f"'designs' is {designs!r}", hint=_EXAMPLE)
    design, panel = estimator(fit), panel_of(fit)
    others = alternatives_of(design, panel)
    for name, one in (designs or {}).items():
        if type(one) is not type(design):
            raise StudyError(
                f"'designs' holds {one!r} for {name!r}",
                hint=_EXAMPLE,
            )
        others.append(Alternative(str(name), Message("of your own"), one))
    evidence = compared(fit, others, "fitting specifications")
    if evidence["counts"].sum() == 1:
        raise NotApplicable(Message("No other model of these data can be fitted that would count."))
    found = judged(evidence)
    means = evidence["att"].mean(("chain", "draw")).to_numpy()
    names = texts_of(evidence, "specification")
    figure = Message(
        "{} alternatives: average effect from {:.3g} to {:.3g} ({} {:.3g}); farthest: {}, {:+.1f} "
        "posterior sd",
        len(names) - 1,
        means[1:].min(),
        means[1:].max(),
        names[0],
        means[0],
        names[found.worst],
        found.shift[found.worst - 1],
    )
    same = Message(
        "All {} alternatives that count conclude the same about the average effect.",
        int(evidence["counts"].sum()) - 1,
    )
    sentence = found.sentence(same, Message("under {}"))
    return Finding(found.verdict, figure, sentence, evidence, "specifications")


def alternatives_of(design: Estimator, panel: Panel) -> list[Alternative]:
    """List designs that differ from one in a single choice."""
    changed = [
        *_errors(design, panel),
        *_time(design, panel),
        *_pooling(design, panel),
        *_priors(design),
        *_sample(design, panel),
    ]
    return [one for one in changed if one.design != design]


def _errors(design: Estimator, panel: Panel) -> list[Alternative]:
    if panel.weights is not None:
        return []
    # Independent errors overstate what correlated rows know: shown beside, not held against.
    return [
        Alternative(
            structure_label(errors),
            Message("errors"),
            design.replace(errors=errors),
            counts=errors != IID(),
        )
        for errors in (*design.errors.poorer, *design.errors.richer)
    ]


def _time(design: Estimator, panel: Panel) -> list[Alternative]:
    strata = design.facts.strata(panel) or panel.roles.strata
    if not strata:
        return []
    by = " × ".join(strata)
    every = {
        Message("common time effects"): TimeEffects(),
        Message("time effects by {}", by): TimeEffects(strata),
        Message("time effects by {}, pooled", by): TimeEffects(strata, pooled=True),
    }
    now = TimeEffects(
        design.facts.time_strata(panel), pooled=bool(design.time and design.time.pooled)
    )
    return [
        Alternative(label, Message("time effects"), design.replace(time=time))
        for label, time in every.items()
        if time != now
    ]


def _pooling(design: Estimator, panel: Panel) -> list[Alternative]:
    varying = design.effect.varying
    strata = design.effect.strata if isinstance(design.effect, Partial) else None
    # By default time effects follow the strata of the effects: here one choice changes at a time.
    time = design.time or TimeEffects(design.facts.time_strata(panel))
    every = {
        Message("complete pooling"): Complete(varying=varying),
        Message("partial pooling"): Partial(strata, varying=varying),
        Message("no pooling"): Separate(varying=varying),
    }
    found = [
        Alternative(label, Message("pooling"), design.replace(effect=effect, time=time))
        for label, effect in every.items()
        if type(effect) is not type(design.effect)
    ]
    if varying is None:
        own, label = replace(design.effect, varying="unit"), Message("deviations by unit")
    else:
        own = replace(design.effect, varying=None)
        label = Message("no deviations by {}", owner(varying))
    return [*found, Alternative(label, Message("pooling"), design.replace(effect=own))]


def _priors(design: Estimator) -> list[Alternative]:
    return [
        Alternative(label, Message("priors"), design.replace(priors=_scaled(design.priors, factor)))
        for label, factor in {
            Message("effect priors × {:g}", _FACTOR): _FACTOR,
            Message("effect priors / {:g}", _FACTOR): 1 / _FACTOR,
        }.items()
    ]


def _scaled(priors: Priors, factor: float) -> Priors:
    """Widen or narrow every prior that effects have."""
    names = [f.name for f in fields(priors) if f.name in _EFFECT_PRIORS]
    return replace(priors, **{name: factor * getattr(priors, name) for name in names})


def _sample(design: Estimator, panel: Panel) -> list[Alternative]:
    found = []
    if panel.roles.covariates and design.covariates != ():
        bare = design.replace(covariates=())
        found.append(Alternative(Message("no covariates"), Message("covariates"), bare))
    variants = design.variants(panel)
    return [*found, *(Alternative(label, change, other) for label, change, other in variants)]
