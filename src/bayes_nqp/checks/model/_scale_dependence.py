"""Check of scale dependence: parallel trends require that changes do not depend on the level.

For untreated observations let ``λ_t`` be the time effects (of the unit's level of these, about
their mean) and ``ℓ_i`` the unit's level, standardised. Outcomes with proportional growth, shares
near a bound, ratings, and measurements whose unit changes at a date have
``y_it = α_i + λ_t + θ_1 ℓ_i λ_t + θ_2 (ℓ_i² - 1) λ_t + e_it``; ``θ_2 = 0`` is the one degree of
freedom of Tukey (1949). If ``λ_t`` is estimated imprecisely, its slopes are attenuated; a linear
trend has no such error: ``y_it = α_i + λ_t + θ ℓ_i t + e_it``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import stdtr

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.hints import evidence_of
from bayes_nqp._core.i18n import Message, advised, joined, spanned
from bayes_nqp.checks.model._alternative_errors import error_means
from bayes_nqp.checks.model._level_slopes import LevelSlopes, slopes_of
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    ladder,
    worst_of,
)
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import (
    ADDITIVE,
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    equation_draws,
    panel_of,
    posterior_mean,
    total_fit,
)

_FEWEST: Final = 10
"""Smallest number of units with untreated observations."""
_STEP: Final = 0.05
"""Step, in SDs of the outcome, of the numerical derivative of the average effect."""
_LITTLE, _MUCH = 0.5, 1.0
"""Bias in posterior SDs of the average effect for the verdicts caution and failed."""
_DOUBT, _FAIL, _JOINT = 0.01, 0.0025, 0.005
"""Tail probabilities of the bias for caution and failure, and of the slopes jointly."""
_LARGE, _REACH = 1.2, 2.0
"""Estimated bias, and largest compatible bias, in posterior SDs, for inconclusive."""
_NORMAL: Final = 3.0
"""Kurtosis of a unit's score, for the degrees of freedom of the sum of squared scores."""


@dataclass(frozen=True, slots=True)
class _Bias:
    """Bias of the average effect, in outcome units.

    Parameters
    ----------
    mean, sd : float
        θ'c and its standard deviation.
    tail, joint : float
        Tail probabilities of zero for θ'c, and for all slopes.
    line : bool
        True for the linear trend, which has only one slope.
    """

    mean: float
    sd: float
    tail: float
    joint: float
    line: bool

    @classmethod
    def of(cls, slopes: LevelSlopes, taken: Array) -> _Bias:
        """Compute ``θ'c`` and its SD; few units' scores give few degrees of freedom."""
        # (sum_i v_i)² / sum_i v_i² of n normal scores' squares is n / 3.
        v = (slopes.moves @ taken) ** 2
        mean, sd = float(slopes.values @ taken), float(np.sqrt(v.sum()))
        free = min(_NORMAL * v.sum() ** 2 / max(float(v @ v), 1e-300), float(v.size)) - 2.0
        tail = 2.0 * float(stdtr(max(free, 1.0), -abs(mean) / max(sd, 1e-300)))
        return cls(mean, sd, tail, slopes.tail, taken.size == 1)

    def verdict(self, sd: float) -> Verdict:
        """Return the verdict for an average effect with a given posterior SD."""
        off, half = abs(self.mean) / sd, 1.96 * self.sd / sd
        wide = half > _REACH and not self.line
        return ladder(
            fails=off > _MUCH and self.tail < _FAIL,
            doubt=off > _LITTLE and self.clear,
            untold=wide or (off > _LARGE and off + half > _REACH),
        )

    @property
    def clear(self) -> bool:
        """True if changes depend on the level."""
        return self.tail < _DOUBT or self.joint < _JOINT


