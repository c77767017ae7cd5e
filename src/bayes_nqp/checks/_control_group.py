"""Whether the effect depends on units that are not yet treated as controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._judged import judged
from bayes_nqp.checks._labels import labelled
from bayes_nqp.checks._refit import staggered
from bayes_nqp.checks._result import HOLDS, Finding, asks
from bayes_nqp.checks._said import Said, joined, said

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
    named = labelled(label)
    evidence = compared(fit, [Alternative(label, "controls", other)], "refitting with controls")
    found = judged(evidence, far=1.5)
    means = evidence["att"].mean(("chain", "draw")).to_numpy()
    sds = evidence["att"].std(("chain", "draw")).to_numpy()
    figure = said(
        "average effect {1:.3g} ({2:.2g}) {0}, {3:.3g} ({4:.2g}) with {5}; {6:+.1f} posterior sd",
        "平均效应：{0} {1:.3g}（{2:.2g}），{5}时 {3:.3g}（{4:.2g}）；相差 {6:+.1f} 个后验标准差",
        labelled(str(evidence["specification"].to_numpy()[0])),
        means[0],
        sds[0],
        means[1],
        sds[1],
        named,
        found.shift[0],
    )
    same = said("With {} as controls the conclusion is the same.", "{}时，结论不变。", named)
    sentence = found.sentence(same, Said("with", "{}时"))
    if found.verdict != HOLDS and not found.unsettled:
        apart = Said(
            "Units not yet treated and units never treated did not move alike.",
            "尚未处理的单位与从未处理的单位变动不一致。",
        )
        sentence = joined([sentence, apart])
    return Finding(found.verdict, figure, sentence, evidence, "specifications")
