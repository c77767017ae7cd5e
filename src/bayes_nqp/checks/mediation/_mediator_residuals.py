"""Correlation between mediators beyond the policy and the model."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.special import ndtri

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, detailed, joined, listed, separated
from bayes_nqp.checks.mediation._evidence_rows import (
    CORRELATED,
    LEVELS,
    EvidenceRow,
    correlations,
    finding_of,
)
from bayes_nqp.checks.shared import DOUBT, Finding, Guide, asks, ladder
from bayes_nqp.inference.fitting import CHANNELS, ROWS, UNITS, Fit


@asks(
    "Are the mediators uncorrelated with each other apart from the policy?",
    "correlation of mediators",
    of="channels",
    place=250,
    needs=(CHANNELS, ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Correlations between the innovations of the mediators, net of unit "
            "effects, time effects, group-time cells and serial correlation."
        ),
        thresholds=Message("Caution: a correlation above {:g} in absolute value.", CORRELATED),
        failure=Message(
            "One mediator may affect another, or both have a common cause, so single "
            "indirect effects are not separately causal; the joint indirect effect is "
            "unaffected."
        ),
        remedy=Message(
            "report the joint indirect effect of the mediators instead of single indirect effects"
        ),
        code='nqp.nie(fit).sel(mediator="all mediators")',
        limits=Message(
            "The check does not detect an unmeasured common cause of a mediator and the outcome."
        ),
    ),
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
        raise NotApplicable(
            Message("The model has one mediator only, so mediators cannot affect each other.")
        )
    matrix, sd = correlations(fit)
    pairs = combinations(range(len(names)), 2)
    lines = [_line(names[j], names[k], float(matrix[j, k]), sd) for j, k in pairs]
    figure = Message(
        "correlation of innovations: {}",
        separated(Message("{} {:+.2f}", _pair(x), x.value) for x in lines),
    )
    large = [_pair(x) for x in lines if x.verdict == DOUBT]
    sentence = Message(
        "Apart from the policy, the mediators are only weakly correlated with each other."
    )
    if large:
        sentence = joined(
            [
                Message(
                    "Mediators are correlated with each other apart from the policy ({}).",
                    listed(large),
                ),
                Message(
                    "Their single indirect effects are not separately causal; the joint "
                    "indirect effect and its interval remain valid."
                ),
                detailed(
                    Message(
                        "The same correlation changes single effects in 'leave_mediator_out'; "
                        "count the two checks as one finding."
                    )
                ),
                detailed(
                    Message(
                        "The correlation is no evidence of an unmeasured common cause of a "
                        "mediator and the outcome."
                    )
                ),
            ]
        )
    return finding_of(lines, figure, sentence, [fit])


def _pair(line: EvidenceRow) -> Message:
    return Message("{} {}", line.mediator, line.quantity)


def _line(first: str, second: str, r: float, sd: float) -> EvidenceRow:
    """Return a row of evidence: a correlation with Fisher's interval."""
    centre = np.arctanh(np.clip(r, -0.999999, 0.999999))
    low, high = float(np.tanh(centre - 1.96 * sd)), float(np.tanh(centre + 1.96 * sd))
    quantiles = tuple(np.tanh(centre + sd * ndtri(LEVELS)).tolist())
    verdict = ladder(doubt=abs(r) > CORRELATED)
    return EvidenceRow(
        first, Message("with {}", second), r, low, high, verdict, "correlation", quantiles
    )
