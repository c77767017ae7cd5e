"""Whether mediators move before the outcome does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array
from bayes_nqp.checks.channels._lines import Line, drawn, effects_on, finding_of, plain
from bayes_nqp.checks.shared import NOT_APPLICABLE, Finding, Verdict, asks, certain, ladder
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import IdentificationError, NotApplicable, PanelError, StudyError
from bayes_nqp.estimands import att, nie
from bayes_nqp.fitting import ADOPTION, CHANNELS, ROWS, Fit, panel_of, short_refit
from bayes_nqp.language import Message, enumerated, joined, listed, separated, spanned

_LATER, _SAME = 0.05, 0.9
"""Of a mediator that is in doubt, the probability that it is no later, over the number of
mediators; and of a sign that stays."""
_EARLIER = Message("indirect effect, a period earlier")


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """Of one mediator: rows of evidence, whether it is late, whether its sign is lost or turned."""

    lines: list[Line]
    late: bool = False
    lost: bool = False
    turned: bool = False


@asks(
    "Do mediators move no later than the outcome?",
    "timing of mediators",
    of="channels",
    place=240,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
)
def timing(fit: Fit) -> Finding:
    """Compare when a mediator and the outcome respond, and let mediators come a period earlier.

    An effect's *delay* is the number of periods' worth of its long-run size that is lost
    before it is reached: the sum over event times of one less the share of the long-run effect
    that is there, which is the average over the later half of the event times from 0 to the
    last one that cohorts with half of the treated units (in the first period) reach; these
    cohorts alone are compared. An effect that is there at once has a delay of zero. A mediator
    is late if its delay exceeds that of the total effect but for a probability of 5 % over their
    number. This is asked where both long-run effects have a sign (97.5 %).

    Of mediators whose indirect effect has a sign a second, short fit (1,000 draws), with the
    mediators one period earlier, asks whether it keeps it (90 %): what happens within a period
    has no order, and cause could run from the outcome to the mediator. The verdict is in doubt
    if a mediator is late; data could not tell if one loses its sign; it holds otherwise.
    """
    names, horizon = fit.facts.mediators(panel_of(fit)), _horizon(cell_effects(fit))
    total = None if horizon is None else _delay(cell_effects(fit), horizon)
    signed = any(certain(nie(fit, mediators=name)) for name in names)
    lagged = _lagged(fit) if signed else None
    orders = {name: _order(fit, lagged, name, horizon, total) for name in names}
    lines = [line for order in orders.values() for line in order.lines]
    if all(line.verdict == NOT_APPLICABLE for line in lines):
        raise NotApplicable(
            Message(
                "No mediator has both a certain long-run response, beside a certain total effect, "
                "or a certain indirect effect: there is no order in time to ask of."
            )
        )
    if total is not None:
        lines.insert(0, _delayed(Message("outcome"), total, NOT_APPLICABLE))
    late = [name for name, order in orders.items() if order.late]
    lost = [name for name, order in orders.items() if order.lost and not order.turned]
    turned = [name for name, order in orders.items() if order.turned]
    earlier = lagged is not None or not signed
    fits: list[Fit | xr.Dataset] = [fit] if lagged is None else [fit, lagged]
    return finding_of(lines, _figure(lines), order_said(late, lost, turned, earlier=earlier), fits,
                      refit=lagged)  # fmt: skip


def _order(
    fit: Fit, lagged: xr.Dataset | None, name: str, horizon: int | None, total: Array | None
) -> _Order:
    lines, late, lost, turned = [], False, False, False
    if horizon is not None and total is not None:
        delay = _delay(effects_on(fit, name), horizon)
        if delay is not None:
            late = bool((delay <= total).mean() < _LATER / len(fit.facts.mediators(panel_of(fit))))
            lines.append(_delayed(name, delay, ladder(doubt=late)))
    via = nie(fit, mediators=name)
    sign = certain(via)
    lines.append(drawn(name, Message("indirect effect"), via, middle="median"))
    if lagged is not None:
        earlier = nie(lagged, mediators=name).to_numpy()
        lost = sign != 0 and float((earlier * sign > 0).mean()) < _SAME
        turned = sign != 0 and certain(earlier) == -sign
        verdict = NOT_APPLICABLE if sign == 0 else ladder(untold=lost)
        lines.append(drawn(name, _EARLIER, earlier, verdict, middle="median"))
    return _Order(lines, late, lost, turned)


def _delayed(name: str, delay: Array, verdict: Verdict) -> Line:
    return drawn(name, Message("delay"), delay, verdict, "periods", middle="median")


def _lagged(fit: Fit) -> xr.Dataset | None:
    if fit.facts.reach != "none":
        return None
    try:
        return short_refit(fit, plain(fit, lag=fit.facts.lag + 1))
    except (IdentificationError, PanelError):
        return None


def _horizon(effects: xr.Dataset) -> int | None:
    """Last event time that cohorts with half of the units treated in the first period reach."""
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
    """Periods' worth of the long-run effect that are lost; None if that has no sign (draw)."""
    effects = effects.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    profile = att(effects, v.EVENT_TIME, balanced=horizon).transpose(..., v.EVENT_TIME)
    profile = profile.sel({v.EVENT_TIME: slice(0, horizon)})
    shares = profile.to_numpy().reshape(-1, profile.sizes[v.EVENT_TIME])
    late = profile[v.EVENT_TIME].to_numpy() >= (horizon + 1) / 2
    long_run = shares[:, late].mean(axis=1)
    if certain(long_run) == 0:
        return None
    return np.asarray((1.0 - shares / long_run[:, None]).sum(axis=1))


def _figure(lines: list[Line]) -> Message:
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


def order_said(late: list[str], lost: list[str], turned: list[str], *, earlier: bool) -> Message:
    """Say which mediators are late, and of which a period earlier leaves no sign, or the other."""
    responded = Message(
        "{} responded later than the outcome: what came before it cannot have gone through it.",
        enumerated(late),
    )
    unordered = Message(
        "With mediators a period earlier nothing certain of its sign is left of what goes "
        "through {}.",
        enumerated(lost),
    )
    opposite = Message(
        "With mediators a period earlier the sign of what goes through {} is the other one.",
        enumerated(turned),
    )
    untold = Message("Within a period data do not tell cause from consequence.")
    if late or lost or turned:
        pairs = (
            (late, responded), (lost, unordered), (turned, opposite), ([*lost, *turned], untold)
        )  # fmt: skip
        return joined([sentence for names, sentence in pairs if names])
    if not earlier:
        return Message("Where it can be asked, mediators respond no later than the outcome.")
    return Message(
        "Where it can be asked, mediators respond no later than the outcome, and indirect "
        "effects keep their sign with mediators a period earlier."
    )
