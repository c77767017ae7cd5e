"""Whether units of high and of low levels move alike, as parallel trends in levels have them do.

Of untreated rows let ``λ_t`` be the movement that time effects tell (of the unit's own level of
these, about its mean) and ``ℓ_i`` the unit's level, standardised. Outcomes that vary in proportion,
shares near a bound, ratings and whatever is measured in another unit from a date on have
``y_it = α_i + λ_t + θ_1 ℓ_i λ_t + θ_2 (ℓ_i² - 1) λ_t + e_it``: for ``θ_2 = 0`` the one degree of
freedom of Tukey (1949).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import fdtrc, stdtr

from bayes_nqp.arrays import Array, Index
from bayes_nqp.checks.model._structures import error_means
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import Finding, Verdict, asks, ladder
from bayes_nqp.errors import NotApplicable
from bayes_nqp.estimands import att
from bayes_nqp.fitting import (
    ADDITIVE,
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    conditional_mean,
    equation_draws,
    panel_of,
    total_fit,
)
from bayes_nqp.language import Message, spanned

_FEWEST: Final = 10
"""Units with untreated rows below which nothing is asked."""
_STEP: Final = 0.05
"""Of the outcome's sd: what is added to outcomes to see where it goes in the average effect."""
_LITTLE, _MUCH = 0.5, 1.0
"""Posterior sds of the average effect by which it is off, in doubt and fails."""
_DOUBT, _FAIL, _JOINT = 0.02, 0.005, 0.01
"""Tail probabilities of that, and of both slopes together."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelSlopes:
    """``θ`` and its covariance, clustered by unit.

    Parameters
    ----------
    values : ndarray (2)
        θ_1 of the level, θ_2 of its square.
    covariance : ndarray (2, 2)
        Of both.
    units : int
        With untreated rows.
    """

    values: Array
    covariance: Array
    units: int

    @property
    def tail(self) -> float:
        """Tail probability of zero, of both together."""
        k = self.values.size
        distance = self.values @ np.linalg.solve(self.covariance, self.values)
        return float(fdtrc(k, self.units - k, distance / k))


@asks(
    "Do units of high and of low levels move alike?",
    "additivity",
    place=127,
    needs=(ADOPTION, ROWS, UNITS, REFITS, ADDITIVE, SEPARATE),
    assumption=True,
)
def additivity(fit: Fit) -> Finding:
    """Ask whether untreated units' movement goes with their level, and what that makes of effects.

    Where high units move more than low ones, trends are parallel on another scale, and an average
    effect is off as far as those who adopt have other levels than those who do not. Movement times
    level, and times its square, are entered beside unit effects, time effects and covariates of
    untreated rows. With H what time effects take of the outcome, `θ` rests on ``e'D H e``, whose
    mean is not zero where errors are larger at high levels; each unit's own part of it is taken
    off, which leaves pairs of different units. The level is the unit effect under the fit's errors:
    other weights would let errors that last go with it. The average effect is off by ``θ'c``, c
    what the fit's design, at posterior means of its parameters, makes of both columns as outcomes.
    *In doubt* if that is half a posterior sd and has a tail probability below 2 %, or both slopes
    one below 1 %; it *fails* from one sd on and below .5 %, and *could not tell* if 1.96 sds of it
    are more than two of the effect.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: the effect, by how much it
        is off, and the effect less that.

    References
    ----------
    Tukey, J. W. (1949). One degree of freedom for non-additivity. Biometrics 5(3). Bell, R. and
    McCaffrey, D. (2002). Bias reduction in standard errors for linear regression with multi-stage
    samples. Survey Methodology 28(2).
    """
    alone = fit if fit.facts.channels is None else total_fit(fit)
    untreated = Untreated(alone.plan)
    if untreated.count.size < _FEWEST:
        raise NotApplicable(Message("Untreated rows are of fewer than {} units.", _FEWEST))
    outcome = panel_of(alone).outcome
    columns, part = interactions(alone, untreated, outcome[alone.plan.kept])
    slopes = slopes_of(untreated, outcome[alone.plan.kept], columns, part)
    taken = _taken(alone, columns)
    draws = att(alone).to_numpy().ravel()
    off, spread = float(slopes.values @ taken), float(np.sqrt(taken @ slopes.covariance @ taken))
    table = _table(draws, off, spread)
    tail = 2.0 * float(stdtr(slopes.units - 2.0, -abs(off) / max(spread, 1e-300)))
    verdict, sentence = _judged(off / draws.std(), spread / draws.std(), tail, slopes.tail)
    figure = Message(
        "the average effect is off by {} (P = {:.2g}) as levels go with movement (P = {:.2g}); "
        "{:.3g}, less that {}",
        spanned(*table.loc[1, ["mean", "lower", "upper"]]),
        tail,
        slopes.tail,
        draws.mean(),
        spanned(*table.loc[2, ["mean", "lower", "upper"]]),
    )
    return Finding(verdict, figure, sentence, table)


def interactions(fit: Fit, untreated: Untreated, outcome: Array) -> tuple[Array, Array]:
    """Movement times level and times its square, and what is each unit's own in them.

    Parameters
    ----------
    outcome : ndarray (row)
        Of all rows of the plan.

    Returns
    -------
    tuple of ndarray
        Columns on all rows (2, row). On untreated rows ``D_ii H_ii`` of each (2, untreated row):
        the level's function less its mean in the period, over the number of rows there.
    """
    layout, level_of = untreated.layout, np.asarray(fit.plan.frame.level)
    residuals, slopes, unit_effect = untreated.residuals(outcome[None])
    _, node = np.unique(layout.node, return_inverse=True)
    coefficients = slopes[0, : node.max() + 1]
    group = np.zeros(coefficients.size, dtype=np.int64)
    group[node] = level_of[layout.unit]
    movement = _centred(coefficients, group)[node]
    level = np.zeros(level_of.size)
    who = np.unique(untreated.who)
    values = _levels(fit, untreated, residuals[0] + unit_effect[0, untreated.unit])
    level[who] = _centred(values, level_of[who])
    size = level[who].std()
    if size <= 0.0 or np.ptp(movement) <= 0.0:
        raise NotApplicable(Message("All units have one level, or nothing moves."))
    level = level[layout.unit] / size
    functions = np.stack([level, level**2 - 1.0])
    at = node[untreated.rows]
    count = np.bincount(at)
    means = np.stack([np.bincount(at, x[untreated.rows]) for x in functions]) / np.maximum(count, 1)
    return functions * movement, (functions[:, untreated.rows] - means[:, at]) / count[at]


def slopes_of(untreated: Untreated, outcome: Array, columns: Array, part: Array) -> LevelSlopes:
    """Give slopes of columns on untreated rows, each unit's own part taken off.

    With z and r the columns and the outcome after unit effects, time effects and covariates, and
    ``A = (z'z)^-1``: ``θ = A (z'r - sum_i b_i)``, ``b_i = sum_t D_ii H_ii r_it²``, and
    ``V = A sum_i s_i s_i' A``, ``s_i = (I - z_i'z_i A)^-1 z_i'(r_i - z_i θ) - b_i``, units left
    out one by one.
    """
    residuals, _, _ = untreated.residuals(np.concatenate([outcome[None], columns]))
    r, z = residuals[0], residuals[1:]
    a = np.linalg.pinv(z @ z.T, rcond=1e-10, hermitian=True)
    b = part * r**2
    theta = a @ (z @ r - b.sum(axis=1))
    left, units, k = r - theta @ z, untreated.count.size, len(z)
    score, mine = (_by_unit(x, untreated.unit, units).T for x in (z * left, b))
    gram = _by_unit((z[:, None] * z[None]).reshape(k * k, -1), untreated.unit, units)
    leverage = np.eye(k) - gram.T.reshape(units, k, k) @ a
    s = np.linalg.solve(leverage, score[..., None])[..., 0] - mine
    return LevelSlopes(theta, a @ (s.T @ s) @ a, units)


def _by_unit(values: Array, unit: Index, units: int) -> Array:
    return np.stack([np.bincount(unit, x, units) for x in values])


def _centred(values: Array, group: Index) -> Array:
    """Take means of groups off."""
    mean = np.bincount(group, values) / np.maximum(np.bincount(group), 1)
    return np.asarray(values - mean[group])


def _levels(fit: Fit, untreated: Untreated, values: Array) -> Array:
    """Levels of units as the fit's errors weigh rows, ``(1'Q1)^-1 1'Q y`` (unit)."""
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
    """What the average effect takes of each column, were it an outcome (column)."""
    panel, sample = panel_of(fit), fit.plan.kept
    names = fit.plan.equations[0].problem.parameter_names
    draws = {name: equation_draws(fit, name) for name in names}
    means = {name: float(x.mean()) for name, x in draws.items() if x is not None}

    def average(outcome: Array) -> float:
        effects = conditional_mean(fit.design, panel.with_outcome(outcome), **means)
        return float(att(effects).item())

    start, taken = average(panel.outcome), np.empty(len(columns))
    for k, values in enumerate(columns):
        column = np.zeros(sample.size)
        column[sample] = values
        step = _STEP * panel.outcome.std() / column.std()
        taken[k] = (average(panel.outcome + step * column) - start) / step
    return taken


