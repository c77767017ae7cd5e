"""Whether an indirect effect hides a part of the direct one, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.checks._channels import Line, drawn, table_of
from bayes_nqp.checks._labels import path_name
from bayes_nqp.checks._needs import CHANNELS
from bayes_nqp.checks._refit import channels
from bayes_nqp.checks._result import DOUBT, HOLDS, NOT_APPLICABLE, Finding, Verdict, asks
from bayes_nqp.estimands import nde, nie, proportion_mediated
from bayes_nqp.language import Message, joined, listed, separated

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.fitting import Fit

__all__ = ["inconsistent"]

_SURE = 0.9


@asks(
    "Do direct and indirect effects point the same way?",
    "directions of effects",
    of="channels",
    place=280,
    needs=(CHANNELS,),
)
def inconsistent(fit: Fit) -> Finding:
    """Look for inconsistent mediation, also called suppression.

    It is in doubt if the direct effect has one sign and an indirect effect the other, each with
    a probability above 90 %. That is a finding, not an error: the policy works against itself,
    and the total effect hides how much it does on either way. A proportion mediated has no
    meaning then, and is withheld.
    """
    channels(fit)
    direct, via = nde(fit), nie(fit)
    share = proportion_mediated(fit)
    sign = _sign(direct)
    path = Message("direct effect")
    lines = [drawn(path, path, direct)]
    opposed = []
    for name in via["mediator"].to_numpy():
        one = via.sel(mediator=name)
        against = sign * _sign(one) < 0
        verdict: Verdict = DOUBT if against else HOLDS
        if against:
            opposed.append(str(name))
        lines.append(drawn(path_name(name), Message("indirect effect"), one, verdict))
    withheld = bool(opposed) or bool(share.attrs["withheld"])
    for name in via["mediator"].to_numpy():
        if withheld:
            nothing = (np.nan, np.nan, np.nan)
            share_of = Message("proportion mediated")
            lines.append(Line(path_name(name), share_of, *nothing, NOT_APPLICABLE, "share"))
            continue
        one = share.sel(mediator=name)
        lines.append(drawn(path_name(name), Message("proportion mediated"), one, scale="share"))
    figure = separated(
        Message("{} {:.3g} [{:.2g}, {:.2g}]", x.mediator, x.value, x.lower, x.upper)
        for x in lines
        if x.scale == "effect"
    )
    evidence = table_of(lines, [fit])
    if not opposed:
        same = Message(
            "No indirect effect points against the direct one with a probability of 90%."
        )
        why = Message("The proportion mediated is withheld: {}.", share.attrs["withheld"])
        sentence = joined([same, why] if share.attrs["withheld"] else [same])
        return Finding(HOLDS, figure, sentence, evidence, "channels")
    sentence = Message(
        "Suppression (inconsistent mediation): the direct effect is {}, and what goes through {} "
        "has the other sign, so each hides a part of the other in the total effect. This is a "
        "finding to report; the proportion mediated has no meaning and is withheld.",
        Message("positive") if sign > 0 else Message("negative"),
        listed(opposed),
    )
    return Finding(DOUBT, figure, sentence, evidence, "channels")


def _sign(draws: xr.DataArray) -> int:
    positive = float((draws > 0).mean())
    negative = float((draws < 0).mean())
    return int(positive > _SURE) - int(negative > _SURE)
