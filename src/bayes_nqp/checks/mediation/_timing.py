"""Timing of the responses of mediators and of the outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable, PanelError, StudyError
from bayes_nqp._core.hints import Code, evidence_of
from bayes_nqp._core.i18n import (
    NOTHING,
    Message,
    advised,
    detailed,
    enumerated,
    joined,
    listed,
    separated,
    spanned,
)
from bayes_nqp.checks.mediation._evidence_rows import (
    EvidenceRow,
    drawn,
    effects_on,
    finding_of,
    plain,
)
from bayes_nqp.checks.shared import NOT_APPLICABLE, Finding, Guide, Verdict, asks, certain, ladder
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, nie
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, Fit, panel_of, short_refit

_LATER, _SAME = 0.05, 0.9
"""Probability below which a mediator responds later, and from which an effect keeps its sign.

The first is divided by the number of mediators."""
_EARLIER = Message("indirect effect, a period earlier")


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """Rows of evidence of one mediator, and flags of a late response or another sign."""

    lines: list[EvidenceRow]
    behind: bool = False
    late: bool = False
    lost: bool = False
    turned: bool = False


@asks(
    "Do mediators respond to the policy no later than the outcome?",
    "timing of mediators",
    of="channels",
    place=240,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Delay of the effects on each mediator and on the outcome: the sum over "
            "event times of one minus the share of the long-run effect. Indirect "
            "effects are also estimated with mediators one period earlier."
        ),
        thresholds=Message(
            "Caution: a mediator responds later than the outcome with a probability "
            "above 1 minus {0:.0%} over the number of mediators, and the direct effect "
            "absorbs part of the indirect effect at first. Inconclusive: it responds "
            "later, but an immediate direct effect may explain this, or the indirect "
            "effect keeps its sign with a probability below {1:.0%} when the mediator "
            "is one period earlier.",
            _LATER,
            _SAME,
        ),
        failure=Message(
            "An outcome that responds before the mediator cannot have responded "
            "through it, so the early part of the indirect effect is counted as direct "
            "effect or causality is reversed."
        ),
        remedy=Message(
            "fit the model with mediators of earlier periods, {}, and report both fits",
            Code("nqp.Mediation(..., lag=1)", "[channels] lag = 1"),
        ),
        code="earlier = nqp.fit(fit.design.replace(lag=1), panel)\nnqp.nie(earlier)",
        limits=Message("Within a period the order of responses is not identified."),
    ),
)
def timing(fit: Fit) -> Finding:
    """Compare the timing of responses, and refit with mediators one period earlier.

    The *delay* of an effect is the sum over event times of one minus the share of the long-run
    effect that is reached. The long-run effect is the average over the later half of the event
    times, from 0 to the last one that cohorts with half of the treated units (in the first period)
    reach; only these cohorts are compared. An immediate effect has a delay of zero. A mediator is
    behind if its delay exceeds that of the total effect with a probability of at least 1 − 5 % over
    the number of mediators; this is tested if both long-run effects have a sign (97.5 %). An
    immediate direct effect alone makes the total effect precede mediators that grow slowly.
    However, indirect effects before the mediator responds are counted as direct, so the direct
    effect ``d_e`` is then larger at first than in the long run. A mediator that is behind is
    therefore late if ``sum_e (d_e - d)`` has the sign of the indirect effect with the same
    probability.

    For mediators with a signed indirect effect, a second short fit (1,000 draws) with mediators one
    period earlier shows if it keeps its sign (90 %): within a period the order is not identified,
    and causality may run from the outcome to the mediator.
    """
    names, horizon = fit.facts.mediators(panel_of(fit)), _horizon(group_time_effects(fit))
    total = None if horizon is None else _delay(group_time_effects(fit), horizon)
    signed = any(certain(nie(fit, mediators=name)) for name in names)
    lagged = _lagged(fit) if signed else None
    orders = {name: _order(fit, lagged, name, horizon, total) for name in names}
    lines = [line for order in orders.values() for line in order.lines]
    if all(line.verdict == NOT_APPLICABLE for line in lines):
        raise NotApplicable(
            Message(
                "No mediator has a long-run response or an indirect effect whose 95 % "
                "interval excludes zero, so timing cannot be compared."
            )
        )
    if total is not None:
        lines.insert(0, _delayed(Message("outcome"), total, NOT_APPLICABLE))
    late, behind = (
        [name for name, order in orders.items() if order.behind and order.late == x]
        for x in (True, False)
    )
    lost = [name for name, order in orders.items() if order.lost and not order.turned]
    turned = [name for name, order in orders.items() if order.turned]
    earlier = lagged is not None or not signed
    fits: list[Fit | xr.Dataset] = [fit] if lagged is None else [fit, lagged]
    sentence = order_said(late, behind, lost, turned, earlier=earlier)
    return finding_of(lines, _figure(lines), sentence, fits, refit=lagged)


def _order(
    fit: Fit, lagged: xr.Dataset | None, name: str, horizon: int | None, total: Array | None
) -> _Order:
    lines, behind, late, lost, turned = [], False, False, False, False
    via = nie(fit, mediators=name)
    if horizon is not None and total is not None:
        delay = _delay(effects_on(fit, name), horizon)
        if delay is not None:
            limit = _LATER / len(fit.facts.mediators(panel_of(fit)))
            behind = bool((delay <= total).mean() < limit)
            early = float(np.sign(via.mean())) * _front_load(fit, horizon)
            late = behind and bool((early <= 0.0).mean() < _LATER)
            lines.append(_delayed(name, delay, ladder(doubt=late, untold=behind)))
    sign = certain(via)
    lines.append(drawn(name, Message("indirect effect"), via, middle="median"))
    if lagged is not None:
        earlier = nie(lagged, mediators=name).to_numpy()
        lost = sign != 0 and float((earlier * sign > 0).mean()) < _SAME
        turned = sign != 0 and certain(earlier) == -sign
        verdict = NOT_APPLICABLE if sign == 0 else ladder(untold=lost)
        lines.append(drawn(name, _EARLIER, earlier, verdict, middle="median"))
    return _Order(lines, behind, late, lost, turned)


def _delayed(name: str, delay: Array, verdict: Verdict) -> EvidenceRow:
    return drawn(name, Message("delay"), delay, verdict, "periods", middle="median")


def _lagged(fit: Fit) -> xr.Dataset | None:
    if fit.facts.reach != "none":
        return None
    try:
        return short_refit(fit, plain(fit, lag=fit.facts.lag + 1))
    except (IdentificationError, PanelError):
        return None


def _horizon(effects: xr.Dataset) -> int | None:
    """Return the last event time reached by cohorts with half of the units treated at time 0."""
    few = effects.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    few = few.isel({v.DRAW: [0], v.CHAIN: [0]})
    times = few[v.EVENT_TIME].to_numpy()
    if not (times == 0).any():
        return None
    half = 0.5 * float(few[v.UNITS].to_numpy()[times == 0].sum())
    for last in range(int(times.max()), 0, -1):
        try:
            profile = att(few, v.EVENT_TIME, "units", balanced=last)
        except StudyError:
            continue
        if float(profile[v.WEIGHT].sel({v.EVENT_TIME: 0})) >= half:
            return last
    return None


def _delay(effects: xr.Dataset, horizon: int) -> Array | None:
    """Return the delay of an effect in periods (draw); None if its long-run sign is uncertain."""
    profile, long_run = _profile(effects, horizon)
    if certain(long_run) == 0:
        return None
    return np.asarray((1.0 - profile / long_run[:, None]).sum(axis=1))


def _profile(effects: xr.Dataset, horizon: int) -> tuple[Array, Array]:
    """Return effects by event time (draw, event time) and long-run effects (draw)."""
    effects = effects.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    profile = att(effects, v.EVENT_TIME, balanced=horizon).transpose(..., v.EVENT_TIME)
    profile = profile.sel({v.EVENT_TIME: slice(0, horizon)})
    draws = profile.to_numpy().reshape(-1, profile.sizes[v.EVENT_TIME])
    late = profile[v.EVENT_TIME].to_numpy() >= (horizon + 1) / 2
    return draws, draws[:, late].mean(axis=1)


def _front_load(fit: Fit, horizon: int) -> Array:
    """Return by how much the direct effect exceeds its long-run size, summed over time (draw)."""
    every = group_time_effects(fit)
    direct = every[v.EFFECT].sel({v.PATH: [v.DIRECT]}).to_numpy()
    total = every.sel({v.PATH: [v.TOTAL]})
    profile, long_run = _profile(total.assign({v.EFFECT: (every[v.EFFECT].dims, direct)}), horizon)
    return np.asarray((profile - long_run[:, None]).sum(axis=1))


def _figure(lines: list[EvidenceRow]) -> Message:
    delays = [Message("{} {:.1f}", x.mediator, x.value) for x in lines if x.scale == "periods"]
    earlier = [
        Message("{!s} {}", x.mediator, spanned(x.value, x.lower, x.upper))
        for x in lines
        if x.quantity == _EARLIER
    ]
    parts = []
    if delays:
        parts.append(Message("delay in periods: {}", listed(delays, len(delays))))
    if earlier:
        parts.append(Message("{}: {}", _EARLIER, listed(earlier, len(earlier))))
    return separated(parts)


def order_said(
    late: list[str], behind: list[str], lost: list[str], turned: list[str], *, earlier: bool
) -> Message:
    """Return the finding on timing and its meaning; findings on other mediators are details.

    Parameters
    ----------
    late, behind : list of str
        Mediators that respond later than the outcome; in the second list, an immediate direct
        effect may explain this.
    lost, turned : list of str
        Mediators with an indirect effect that loses or reverses its sign one period earlier.
    earlier : bool
        True if mediators one period earlier could be tested.
    """
    responded = Message("{} responded to the policy later than the outcome.", enumerated(late))
    slow = Message(
        "{} responded after the outcome, which an immediate direct effect may explain.",
        enumerated(behind),
    )
    unordered = Message(
        "With mediators one period earlier, the sign of the indirect effect "
        "through {} is uncertain.",
        enumerated(lost),
    )
    opposite = Message(
        "With mediators one period earlier, the indirect effect through {} has the opposite sign.",
        enumerated(turned),
    )
    before = Message("Earlier effects on the outcome cannot have gone through this mediator.")
    direct = Message("Part of the early effect may be counted as direct.")
    reverse = Message(
        "Within a period the data cannot distinguish cause from consequence, so an effect of the "
        "outcome on the mediator cannot be excluded."
    )
    both = advised(
        Message(
            "Next: report the estimates with current and with earlier mediators side by "
            "side ({}), and state that the direction of causality is not identified.",
            evidence_of("timing"),
        )
    )
    found = [
        (sentence, meaning)
        for names, sentence, meaning in (
            (late, responded, before), (behind, slow, direct),
            (turned, opposite, reverse), (lost, unordered, reverse),
        )
        if names
    ]  # fmt: skip
    if found:
        (first, meaning), *others = found
        step = both if meaning is reverse else NOTHING
        return joined([first, meaning, step, *(detailed(sentence) for sentence, _ in others)])
    if not earlier:
        return Message("Mediators respond to the policy no later than the outcome.")
    return Message(
        "Mediators respond no later than the outcome, and indirect effects keep "
        "their sign with mediators one period earlier."
    )
