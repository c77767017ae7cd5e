"""Whether treated and untreated units' mediators moved in parallel before adoption."""

from __future__ import annotations

from collections.abc import Container

from bayes_nqp._core.i18n import NOTHING, Message, joined, listed, separated
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    REPORTED,
    UNTOLD,
    VERDICTS,
    Finding,
    asks,
    cautious,
    worst_of,
)
from bayes_nqp.checks.trends import WITH_DIFFERENTIAL_TRENDS, holm, parted
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, Fit, refit

_FAILS = 0.025
"""False alarms of all mediators together: `pretrends` has .05 of the outcome in the same report."""


@asks(
    "Did the mediators of treated and untreated units move in parallel before adoption?",
    "pre-trends of mediators",
    of="channels",
    place=220,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
)
def mediator_pretrends(fit: Fit) -> Finding:
    """Ask every mediator what `pretrends` asks of the outcome.

    The effect on a mediator rests on parallel trends as the effect on the outcome does, so the
    outcome's own design, fitted to the mediator, is judged by the same rule, leads, slope and
    Bayes factors, and the verdict is the worst. The more mediators are asked, the more often one
    is far out by chance: their tail probabilities are adjusted for that (Holm 1979), fail below
    .025, since `pretrends` may fail of the outcome as well, and ask for caution below .05; the
    false
    alarms that levels of factors may give are shared by all mediators, and so are the prior odds
    that one of them drifts: limits of log Bayes factors lie the log of their number lower.
    Evidence: the differential slope before adoption, in multiples of the mediator's own variation
    within units. Where the design lets adopters drift, so do mediators, and the numbers are
    reported alone.
    """
    panel = fit.rows
    names = fit.facts.mediators(panel)
    outcomes = [refit(fit, fit.outcome_design, panel.with_outcome(name)) for name in names]
    every = [parted(outcome, len(names)) for outcome in outcomes]
    tails = holm([parts.judged.total.tail for parts in every])
    allows_trends, lines, words, with_trends = fit.facts.has("drift"), [], [], []
    for name, equation, parts, tail in zip(
        names, fit.model_frame.equations[1:], every, tails, strict=True
    ):
        by_leads = parts.judged.verdict_at(tail, len(names), _FAILS)
        stated = worst_of([by_leads, parts.trend_evidence.verdict])
        if by_leads != FAILS:
            with_trends.append(name)
        verdict, _ = cautious(stated, NOTHING, parts.worst)
        verdict = REPORTED if allows_trends else verdict
        total, quantity = parts.judged.total, Message("slope before adoption")
        lines.append(drawn(name, quantity, total.slope / equation.scale, verdict, "sd"))
        adjusted = Message(", adjusted {:.2g}", tail) if len(names) > 1 else NOTHING
        words.append(
            Message(
                "{}: {}, log Bayes factor of parallel trends {}, tail probability of zero: leads "
                "{:.2g}, slope {:.2g}{}",
                *(name, VERDICTS[verdict], parts.trend_evidence.number),
                *(total.joint.tail, total.slope_tail, adjusted),
            )
        )
    order = (FAILS, DOUBT, UNTOLD, HOLDS, REPORTED)
    worst = sorted(zip(lines, words, strict=True), key=lambda x: order.index(x[0].verdict))
    figure = separated(word for _, word in worst)
    sentence = WITH_DIFFERENTIAL_TRENDS if allows_trends else _sentence(lines, with_trends)
    if len(names) > 1 and not allows_trends:
        for_all = Message(
            "Tail probabilities and limits of Bayes factors are adjusted for {} mediators being "
            "asked.",
            len(names),
        )
        sentence = joined([sentence, for_all])
    fits = [fit, *(x for parts in every for x in (parts.lead_fit, parts.trend_fit))]
    return finding_of(lines, figure, sentence, fits, verdict=REPORTED if allows_trends else None)


def _sentence(lines: list[EvidenceRow], with_trends: Container[str]) -> Message:
    """Say it in words.

    Parameters
    ----------
    with_trends : container of str
        Mediators whose leads do not fail: untreated periods alone may speak against them.
    """
    verdict = worst_of(line.verdict for line in lines)
    if verdict == HOLDS:
        return Message("Before adoption every mediator moved alike in treated and untreated units.")
    doubtful = listed([line.mediator for line in lines if line.verdict in (DOUBT, UNTOLD)])
    if verdict == FAILS:
        failed = [line.mediator for line in lines if line.verdict == FAILS]
        apart, trending = (
            listed([name for name in failed if (name in with_trends) == d]) for d in (False, True)
        )
        parts = []
        if apart:
            parts.append(
                Message(
                    "Before adoption {} already moved apart in the treated, so what the policy "
                    "seems to do to it, and what goes through it, is not all due to the policy.",
                    apart,
                )
            )
        if trending:
            parts.append(
                Message(
                    "No lead of {} stands apart, but its untreated periods are those of a drift of "
                    "adopters rather than of parallel trends (log Bayes factor), so what the "
                    "policy seems to do to it, and what goes through it, may not all be due to the "
                    "policy.",
                    trending,
                )
            )
        return joined([*parts, Message("Open: {}.", doubtful)] if doubtful else parts)
    return Message(
        "Before adoption {} may have moved apart in the treated: untreated periods do not tell "
        "parallel trends from a drift, or a trend that the leads allow would be as large as the "
        "effect, or there is one in some level.",
        doubtful,
    )
