"""Check of the priors: outcomes drawn from them compared with the data."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from annotated_types import Ge

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, separated
from bayes_nqp.checks.model._tail import Tail, autocorrelation, phrase, tail_of
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import HOLDS, Finding, Guide, Verdict, asks, ladder
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import ADDITIVE, ADOPTION, ROWS, SEPARATE, UNITS, Fit
from bayes_nqp.inference.fitting import prior_predictive as drawn
from bayes_nqp.model.designs import AR1

_DOUBT = 0.02
"""Two-sided tail probability of a single statistic below which the verdict is caution."""
_APART = Message("sd of treated less untreated")


@asks(
    "Are the observed data and effects of plausible size possible under the priors?",
    "prior predictive",
    of="errors",
    place=140,
    needs=(ROWS, UNITS, ADOPTION, ADDITIVE, SEPARATE),
    guide=Guide(
        statistic=Message(
            "Variation within units, its persistence, and the differences of treated "
            "observations, compared with outcomes drawn from the priors.",
        ),
        thresholds=Message(
            "Caution: the two-sided tail probability of a statistic is below {0:.0%}. Failed: "
            "a statistic lies outside all draws. Treatment effects that vary less than the "
            "priors allow do not count.",
            _DOUBT,
        ),
        failure=Message(
            "The priors exclude the observed data or are far wider than the data, so estimates"
            " may reflect the priors.",
        ),
        remedy=Message(
            "rescale the priors concerned with priors=nqp.Priors(...), in multiples of s, and "
            "fit again",
        ),
        code=(
            "again = nqp.fit(design.replace(priors=nqp.Priors(sigma=2.0)), panel)\n"
            'nqp.check(again, "prior_predictive")'
        ),
        literature="Gabry et al. (2019)",
        limits=Message(
            "Priors that are flat, such as those of unit and time effects, are not part of the"
            " comparison.",
        ),
    ),
)
def prior_predictive(fit: Fit, *, draws: Annotated[int, Ge(20)] = 500) -> Finding:
    """Compare the panel with outcomes drawn from the priors.

    The statistics are the standard deviation of untreated observations within units, net of time
    effects and slopes; that of their changes from one period to the next; their autocorrelation;
    the mean difference of treated observations from their prediction by untreated ones; and the
    standard deviation of these differences. The last one is left out if effects of cells, or their
    moderation, have flat priors. Levels of units and periods, whose priors are flat, enter no
    statistic. Since priors are stated in multiples of ``s``, the verdict does not depend on the
    unit of the outcome.

    Parameters
    ----------
    draws : int, default 500
        Number of draws from the priors.

    References
    ----------
    Gabry, J., Simpson, D., Vehtari, A., Betancourt, M. and Gelman, A. (2019). Visualization in
    Bayesian workflow. Journal of the Royal Statistical Society A 182(2).
    """
    rows = Untreated(fit.model_frame)
    if rows.equation.problem.redraws is not None:
        raise NotApplicable(
            Message(
                "The loadings of common factors have flat priors, so no outcomes can be drawn from "
                "the priors."
            )
        )
    design: Any = fit.design
    prior = drawn(design, fit.model_frame.panel, draws=draws, seed=fit.sampler.seed or 0)
    observed = fit.model_frame.panel.outcome[fit.model_frame.kept][None]
    flat = fit.facts.pooling.flat or fit.facts.moderator is not None
    actual, replicates = (
        _statistics(rows, x, flat=flat) for x in (observed, prior["outcome"].to_numpy()[0])
    )
    tail = tail_of(actual, [replicates])
    below = tail.observed < np.median(tail.replicated, axis=0)
    doubted = np.flatnonzero((tail.p_value < _DOUBT) & ~(below & (np.array(tail.names) == _APART)))
    out = bool((tail.p_value[doubted] <= 2.0 / (draws + 1)).any())
    verdict = ladder(fails=doubted.size and out, doubt=doubted.size)
    effect, within = float(att(prior).std()), tail.names.index("sd within units")
    spread = tail.observed[within]
    low, high = np.quantile(tail.replicated[:, within], [0.025, 0.975])
    figure = Message(
        "observed SD within units {:.3g}, expected under the priors {:.3g} to {:.3g}; prior SD of "
        "the average effect {:.3g}, {:.1f} times the observed SD",
        spread,
        low,
        high,
        effect,
        effect / spread,
    )
    evidence = tail.dataset(
        predictive="prior", outcome=str(fit.record.get("outcome", "")), prior_att_sd=effect
    )
    independent = not fit.facts.noise.correlated
    sentence = _sentence(verdict, tail, doubted, independent=independent)
    return Finding(verdict, figure, sentence, evidence, "predictive")


def _statistics(rows: Untreated, outcome: Array, *, flat: bool) -> dict[str, Array]:
    residuals, _, _ = rows.residuals(outcome)
    values: dict[str, Array] = {Message("sd within units"): residuals.std(axis=1)}
    earlier, later = rows.pairs(1)
    if earlier.size:
        values[Message("sd of changes")] = (residuals[:, later] - residuals[:, earlier]).std(axis=1)
        # Two residuals of a unit sum to zero, so their product is not informative.
        if rows.count.max() > 2:
            product = (residuals[:, later] * residuals[:, earlier]).mean(axis=1)
            values[autocorrelation(1)] = product / (residuals**2).mean(axis=1)
    differences = rows.differences(outcome)
    if differences.shape[1]:
        values[Message("treated less untreated")] = differences.mean(axis=1)
    if differences.shape[1] > 1 and not flat:
        values[_APART] = differences.std(axis=1)
    return values


def _sentence(
    verdict: Verdict, tail: Tail, doubted: npt.NDArray[np.int64], *, independent: bool
) -> Message:
    if verdict == HOLDS:
        return Message(
            "The observed variation, its persistence and the differences of treated "
            "observations are in the range expected under the priors."
        )
    far = []
    for k in doubted:
        above = tail.observed[k] > np.median(tail.replicated[:, k])
        side = Message("above") if above else Message("below")
        far.append(Message("{} ({:.3g}) far {}", phrase(tail.names[k]), tail.observed[k], side))
    found = Message(
        "Observed statistics are outside the range expected under the priors: {}.", separated(far)
    )
    serial = independent and any("autocorrelation" in tail.names[k] for k in doubted)
    parts = [found]
    if len(doubted) > serial:
        parts.append(
            Message(
                "The priors are too narrow for statistics above the range, and too wide for those "
                "below it."
            )
        )
    if serial:
        ar1 = Hint("errors", AR1())
        step = Message("Next: fit {}, since independent errors exclude autocorrelation.", ar1)
        parts.append(advised(step))
    return joined(parts)
