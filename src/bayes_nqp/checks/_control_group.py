"""Whether the effect depends on units that are not yet treated as controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._judged import judged
from bayes_nqp.checks._labels import texts_of
from bayes_nqp.checks._needs import ADOPTION
from bayes_nqp.checks._refit import staggered
from bayes_nqp.checks._result import HOLDS, Finding, asks
from bayes_nqp.language import Message, joined

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit


@asks(
    "Does the effect survive another control group?", "control group", place=100, needs=(ADOPTION,)
)
def control_group(fit: Fit) -> Finding:
    """Compare all untreated rows as controls with never-treated units alone.

    With never-treated controls every stratum × cohort has flat leads, so that effects are
    measured from the last period before adoption.
    """
    design = staggered(fit)
    never = design.controls == "never"
    other = design.replace(controls="all" if never else "never")
    named = Message("all untreated rows") if never else Message("never-treated units")
    alternative = Alternative(named, Message("controls"), other)
    evidence = compared(fit, [alternative], "refitting with controls")
    found = judged(evidence, far=1.5)
    means = evidence["att"].mean(("chain", "draw")).to_numpy()
    sds = evidence["att"].std(("chain", "draw")).to_numpy()
    figure = Message(
        "average effect {1:.3g} ({2:.2g}) {0}, {3:.3g} ({4:.2g}) with {5}; {6:+.1f} posterior sd",
        texts_of(evidence, "specification")[0],
        means[0],
        sds[0],
        means[1],
        sds[1],
        named,
        found.shift[0],
    )
    same = Message("With {} as controls the conclusion is the same.", named)
    sentence = found.sentence(same, Message("with {}", context="controls"))
    if found.verdict != HOLDS and not found.unsettled:
        apart = Message("Units not yet treated and units never treated did not move alike.")
        sentence = joined([sentence, apart])
    return Finding(found.verdict, figure, sentence, evidence, "specifications")
