"""Whether the average effect survives other defensible models of the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Any

import numpy as np
import xarray as xr

from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError
from bayes_nqp._core.i18n import Message, crossed, listed
from bayes_nqp._core.plugins import registered
from bayes_nqp.checks.model import error_alternatives
from bayes_nqp.checks.shared import (
    FAR,
    REFUTED,
    Alternative,
    Finding,
    asks,
    behind,
    compared,
    comparison,
    unit_word,
)
from bayes_nqp.inference.fitting import ROWS, UNIT_DOSES, Fit, panel_of
from bayes_nqp.model.predictors import TimeEffects

_EFFECT_PRIORS = ("level", "drift", "walk", "contrast", "factor", "cohort", "cell", "member")
_FACTOR = 2.5
_EXAMPLE = "designs={'common time effects': fit.design.replace(time=nqp.TimeEffects())}"


@asks(
    "Does the average effect survive other models of the same data?",
    "specifications",
    place=160,
    needs=(ROWS, UNIT_DOSES),
)
def specifications(fit: Fit, *, designs: Mapping[str, Any] | None = None) -> Finding:
    """Refit with other errors, time effects, pooling, priors, covariates, controls.

    One choice is changed at a time. All specifications use the same panel; estimates are of the
    cells from adoption on. Independent errors are shown for comparison, but the verdict does
    not rest on them, nor on what disagrees and is refuted by the data: a choice with the same rows
    and flat coefficients whose log marginal likelihood is lower by more than 3.

    Parameters
    ----------
    designs : mapping of str to design, optional
        Further designs by name.

    """
    others = alternatives_of(fit)
    for name, design in (designs or {}).items():
        if type(design) is not type(fit.outcome_design):
            raise StudyError(f"'designs' holds {design!r} for {name!r}", hint=_EXAMPLE)
        others.append(Alternative(str(name), Message("of your own"), design))
    evidence = compared(fit, others, Message("fitting specifications"))
    refuted = _refuted(fit, others, evidence)
    counts = evidence["counts"].to_numpy() & ~np.isin(evidence["specification"], refuted)
    evidence = evidence.assign_coords(counts=("specification", counts))
    counting = int(evidence["counts"].sum()) - 1
    if not counting:
        raise NotApplicable(Message("No other model of these data can be fitted that would count."))
    against = comparison(evidence)
    figure = Message(
        "{} alternatives: average effect from {:.3g} to {:.3g} ({} {:.3g}); farthest: {}, {:+.1f} "
        "posterior sd",
        *against.span,
        *against.farthest,
    )
    same = Message(
        "All {} alternatives that count conclude the same about the average effect.", counting
    )
    shown = evidence["specification"].to_numpy()
    aside = [x.label for x in others if not x.counts and x.label in shown]
    sentence = against.sentence(same, Message("under {}"))
    if refuted:
        sentence = Message(
            "{} Not counted, as the data refute them: {}.", sentence, listed(refuted, 4)
        )
    if aside:
        sentence = Message("{} For comparison alone: {}.", sentence, listed(aside, 4))
    return Finding(against.verdict, figure, sentence, evidence, "specifications")


def _refuted(fit: Fit, others: Sequence[Alternative], evidence: xr.Dataset) -> list[str]:
    """Name alternatives that disagree, and that the data speak against."""
    against, panel = comparison(evidence), panel_of(fit)
    far = {n for n, x in zip(against.names[1:], against.shift, strict=True) if abs(x) > FAR}
    open_ = {*against.turned, *against.lost, *far}
    return [
        other.label
        for other in others
        if other.label in open_
        and other.counts
        and (other.panel or panel) is panel
        and _nats(fit, other) > REFUTED
    ]


def _nats(fit: Fit, other: Alternative) -> float:
    """Nats by which the data prefer the fit's design; none where they cannot say."""
    try:
        return behind(fit, other.design)
    except NQPError:
        return float("nan")


def alternatives_of(fit: Fit) -> list[Alternative]:
    """List designs that differ from a fit's in a single choice."""
    changes = (error_alternatives(fit), _time(fit), _pooling(fit), _priors(fit), _sample(fit))
    return [other for other in chain(*changes) if other.design != fit.outcome_design]


def _time(fit: Fit) -> list[Alternative]:
    facts, panel = fit.facts, panel_of(fit)
    strata = facts.strata(panel) or panel.roles.strata
    if not strata or not fit.takes("time"):
        return []
    by = crossed(strata)
    every = {
        Message("common time effects"): TimeEffects(),
        Message("time effects by {}", by): TimeEffects(strata),
        Message("time effects by {}, pooled", by): TimeEffects(strata, pooled=True),
    }
    pooled = bool(facts.time and facts.time.pooled)
    now = TimeEffects(facts.time_strata(panel), pooled=pooled)
    return [
        Alternative(label, Message("time effects"), fit.variant(time=time))
        for label, time in every.items()
        if time != now
    ]


def _pooling(fit: Fit) -> list[Alternative]:
    if not fit.takes("effect", "time"):
        return []
    pooling, varying = fit.facts.pooling, fit.facts.varying
    # By default time effects follow the strata of the effects: here one choice changes at a time.
    time = fit.facts.time or TimeEffects(fit.facts.time_strata(panel_of(fit)))
    every = [kind(varying=varying) for kind in registered("pooling").values()]
    others = [
        Alternative(x.phrase, Message("pooling"), fit.variant(effect=x, time=time))
        for x in every
        if type(x) is not type(pooling)
    ]
    changed, label = pooling.with_varying("unit"), Message("deviations by unit")
    if varying is not None:
        changed = pooling.with_varying(None)
        label = Message("no deviations by {}", unit_word(varying))
    return [*others, Alternative(label, Message("pooling"), fit.variant(effect=changed))]


def _priors(fit: Fit) -> list[Alternative]:
    """Widen and narrow every prior that effects have."""
    if not fit.takes("priors"):
        return []
    priors = fit.facts.priors
    names = [f.name for f in fields(priors) if f.name in _EFFECT_PRIORS]
    labels = {
        Message("effect priors × {:g}", _FACTOR): _FACTOR,
        Message("effect priors / {:g}", _FACTOR): 1 / _FACTOR,
    }
    scaled = {
        label: replace(priors, **{name: factor * getattr(priors, name) for name in names})
        for label, factor in labels.items()
    }
    return [
        Alternative(label, Message("priors"), fit.variant(priors=changed))
        for label, changed in scaled.items()
    ]


def _sample(fit: Fit) -> list[Alternative]:
    others = [Alternative(*variant, fewer=True) for variant in fit.variants()]
    covariates = fit.facts.covariates_of(panel_of(fit))
    if not covariates or not fit.takes("covariates"):
        return others
    bare = fit.variant(covariates=())
    return [Alternative(Message("no covariates"), Message("covariates"), bare), *others]
