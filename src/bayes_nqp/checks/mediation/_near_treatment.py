"""Whether a mediator is a mediator, and not the treatment or the outcome by another name."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, finding_of, left_over
from bayes_nqp.checks.shared import HOLDS, Finding, asks, ladder
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, UNITS, Fit

LARGE: Final = (0.7, 0.9)
"""Shares of variation beyond which it gets the verdict caution, and failed."""


@asks(
    "Is no mediator the treatment or the outcome by another name?",
    "mediators near the treatment",
    of="channels",
    place=270,
    needs=(CHANNELS, ADOPTION, ROWS, UNITS),
)
def near_treatment(fit: Fit) -> Finding:
    """Correlate every mediator with the treatment, and with the outcome.

    Unit effects and the design's time effects are taken off all three by least squares. It
    fails if a mediator shares more than 90 % of its variation with the treatment or the
    outcome, and asks for caution beyond 70 %: nearly the treatment, and direct and indirect effects
    cannot be told apart; nearly the outcome, and it is no step on the way to it.
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
        for j, other in enumerate((Message("with the treatment"), Message("with the outcome"))):
            share = _shared(left[:, 2 + k], left[:, j])
            verdict = ladder(fails=share > LARGE[1], doubt=share > LARGE[0])
            lines.append(EvidenceRow(name, other, share, np.nan, np.nan, verdict, "r_squared"))
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
    return finding_of(lines, figure, sentence, [fit])


def _shared(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Squared correlation of two columns."""
    size = float(a @ a) * float(b @ b)
    return float(a @ b) ** 2 / size if size > 0 else 0.0
