"""Whether treated and untreated units' mediators moved in parallel before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._channels import drawn, table_of, worst_of
from bayes_nqp.checks._parallel import holm
from bayes_nqp.checks._pretrends import parted
from bayes_nqp.checks._refit import adopted_channels, cautious, panel_of, refit
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, asks
from bayes_nqp.errors import shown

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
    lines, fits, said = [], [], []
    for name, equation, one, tail in zip(names, fit.plan.equations[1:], found, tails, strict=True):
        own, _ = cautious(one.judged.verdict_at(tail, len(names)), "", one.worst)
        whole = one.judged.whole
        slope = whole.slope / equation.scale
        lines.append(drawn(name, "slope before adoption", slope, own, "sd"))
        adjusted = f", adjusted {tail:.2g}" if len(names) > 1 else ""
        said.append(
            f"{name}: {own} (leads {whole.joint.tail:.2g}, slope {whole.slope_tail:.2g}{adjusted})"
        )
        fits += [one.lead_fit, one.trend_fit]
    verdict = worst_of(line.verdict for line in lines)
    figure = f"tail probability of zero: {'; '.join(said)}"
    by: dict[Verdict, str] = {}
    for one_of in (FAILS, DOUBT):
        by[one_of] = shown([line.mediator for line in lines if line.verdict == one_of])
    sentence = _sentence(verdict, by)
    if len(names) > 1:
        sentence += (
            f" Tail probabilities are adjusted for {len(names)} mediators being asked (Holm)."
        )
    return Finding(verdict, figure, sentence, table_of(lines, [fit, *fits]), "channels")


def _sentence(verdict: Verdict, by: dict[Verdict, str]) -> str:
    if verdict == HOLDS:
        return "Before adoption every mediator moved alike in treated and untreated units."
    if verdict == FAILS:
        doubt = f" In doubt: {by[DOUBT]}." if by[DOUBT] else ""
        return (
            f"Before adoption {by[FAILS]} already moved apart in the treated, so its effect on "
            f"it, and what goes through it, is not all due to the policy.{doubt}"
        )
    return (
        f"Before adoption {by[DOUBT]} may have moved apart in the treated: a trend that the "
        "leads allow would be as large as the effect, or there is one in some level."
    )
