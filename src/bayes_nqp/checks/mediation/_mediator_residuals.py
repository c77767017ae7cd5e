"""Whether mediators move together for reasons that the model does not know."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.special import ndtri

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, listed, separated
from bayes_nqp.checks.mediation._evidence_rows import (
    CORRELATED,
    LEVELS,
    EvidenceRow,
    correlations,
    finding_of,
)
from bayes_nqp.checks.shared import DOUBT, Finding, asks, ladder
from bayes_nqp.inference.fitting import CHANNELS, ROWS, UNITS, Fit


@asks(
    "Do mediators move together for other reasons than the policy?",
    "residuals of mediators",
    of="channels",
    place=250,
    needs=(CHANNELS, ROWS, UNITS),
)
def mediator_residuals(fit: Fit) -> Finding:
    """Correlate the innovations of mediators.

    They are what is left of a mediator once unit effects, time effects, cells (and each treated
    unit's own effect where units vary) and its own past, at the posterior means of the
    parameters of its errors, are taken off by least squares. It asks for caution if a correlation
    is
    beyond 0.3 in size: then one mediator may act on another, or something acts on both, and a
    single indirect effect, which is "entering the outcome last through this mediator", is not
    causal by itself. The joint indirect effect is not touched by it: draws of mediators' equations
    are correlated as their innovations are, so that its interval allows for it.
    `leave_mediator_out` responds to the same correlation: the two are one alarm. Neither
    distinguishes mediators that are merely correlated from one that shares an unmeasured cause with
    the outcome, which no data can.
    """
    names = fit.facts.mediators(fit.rows)
    if len(names) < 2:
        raise NotApplicable(Message("There is one mediator, so none can act on another."))
    matrix, sd = correlations(fit)
    pairs = combinations(range(len(names)), 2)
    lines = [_line(names[j], names[k], float(matrix[j, k]), sd) for j, k in pairs]
    figure = Message(
        "correlation of innovations: {}",
        separated(Message("{} {:+.2f}", _pair(x), x.value) for x in lines),
    )
    large = [_pair(x) for x in lines if x.verdict == DOUBT]
    sentence = Message("What moves one mediator, apart from the policy, hardly moves another.")
    if large:
        sentence = Message(
            "Mediators move together for other reasons than the policy ({}): their single "
            "indirect effects are not separately causal; the joint one is not touched, and its "
            "interval allows for it. Such a correlation also moves single effects in "
            "'leave_mediator_out': the two are one alarm. It is no sign that a mediator and the "
            "outcome have an unmeasured common cause.",
            listed(large),
        )
    return finding_of(lines, figure, sentence, [fit])


def _pair(line: EvidenceRow) -> Message:
    return Message("{} {}", line.mediator, line.quantity)


def _line(first: str, second: str, r: float, sd: float) -> EvidenceRow:
    """A correlation with Fisher's interval."""
    centre = np.arctanh(np.clip(r, -0.999999, 0.999999))
    low, high = float(np.tanh(centre - 1.96 * sd)), float(np.tanh(centre + 1.96 * sd))
    quantiles = tuple(np.tanh(centre + sd * ndtri(LEVELS)).tolist())
    verdict = ladder(doubt=abs(r) > CORRELATED)
    return EvidenceRow(
        first, Message("with {}", second), r, low, high, verdict, "correlation", quantiles
    )
