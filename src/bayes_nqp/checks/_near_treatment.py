"""Whether a mediator is a mediator, and not the treatment or the outcome by another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp.checks._channels import Line, left_over, table_of, worst_of
from bayes_nqp.checks._needs import ADOPTION, CHANNELS, ROWS
from bayes_nqp.checks._refit import channels, panel_of
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, Verdict, asks
from bayes_nqp.language import Message, listed

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["near_treatment"]

LARGE: Final = (0.7, 0.9)
"""Shares of variation beyond which it is in doubt, and fails."""


@asks(
    "Is no mediator the treatment or the outcome by another name?",
    "mediators near the treatment",
    of="channels",
    place=270,
    needs=(CHANNELS, ADOPTION, ROWS),
)
def near_treatment(fit: Fit) -> Finding:
    """Correlate every mediator with the treatment, and with the outcome.

    Unit effects and the design's time effects are taken off all three by least squares. It
    fails if a mediator shares more than 90 % of its variation with the treatment or the
    outcome, and is in doubt beyond 70 %: nearly the treatment, and direct and indirect effects
    cannot be told apart; nearly the outcome, and it is no step on the way to it.
    """
    design = channels(fit)
    panel = design.rows(panel_of(fit))
    names, plan = design.facts.mediators(panel), fit.plan
    places = [panel.roles.mediators.index(name) for name in names]
    treated = plan.frame.treated.astype(np.float64)
    left = left_over(plan, np.column_stack([treated, panel.outcome, panel.mediators[:, places]]))
    lines = []
    for k, name in enumerate(names):
        for j, other in enumerate((Message("with the treatment"), Message("with the outcome"))):
            share = _shared(left[:, 2 + k], left[:, j])
            limits = (np.nan, np.nan)
            lines.append(Line(name, other, share, *limits, _verdict(share), "r_squared"))
    verdict = worst_of(line.verdict for line in lines)
    most = max(lines, key=lambda line: line.value)
    figure = Message(
        "largest share of variation: {} {}, {:.2f}", most.mediator, most.quantity, most.value
    )
    bad = [
        Message("{} {} ({:.2f})", x.mediator, x.quantity, x.value)
        for x in lines
        if x.verdict != HOLDS
    ]
    sentence = Message(
        "No mediator shares most of its variation with the treatment or the outcome."
    )
    if bad:
        sentence = Message(
            "A mediator shares most of its variation: {}. Direct and indirect effects are then "
            "hardly told apart, or the mediator is a part of what is to be explained.",
            listed(bad),
        )
    return Finding(verdict, figure, sentence, table_of(lines, [fit]), "channels")


def _shared(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    size = float(one @ one) * float(other @ other)
    return float(one @ other) ** 2 / size if size > 0 else 0.0


def _verdict(share: float) -> Verdict:
    return FAILS if share > LARGE[1] else DOUBT if share > LARGE[0] else HOLDS