@asks(
    "Do untreated outcomes change alike at high and at low levels?",
    "scale dependence",
    of="errors",
    place=127,
    needs=(ADOPTION, ROWS, UNITS, REFITS, ADDITIVE, SEPARATE),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Regression of untreated outcomes on the common time path times the level of the "
            "unit (and its square), and on a linear trend times the level. The implied bias of"
            " the average effect is the product of these slopes and the difference in levels "
            "between treated and untreated units.",
        ),
        thresholds=Message(
            "Caution: the bias exceeds {0:.1f} posterior SD of the average effect, with p < "
            "{2:.0%} for the bias or p < {4:.1%} for the slopes jointly. Failed: the bias "
            "exceeds {1:.0f} SD with p < {3:.2%}. Inconclusive: the 95 % interval of the bias "
            "is wider than ± {5:.0f} SDs, or the bias exceeds {6:.1f} SD and may reach "
            "{5:.0f}.",
            _LITTLE,
            _MUCH,
            _DOUBT,
            _FAIL,
            _JOINT,
            _REACH,
            _LARGE,
        ),
        failure=Message(
            "Trends are not parallel on this scale, and the average effect is biased if "
            "treated and untreated units start at different levels, even if pre-trends are flat.",
        ),
        remedy=Message(
            "fit a scale on which trends are parallel (logarithms, or log odds for "
            "shares), or report the effect net of the bias, in {}",
            evidence_of("scale_dependence"),
        ),
        code=('result = nqp.check(fit, "scale_dependence")\nresult.evidence'),
        literature="Tukey (1949); Bell and McCaffrey (2002)",
        limits=Message(
            "The check detects dependence on the level that is linear or quadratic, and uses "
            "untreated observations of at least {} units.",
            _FEWEST,
        ),
    ),
)
def scale_dependence(fit: Fit) -> Finding:
    """Test if changes of untreated outcomes depend on their level, and compute the bias.

    If high units change more than low ones, trends are parallel on another scale, and the average
    effect is biased to the extent that treated units have other levels than untreated ones. The
    common time path times the level, and times its square, enter the equation of untreated
    observations with unit effects, time effects and covariates.

    With H the projection on time effects, `θ` depends on ``e'D H e``, whose mean is not zero if
    errors are larger at high levels. Each unit's contribution to itself is therefore removed, which
    leaves products of different units. The level is the unit effect under the fit's error
    structure, since other weights would correlate it with persistent errors. If time effects are
    imprecise, their slopes are attenuated, so a linear trend times the level is tested too. The
    bias of the average effect is ``θ'c``, with c the average effect that the fit's design, at
    posterior means of its parameters, estimates with these columns as outcomes. The worse of both
    verdicts is reported.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: the effect, its bias ("off
        by"), and the effect net of the bias ("less that").

    References
    ----------
    Tukey, J. W. (1949). One degree of freedom for non-additivity. Biometrics 5(3). Bell, R. and
    McCaffrey, D. (2002). Bias reduction in standard errors for linear regression with multi-stage
    samples. Survey Methodology 28(2).
    """
    alone = fit if fit.facts.channels is None else total_fit(fit)
    untreated = Untreated(alone.model_frame)
    if untreated.count.size < _FEWEST:
        raise NotApplicable(Message("Fewer than {} units have untreated observations.", _FEWEST))
    outcome = panel_of(alone).outcome[alone.model_frame.kept]
    biases = [
        _Bias.of(slopes_of(untreated, outcome, columns, part), _taken(alone, columns))
        for columns, part in interactions(alone, untreated, outcome)
    ]
    draws = att(alone).to_numpy().ravel()
    sd = float(draws.std())
    verdict = worst_of(bias.verdict(sd) for bias in biases)
    worst = min((x for x in biases if x.verdict(sd) == verdict), key=lambda x: x.tail)
    table = _table(draws, worst)
    figure = Message(
        "bias of the average effect {} (p = {:.2g}); average effect {:.3g}, net of the bias {}; "
        "dependence on the level: p = {:.2g}",
        spanned(*table.loc[1, ["mean", "lower", "upper"]]),
        worst.tail,
        draws.mean(),
        spanned(*table.loc[2, ["mean", "lower", "upper"]]),
        worst.joint,
    )
    return Finding(verdict, figure, _sentence(verdict, worst, float(draws.mean())), table)


