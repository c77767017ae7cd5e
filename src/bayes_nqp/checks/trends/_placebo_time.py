"""Placebo test with earlier adoption dates."""

from __future__ import annotations

from typing import Annotated, Final

import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, advised, detailed, equality, joined, listed
from bayes_nqp.checks.model import evenly
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    HOLDS,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    average_effect,
    unmarked,
    with_sd,
)
from bayes_nqp.checks.trends._placebo import PlaceboDraws, placebos
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, SEPARATE, UNSELECTED, Fit, apart

_WIDE: Final = 4.0
"""Width of a 95 % interval, in multiples of the average effect, beyond which it is vague."""


@asks(
    "Do placebo adoption dates before the actual ones show no effect?",
    "placebo in time",
    of="errors",
    place=70,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE, UNSELECTED),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Average effect of a placebo adoption date one period before the actual one, two "
            "periods before, and so on, estimated on observations before the actual adoption. The "
            "smallest two-sided tail probability of zero is multiplied by the number of dates."
        ),
        thresholds=Message(
            "Failed: the adjusted tail probability is below {0:.1%}. Caution: below {1:.0%}. "
            "Inconclusive: every 95 % interval is wider than {2:.0f} times the average effect. "
            "Passed: otherwise.",
            FAILING,
            DOUBTFUL,
            _WIDE,
        ),
        failure=Message(
            "Treated and untreated units diverged before any policy was in place, so the average "
            "effect may include this divergence."
        ),
        remedy=Message(
            "compare the assumptions with {} and report the model average",
            Hint("check", "assumptions"),
        ),
        code='nqp.check(fit, "assumptions")\naverage = nqp.model_average(fit)\nnqp.att(average)',
        literature="Chen, Qi and Yan (2025)",
        limits=Message(
            "The check does not detect a divergence that begins with the actual adoption, nor an "
            "event that affects treated units at the same time as the policy."
        ),
    ),
)
def placebo_time(fit: Fit, *, periods: Annotated[int, Ge(1)] | None = None) -> Finding:
    """Estimate effects of placebo adoption dates on observations before the actual adoption.

    If the model has spillovers from linked units or distance bands, observations that these have
    reached are excluded.

    Each shift is a short refit of the units with two periods before the placebo date. The smallest
    of the two-sided tail probabilities of zero is multiplied by their number. The verdict is
    *failed* below 0.5 %, *caution* below 2 %, and *inconclusive* if every 95 % interval is wider
    than four times the average effect. As in `pretrends`, the refits use `Heteroskedastic` errors
    if untreated observations require them.

    Parameters
    ----------
    periods : int, optional
        The largest shift; by default 3, or fewer if cohorts have fewer periods before.

    References
    ----------
    Chen, Q., Qi, J. and Yan, G. (2025). Placebo tests of difference-in-differences (in Chinese).
    Management World 41(2).
    """
    weights = evenly(fit)
    fit = weights.fit
    draws = placebos(fit, *apart(fit), periods)
    verdict, sentence = _judged(fit, draws)
    evidence = xr.Dataset(
        {"effect": draws.draws, "att": average_effect(fit).reset_coords(drop=True).rename(
            {v.CHAIN: "fit_chain", v.DRAW: "fit_draw"})},
        attrs={**att(draws.worst).attrs, "chance": draws.chance},
    ).assign_coords({v.GATE: convergence_of(draws.worst)})  # fmt: skip
    numbers = [
        Message(
            "{n} period early: {} (SD {})", *with_sd(x), n=k, plural="{n} periods early: {} (SD {})"
        )
        for k, x in enumerate(draws.draws.transpose("shift", ...), start=1)
    ]
    figure = Message(
        "p {} for all placebo dates together; placebo effects {}",
        equality(draws.chance, 3),
        listed(numbers, 6),
    )
    sentence = joined([sentence, detailed(unmarked(weights.words))])
    return Finding(verdict, figure, sentence, evidence, "shifts", draws.worst)


def _judged(fit: Fit, dates: PlaceboDraws) -> tuple[Verdict, Message]:
    """Return the verdict by the adjusted tail probability and by the width of the intervals."""
    if dates.verdict != HOLDS:
        found = Message(
            "A placebo adoption date {n} period before the actual one shows an effect (p = "
            "{:.2g}). Treated and untreated units already diverged before the policy, and the "
            "average effect may include this divergence.",
            dates.chance,
            plural="A placebo adoption date {n} periods before the actual one shows an effect (p = "
            "{:.2g}). Treated and untreated units already diverged before the policy, and the "
            "average effect may include this divergence.",
            n=dates.farthest,
        )
        return dates.verdict, found
    low, high = dates.draws.quantile((0.025, 0.975), v.SAMPLE_DIMS).to_numpy()
    if (high - low).min() > _WIDE * abs(float(average_effect(fit).mean())):
        vague = Message(
            "The effects of placebo adoption dates are estimated too imprecisely: every 95 % "
            "interval is wider than {:.0f} times the average effect. The check can neither confirm "
            "nor reject a differential trend before adoption.",
            _WIDE,
        )
        step = Message(
            "Next: use the pre-adoption coefficients of {} and report this limitation.",
            Hint("check", "pretrends"),
        )
        return UNTOLD, joined([vague, advised(step)])
    return HOLDS, Message(
        "A placebo adoption date {n} period before the actual one shows no effect, as expected.",
        plural="Placebo adoption dates up to {n} periods before the actual ones show no effect, as "
        "expected.",
        n=dates.tail.size,
    )
