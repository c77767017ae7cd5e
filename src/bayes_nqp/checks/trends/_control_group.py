"""Check of the average effect with another control group."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, joined
from bayes_nqp.checks.shared import HOLDS, Alternative, Finding, Guide, asks, compared, comparison
from bayes_nqp.inference.fitting import ADOPTION, Fit

_FAR: Final = 1.5
"""Posterior SDs by which the estimate may differ with the other control group."""


@asks(
    "Is the average effect the same with another control group?",
    "control group",
    place=100,
    needs=(ADOPTION,),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Average effect with all untreated observations as controls, and with never-treated "
            "units alone."
        ),
        thresholds=Message(
            "Failed: the average effect changes sign. Caution: its conclusion changes, or it moves "
            "by more than {0:.1f} posterior SDs and more than chance explains. Passed: otherwise.",
            _FAR,
        ),
        failure=Message(
            "Not-yet-treated and never-treated units follow different trends, so the average "
            "effect depends on the choice of controls."
        ),
        remedy=Message(
            "report the estimates with both control groups, {} and {}",
            Hint("controls", "all"),
            Hint("controls", "never"),
        ),
        code='never = nqp.fit(nqp.StaggeredDiD(controls="never"), panel)\nnqp.att(never)',
        literature="Hausman (1978)",
        limits=Message(
            "If both control groups diverge from treated units in the same way, the estimates "
            "agree although both are biased."
        ),
    ),
)
def control_group(fit: Fit) -> Finding:
    """Compare all untreated observations as controls with never-treated units alone.

    With never-treated controls, every stratum × cohort has flat leads, so effects are measured from
    the last period before adoption.
    """
    never = fit.facts.leads
    other = fit.variant(controls="all" if never else "never")
    named = Message("all untreated observations") if never else Message("never-treated units")
    alternative = Alternative(named, Message("controls"), other, fewer=True)
    evidence = compared(fit, [alternative], Message("refitting with other controls"))
    against = comparison(evidence, far=_FAR)
    figure = Message(
        "shift {6:+z.1f} posterior SDs: average effect {1:.3g} (SD {2:.2g}) {0}, {3:.3g} "
        "(SD {4:.2g}) with {5}",
        against.names[0],
        against.estimates[0],
        against.sd[0],
        against.estimates[1],
        against.sd[1],
        named,
        against.shift[0],
    )
    same = Message("The conclusion is the same with {} as controls.", named)
    sentence = against.sentence(same, Message("with {}", context="controls"))
    if against.verdict != HOLDS and not against.unsettled:
        apart = Message(
            "Not-yet-treated and never-treated units follow different trends, so the average "
            "effect depends on the control group."
        )
        sentence = joined([sentence, apart])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")
