"""Test of near-duplicates: mediators that are almost the treatment or the outcome."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, enumerated, joined, listed
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, finding_of, left_over
from bayes_nqp.checks.shared import HOLDS, Finding, Guide, asks, ladder
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, UNITS, Fit

LARGE: Final = (0.7, 0.9)
"""Shares of variation above which the verdict is caution, and failed."""
_TREATMENT, _OUTCOME = Message("with the treatment"), Message("with the outcome")
_CASES: Final = {
    _TREATMENT: (
        Message(
            "Most of the variation of a mediator within units coincides with the treatment "
            "(squared correlation: {})."
        ),
        Message("The data can then hardly separate the direct from the indirect effect."),
        Message(
            "Next: report the total effect, nqp.att(fit), or leave {} out and fit the model again."
        ),
    ),
    _OUTCOME: (
        Message(
            "Most of the variation of a mediator within units coincides with the outcome (squared "
            "correlation: {})."
        ),
        Message(
            "Such a mediator may be a part or another measure of the outcome, and not a step on "
            "the way to it."
        ),
        Message(
            "Next: check if the outcome contains {0} by definition; if it does, leave {0} out and "
            "fit the model again."
        ),
    ),
}
"""Finding, meaning and next step by the variable that a mediator is close to."""


@asks(
    "Is every mediator distinct from the treatment and from the outcome?",
    "mediators close to the treatment",
    of="channels",
    place=270,
    needs=(CHANNELS, ADOPTION, ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Squared correlation of each mediator with the treatment and with the "
            "outcome, net of unit and time effects."
        ),
        thresholds=Message("Caution: above {:g}. Failed: above {:g}.", *LARGE),
        failure=Message(
            "The data cannot separate direct and indirect effects, or the mediator is "
            "part of the outcome."
        ),
        remedy=Message(
            "report the total effect, {}, if a mediator is close to the treatment; leave "
            "the mediator out if the outcome contains it by definition",
            Code("nqp.att(fit)", "summary.csv"),
        ),
        code='nqp.check(fit, "near_treatment").evidence',
        limits=Message(
            "A mediator that contains the outcome by construction, but varies "
            "otherwise, is found by the check 'mechanical' only."
        ),
    ),
)
def near_treatment(fit: Fit) -> Finding:
    """Correlate every mediator with the treatment and with the outcome.

    Unit effects and the design's time effects are removed from all three by least squares. If a
    mediator is almost the treatment, direct and indirect effects cannot be separated. If it is
    almost the outcome, it is no step on the way to the outcome.
    """
    panel, model_frame = fit.rows, fit.model_frame
    names = fit.facts.mediators(panel)
    places = [panel.roles.mediators.index(name) for name in names]
    treated = model_frame.codes.treated.astype(np.float64)
    left = left_over(
        model_frame, np.column_stack([treated, panel.outcome, panel.mediators[:, places]])
    )
    lines = []
    for k, name in enumerate(names):
        for j, other in enumerate((_TREATMENT, _OUTCOME)):
            share = _shared(left[:, 2 + k], left[:, j])
            verdict = ladder(fails=share > LARGE[1], doubt=share > LARGE[0])
            lines.append(EvidenceRow(name, other, share, np.nan, np.nan, verdict, "r_squared"))
    most = max(lines, key=lambda line: line.value)
    figure = Message(
        "largest squared correlation: {} {}, {:.2f}", most.mediator, most.quantity, most.value
    )
    return finding_of(lines, figure, _sentence(lines), [fit])


def _sentence(lines: list[EvidenceRow]) -> Message:
    """Return the finding, its meaning and the next step for the worse case; the other follows."""
    cases: list[tuple[float, Message, Message]] = []
    for other, words in _CASES.items():
        bad = [x for x in lines if x.quantity == other and x.verdict != HOLDS]
        if bad:
            named = listed(Message("{} {:.2f}", x.mediator, x.value) for x in bad)
            found, meaning, step = words
            leaving = step.fill(enumerated(x.mediator for x in bad))
            most = max(x.value for x in bad)
            cases.append((most, joined([found.fill(named), meaning]), leaving))
    if not cases:
        return Message(
            "No mediator shares most of its variation with the treatment or the outcome."
        )
    (_, first, step), *more = sorted(cases, key=lambda case: case[0], reverse=True)
    others = (detailed(joined([words, then])) for _, words, then in more)
    return joined([first, advised(step), *others])


def _shared(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Return the squared correlation of two columns."""
    size = float(a @ a) * float(b @ b)
    return float(a @ b) ** 2 / size if size > 0 else 0.0
