"""Check of the priors: outcomes drawn from them compared with the data."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from annotated_types import Ge

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, enumerated, joined, separated
from bayes_nqp.checks.model._rescaled_priors import argument_of, rescaled
from bayes_nqp.checks.model._tail import Tail, autocorrelation, phrase, tail_of
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import HOLDS, Finding, Guide, Verdict, asks, ladder, parameter
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import (
    ADDITIVE,
    ADOPTION,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    equation_draws,
)
from bayes_nqp.inference.fitting import prior_predictive as drawn
from bayes_nqp.model.designs import AR1

_DOUBT = 0.02
"""Two-sided tail probability of a single statistic below which the verdict is caution."""
_MEAN, _APART = Message("treated less untreated"), Message("sd of treated less untreated")
_VARYING = ("scale_cell", "scale_cohort", "scale_walk", "scale_deviation")
"""Parameters by which effects differ between treated observations."""
_WIDER = 2.0
"""Factor by which the priors of the next step are wider or narrower."""


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
            "rescale the priors that the check names with {} in the design, in multiples "
            "of s, the SD of untreated outcomes within units, and fit again",
            Code("priors=nqp.Priors(...)", "[priors]"),
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
    sentence = _sentence(fit, verdict, tail, doubted)
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
        values[_MEAN] = differences.mean(axis=1)
    if differences.shape[1] > 1 and not flat:
        values[_APART] = differences.std(axis=1)
    return values


def _sentence(fit: Fit, verdict: Verdict, tail: Tail, doubted: npt.NDArray[np.int64]) -> Message:
    if verdict == HOLDS:
        return Message(
            "The observed variation, its persistence and the differences of treated "
            "observations are in the range expected under the priors."
        )
    low, high = np.quantile(tail.replicated, [0.025, 0.975], axis=0)
    far = [
        Message(
            "{} is {:.3g} (95 % of panels drawn from the priors: {:.3g} to {:.3g})",
            phrase(tail.names[k]), tail.observed[k], low[k], high[k],
        )
        for k in doubted
    ]  # fmt: skip
    found = Message("The priors hardly allow the observed data: {}.", separated(far))
    serial = not fit.facts.noise.correlated and any(_is_serial(tail.names[k]) for k in doubted)
    if serial:
        meaning = Message(
            "The model assumes errors that are independent over time, so its intervals may be too "
            "narrow."
        )
        step = Message("Next: fit again with {} in the design.", Hint("errors", AR1()))
        return joined([found, meaning, advised(step)])
    narrow, wide = _misfitting(fit, tail, doubted)
    names = narrow or wide
    hint = rescaled(fit, map(argument_of, names), _WIDER if narrow else 1.0 / _WIDER)
    if not hint:
        return joined([found, Message("The estimates may reflect the priors.")])
    which, count = enumerated(map(parameter, names)), len(names)
    meaning = Message(
        "The prior of the {} is too wide for these data and may make the estimates imprecise.",
        which,
        plural="The priors of the {} are too wide for these data and may make the estimates "
        "imprecise.",
        n=count,
    )
    if narrow:
        meaning = Message(
            "The prior of the {} is too narrow for these data and may distort the estimates.",
            which,
            plural="The priors of the {} are too narrow for these data and may distort the "
            "estimates.",
            n=count,
        )
    step = Message(
        "Next: fit again with {} in nqp.Priors (in multiples of s = {:.3g}, the SD of untreated "
        "outcomes within units), and repeat the check.",
        hint,
        fit.scale,
    )
    return joined([found, meaning, advised(step)])


def _is_serial(name: str) -> bool:
    return isinstance(name, Message) and name.template == autocorrelation(1).template


def _misfitting(
    fit: Fit, tail: Tail, doubted: npt.NDArray[np.int64]
) -> tuple[list[str], list[str]]:
    """Return the parameters whose priors are too narrow, and too wide, for the statistics.

    The mean difference of treated observations has a prior around zero, so a value in either tail
    is too large for it. The spread of these differences counts only if it is too large.
    """
    narrow: list[str] = []
    wide: list[str] = []
    for k in doubted:
        name, below = tail.names[k], tail.observed[k] < np.median(tail.replicated[:, k])
        if _is_serial(name):
            narrow.append("rho")
        elif name == _MEAN:
            narrow.append("level")
        elif name == _APART:
            narrow += [x for x in _VARYING if equation_draws(fit, x) is not None]
        else:
            (wide if below else narrow).append("sigma")
    return list(dict.fromkeys(narrow)), list(dict.fromkeys(wide))
