"""Placebo test with random reassignment of adoption to units and dates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal

import numpy as np
from annotated_types import Ge

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, joined
from bayes_nqp._core.types import Column
from bayes_nqp.checks.shared import Finding, Guide, asks, on_request
from bayes_nqp.checks.trends._assignment_units import assignment_units_of
from bayes_nqp.checks.trends._permutations import (
    OFTEN,
    SELDOM,
    SILENT,
    beside_chance,
    permutations,
    placebos,
    refits,
)
from bayes_nqp.checks.trends._placebo import BEFORE
from bayes_nqp.inference.fitting import (
    ABSORBING,
    ADOPTION,
    ROWS,
    SEPARATE,
    SUMS,
    UNITS,
    UNSELECTED,
    Fit,
    panel_of,
)


@asks(
    "Would random reassignment of adoption to other units and dates give as large an effect?",
    "mixed placebo",
    place=85,
    needs=(ADOPTION, ROWS, ABSORBING, UNITS, SUMS, SEPARATE, UNSELECTED),
    suits=on_request,
    guide=Guide(
        statistic=Message(
            "Two-sided permutation p-value of the average effect over its standard "
            "deviation. Adoption is randomly reassigned to other units of the same "
            "stratum and to other dates. The model is estimated again at the posterior "
            "mode."
        ),
        thresholds=Message(
            "If the 95 % interval of the average effect excludes zero: passed for p < {0:.2g}, "
            "caution for p < {1:.2g}, failed otherwise. If it includes zero: passed.",
            SELDOM,
            OFTEN,
        ),
        failure=Message(
            "An effect as large is common if units and dates of adoption are random, so chance "
            "can explain the estimate."
        ),
        remedy=Message("look for a richer error structure with {}", Hint("check", "error_model")),
        code='nqp.check(fit, "error_model")\nnqp.check(fit, "placebo_mixed", mode="free")',
        literature="Chen, Qi and Yan (2025); Chung and Romano (2013)",
        limits=Message("The check gives no evidence about parallel trends."),
    ),
)
def placebo_mixed(
    fit: Fit,
    *,
    mode: Literal["cohort sizes", "free"] = "cohort sizes",
    repetitions: Annotated[int, Ge(20)] = 500,
    groups: Column | None = None,
) -> Finding:
    """Randomly reassign adoption to other units of the same stratum and other dates, and refit.

    Refits, p-values and the verdict are those of `placebo_space`. Dates leave two periods before
    adoption, or as many as the earliest cohort has.

    Parameters
    ----------
    mode : {"cohort sizes", "free"}, default "cohort sizes"
        "cohort sizes": cohorts keep their sizes and receive distinct dates; "free": every treated
        unit draws a date.
    repetitions : int, default 500
        Number of reassignments.
    groups : str, optional
        As in `placebo_space`.

    References
    ----------
    Chen, Q., Qi, J. and Yan, G. (2025). Placebo tests of difference-in-differences (in Chinese).
    Management World 41(2).
    """
    panel = panel_of(fit)
    places = assignment_units_of(fit, panel, groups)
    first = min(int(places.cohort[places.cohort >= 0].min()), BEFORE + fit.facts.anticipation)
    dates = partial(_MODES[mode], np.arange(first, panel.periods))
    permuted = permutations(places, repetitions, int(fit.sampler.seed or 0), dates)
    design = fit.variant(drop=True)
    placebo = placebos(
        *refits(fit, design, panel, permuted, Message("reassigning cohorts and dates"))
    )
    verdict, sentence = beside_chance(fit, placebo.p_over_sd)
    evidence = placebo.dataset(panel, places, mode=mode)
    figure = placebo.figure(places)
    return Finding(verdict, figure, joined([sentence, SILENT]), evidence, "permutation")


def _by_cohort(dates: Index, cohort: Index, generator: np.random.Generator) -> Index:
    """Give every cohort another date, all distinct."""
    adopts = cohort >= 0
    distinct, number = np.unique(cohort[adopts], return_inverse=True)
    moved = cohort.copy()
    moved[adopts] = generator.choice(dates, distinct.size, replace=False)[number]
    return moved


def _by_adopter(dates: Index, cohort: Index, generator: np.random.Generator) -> Index:
    """Give every treated unit another date."""
    adopts = cohort >= 0
    moved = cohort.copy()
    moved[adopts] = generator.choice(dates, int(adopts.sum()))
    return moved


_MODES: Final[dict[str, Callable[[Index, Index, np.random.Generator], Index]]] = {
    "cohort sizes": _by_cohort,
    "free": _by_adopter,
}
