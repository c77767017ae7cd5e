"""Whether the effect depends on units that are not yet treated as controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._judged import judged
from bayes_nqp.checks._refit import staggered
from bayes_nqp.checks._result import HOLDS, Finding, asks

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit


@asks("Does the effect survive another control group?")
def control_group(fit: Fit) -> Finding:
    """Compare all untreated rows as controls with never-treated units alone.

    With never-treated controls every stratum × cohort has flat leads, so that effects are
    measured from the last period before adoption.
    """
    design = staggered(fit)
    never = design.controls == "never"
    other = design.replace(controls="all" if never else "never")
    label = "all untreated rows" if never else "never-treated units"
    evidence = compared(fit, [Alternative(label, "controls", other)], "refitting with controls")
    found = judged(evidence, far=1.5)
    means = evidence["att"].mean(("chain", "draw")).to_numpy()
    sds = evidence["att"].std(("chain", "draw")).to_numpy()
    figure = (
        f"average effect {means[0]:.3g} ({sds[0]:.2g}) as fitted, {means[1]:.3g} ({sds[1]:.2g}) "
        f"with {label}; {found.shift[0]:+.1f} posterior sd"
    )
    sentence = found.sentence(f"With {label} as controls the conclusion is the same.", "with")
    if found.verdict != HOLDS and not found.unsettled:
        sentence += " Units not yet treated and units never treated did not move alike."
    return Finding(found.verdict, figure, sentence, evidence, "specifications")
