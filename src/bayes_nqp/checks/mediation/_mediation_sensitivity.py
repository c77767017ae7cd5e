"""Sensitivity of indirect effects to unmeasured confounding of mediators and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.hints import evidence_of
from bayes_nqp._core.i18n import NOTHING, Message, detailed, figures, joined, listed, separated
from bayes_nqp.checks.mediation._evidence_rows import correlations
from bayes_nqp.checks.shared import (
    HOLDS,
    NOT_APPLICABLE,
    REPORTED,
    UNTOLD,
    Finding,
    Guide,
    asks,
    ladder,
    stacked,
)
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
"""Correlations at which an indirect effect is zero: below these, caution and failed.

The first is also the range of correlations over which effects are reported."""
_CHANCE = 0.01
"""Adjusted tail probability of zero below which an indirect effect is judged."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfoundedEffect:
    """An indirect effect of one group as a function of the confounding of one mediator.

    ``kind`` is "overall" or "level", of a ``factor``, or "joint" for all mediators together.
    """

    mediator: str
    label: str
    kind: str
    curve: xr.Dataset
    factor: str = ""

    @property
    def crossing(self) -> float:
        """Correlation at which the effect is zero; NaN if there is none."""
        return float(self.curve["crossing"].sel(path="indirect"))

    @property
    def size(self) -> float:
        return abs(self.crossing) if np.isfinite(self.crossing) else 1.0

    @property
    def clear(self) -> bool:
        """Return True if the interval without confounding excludes zero."""
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
    "How strong must unmeasured confounding be to explain the indirect effects?",
    "confounding of mediators",
    of="channels",
    place=200,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Correlation ρ between the innovations of a mediator and of the outcome at "
            "which the indirect effect is zero, for each mediator and for all "
            "mediators together."
        ),
        thresholds=Message(
            "Only indirect effects whose 95 % interval excludes zero are judged. "
            "Failed: the effect is zero at a correlation below {1:g} in absolute "
            "value. Caution: below {0:g}, or below {1:g} for one group. Inconclusive: "
            "an effect crosses zero below {0:g}, but its tail probability of zero, "
            "adjusted by Holm's method, is above {2:.0%}. Otherwise reported.",
            _ENOUGH,
            _LITTLE,
            _CHANCE,
        ),
        failure=Message(
            "A weak unmeasured common cause of mediator and outcome would be enough to "
            "explain the indirect effect, which is then no evidence of a mechanism."
        ),
        remedy=Message(
            "report the indirect effects over a range of correlations, {}, and do not "
            "interpret the sensitive ones as causal",
            evidence_of("mediation_sensitivity"),
        ),
        code='result = nqp.check(fit, "mediation_sensitivity")\nresult.evidence',
        literature="Imai, Keele and Yamamoto (2010); Holm (1979)",
        limits=Message(
            "No data can distinguish a common cause that begins with the policy from a "
            "mechanism. Correlation between mediators is tested by "
            "'mediator_residuals'."
        ),
    ),
)
def mediation_sensitivity(
    fit: Fit, *, rho: Sequence[float] | None = None, prior: RhoPrior | None = None
) -> Finding:
    """Compute the correlation of innovations at which each indirect effect is zero.

    Sequential ignorability assumes that this correlation, between one mediator and the outcome
    given the other mediators, is zero. The check judges the indirect effect through each mediator,
    and through all of them together, if the interval without confounding excludes zero. The verdict
    is that of the most sensitive effect. An effect that differs from zero only by chance is zero at
    a small correlation, so effects with an adjusted tail probability above 1 % (Holm 1979, over all
    mediators and levels) are reported and not judged. Correlations between mediators do not enter:
    `mediator_residuals` tests them. At a correlation of ρ a common cause explains shares of the two
    innovation variances whose product is ρ²: at 0.2, a fifth of each. The check is not applicable
    if no interval excludes zero.

    Parameters
    ----------
    rho : sequence of float, optional
        Correlations of the curves; from −0.6 to 0.6 by default.
    prior : NormalCorrelation or UniformCorrelation, optional
        Prior of the correlation, for the posterior in the evidence; NormalCorrelation(0.2) by
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
            "No indirect effect has a 95 % interval that excludes zero, so there is no "
            "effect to explain by confounding."
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
    by_chance = NOTHING
    if chance:
        by_chance = Message(
            "The indirect effect via {} may differ from zero by chance (adjusted tail "
            "probability above {:.0%}), so its sensitivity is not judged.",
            listed([x.called for x in chance]),
            _CHANCE,
        )
    sentence = _sentence(judged, weak, common, by_chance, untold=verdict == UNTOLD)
    return Finding(
        verdict, _figure(effects), sentence, evidence, "mediation_sensitivity", study.fit
    )


def _signed(effects: list[ConfoundedEffect]) -> list[ConfoundedEffect]:
    """Return the effects that differ from zero after adjustment for the number of effects."""
    signed = [x for x in effects if x.kind == "joint" and x.tail < _CHANCE]
    for kind in ("overall", "level"):
        some = [x for x in effects if x.kind == kind]
        tails = holm([x.tail for x in some])
        signed += [x for x, tail in zip(some, tails, strict=True) if tail < _CHANCE]
    return signed


def _effects(
    study: ConfoundedFit, factor: str | None, axis: xr.DataArray, prior: RhoPrior
) -> list[ConfoundedEffect]:
    """Return indirect effects via each mediator and via all, or those in each level of a factor."""
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
    """Return the largest correlation between innovations of mediators."""
    if len(fit.facts.mediators(fit.rows)) < 2:
        return 0.0
    return float(np.abs(np.triu(correlations(fit)[0], 1)).max())


def _sentence(
    judged: list[ConfoundedEffect],
    weak: list[ConfoundedEffect],
    common: float,
    by_chance: Message,
    *,
    untold: bool,
) -> Message:
    """Return the finding and its meaning; the range of effects is a detail."""
    parts = [x for x in judged if x.kind == "overall"]
    parts += sorted((x for x in judged if x.kind == "joint"), key=_size)[:1]
    least = min(x.size for x in parts)
    vanish = Message(
        "The indirect effects would be zero if the innovations of mediator and "
        "outcome had these correlations: {}.",
        separated([Message("{}: {}", x.called, _at(x), context="crossing") for x in parts]),
    )
    share = Message(
        "A common cause of {:.0%} of the residual variance of both the mediator "
        "and the outcome would explain the most sensitive effect.",
        least,
    )
    low = Message(
        "A correlation below {:g} is enough for {}.",
        _LITTLE,
        listed([x.called for x in weak], 4),
    )
    beyond = Message(
        "Innovations of mediators are correlated with each other by up to {:.2f}, "
        "which 'mediator_residuals' tests.",
        common,
    )
    ends = [(figures(end, max(x.span) - min(x.span)) for end in x.span) for x in parts]
    spans = [Message("{}: {} to {}", x.called, *pair) for x, pair in zip(parts, ends, strict=True)]
    ranges = Message(
        "With correlations from {:g} to {:g}, the indirect effects have these "
"ranges: {}.",
        -_ENOUGH, _ENOUGH, separated(spans),
    )  # fmt: skip
    more = [*[low][: len(weak)], *[beyond][: int(common > least)], ranges]
    first = [vanish, by_chance, detailed(share)] if untold else [vanish, share, detailed(by_chance)]
    return joined([*first, *map(detailed, more)])


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
    if not parts:
        return NOTHING
    return Message("correlation at which the indirect effect is zero: {}", separated(parts))
