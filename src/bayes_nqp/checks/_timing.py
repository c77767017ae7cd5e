"""Whether mediators move before the outcome does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._channels import (
    Line,
    certain,
    effects_on,
    plain,
    quantiles_of,
    table_of,
    worst_of,
)
from bayes_nqp.checks._needs import ADOPTION, CHANNELS, ROWS
from bayes_nqp.checks._refit import cautious, channels, panel_of, short_refit
from bayes_nqp.checks._result import DOUBT, HOLDS, NOT_APPLICABLE, Finding, NotApplicable, asks
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import IdentificationError, PanelError, StudyError
from bayes_nqp.estimands import att, nie
from bayes_nqp.language import Message, joined, listed, separated

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["timing"]

Array = npt.NDArray[np.float64]

_LATER, _KEPT = 0.95, 0.9
"""Probability that a mediator is later, of which it is in doubt; and of a sign that is kept."""


_EARLIER = Message("indirect effect, a period earlier")


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    """What was found of one mediator: rows of evidence, and what to say."""

    lines: list[Line]
    late: bool = False
    lost: bool = False


@asks(
    "Do mediators move no later than the outcome?",
    "timing of mediators",
    of="channels",
    place=240,
    needs=(CHANNELS, ADOPTION, ROWS),
)
def timing(fit: Fit) -> Finding:
    """Compare when a mediator and the outcome respond, and let mediators come a period earlier.

    An effect's *delay* is the number of periods' worth of its long-run size that is lost
    before it is reached: the sum over event times of one less the share of the long-run effect
    that is there, which is the average over the later half of the event times from 0 to the
    last one that cohorts with half of the treated units (in the first period) reach; these
    cohorts alone are compared. An effect that is there at once has a delay of zero. A mediator
    is late if its delay exceeds that of the total effect with a probability of 95 %. This is
    asked where both long-run effects have a sign (97.5 %).

    Of mediators whose indirect effect has a sign a second, short fit (1,000 draws), with the
    mediators one period earlier, asks whether it keeps it (90 %): what happens within a period
    has no order, and cause could run from the outcome to the mediator. The verdict is in doubt
    if a mediator is late or loses its sign, and holds otherwise.
    """
    design = channels(fit)
    names = design.facts.mediators(panel_of(fit))
    horizon = _horizon(cell_effects(fit))
    whole = None if horizon is None else _delay(cell_effects(fit), horizon)
    signed = any(certain(nie(fit, mediators=name)) for name in names)
    lagged = _lagged(fit) if signed else None
    found = {name: _one(fit, lagged, name, horizon, whole) for name in names}
    lines = [line for one in found.values() for line in one.lines]
    if all(line.verdict == NOT_APPLICABLE for line in lines):
        raise NotApplicable(
            Message(
                "No mediator has both a certain long-run response, beside a certain total effect, "
                "or a certain indirect effect: there is no order in time to ask of."
            )
        )
    verdict = worst_of(line.verdict for line in lines)
    late = [name for name, one in found.items() if one.late]
    lost = [name for name, one in found.items() if one.lost]
    if whole is not None:
        lines.insert(0, _interval(Message("outcome"), Message("delay"), whole))
    sentence = _sentence(late, lost)
    fits: list[Fit | xr.Dataset] = [fit]
    if lagged is not None:
        fits.append(lagged)
        verdict, sentence = cautious(verdict, sentence, lagged)
    return Finding(verdict, _figure(lines), sentence, table_of(lines, fits), "channels")


def _one(
    fit: Fit, lagged: xr.Dataset | None, name: str, horizon: int | None, whole: Array | None
) -> _Ask:
    lines, late, lost = [], False, False
    if horizon is not None and whole is not None:
        own = _delay(effects_on(fit, name), horizon)
        if own is not None:
            late = bool((own > whole).mean() > _LATER)
            lines.append(_interval(name, Message("delay"), own, DOUBT if late else HOLDS))
    via = nie(fit, mediators=name)
    sign = certain(via)
    lines.append(_interval(name, Message("indirect effect"), via.to_numpy(), scale="effect"))
    if lagged is not None:
        earlier = nie(lagged, mediators=name).to_numpy()
        kept = float((earlier * sign > 0).mean()) >= _KEPT
        lost = sign != 0 and not kept
        verdict = NOT_APPLICABLE if sign == 0 else DOUBT if lost else HOLDS
        lines.append(_interval(name, _EARLIER, earlier, verdict, scale="effect"))
    return _Ask(lines, late, lost)


def _interval(
    name: str, quantity: str, draws: Array, verdict: str = NOT_APPLICABLE, scale: str = "periods"
) -> Line:
    """Median and interval: ratios have no mean."""
    low, mid, high = (float(x) for x in np.quantile(draws, (0.025, 0.5, 0.975)))
    told = quantiles_of(draws)
    return Line(name, quantity, mid, low, high, verdict, scale, told)  # type: ignore[arg-type]


def _lagged(fit: Fit) -> xr.Dataset | None:
    design = channels(fit)
    try:
        return short_refit(fit, plain(design, lag=design.lag + 1))
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
        Message("{!s} {:.2g} [{:.2g}, {:.2g}]", x.mediator, x.value, x.lower, x.upper)
        for x in lines
        if x.quantity == _EARLIER
    ]
    parts = []
    if delays:
        every = listed(delays, len(delays))
        parts.append(Message("delay in periods: {}", every))
    if earlier:
        every = listed(earlier, len(earlier))
        parts.append(Message("{}: {}", _EARLIER, every))
    return separated(parts)


def _sentence(late: list[str], lost: list[str]) -> Message:
    parts = []
    if late:
        parts.append(
            Message(
                "{} responded later than the outcome: what came before it cannot have gone "
                "through it.",
                listed(late),
            )
        )
    if lost:
        parts.append(
            Message(
                "With mediators a period earlier nothing certain of its sign is left of what goes "
                "through {}: within a period data do not tell cause from consequence.",
                listed(lost),
            )
        )
    if not parts:
        parts.append(
            Message(
                "Where it can be asked, mediators respond no later than the outcome, and indirect "
                "effects keep their sign with mediators a period earlier."
            )
        )
    return joined(parts)
