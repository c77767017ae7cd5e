"""Whether an adoption that never happened seems to have an effect."""

from __future__ import annotations

from typing import Annotated

import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, joined, listed
from bayes_nqp.checks.model import evenly
from bayes_nqp.checks.shared import HOLDS, UNTOLD, Finding, Verdict, asks, average_effect, with_sd
from bayes_nqp.checks.trends._placebo import PlaceboDraws, placebos
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, SEPARATE, UNSELECTED, Fit, apart


@asks(
    "Does a pretended, earlier adoption have no effect?",
    "placebo in time",
    of="errors",
    place=70,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE, UNSELECTED),
    assumption=True,
)
def placebo_time(fit: Fit, *, periods: Annotated[int, Ge(1)] | None = None) -> Finding:
    """Pretend that units adopted one period earlier, two, and so on, on rows before they did alone.

    Where the treatment of linked units is in the model, or rings are, rows that it has reached are
    left out too.

    Each shift is a short refit, of the units that have two periods before the pretended adoption.
    The smallest of the two-sided tail probabilities of zero, times their number, is the chance of
    any: it fails below .5 %, and asks for caution below 2 %. If every 95 % interval is wider than
    four
    times the effect that was found, it is inconclusive. As `pretrends`, it is asked under
    `Heteroskedastic`
    errors where untreated rows say that errors spread so.

    Parameters
    ----------
    periods : int, optional
        The largest shift; by default 3, or fewer where cohorts have fewer periods before.

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
            "{n} period earlier {} ({})", *with_sd(x), n=k, plural="{n} periods earlier {} ({})"
        )
        for k, x in enumerate(draws.draws.transpose("shift", ...), start=1)
    ]
    figure = Message(
        "placebo effect {}; p = {:.3f} over all of them",
        listed(numbers, 6),
        draws.chance,
    )
    sentence = joined([sentence, weights.words])
    return Finding(verdict, figure, sentence, evidence, "shifts", draws.worst)


def _judged(fit: Fit, dates: PlaceboDraws) -> tuple[Verdict, Message]:
    """Judge the placebo effects by the chance of any, and by what they could have shown."""
    if dates.verdict != HOLDS:
        early = Message(
            "an adoption {n} period earlier",
            plural="an adoption {n} periods earlier",
            n=dates.farthest,
        )
        return dates.verdict, Message(
            "There should be no effect of {}, and there is one: the treated differed from the "
            "others for another reason than the policy.",
            early,
        )
    low, high = dates.draws.quantile((0.025, 0.975), v.SAMPLE_DIMS).to_numpy()
    if (high - low).min() > 4 * abs(float(average_effect(fit).mean())):
        return UNTOLD, Message(
            "Effects of earlier adoptions are too uncertain to speak: their intervals are wider "
            "than four times the effect that was found."
        )
    return HOLDS, Message(
        "As it should, an adoption {n} period earlier shows no effect.",
        plural="As they should, adoptions up to {n} periods earlier show no effect.",
        n=dates.tail.size,
    )
