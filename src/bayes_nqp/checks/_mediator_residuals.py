"""Whether mediators move together for reasons that the model does not know."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from bayes_nqp.checks._channels import LEVELS, Line, innovations, table_of, worst_of
from bayes_nqp.checks._needs import CHANNELS, ROWS
from bayes_nqp.checks._refit import channels, panel_of
from bayes_nqp.checks._result import DOUBT, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.checks._structures import error_means
from bayes_nqp.language import Message, listed, separated

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["mediator_residuals"]

LARGE: Final = 0.3
"""Correlation beyond which single channels are in doubt."""


@asks(
    "Do mediators move together for other reasons than the policy?",
    "residuals of mediators",
    of="channels",
    place=250,
    needs=(CHANNELS, ROWS),
)
def mediator_residuals(fit: Fit) -> Finding:
    """Correlate the innovations of mediators.

    They are what is left of a mediator once unit effects, time effects, cells (and each treated
    unit's own effect where units vary) and its own past, at the posterior means of the
    parameters of its errors, are taken off by least squares. It is in doubt if a correlation is
    beyond 0.3 in size: then one mediator may act on another, or something acts on both, and a
    single indirect effect, which is "entering the outcome last through this mediator", is not
    causal by itself. The joint indirect effect is not touched by it: draws of mediators' equations
    are correlated as their innovations are, so that its interval allows for it.
    """
    design = channels(fit)
    panel = design.rows(panel_of(fit))
    names = design.facts.mediators(panel)
    if len(names) < 2:
        raise NotApplicable(Message("There is one mediator, so none can act on another."))
    plan = fit.plan
    own = design.facts.varying is not None
    left = []
    for name in names:
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        equation = next(e for e in plan.equations if e.name == name)
        means = np.array([*error_means(fit, equation).values()])
        left.append(innovations(plan, values, design.facts.noise, means, own=own))
    matrix = np.atleast_2d(np.corrcoef(np.stack(left)))
    sd = 1.0 / np.sqrt(max(left[0].size - int(plan.frame.unit.max()) - 4, 1))
    lines = [
        _line(names[j], names[k], float(matrix[j, k]), sd)
        for j, k in combinations(range(len(names)), 2)
    ]
    verdict = worst_of(line.verdict for line in lines)
    pairs = [Message("{} {}", x.mediator, x.quantity) for x in lines]
    figure = Message(
        "correlation of innovations: {}",
        separated(
            Message("{} {:+.2f}", pair, x.value) for pair, x in zip(pairs, lines, strict=True)
        ),
    )
    large = [pair for pair, x in zip(pairs, lines, strict=True) if x.verdict == DOUBT]
    sentence = Message("What moves one mediator, apart from the policy, hardly moves another.")
    if large:
        sentence = Message(
            "Mediators move together for other reasons than the policy ({}): their single "
            "indirect effects are not separately causal; the joint one is not touched, and its "
            "interval allows for it.",
            listed(large),
        )
    return Finding(verdict, figure, sentence, table_of(lines, [fit]), "channels")


def _line(one: str, other: str, r: float, sd: float) -> Line:
    """A correlation with Fisher's interval."""
    centre = np.arctanh(np.clip(r, -0.999999, 0.999999))
    low, high = float(np.tanh(centre - 1.96 * sd)), float(np.tanh(centre + 1.96 * sd))
    told = tuple(np.tanh(centre + sd * ndtri(LEVELS)).tolist())
    verdict: Verdict = DOUBT if abs(r) > LARGE else HOLDS
    return Line(one, Message("with {}", other), r, low, high, verdict, "correlation", told)
