"""Whether channels survive unmeasured common causes of mediators and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import NOTHING, Message, figures, joined, listed, separated
from bayes_nqp.checks.mediation._evidence_rows import correlations
from bayes_nqp.checks.shared import HOLDS, NOT_APPLICABLE, REPORTED, Finding, asks, ladder, stacked
from bayes_nqp.checks.trends import holm
from bayes_nqp.effects.estimands import ALL, text
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, Fit, panel_of
from bayes_nqp.robustness import (
    CONFOUNDED,
    ConfoundedFit,
    NormalCorrelation,
    RhoPrior,
    axis_of,
    confounded_fit,
    curves,
    strength,
)

_ENOUGH, _LITTLE = 0.2, 0.1
"""Crossings below which an indirect effect gets the verdict caution, and failed; the first is the
range of
correlations over which effects are told."""
_CHANCE = 0.01
"""Tail probability of zero, adjusted, below which an effect is there to be undone."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfoundedEffect:
    """An indirect effect of one group, as one mediator is confounded.

    ``kind`` is "overall" or "level", of a ``factor``, or "joint" for all mediators together.
    """

    mediator: str
    label: str
    kind: str
    curve: xr.Dataset
    factor: str = ""

    @property
    def crossing(self) -> float:
        """Missing where no correlation would do."""
        return float(self.curve["crossing"].sel(path="indirect"))

    @property
    def size(self) -> float:
        return abs(self.crossing) if np.isfinite(self.crossing) else 1.0

    @property
    def clear(self) -> bool:
        """Whether the interval without confounding excludes zero."""
        low, high = (
            float(self.curve[f"original_{end}"].sel(path="indirect")) for end in ("lower", "upper")
        )
        return not low <= 0 <= high

    @property
    def tail(self) -> float:
        """Tail probability of zero without confounding."""
        positive = float((self.curve["unconfounded"].sel(path="indirect") > 0).mean())
        return 2.0 * min(positive, 1.0 - positive)

    @property
    def span(self) -> tuple[float, float]:
        """Least and largest mean of the indirect effect at correlations of the range."""
        x = self.curve.sel(path="indirect")
        ends = [
            x["unconfounded"] - x["pull"] * strength(np.array(rho), x["curvature"].to_numpy())
            for rho in (-_ENOUGH, _ENOUGH)
        ]
        low, high = sorted(float(end.mean()) for end in ends)
        return low, high

    @property
    def called(self) -> Message:
        if self.kind == "joint":
            return Message("all mediators (if {} is confounded)", self.mediator)
        if self.label:
            return Message("{} in {}", self.mediator, self.label)
        return Message("{}", self.mediator)


@asks(
    "How strong would unmeasured confounding have to be to undo the channels?",
    "confounding of channels",
    of="channels",
    place=200,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
)
def mediation_sensitivity(
    fit: Fit, *, rho: Sequence[float] | None = None, prior: RhoPrior | None = None
) -> Finding:
    """Find the correlation of innovations that would undo each indirect effect.

    Sequential ignorability takes this correlation, of one mediator and the outcome given the
    other mediators, to be zero. Judged are the indirect effect via each mediator, and via all
    of them together, where the interval without confounding excludes zero. The verdict is that
    of the weakest: it fails if its effect crosses zero below .1 in absolute value, and asks for
    caution
    below .2, or if the effect in a level of a stratum factor crosses below .1; else it is
    reported. An effect that is other than zero by chance crosses early: of those whose tail
    probability of zero, adjusted for all mediators (and levels) that were asked (Holm 1979), is
    above 1 %, it is told where they cross, and data could not tell. Correlations between mediators
    do not count: `mediator_residuals` judges them. At a crossing of ρ a common
    cause explains shares of both innovations' variances whose product is ρ²: at .2, a fifth of
    each. Not applicable if no interval excludes zero.

    Parameters
    ----------
    rho : sequence of float, optional
        Correlations of the curves; from −.6 to .6 by default.
    prior : NormalCorrelation or UniformCorrelation, optional
        Of the correlation, for the posterior that evidence holds; NormalCorrelation(0.2) by
        default.
    """
    study = confounded_fit(fit)
    factors = (None, *fit.facts.strata(panel_of(fit)))
    effects = [
        effect
        for factor in factors
        for effect in _effects(study, factor, axis_of(rho), prior or NormalCorrelation())
    ]
    judged = [x for x in effects if x.kind != "level" and x.clear]
    signed = _signed(effects)
    weak = [x for x in signed if x.kind == "level" and x.size < _LITTLE]
    evidence = stacked([x.curve for x in effects], effects, "mediator", "label", "kind", "factor")
    if not judged:
        sentence = Message(
            "No indirect effect has an interval that excludes zero: none could be undone."
        )
        return Finding(
            NOT_APPLICABLE, _figure(effects), sentence, evidence, "mediation_sensitivity"
        )
    common = _common(fit)
    named = [x for x in signed if x.kind != "level"]
    least = min(x.size for x in named or judged)
    chance = [x for x in judged if x not in signed and x.size < _ENOUGH]
    fails, doubt = (bool(named) and least < limit for limit in (_LITTLE, _ENOUGH))
    verdict = ladder(fails=fails, doubt=doubt or weak, untold=chance)
    verdict = REPORTED if verdict == HOLDS else verdict
    sentence = _sentence(judged, weak, common)
    if chance:
        by_chance = Message(
            "What goes through {} may be other than zero by chance (tail probability, adjusted, "
            "above {:.0%}): it is told and not judged.",
            listed([x.called for x in chance]),
            _CHANCE,
        )
        sentence = joined([sentence, by_chance])
    return Finding(
        verdict, _figure(effects), sentence, evidence, "mediation_sensitivity", study.fit
    )


