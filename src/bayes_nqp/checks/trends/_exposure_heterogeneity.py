"""Check for trends and responses that differ with a unit's exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable
from bayes_nqp._core.hints import evidence_of
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed, spanned, unadvised
from bayes_nqp.checks.shared import (
    DOUBT,
    DOUBTFUL,
    FAILING,
    FAILS,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    beside,
    cautious,
    ladder,
    quantities,
    worst_of,
)
from bayes_nqp.checks.trends._leads import tail_of
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import (
    DOSE,
    REFITS,
    ROWS,
    UNIT_DOSES,
    Fit,
    covariate_slopes,
    refit,
    total_fit,
)

_FEWEST: Final = 10
"""Number of units with varying exposure below which the check does not apply."""
_FLAT: Final = 1e-8
"""Length of a cosine net of the earlier ones, relative to the largest, from which it is used."""
_LEAST: Final = 0.1
"""Share of the mean SD within units that is added to each SD before the logarithm."""
_WAVES: Final = 10
"""Largest number of cosines, for the periods in which units of high exposure may diverge."""
_LINES: Final = Message("net of linear exposure trends")
_GAINS: Final = Message("with slopes by variability of exposure")
_WIDE: Final = 2.0
"""Ratio of posterior SDs, net of period effects by mean exposure and as fitted, from which the
slope rests on the common course of exposure."""
_MOVES: Final = Message("net of period effects by mean exposure")
_ABOUT: Final = {
    _LINES: Message(
        "Units with faster growing exposure follow another trend in the outcome. The "
        "slope attributes this trend to exposure."
    ),
    _GAINS: Message(
        "Units with more variable exposure respond differently to it, and they have a "
        "larger weight in the slope than in the panel. The slope is therefore not the "
        "mean effect."
    ),
    _MOVES: Message(
        "Units with high exposure diverge from the others in some periods in a way that exposure "
        "does not explain. The slope attributes part of this divergence to exposure."
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """The effect with added columns.

    Parameters
    ----------
    draws : ndarray (draw)
        Draws of the effect.
    tail : float
        Tail probability of zero slopes of the tested columns.
    rests : bool
        True if a larger posterior SD shows that the slope rests on the added columns.
    """

    draws: Array
    tail: float
    refit: Fit
    rests: bool = False

    def verdict(self, plain: Array, number: int) -> Verdict:
        """Return the verdict by the added slopes and by the change of the effect."""
        move = abs(self.draws.mean() - plain.mean())
        chance = 1.96 * np.sqrt(max(self.draws.var() - plain.var(), 0.0))
        moved = move > max(plain.std(), chance)
        chances = number * self.tail
        untold = self.rests and self.draws.std() > _WIDE * plain.std()
        return ladder(fails=chances < FAILING and moved, doubt=chances < DOUBTFUL, untold=untold)


@asks(
    "Do units with higher, growing or more variable exposure follow other trends or respond "
    "differently?",
    "exposure heterogeneity",
    place=45,
    needs=(DOSE, ROWS, UNIT_DOSES, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "The slope of exposure in three larger models: with unit-specific linear "
            "trends of exposure, with slopes by the variability of exposure within units,"
            " and with period effects in proportion to mean exposure. The added terms of "
            "each model are tested jointly."
        ),
        thresholds=Message(
            "Failed: the added terms have an adjusted tail probability of zero below "
            "{0:.1%}, and the slope moves by more than one posterior SD and more than "
            "chance explains. Caution: the adjusted tail probability is below {1:.0%}. "
            "Inconclusive: the posterior SD is more than {2:.0f} times as large net of "
            "period effects by mean exposure. Passed: otherwise. The adjustment is for "
            "the number of tests.",
            FAILING,
            DOUBTFUL,
            _WIDE,
        ),
        failure=Message(
            "The slope includes trends or other influences of units with high or growing "
            "exposure, or it is not the mean effect over observations."
        ),
        remedy=Message(
            "report the estimate with the added terms, which the evidence contains, next to the "
            "slope of the fit"
        ),
        code='result = nqp.check(fit, "exposure_heterogeneity")\nresult.evidence',
        literature=(
            "Mundlak (1978); Hausman (1978); Wooldridge (2005); Goldsmith-Pinkham, Sorkin and "
            "Swift (2020)"
        ),
        limits=Message(
            "Influences that follow the same course as exposure, and lasting errors of "
            "measurement, cannot be distinguished from a response."
        ),
    ),
)
def exposure_heterogeneity(fit: Fit) -> Finding:
    """Refit with exposure trends, slopes by variability, and period effects by mean exposure.

    With ``g_i`` the slope of unit i's exposure over time, the column ``g_i (t - mean t_i)`` has a
    zero slope given exposure if exposure has the same effect from period to period as over the
    years (Mundlak 1978, with trends in place of means). If units with growing exposure follow
    another trend, its slope is not zero, and the slope of exposure then uses deviations from the
    trends. With ``s_i`` the SD of exposure within the unit and ``v_i`` its logarithm, standardised
    and centred over exposed observations, the column ``v_i (D_it - d_0)`` has a nonzero slope if
    units with more variable exposure respond differently. The slope of the fit weights units by
    ``s_i²``; given this column, it is an average over observations (Wooldridge 2005).

    If exposure is a unit-specific share times a common course, ``m_i G_t``, its slope is identified
    by the common course. Other influences on units with high shares that vary over time bias it
    (Goldsmith-Pinkham, Sorkin and Swift 2020). With ``m_i`` the unit's mean exposure (less that of
    its periods) and ``G_t`` the mean over units, the added columns are ``m_i G_t``, which is free
    and not tested, and ``m_i`` times up to ten cosines over time that are orthogonal to ``G_t``.
    The latter have zero slopes given exposure unless units with high exposure diverge.

    The verdict is *caution* if zero has a tail probability below 2 % for one of these, adjusted for
    their number. It is *failed* below 0.5 % if the effect moves by more than a posterior SD, and by
    more than its own uncertainty explains (Hausman 1978). It is *inconclusive* if the last columns
    double the posterior SD of the effect: three quarters of its precision then rest on the common
    course.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper, per unit of exposure as in
        the fit.

    References
    ----------
    Goldsmith-Pinkham, P., Sorkin, I. and Swift, H. (2020). Bartik instruments: what, when, why, and
    how. American Economic Review 110(8). Mundlak, Y. (1978). On the pooling of time series and
    cross section data. Econometrica 46(1). Wooldridge, J. M. (2005). Fixed-effects and related
    estimators for correlated random-coefficient and treatment-effect panel data models. Review of
    Economics and Statistics 87(2).
    """
    line = total_fit(fit)
    plain = att(line).to_numpy().ravel()
    results = {name: _asked(line, name, x) for name, x in _columns(line).items()}
    answers = {name: x for name, x in results.items() if x is not None}
    if not answers:
        raise NotApplicable(
            Message("Exposure grows and varies equally in all units, so the check does not apply.")
        )
    verdicts = {name: x.verdict(plain, len(answers)) for name, x in answers.items()}
    table = quantities({"the fit's": plain, **{str(name): x.draws for name, x in answers.items()}})
    parts = [
        Message("{} {} (p = {:.2g})", name, spanned(*row[["mean", "lower", "upper"]]), x.tail)
        for (name, x), (_, row) in zip(answers.items(), table.iloc[1:].iterrows(), strict=True)
    ]
    figure = Message("slope {:.3g}; {}", plain.mean(), listed(parts, len(parts)))
    verdict = worst_of(verdicts.values())
    order = sorted(verdicts, key=lambda name: verdicts[name] != verdict)
    causes = [_cause(name) for name in order if verdicts[name] in (DOUBT, FAILS)]
    if verdicts.get(_MOVES) == UNTOLD:
        causes.append(_resting(answers[_MOVES].draws.std() / plain.std()))
    sentence = joined([*causes[:1], *(detailed(unadvised(x)) for x in causes[1:])])
    if not causes:
        sentence = Message(
            "Units with higher, growing or more variable exposure neither follow other trends nor "
            "respond differently."
        )
    refits = [x.refit for x in answers.values()]
    for other in refits:
        verdict, sentence = cautious(verdict, sentence, other)
    return Finding(verdict, figure, sentence, table, refit=refits[-1])


def _cause(name: Message) -> Message:
    """Return the finding about some added terms, and the estimate to report."""
    step = Message(
        "Next: report the estimate “{0}”, in {1}, next to the slope.",
        name,
        evidence_of("exposure_heterogeneity"),
    )
    return joined([_ABOUT[name], advised(step)])


def _resting(ratio: float) -> Message:
    """Return the finding that identification rests on a common course of exposure."""
    found = Message(
        "Exposure is almost a fixed share of each unit times a path over time common to all units, "
        "which provides most of the information on the slope. Without this path, the posterior SD "
        "is {:.1f} times as large, and anything else that follows the path biases the slope.",
        ratio,
    )
    step = Message(
        "Next: report the estimate “{0}”, in {1}, next to the slope.",
        _MOVES,
        evidence_of("exposure_heterogeneity"),
    )
    return joined([found, advised(step)])


def _columns(line: Fit) -> dict[Message, Array]:
    """Return exposure trends, exposure by variability, and period effects by exposure (row, k)."""
    panel, exposure = line.rows, line.model_frame.exposure
    assert exposure is not None
    unit, dose = panel.unit_codes, exposure.values
    count = np.maximum(np.bincount(unit), 1.0)

    def within(values: Array) -> Array:
        return np.asarray(values - (np.bincount(unit, values) / count)[unit])

    time, moves = within(panel.time_codes.astype(np.float64)), within(dose)
    length = np.bincount(unit, time**2)
    growth = np.bincount(unit, time * moves) / np.where(length > 0.0, length, np.inf)
    sd = np.sqrt(np.bincount(unit, moves**2) / count)
    present = np.bincount(unit) > 0
    if (sd > 0.0).sum() < _FEWEST:
        raise NotApplicable(Message("Fewer than {} units have an exposure that varies.", _FEWEST))
    varies = np.log(sd / sd[present].mean() + _LEAST)
    spread = varies[present].std()
    varies = (varies - varies[unit][dose != 0.0].mean()) / (spread if spread > 0.0 else 1.0)
    columns = {_LINES: (growth[unit] * time)[:, None], _GAINS: (varies[unit] * dose)[:, None]}
    moves_apart = _levels(panel.unit_codes, panel.time_codes, dose, panel.periods)
    return columns if moves_apart is None else {**columns, _MOVES: moves_apart}


def _levels(unit: Index, period: Index, dose: Array, periods: int) -> Array | None:
    """Return the unit's mean exposure times the common course, and times cosines (row, k).

    None if fewer than two cosines remain.
    """
    seen = np.maximum(np.bincount(period, minlength=periods), 1.0)
    course = np.bincount(period, dose, minlength=periods) / seen
    level = np.bincount(unit, dose - course[period]) / np.maximum(np.bincount(unit), 1.0)
    number = min(periods - 2, _WAVES, int((level != 0.0).sum()) // 4)
    spread = level[level != 0.0].std() if number >= 2 else 0.0
    if not spread > 0.0:
        return None
    waves = np.cos(np.pi * np.outer(np.arange(periods) + 0.5, np.arange(1, number + 1)) / periods)
    basis, triangle = np.linalg.qr(np.column_stack([np.ones(periods), course, waves]))
    size = np.abs(np.diag(triangle))
    columns = [1, *(k for k in range(2, 2 + number) if size[k] > _FLAT * size.max())]
    return np.asarray((level / spread)[unit, None] * basis[period][:, columns])


def _asked(line: Fit, name: Message, columns: Array) -> _Beside | None:
    """Refit with added columns; None if they are collinear with fixed effects and exposure.

    The first of several columns is free and not tested.
    """
    panel, several = line.rows, columns.shape[1] > 1
    try:
        rows, names = beside(panel, {f"{name} {k}": x for k, x in enumerate(columns.T)})
        covariates = (*line.facts.covariates_of(panel), *names)
        other = refit(line, line.variant(covariates=covariates), rows)
    except IdentificationError:
        return None
    slopes = covariate_slopes(other, names[int(several) :])
    slopes = slopes.reshape(-1, len(names) - int(several))
    tail = tail_of(slopes, panel.unit_labels.size - 1.0)
    return _Beside(att(other).to_numpy().ravel(), tail, other, several)
