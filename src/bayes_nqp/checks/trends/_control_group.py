"""Whether the effect depends on units that are not yet treated as controls."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message, joined
from bayes_nqp.checks.shared import HOLDS, Alternative, Finding, asks, compared, comparison
from bayes_nqp.inference.fitting import ADOPTION, Fit


@asks(
    "Does the effect survive another control group?",
    "control group",
    place=100,
    needs=(ADOPTION,),
    assumption=True,
)
def control_group(fit: Fit) -> Finding:
    """Compare all untreated rows as controls with never-treated units alone.

    With never-treated controls every stratum × cohort has flat leads, so that effects are
    measured from the last period before adoption.
    """
    never = fit.facts.leads
    other = fit.variant(controls="all" if never else "never")
    named = Message("all untreated rows") if never else Message("never-treated units")
    alternative = Alternative(named, Message("controls"), other, fewer=True)
    evidence = compared(fit, [alternative], Message("refitting with other controls"))
    against = comparison(evidence, far=1.5)
    figure = Message(
        "average effect {1:.3g} ({2:.2g}) {0}, {3:.3g} ({4:.2g}) with {5}; {6:+.1f} posterior sd",
        against.names[0],
        against.estimates[0],
        against.sd[0],
        against.estimates[1],
        against.sd[1],
        named,
        against.shift[0],
    )
    same = Message("With {} as controls the conclusion is the same.", named)
    sentence = against.sentence(same, Message("with {}", context="controls"))
    if against.verdict != HOLDS and not against.unsettled:
        apart = Message("Units not yet treated and units never treated did not move alike.")
        sentence = joined([sentence, apart])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")
