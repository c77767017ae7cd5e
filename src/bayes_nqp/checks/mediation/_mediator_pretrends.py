"""Test of parallel trends of the mediators before adoption."""

from __future__ import annotations

from collections.abc import Container

from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, detailed, joined, listed, separated
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    REPORTED,
    UNTOLD,
    VERDICTS,
    Finding,
    Guide,
    asks,
    cautious,
    worst_of,
)
from bayes_nqp.checks.trends import WITH_DIFFERENTIAL_TRENDS, holm, parted
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, Fit, refit

_FAILS, _DOUBT = 0.025, 0.05
"""Size of the tests of leads and slopes for all mediators together."""


@asks(
    "Do the mediators of treated and untreated units have parallel trends before adoption?",
    "pre-trends of mediators",
    of="channels",
    place=220,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "The tests of 'pretrends' for each mediator: a joint test of pre-adoption "
            "coefficients, a test of a linear differential trend, and the log Bayes "
            "factor of parallel against differential trends."
        ),
        thresholds=Message(
            "Failed: the adjusted tail probability of zero (Holm) is below {0:g}, or "
            "the log Bayes factor favours differential trends. Caution: below {1:g}, "
            "or one group alone has a differential trend. Inconclusive: no test "
            "rejects, but the Bayes factor does not support parallel trends. Limits of "
            "log Bayes factors are lower by the log of the number of mediators.",
            _FAILS,
            _DOUBT,
        ),
        failure=Message(
            "A differential trend biases the estimated effect of the policy on the mediator, "
            "and hence the indirect effect."
        ),
        remedy=Message(
            "fit the mediation model with {} and compare the indirect effects",
            Code(
                "nqp.StaggeredDiD(trends=nqp.DifferentialTrends())",
                '[design] trends = { type = "DifferentialTrends" }',
            ),
        ),
        code=(
            "trends = nqp.Mediation(design.replace(trends=nqp.DifferentialTrends()))\n"
            "nqp.nie(nqp.fit(trends, panel))"
        ),
        literature="Roth (2022); Holm (1979)",
        limits=Message("A divergence of the mediators that begins with adoption is not detected."),
    ),
)
def mediator_pretrends(fit: Fit) -> Finding:
    """Apply the tests of `pretrends` to every mediator.

    The effect on a mediator requires parallel trends as the effect on the outcome does. The
    outcome's design is fitted to each mediator and judged by the same rule (leads, slope and Bayes
    factors); the verdict is the worst one. Tail probabilities are adjusted for the number of
    mediators (Holm 1979). They fail below 0.025, because `pretrends` may reject for the outcome as
    well, and give caution below 0.05. The error probability of tests by level is shared by all
    mediators. The prior odds of a differential trend are shared too, so limits of log Bayes factors
    are lower by the log of the number of mediators. The evidence has the differential slope before
    adoption, in multiples of the mediator's SD within units. If the design includes differential
    trends, the mediators have them too, and the numbers are only reported.
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
                "{}: {}, log Bayes factor of parallel trends {}; p of zero: pre-adoption "
                "coefficients {:.2g}, slope {:.2g}{}",
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
            "Tail probabilities and limits of Bayes factors are adjusted for {} mediators.",
            len(names),
        )
        sentence = joined([sentence, detailed(for_all)])
    fits = [fit, *(x for parts in every for x in (parts.lead_fit, parts.trend_fit))]
    return finding_of(lines, figure, sentence, fits, verdict=REPORTED if allows_trends else None)


def _sentence(lines: list[EvidenceRow], with_trends: Container[str]) -> Message:
    """Return the finding and its meaning for the indirect effects.

    Parameters
    ----------
    with_trends : container of str
        Mediators with leads compatible with zero: only untreated observations may reject parallel
        trends.
    """
    verdict = worst_of(line.verdict for line in lines)
    if verdict == HOLDS:
        return Message("The data support parallel trends of all mediators before adoption.")
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
                    "Treated and untreated units have different trends of {} before adoption "
                    "(pre-adoption coefficients).",
                    apart,
                )
            )
        if trending:
            differ = Message(
                "Untreated observations favour a differential trend of {} over parallel "
                "trends (log Bayes factor).",
                trending,
            )
            parts.append(detailed(differ) if apart else differ)
        biased = Message("Their effects on mediators and their indirect effects may be biased.")
        unclear = Message("Parallel trends are not supported for {} either.", doubtful)
        return joined([*parts, biased, detailed(unclear)] if doubtful else [*parts, biased])
    return joined(
        [
            Message(
                "The data before adoption neither support nor reject parallel trends of "
                "the mediators ({}).",
                doubtful,
            ),
            Message("A differential trend of the mediators may bias the indirect effects."),
        ]
    )