def _signed(effects: list[ConfoundedEffect]) -> list[ConfoundedEffect]:
    """Take the effects whose sign stands, of the several of their kind that were asked."""
    signed = [x for x in effects if x.kind == "joint" and x.tail < _CHANCE]
    for kind in ("overall", "level"):
        some = [x for x in effects if x.kind == kind]
        tails = holm([x.tail for x in some])
        signed += [x for x, tail in zip(some, tails, strict=True) if tail < _CHANCE]
    return signed


def _effects(
    study: ConfoundedFit, factor: str | None, axis: xr.DataArray, prior: RhoPrior
) -> list[ConfoundedEffect]:
    """Indirect effects overall, via each mediator and via all; or in every level of a factor."""
    by = None if factor is None else {"level": factor}
    curve = curves(study.paths(by, "rows", None), axis, prior, study.seed)
    if factor is not None:
        levels = curve["level"].to_numpy() if curve.sizes["level"] > 1 else ()
        return [
            replace(
                _effect(curve.sel(level=level, drop=True), name, name, text(level), "level"),
                factor=factor,
            )
            for level in levels
            for name in study.names
        ]
    joint = study.names if len(study.names) > 1 else ()
    return [
        *(_effect(curve, name, name, "", "overall") for name in study.names),
        *(_effect(curve, name, ALL, "", "joint") for name in joint),
    ]


def _effect(
    curves: xr.Dataset, mediator: str, path: str, label: str, kind: str
) -> ConfoundedEffect:
    curve = curves.sel({CONFOUNDED: mediator, v.PATH: [path, v.DIRECT]}, drop=True)
    curve = curve.drop_vars(CONFOUNDED, errors="ignore")
    curve = curve.assign_coords({v.PATH: ["indirect", v.DIRECT]})
    return ConfoundedEffect(mediator, label, kind, curve)


def _common(fit: Fit) -> float:
    """Largest correlation between innovations of mediators."""
    if len(fit.facts.mediators(fit.rows)) < 2:
        return 0.0
    return float(np.abs(np.triu(correlations(fit)[0], 1)).max())


def _sentence(
    judged: list[ConfoundedEffect], weak: list[ConfoundedEffect], common: float
) -> Message:
    parts = [x for x in judged if x.kind == "overall"]
    parts += sorted((x for x in judged if x.kind == "joint"), key=_size)[:1]
    least = min(x.size for x in parts)
    vanish = Message(
        "Indirect effects would vanish at correlations of innovations of: {}; the weakest needs a "
        "common cause of {:.0%} of what is left of both the mediator's and the outcome's "
        "variance.",
        listed([Message("{} at {}", x.called, _at(x)) for x in parts], 6),
        least,
    )
    low = Message("Below {:g}: {}.", _LITTLE, listed([x.called for x in weak], 4))
    beyond = Message(
        "Innovations of mediators are correlated by {:.2f}, which 'mediator_residuals' judges and "
        "this check does not.",
        common,
    )
    ends = [(figures(end, max(x.span) - min(x.span)) for end in x.span) for x in parts]
    spans = [Message("{}: {} to {}", x.called, *pair) for x, pair in zip(parts, ends, strict=True)]
    untold = Message(
        "No data tell a common cause at the time of the policy from a channel; at correlations of "
        "{:g} to {:g} indirect effects are: {}.",
        -_ENOUGH, _ENOUGH, separated(spans),
    )  # fmt: skip
    return joined([vanish, *[low][: len(weak)], *[beyond][: int(common > least)], untold])


def _size(effect: ConfoundedEffect) -> float:
    return effect.size


def _at(effect: ConfoundedEffect) -> Message:
    if np.isfinite(effect.crossing):
        return Message("ρ = {:+.2f}", effect.crossing)
    return Message("none")


def _figure(effects: list[ConfoundedEffect]) -> Message:
    parts = [
        Message("{}: {}", x.called, _at(x), context="crossing")
        for x in effects
        if x.kind != "joint" and x.clear
    ]
    return Message("crossing {}", separated(parts)) if parts else NOTHING
