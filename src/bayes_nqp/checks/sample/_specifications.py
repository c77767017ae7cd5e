"""Check of robustness: the average effect under other specifications of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Any

import numpy as np
import xarray as xr

from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, crossed, detailed, joined, listed
from bayes_nqp._core.plugins import registered
from bayes_nqp.checks.model import error_alternatives
from bayes_nqp.checks.shared import (
    FAR,
    REFUTED,
    Alternative,
    Finding,
    Guide,
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
    "Is the average effect robust to other specifications of the model?",
    "specifications",
    place=160,
    needs=(ROWS, UNIT_DOSES),
    guide=Guide(
        statistic=Message(
            "Average effect under other errors, time effects, pooling, priors (multiplied and "
            "divided by {0:g}), covariates, controls and anticipation, one change at a time; "
            "further designs with the option designs.",
            _FACTOR,
        ),
        thresholds=Message(
            "Failed: the 95 % interval of the fit excludes zero, and another specification "
            "lies more than one posterior SD on the other side. Caution: a conclusion changes,"
            " a refit did not converge, or an estimate moves by more than {0:.0f} posterior "
            "SDs and by more than chance explains. Independent errors do not count, nor a "
            "specification whose log marginal likelihood is lower by more than {1:.0f}.",
            FAR,
            REFUTED,
        ),
        failure=Message(
            "The conclusion depends on a choice of specification that the data do not settle.",
        ),
        remedy=Message(
            "print the specification curve, {}, and explain which specification is appropriate",
            Code('nqp.specification_table(nqp.check(fit, "specifications"))', "specifications.csv"),
        ),
        code=(
            'result = nqp.check(fit, "specifications")\n'
            "nqp.specification_table(result)\n"
            "nqp.plots.check(result)"
        ),
        literature="Hausman (1978)",
        limits=Message(
            "The check changes one choice at a time and does not vary the assumption about "
            "trends, which the check of assumptions compares.",
        ),
    ),
)
def specifications(fit: Fit, *, designs: Mapping[str, Any] | None = None) -> Finding:
    """Refit with other errors, time effects, pooling, priors, covariates and controls.

    One choice is changed at a time. All specifications use the same panel, and estimates refer to
    the cells from adoption on. Independent errors are shown for comparison only. A specification
    that disagrees does not count if the data reject it: with the same observations and the same
    coefficients with flat priors, its log marginal likelihood is lower by more than 3.

    Parameters
    ----------
    designs : mapping of str to design, optional
        Additional designs by name.
    """
    others = alternatives_of(fit)
    for name, design in (designs or {}).items():
        if type(design) is not type(fit.outcome_design):
            kind = type(fit.outcome_design).__name__
            problem = f"'designs' has {design!r} for {name!r}, which is not a {kind}"
            raise StudyError(problem, hint=_EXAMPLE)
        others.append(Alternative(str(name), Message("your specification"), design))
    evidence = compared(fit, others, Message("fitting specifications"))
    refuted = _refuted(fit, others, evidence)
    counts = evidence["counts"].to_numpy() & ~np.isin(evidence["specification"], refuted)
    evidence = evidence.assign_coords(counts=("specification", counts))
    counting = int(evidence["counts"].sum()) - 1
    if not counting:
        raise NotApplicable(
            Message("No other specification that counts can be fitted to these data.")
        )
    against = comparison(evidence)
    figure = Message(
        "average effect from {1:.3g} to {2:.3g} in {0} specifications ({3}: {4:.3g}); farthest: "
        "{5}, {6:+z.1f} posterior SDs",
        *against.span,
        *against.farthest,
    )
    same = Message(
        "The conclusion about the average effect is the same in all {} alternative specifications.",
        counting,
    )
    shown = evidence["specification"].to_numpy()
    aside = [x.label for x in others if not x.counts and x.label in shown]
    sentence = against.sentence(same, Message("under {}"))
    parts = [sentence]
    if against.differs:
        parts.append(Message("The estimate depends on this choice of specification."))
    if refuted:
        parts.append(
            detailed(Message("Not counted because the data reject them: {}.", listed(refuted, 4)))
        )
    if aside:
        parts.append(detailed(Message("For comparison only: {}.", listed(aside, 4))))
    return Finding(against.verdict, figure, joined(parts), evidence, "specifications")


def _refuted(fit: Fit, others: Sequence[Alternative], evidence: xr.Dataset) -> list[str]:
    """Return the labels of alternatives that disagree and that the data reject."""
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
    """Return the log Bayes factor of the fit's design over an alternative; NaN if there is none."""
    try:
        return behind(fit, other.design)
    except NQPError:
        return float("nan")


def alternatives_of(fit: Fit) -> list[Alternative]:
    """Return designs that differ from the design of a fit in one choice."""
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
    # Time effects follow the strata of effects by default; fix them to change one choice only.
    time = fit.facts.time or TimeEffects(fit.facts.time_strata(panel_of(fit)))
    every = [kind(varying=varying) for kind in registered("pooling").values()]
    others = [
        Alternative(x.phrase, Message("pooling"), fit.variant(effect=x, time=time))
        for x in every
        if type(x) is not type(pooling)
    ]
    changed, label = pooling.with_varying("unit"), Message("unit-level random effects of treatment")
    if varying is not None:
        changed = pooling.with_varying(None)
        label = Message("no random effects of treatment by {}", unit_word(varying))
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
