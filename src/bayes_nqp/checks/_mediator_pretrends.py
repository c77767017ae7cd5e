"""Whether treated and untreated units' mediators moved in parallel before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._channels import drawn, table_of, worst_of
from bayes_nqp.checks._labels import VERDICTS
from bayes_nqp.checks._needs import ADOPTION, CHANNELS, ROWS
from bayes_nqp.checks._parallel import holm
from bayes_nqp.checks._pretrends import parted
from bayes_nqp.checks._refit import cautious, channels, panel_of, refit
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, asks
from bayes_nqp.language import NOTHING, Message, joined, listed, separated

if TYPE_CHECKING:
    from bayes_nqp.checks._result import Verdict
    from bayes_nqp.fitting import Fit

__all__ = ["mediator_pretrends"]


@asks(
    "Did the mediators of treated and untreated units move in parallel before adoption?",
    "pre-trends of mediators",
    of="channels",
    place=220,
    needs=(CHANNELS, ADOPTION, ROWS),
)
def mediator_pretrends(fit: Fit) -> Finding:
    """Ask every mediator what `pretrends` asks of the outcome.

    The effect on a mediator rests on parallel trends as the effect on the outcome does, so the
    outcome's own design, fitted to the mediator, is judged by the same rule, and the verdict is
    the worst. The more mediators are asked, the more often one is far out by chance: their tail
    probabilities are adjusted for that (Holm 1979), and the false alarms that levels of factors
    may give are shared by all mediators. Evidence: the differential slope before adoption, in
    multiples of the mediator's own variation within units.
    """
    design = channels(fit)
    panel = design.rows(panel_of(fit))
    names = design.facts.mediators(panel)
    found = [parted(refit(fit, design.design, panel.with_outcome(name))) for name in names]
    tails = holm([one.judged.whole.tail for one in found])
    lines, fits, parts = [], [], []
    for name, equation, one, tail in zip(names, fit.plan.equations[1:], found, tails, strict=True):
        own, _ = cautious(one.judged.verdict_at(tail, len(names)), NOTHING, one.worst)
        whole = one.judged.whole
        slope = whole.slope / equation.scale
        lines.append(drawn(name, Message("slope before adoption"), slope, own, "sd"))
        adjusted = Message(", adjusted {:.2g}", tail) if len(names) > 1 else ""
        parts.append(
            Message(
                "{}: {} (leads {:.2g}, slope {:.2g}{})",
                name,
                VERDICTS[own],
                whole.joint.tail,
                whole.slope_tail,
                adjusted,
            )
        )
        fits += [one.lead_fit, one.trend_fit]
    verdict = worst_of(line.verdict for line in lines)
    figure = Message("tail probability of zero: {}", separated(parts))
    by: dict[Verdict, Message] = {}
    for one_of in (FAILS, DOUBT):
        by[one_of] = listed([line.mediator for line in lines if line.verdict == one_of])
    sentence = _sentence(verdict, by)
    if len(names) > 1:
        for_all = Message(
            "Tail probabilities are adjusted for {} mediators being asked (Holm).", len(names)
        )
        sentence = joined([sentence, for_all])
    return Finding(verdict, figure, sentence, table_of(lines, [fit, *fits]), "channels")


def _sentence(verdict: Verdict, by: dict[Verdict, Message]) -> Message:
    if verdict == HOLDS:
        return Message("Before adoption every mediator moved alike in treated and untreated units.")
    if verdict == FAILS:
        apart = Message(
            "Before adoption {} already moved apart in the treated, so its effect on it, and what "
            "goes through it, is not all due to the policy.",
            by[FAILS],
        )
        doubt = Message("In doubt: {}.", by[DOUBT])
        return joined([apart, doubt] if by[DOUBT] else [apart])
    return Message(
        "Before adoption {} may have moved apart in the treated: a trend that the leads allow "
        "would be as large as the effect, or there is one in some level.",
        by[DOUBT],
    )
