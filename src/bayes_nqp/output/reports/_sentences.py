"""Sentences on posteriors, with the supported direction and strength."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from bayes_nqp._core.i18n import Message, chance, joined
from bayes_nqp.checks import AlternativeContrast
from bayes_nqp.output.reports._posterior import (
    LIKELY,
    UNDECIDED,
    Posterior,
    level,
    posterior_of,
    stated,
    sureness,
)
from bayes_nqp.output.reports._unclaimed_signs import unclaimed
from bayes_nqp.output.tables import percent


def change(
    posterior: Posterior,
    outcome: str,
    language: str,
    unit: str = "",
    whom: str = "",
    exposure: str = "",
    per: str = "",
) -> str:
    """Return sentences on the average effect of the policy on an outcome.

    Parameters
    ----------
    one : Posterior
        Posterior of the average effect.
    whom : str, default ""
        Name of a group, such as "inland"; all units by default.
    exposure, per : str, default ""
        Name of a continuous exposure, and the change of the exposure that the effect refers to.

    Returns
    -------
    str
        One sentence or two.
    """
    size, subject = level(posterior, unit), _subject(exposure)
    effect = Message("the average effect is {} per {}", size, per)
    average = Message("The average effect is {} per {}.", size, per)
    if not exposure:
        effect = Message("the average effect is {}", size)
        average = Message("The average effect is {}.", size)
    if not posterior.decided:
        parts: tuple[object, ...] = (subject, outcome, effect, unclaimed(posterior))
        sentence = Message(
            "The data do not determine the direction of the effect of {} on {}: {}, {}.", *parts
        )
        if whom:
            sentence = Message(
                "For {}, the data do not determine the direction of the effect of {} on "
                "{}: {}, {}.",
                whom,
                *parts,
            )
        return sentence.in_(language)
    parts = (
        sureness(posterior.p_direction),
        subject,
        _verb(posterior),
        outcome,
        stated(posterior.p_direction),
    )
    claim = Message("It is {} that {} {} {} ({}).", *parts)
    if whom:
        claim = Message("For {}, it is {} that {} {} {} ({}).", whom, *parts)
    return joined([claim, average]).in_(language)


def _subject(exposure: str) -> Message:
    return Message("higher {}", exposure) if exposure else Message("the policy")


def _verb(posterior: Posterior) -> Message:
    return Message("raised") if posterior.positive else Message("lowered")


def comparison(
    posterior: Posterior,
    sides: tuple[tuple[str, Posterior], tuple[str, Posterior]],
    outcome: str,
    language: str,
    unit: str = "",
    factor: str = "",
    exposure: str = "",
    *,
    rivals: Sequence[AlternativeContrast] = (),
) -> str:
    """Return a sentence on the group with the larger effect or the larger reduction.

    The stated likelihood is the lowest over the posterior and the alternative choices. If an
    alternative choice supports the direction too little, no direction is claimed.

    Parameters
    ----------
    one : Posterior
        Posterior of the effect in the first group minus that in the second.
    sides : tuple of two tuples of str and Posterior
        Names of both groups and their effects.
    factor : str, default ""
        Factor of the groups.
    exposure : str, default ""
        Name of a continuous exposure, if there is no policy.
    rivals : sequence of AlternativeContrast, default ()
        Estimates of the same difference under alternative choices.
    """
    size, groups = level(posterior, unit), [name for name, _ in sides]
    gap = Message("The effect in {} minus the effect in {} is {}", *groups, size)
    if factor:
        gap = Message("The effect in {} minus the effect in {} ({}) is {}", *groups, factor, size)
    lower = all(side.mean < 0 for _, side in sides)
    subject = _subject(exposure)
    question = Message("which effect is larger")
    if lower:
        question = Message("where {} lowered {} more", subject, outcome)
    if not posterior.decided:
        return Message(
            "{}; the data do not determine {} ({}).",
            gap,
            question,
            unclaimed(posterior),
        ).in_(language)
    if opposed := [rival for rival in rivals if not _supports(rival, posterior)]:
        return _open(gap, question, _least(opposed, posterior), posterior).in_(language)
    p, grounds = posterior.p_direction, stated(posterior.p_direction)
    if rivals and (under := _agreeing(least := _least(rivals, posterior), posterior)) < p:
        p, grounds = under, Message("{}; {} with {}", grounds, stated(under), least.choice)
    high, low = groups if posterior.positive else groups[::-1]
    larger = Message("the effect is larger in {} than in {}", high, low)
    if lower:
        larger = Message("{} lowered {} more in {} than in {}", subject, outcome, low, high)
    claim = Message("It is {} that {} ({}).", sureness(p), larger, grounds)
    return joined([Message("{}.", gap), claim]).in_(language)


def differing(
    spread: Posterior, tail: float, groups: int, factor: str, language: str, unit: str = ""
) -> str:
    """Return a sentence on the variation of effects between groups.

    Parameters
    ----------
    spread : Posterior
        Posterior of the standard deviation of their effects.
    tail : float
        Probability of differences at least as large if all effects were equal.
    groups : int
        Number of groups.
    factor : str
        Factor of the groups.
    """
    return Message(
        "The standard deviation of effects across the {} groups ({}) is {}. If all "
        "effects were equal, differences as large as these would occur with probability "
        "{}.",
        groups,
        factor,
        level(spread, unit),
        chance(tail),
    ).in_(language)


def untold(differences: int, others: int, language: str) -> str:
    """Return a sentence on the number of differences without a claimed direction.

    Parameters
    ----------
    others : int
        Number of differences with a claimed direction.
    """
    if others:
        return Message(
            "In {n} other pair of groups the data do not determine which effect is larger.",
            plural="In {n} other pairs of groups the data do not determine which effect is larger.",
            n=differences,
        ).in_(language)
    return Message(
        "The data do not determine which effect is larger in any of the {} pairs of groups.",
        differences,
    ).in_(language)


def jointly(kind: Message, number: int, p: float, language: str) -> str:
    """Return a sentence on the joint probability of all claimed directions of one kind.

    Parameters
    ----------
    kind : Message
        Kind of the quantities, such as "of group effects".
    number : int
        Number of claimed directions.
    """
    return Message(
        "The {} stated directions {} are all correct jointly ({}).",
        number,
        kind,
        stated(p),
    ).in_(language)


def stands(posterior: Posterior, rivals: Sequence[AlternativeContrast]) -> bool:
    """Return True if a direction is claimed and supported by all alternative choices."""
    return posterior.decided and all(_supports(rival, posterior) for rival in rivals)


def _supports(rival: AlternativeContrast, posterior: Posterior) -> bool:
    """Return True if an alternative choice supports a direction; with less data it needs less."""
    return _agreeing(rival, posterior) >= (LIKELY if rival.less_data else UNDECIDED)


def _agreeing(rival: AlternativeContrast, posterior: Posterior) -> float:
    """Return the probability of a posterior's sign under an alternative choice."""
    return rival.p_positive if posterior.positive else round(1 - rival.p_positive, 9)


