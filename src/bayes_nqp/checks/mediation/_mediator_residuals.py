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
    """Correlate the innovations of the mediators.

    Innovations are residuals of a mediator net of unit effects, time effects, group-time cells (and
    unit-level treatment effects if these vary by unit) and its past, at posterior means of the
    parameters of its errors. If two mediators are correlated, one may affect the other, or both
    have a common cause. A single indirect effect, defined as entering the outcome last through this
    mediator, is then not causal. The joint indirect effect remains valid: draws of the mediators'
    equations have the correlation of their innovations, so its interval allows for it.
    `leave_mediator_out` responds to the same correlation; count the two checks as one finding. No
    data can distinguish correlated mediators from an unmeasured common cause of a mediator and the
    outcome.
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
                    "Single indirect effects have no separate causal interpretation; the "
                    "joint indirect effect does not depend on this correlation."
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
