"""Placebo test with random reassignment of adoption to other units."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, joined
from bayes_nqp._core.types import Column
from bayes_nqp.checks.shared import DOUBT, FAILS, Finding, Guide, asks, worst_of
from bayes_nqp.checks.trends._assignment_units import assignment_units_of
from bayes_nqp.checks.trends._permutations import (
    ERRORS,
    OFTEN,
    SELDOM,
    SILENT,
    beside_chance,
    permutations,
    placebos,
    refits,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import (
    ABSORBING,
    ADOPTION,
    ROWS,
    SEPARATE,
    SUMS,
    UNITS,
    Fit,
    equation_draws,
    received_of_rows,
)

_TOO_OFTEN, _FAILED = 0.15, 0.3
"""Shares of placebo intervals that exclude zero above which the verdict is caution, and failed.

5 % are expected. If SDs are r times too small, the share is 2 Phi(-1.96 / r): 0.10 for r = 1.2,
0.19 for r = 1.5, from which `error_model` fails, and 0.30 for r = 1.9. With a hundred refits a
share of 0.19 has a standard error of 0.04, so a share above 0.3 shows, beyond chance, intervals
that `error_model` would fail. Bertrand, Duflo and Mullainathan (2004) found 0.45 for placebo laws.
"""
_CALM = 100
"""Largest number of refits without the effect; their share then has a standard error of 0.02."""


@asks(
    "Would random reassignment of adoption to other units give as large an effect?",
    "placebo in space",
    of="errors",
    place=80,
    needs=(ADOPTION, ROWS, ABSORBING, UNITS, SUMS, SEPARATE),
    guide=Guide(
        statistic=Message(
            "Two-sided permutation p-value of the average effect over its standard "
            "deviation. Cohorts are randomly reassigned to other units of the same "
            "stratum, and the model is estimated again at the posterior mode. Some "
            "reassignments are repeated after the estimated effect is removed from the "
            "outcome."
        ),
        thresholds=Message(
            "If the 95 % interval of the average effect excludes zero: passed for p < {0:.2g}, "
            "caution for p < {1:.2g}, failed otherwise. If it includes zero: passed. In any case "
            "at least caution if more than {2:.0%} of the 95 % intervals exclude zero after the "
            "effect is removed, and failed if more than {3:.0%} do, where 5 % are expected.",
            SELDOM,
            OFTEN,
            _TOO_OFTEN,
            _FAILED,
        ),
        failure=Message(
            "An effect as large is common under random adoption, or the posterior intervals are "
            "too narrow for these data."
        ),
        remedy=Message("look for a richer error structure with {}", Hint("check", "error_model")),
        code='nqp.check(fit, "error_model")\nnqp.check(fit, "placebo_space", repetitions=100)',
        literature=(
            "Fisher (1935); Bertrand, Duflo and Mullainathan (2004); Chung and Romano (2013); "
            "Chen, Qi and Yan (2025)"
        ),
        limits=Message(
            "The p-value is exact only if adoption is random within strata and has no effect on "
            "any unit. The check gives no evidence about parallel trends."
        ),
    ),
)
def placebo_space(
    fit: Fit, *, repetitions: Annotated[int, Ge(20)] = 500, groups: Column | None = None
) -> Finding:
    """Randomly reassign cohorts to other units of the same stratum, and refit.

    Every refit uses the posterior mode of the parameters (`mode_averages`), found from that of the
    actual adoption. p-values are shares of reassignments, the actual one included, in which the
    average effect is as far from zero, as low, or as high; the verdict uses its mean over its SD.
    They are exact if adoption is random within strata and has no effect on any unit. They
    contain no information about parallel trends, because reassignment separates adoption from
    earlier trends. Up to a hundred reassignments are refitted after the estimated effect is
    subtracted from treated observations: then 5 % of the 95 % intervals should exclude zero.

    Parameters
    ----------
    repetitions : int, default 500
        Number of reassignments.
    groups : str, optional
        A column whose units adopt together, such as the cities of firms, to which cohorts are
        reassigned. By default the widest such column with several units per value, or else
        single units.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments. Bertrand, M., Duflo, E. and Mullainathan, S.
    (2004). How much should we trust differences-in-differences estimates? Quarterly Journal of
    Economics 119(1). Chung, E. and Romano, J. (2013). Exact and
    asymptotically robust permutation tests. Annals of Statistics 41(2). Chen, Q., Qi, J. and Yan,
    G. (2025). Placebo tests of difference-in-differences (in Chinese). Management World 41(2).
    """
    design, panel = fit.variant(drop=True), fit.model_frame.panel
    places = assignment_units_of(fit, panel, groups)
    permuted = permutations(places, repetitions, int(fit.sampler.seed or 0))
    placebo = placebos(*refits(fit, design, panel, permuted, Message("reassigning cohorts")))
    without = panel.with_outcome(panel.outcome - row_effects(fit), panel.outcome_se)
    calm = permuted[1 : 1 + min(repetitions // 2, _CALM)]
    quietly = Message("reassigning cohorts, without the effect")
    mean, sd = refits(fit, design, without, calm, quietly)
    fitted = np.isfinite(mean)
    wrong = float((np.abs(mean / sd)[fitted] > 1.96).mean()) if fitted.any() else 0.0
    figure = Message(
        "{}; without the effect, {:.0%} of placebo intervals exclude zero",
        placebo.figure(places),
        wrong,
    )
    verdict, sentence = beside_chance(fit, placebo.p_over_sd)
    if wrong > _TOO_OFTEN:
        narrow = Message(
            "After the estimated effect is removed, {:.0%} of the 95 % intervals of {} random "
            "reassignments of adoption exclude zero, where 5 % are expected. The reported "
            "intervals are too narrow for these data.",
            wrong,
            int(fitted.sum()),
        )
        verdict = worst_of([verdict, FAILS if wrong > _FAILED else DOUBT])
        sentence = joined([narrow, ERRORS])
    evidence = placebo.dataset(panel, places, excluding_zero=wrong)
    return Finding(verdict, figure, joined([sentence, SILENT]), evidence, "permutation")


def row_effects(fitted: Fit) -> Array:
    """Return the posterior mean effect in each row of the panel; zero if it is unaffected."""
    model_frame, effects = fitted.model_frame, group_time_effects(fitted).mean(v.SAMPLE_DIMS)
    received, real = received_of_rows(fitted), ~fitted.model_frame.cells.lead
    total = effects.isel({v.PATH: 0}) if received is None else effects.sel({v.PATH: v.DIRECT})
    by_cell = np.zeros(real.size + 1)
    by_cell[:-1][real] = total[v.EFFECT].to_numpy()[: real.sum()]
    out = by_cell[model_frame.cell_of_row]
    if received is not None:
        out += received
        deviations = equation_draws(fitted, "deviation")
        if deviations is None:
            return out
        total = total.assign({v.DEVIATION: (v.MEMBER, deviations.mean(axis=(0, 1)))})
    elif v.DEVIATION not in effects:
        return out
    out[model_frame.effects.rows] += model_frame.effects.beyond_cells(total[v.DEVIATION].to_numpy())
    return out