def _least(rivals: Sequence[AlternativeContrast], posterior: Posterior) -> AlternativeContrast:
    return min(rivals, key=lambda rival: _agreeing(rival, posterior))


def _open(
    gap: Message, question: Message, rival: AlternativeContrast, posterior: Posterior
) -> Message:
    """Return a sentence without a direction if an alternative choice supports it too little."""
    why = Message("{} with {}", stated(rival.p_positive, "P(> 0)"), rival.choice)
    if not rival.choice:
        why = Message("the result depends on the choice of time effects")
    certain = stated(posterior.p_positive, "P(> 0)")
    return Message("{} ({}). The data do not determine {}: {}.", gap, certain, question, why)


def indirect(
    posterior: Posterior,
    via: str,
    outcome: str,
    language: str,
    unit: str = "",
    exposure: str = "",
    share: float | None = None,
) -> str:
    """Return sentences on the indirect effect through one mediator.

    Parameters
    ----------
    exposure : str, default ""
        Name of a continuous exposure, if there is no policy.
    share : float, optional
        Posterior median of the proportion mediated, if it is reported.
    """
    size: Message = level(posterior, unit)
    if share is not None and posterior.decided:
        size = Message("{}, {:.0%} of the total effect", size, share)
    if not posterior.decided:
        return Message(
            "The indirect effect through {} is {}; the data do not determine its direction ({}).",
            via,
            size,
            unclaimed(posterior),
        ).in_(language)
    claim = Message(
        "It is {} that {} {} {} through this mediator ({}).",
        sureness(posterior.p_direction),
        _subject(exposure),
        _verb(posterior),
        outcome,
        stated(posterior.p_direction),
    )
    return joined([Message("The indirect effect through {} is {}.", via, size), claim]).in_(
        language
    )


def share(draws: xr.DataArray | None, prob: float, language: str) -> str:
    """Return a sentence on the proportion mediated or on the reason why it is not reported.

    Parameters
    ----------
    draws : DataArray (chain, draw), or None
        Draws of the proportion; None if the posterior of the total effect includes zero.
    """
    if draws is None:
        return Message(
            "The proportion mediated is not reported because the posterior of the total "
            "effect includes zero."
        ).in_(language)
    ratio = posterior_of(draws, prob)
    if ratio.lower <= 0.0:
        return Message(
            "The data do not determine the share of the total effect through all "
            "mediators ({} interval {:.0%} to {:.0%}).",
            percent(prob),
            ratio.lower,
            ratio.upper,
        ).in_(language)
    return Message(
        "All mediators together account for {:.0%} of the total effect ({} interval "
        "{:.0%} to {:.0%}).",
        float(draws.median()),  # as tables have it: the mean of a ratio has no end
        percent(prob),
        ratio.lower,
        ratio.upper,
    ).in_(language)