def _table(draws: Array, off: float, spread: float) -> pd.DataFrame:
    lower, upper = np.quantile(draws, (0.025, 0.975))
    total, mean = float(np.hypot(draws.std(), spread)), float(draws.mean())
    rows = [
        ("average effect", mean, draws.std(), lower, upper),
        ("off by", off, spread, off - 1.96 * spread, off + 1.96 * spread),
        ("less that", mean - off, total, mean - off - 1.96 * total, mean - off + 1.96 * total),
    ]
    return pd.DataFrame(rows, columns=["quantity", "mean", "sd", "lower", "upper"])


def _judged(off: float, spread: float, tail: float, joint: float) -> tuple[Verdict, Message]:
    clear = tail < _DOUBT or joint < _JOINT
    verdict = ladder(
        fails=abs(off) > _MUCH and tail < _FAIL,
        doubt=abs(off) > _LITTLE and clear,
        untold=1.96 * spread > 2.0,
    )
    if abs(off) > _LITTLE and clear:
        return verdict, Message(
            "Units of high levels move otherwise than units of low ones, and those who adopt have "
            "other levels: trends are parallel on another scale, if on any. Take one on which all "
            "levels move alike, such as logarithms, or log odds of shares; where there is none, "
            "report the effect less what this makes of it, which the evidence has."
        )
    if verdict == "could not tell":
        return verdict, Message(
            "Whether movement goes with level, these data cannot tell: it could be twice as large "
            "as the effect's own uncertainty."
        )
    if clear:
        return verdict, Message(
            "Movement goes with level, and those who adopt have about the levels of the others: "
            "the average effect hardly rests on it."
        )
    return verdict, Message("Nothing speaks against movements that all levels share.")