def interactions(
    fit: Fit, untreated: Untreated, outcome: Array
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return time path and linear trend times the level, with own contributions of units.

    Parameters
    ----------
    outcome : ndarray (row)
        Outcome of all observations of the plan.

    Returns
    -------
    tuple of tuple of ndarray
        Columns on all observations (column, row), of the time path times level and its square, and
        of a linear trend times level. For untreated observations ``D_ii H_ii`` of each (column,
        untreated row): the function of the level minus its mean in the period, over the number of
        observations there; zero for a linear trend, which does not depend on the outcome.
    """
    layout, level_of = untreated.layout, np.asarray(fit.model_frame.codes.level)
    residuals, slopes, unit_effect = untreated.residuals(outcome[None])
    _, time_effect = np.unique(layout.time_effect, return_inverse=True)
    coefficients = slopes[0, : time_effect.max() + 1]
    group = np.zeros(coefficients.size, dtype=np.int64)
    group[time_effect] = level_of[layout.unit]
    movement = _centred(coefficients, group)[time_effect]
    level = np.zeros(level_of.size)
    who = np.unique(untreated.who)
    values = _levels(fit, untreated, residuals[0] + unit_effect[0, untreated.unit])
    level[who] = _centred(values, level_of[who])
    size = level[who].std()
    if size <= 0.0 or np.ptp(movement) <= 0.0:
        raise NotApplicable(
            Message("All units have the same level, or untreated outcomes do not change over time.")
        )
    level = level[layout.unit] / size
    functions = np.stack([level, level**2 - 1.0])
    at = time_effect[untreated.rows]
    count = np.bincount(at)
    means = np.stack([np.bincount(at, x[untreated.rows]) for x in functions]) / np.maximum(count, 1)
    part = (functions[:, untreated.rows] - means[:, at]) / count[at]
    time = untreated.equation.rows.time - untreated.time.mean()
    return (functions * movement, part), (functions[:1] * time, np.zeros_like(part[:1]))


def _centred(values: Array, group: Index) -> Array:
    """Subtract means of groups."""
    mean = np.bincount(group, values) / np.maximum(np.bincount(group), 1)
    return np.asarray(values - mean[group])


def _levels(fit: Fit, untreated: Untreated, values: Array) -> Array:
    """Return levels of units under the fit's error weights, ``(1'Q1)^-1 1'Q y`` (unit)."""
    means = np.array([list(error_means(fit).values())])
    v = fit.facts.noise.covariance(panel_of(fit).periods, means)[0]
    level = np.empty(untreated.count.size)
    for unit, rows in _rows_by_unit(untreated):
        time = untreated.time[rows]
        weight = np.linalg.solve(v[np.ix_(time, time)], np.ones(time.size))
        level[unit] = weight @ values[rows] / weight.sum()
    return level


def _rows_by_unit(untreated: Untreated) -> Iterator[tuple[int, Index]]:
    order = np.argsort(untreated.unit, kind="stable")
    ends = np.cumsum(untreated.count.astype(np.int64))[:-1]
    yield from enumerate(np.split(order, ends))


def _taken(fit: Fit, columns: Array) -> Array:
    """Return the average effect that each column would have as an outcome (column)."""
    panel, sample = panel_of(fit), fit.model_frame.kept
    names = fit.model_frame.equations[0].problem.parameter_names
    draws = {name: equation_draws(fit, name) for name in names}
    means = {name: float(x.mean()) for name, x in draws.items() if x is not None}

    def average(outcome: Array) -> float:
        effects = posterior_mean(fit.design, panel.with_outcome(outcome, panel.outcome_se), **means)
        return float(att(effects).item())

    start, taken = average(panel.outcome), np.empty(len(columns))
    for k, values in enumerate(columns):
        column = np.zeros(sample.size)
        column[sample] = values
        step = _STEP * panel.outcome.std() / column.std()
        taken[k] = (average(panel.outcome + step * column) - start) / step
    return taken


def _table(draws: Array, bias: _Bias) -> pd.DataFrame:
    lower, upper = np.quantile(draws, (0.025, 0.975))
    total, mean = float(np.hypot(draws.std(), bias.sd)), float(draws.mean())
    off, less = bias.mean, mean - bias.mean
    rows = [
        ("average effect", mean, draws.std(), lower, upper),
        ("off by", off, bias.sd, off - 1.96 * bias.sd, off + 1.96 * bias.sd),
        ("less that", less, total, less - 1.96 * total, less + 1.96 * total),
    ]
    return pd.DataFrame(rows, columns=["quantity", "mean", "sd", "lower", "upper"])


def _sentence(verdict: Verdict, bias: _Bias, effect: float) -> Message:
    if verdict in (DOUBT, FAILS):
        found = Message(
            "Untreated outcomes change differently at high and at low levels, and treated and "
            "untreated units start at different levels."
        )
        meaning = Message(
            "Trends may therefore not be parallel on this scale: the average effect of {:.3g} has "
            "an estimated bias of {:.2g}.",
            effect,
            bias.mean,
        )
        step = Message(
            "Next: fit logarithms, {0}, or log odds for shares; with zeros or negative "
            "values, report the effect net of the bias, in {1}.",
            "panel.with_outcome(np.log(panel.outcome))",
            evidence_of("scale_dependence"),
        )
        return joined([found, meaning, advised(step)])
    if verdict == UNTOLD:
        found = Message(
            "The data are too imprecise to test if changes of untreated outcomes depend on their "
            "level."
        )
        meaning = Message(
            "Such a dependence could bias the average effect by {:.0f} posterior SDs or more.",
            _REACH,
        )
        step = Message(
            "Next: compare with a fit to logarithms (or log odds for shares), or report this "
            "limitation."
        )
        return joined([found, meaning, advised(step)])
    if bias.clear:
        return Message(
            "Untreated outcomes change differently at high and at low levels, but treated and "
            "untreated units have similar levels, so the average effect is hardly affected."
        )
    return Message("There is no evidence that changes of untreated outcomes depend on their level.")
