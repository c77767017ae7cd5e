"""Whether treated and untreated units' mediators moved in parallel before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._channels import drawn, table_of, worst_of
from bayes_nqp.checks._labels import verdict_word
from bayes_nqp.checks._parallel import holm
from bayes_nqp.checks._pretrends import parted
from bayes_nqp.checks._refit import adopted_channels, cautious, panel_of, refit
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, asks
from bayes_nqp.checks._said import NOTHING, Said, joined, listed, said, separated

if TYPE_CHECKING:
    from bayes_nqp.checks._result import Verdict
    from bayes_nqp.fitting import Fit

__all__ = ["mediator_pretrends"]


@asks(
    "Did the mediators of treated and untreated units move in parallel before adoption?", "channels"
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
    design = adopted_channels(fit)
    panel = design.rows(panel_of(fit))
    names = design.names(panel)
    found = [parted(refit(fit, design.design, panel.with_outcome(name))) for name in names]
    tails = holm([one.judged.whole.tail for one in found])
    lines, fits, parts = [], [], []
    for name, equation, one, tail in zip(names, fit.plan.equations[1:], found, tails, strict=True):
        own, _ = cautious(one.judged.verdict_at(tail, len(names)), NOTHING, one.worst)
        whole = one.judged.whole
        slope = whole.slope / equation.scale
        lines.append(drawn(name, "slope before adoption", slope, own, "sd"))
        adjusted = said(", adjusted {:.2g}", "，校正后 {:.2g}", tail) if len(names) > 1 else ""
        parts.append(
            said(
                "{}: {} (leads {:.2g}, slope {:.2g}{})",
                "{}：{}（前置期 {:.2g}，斜率 {:.2g}{}）",
                name,
                verdict_word(own),
                whole.joint.tail,
                whole.slope_tail,
                adjusted,
            )
        )
        fits += [one.lead_fit, one.trend_fit]
    verdict = worst_of(line.verdict for line in lines)
    figure = said("tail probability of zero: {}", "零值的尾概率：{}", separated(parts))
    by: dict[Verdict, Said] = {}
    for one_of in (FAILS, DOUBT):
        by[one_of] = listed([line.mediator for line in lines if line.verdict == one_of])
    sentence = _sentence(verdict, by)
    if len(names) > 1:
        for_all = said(
            "Tail probabilities are adjusted for {} mediators being asked (Holm).",
            "尾概率已就 {} 个中介变量作多重检验校正（Holm）。",
            len(names),
        )
        sentence = joined([sentence, for_all])
    return Finding(verdict, figure, sentence, table_of(lines, [fit, *fits]), "channels")


def _sentence(verdict: Verdict, by: dict[Verdict, Said]) -> Said:
    if verdict == HOLDS:
        return Said(
            "Before adoption every mediator moved alike in treated and untreated units.",
            "政策实施前，各中介变量在处理组与对照组中变动一致。",
        )
    if verdict == FAILS:
        apart = said(
            "Before adoption {} already moved apart in the treated, so its effect on it, and what "
            "goes through it, is not all due to the policy.",
            "政策实施前，处理组的 {} 已出现偏离，因此对它的效应以及经由它的效应不能全部归于政策。",
            by[FAILS],
        )
        doubt = said("In doubt: {}.", "存疑：{}。", by[DOUBT])
        return joined([apart, doubt] if by[DOUBT] else [apart])
    return said(
        "Before adoption {} may have moved apart in the treated: a trend that the leads allow "
        "would be as large as the effect, or there is one in some level.",
        "政策实施前，处理组的 {} 可能已出现偏离：前置期所容许的趋势可与效应同样大，"
        "或某一组内存在这样的趋势。",
        by[DOUBT],
    )
