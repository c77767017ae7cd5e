"""Whether units without the policy move as more of their group adopt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq
from scipy.special import ndtr, softmax

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array, Index
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    REPORTED,
    UNTOLD,
    Finding,
    Verdict,
    asks,
    average_effect,
    ladder,
    reported_weights,
)
from bayes_nqp.checks.trends._candidates import CONTRADICTED, own_leads
from bayes_nqp.designs import DifferentialTrends, saturated_design
from bayes_nqp.errors import Hint, NotApplicable
from bayes_nqp.fitting import ADOPTION, REFITS, ROWS, SEPARATE, Fit, panel_of, short_refit
from bayes_nqp.language import Message, advised, crossed, equality, joined, spanned
from bayes_nqp.panel import Panel
from bayes_nqp.planning import Plan, plan_of

_LIKELY: Final = 0.90
_SURE: Final = 0.975
"""Probabilities that effects rise with the share, from which it may be so and is in doubt."""
_SCALES: Final = np.concatenate([[0.0], np.geomspace(0.01, 3.0, 40)])
"""Scales of cohorts' effects at which the slope is known exactly, multiples of the prior's."""
_ALIKE: Final = Message(
    "At no time since adoption do cohorts differ in the share of units that have adopted: whether "
    "others are moved by it cannot be asked."
)
_NEXT: Final = advised(
    Message(
        "Next: {}, whose interval holds more of what adopters alone meet later.",
        Hint("trends", DifferentialTrends()),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class SlopeMixture:
    """A mixture of normal densities: a slope's posterior, ``τ`` integrated out.

    Parameters
    ----------
    weight, place, spread : ndarray (scale)
        Of each density; means and standard deviations in outcome units.
    """

    weight: Array
    place: Array
    spread: Array

    @property
    def mean(self) -> float:
        """``E[b(τ)]``."""
        return float(self.weight @ self.place)

    @property
    def sd(self) -> float:
        """``(E[v(τ)] + Var[b(τ)])^(1/2)``."""
        off = self.place - self.mean
        return float(np.sqrt(self.weight @ (self.spread**2 + off**2)))

    def below(self, value: float) -> float:
        """Give the probability of a smaller slope."""
        return float(self.weight @ ndtr((value - self.place) / self.spread))

    def quantile(self, probability: float) -> float:
        """Give the value that is exceeded with the remaining probability."""
        ends = self.place + np.array([[-9.0], [9.0]]) * self.spread
        return float(brentq(lambda x: self.below(x) - probability, ends.min(), ends.max()))


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Effects of saturated cells, and how much of their group is in force in each.

    Parameters
    ----------
    draws : ndarray (draw, cell), outcome units
        Of the effects.
    share : ndarray (cell)
        Of the units of the cell's group, in the cell's period.
    age, cohort, level : ndarray of int (cell)
        Event time, number of the cohort of its levels, number of the levels.
    """

    draws: Array
    share: Array
    age: Index
    cohort: Index
    level: Index

    @property
    def regressors(self) -> Array:
        """Ages, levels but the first, and the share last (cell, regressor)."""
        ages, levels = (x[:, None] == np.unique(x) for x in (self.age, self.level))
        return np.column_stack([ages, levels[:, 1:], self.share]).astype(np.float64)

    def slope(self, scale: float) -> SlopeMixture:
        """Tell what a share of one adds to effects at the same age.

        Estimates ``θ̂`` of saturated cells have ``θ̂ | β, τ ~ N(Xβ, V)``, ``V = C + τ² Z Z'``: C
        their posterior covariance, X `regressors`, Z who is in which cohort. With β flat and
        ``p(τ)`` half-normal, ``β | τ`` is ``N(b, A⁻¹)``, ``A = X'V⁻¹X``, ``b = A⁻¹X'V⁻¹θ̂``, and
        ``p(τ | θ̂) ∝ p(τ) |V|^(-1/2) |A|^(-1/2) exp(-(θ̂ - Xb)'V⁻¹(θ̂ - Xb) / 2)``.

        Parameters
        ----------
        scale : float, outcome units
            Of the prior of τ.
        """
        number, size = self.draws.shape
        x, y = self.regressors, self.draws.mean(axis=0)
        # The inverse of an estimated covariance is too large (Hartlap et al. 2007).
        c = np.cov(self.draws, rowvar=False) * ((number - 1) / (number - size - 2))
        together = self.cohort[:, None] == self.cohort
        log, place, spread = (np.empty(_SCALES.size) for _ in range(3))
        for k, tau in enumerate(_SCALES):
            factor = cho_factor(c + (tau * scale) ** 2 * together, lower=True)
            a = x.T @ cho_solve(factor, x)
            b = np.linalg.solve(a, x.T @ cho_solve(factor, y))
            off = y - x @ b
            energy = off @ cho_solve(factor, off)
            sizes = 2.0 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(a)[1]
            log[k] = -0.5 * (energy + sizes + tau**2)
            place[k], spread[k] = b[-1], np.sqrt(np.linalg.inv(a)[-1, -1])
        # By trapezoids: a weight is half the distance between its neighbours.
        return SlopeMixture(softmax(log + np.log(np.gradient(_SCALES))), place, spread)


@asks(
    "Are units without the policy moved as more of their group adopt?",
    "crowding out",
    of="errors",
    place=172,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    assumption=True,
)
def crowding_out(fit: Fit) -> Finding:
    """Ask whether effects at the same age rise with the share of their group in force.

    Where units without the policy lose ``λ`` times the share of their group that has it, time
    effects of the group follow that loss, no period before adoption shows it, and the effect of
    each cell is too large by ``λ`` times the share in its period. So effects at the same time since
    adoption are regressed on the share, beside the age, the level and random effects of cohorts,
    on the saturated fit's cells and their covariance. The group of a unit is that which has time
    effects of its own (its stratum, else all units). It is *in doubt* if effects are drawn away
    from zero by the share with a probability of .975, and could not be told from .90 on; or if
    they are drawn towards zero with .975, where units outside gain or the first to adopt respond
    most. Later adopters may respond more for other reasons, which is why nothing fails.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: what a share of one adds,
        and how much of the average effect that is.

    References
    ----------
    Crépon, B., Duflo, E., Gurgand, M., Rathelot, R. and Zamora, P. (2013). Do labor market policies
    have displacement effects? Quarterly Journal of Economics 128(2).
    """
    if not fit.facts.parallel:
        raise NotApplicable(
            Message(
                "By this design adopters may move otherwise than others, and effects that rise as "
                "others adopt cannot be told from it."
            )
        )
    panel = panel_of(fit)
    design = saturated_design(fit.outcome_design, panel)
    effects, groups = short_refit(fit, design), fit.facts.time_strata(panel)
    cells, weights = _cells(effects, plan_of(design, panel), groups)
    slope, average = cells.slope(fit.scale), float(average_effect(fit).mean())
    table = _table(slope, float(weights @ cells.share))
    below = slope.below(0.0)
    most = np.abs(table.loc[1, ["lower", "upper"]].astype(float)).max()
    away = 1.0 - below if average > 0.0 else below
    verdict, sentence = _judged(away, groups, vague=bool(most > 0.5 * abs(average)))
    if verdict == DOUBT and fit.takes("trends") and not own_leads(fit) < CONTRADICTED:
        sentence = joined([sentence, _NEXT])
    figure = Message(
        "a share of one adds {} (away from zero with P {}); of the average effect of {:.3g} that "
        "is {}",
        spanned(*table.loc[0, ["mean", "lower", "upper"]]),
        equality(away),
        average,
        spanned(*table.loc[1, ["mean", "lower", "upper"]]),
    )
    return Finding(verdict, figure, sentence, table, refit=effects)


def _cells(effects: xr.Dataset, plan: Plan, groups: tuple[str, ...]) -> tuple[Shares, Array]:
    """Take the identified cells, and their weights in the average effect (cell).

    Raises
    ------
    NotApplicable
        If ages and levels explain the share, or cells are many beside draws.
    """
    panel, of_row = plan.panel, plan.cell_of_row
    inside = effects[v.IDENTIFIED].to_numpy() & (effects[v.ROLE].to_numpy() == v.TREATED)
    # Cells of untreated rows that receive something may follow those of the plan.
    at = np.flatnonzero(~plan.cells.lead)
    at = at[inside[: at.size]]
    rows = np.flatnonzero(of_row >= 0)
    counted, size = panel.counts[panel.unit_codes[rows]], plan.cells.lead.size
    share = np.bincount(of_row[rows], counted * _share(panel, groups)[rows], size)
    strata = [codes[at] for codes in plan.cells.strata.values()]
    draws = effects[v.EFFECT].sel({v.PATH: _own(effects)}).to_numpy()
    cells = Shares(
        draws.reshape(-1, inside.size)[:, inside],
        share[at] / np.bincount(of_row[rows], counted, size)[at],
        effects[v.EVENT_TIME].to_numpy()[inside],
        _crossed([plan.cells.cohort[at], *strata], at.size),
        _crossed(strata, at.size),
    )
    if np.linalg.matrix_rank(cells.regressors) < cells.regressors.shape[1]:
        raise NotApplicable(_ALIKE)
    if 2 * at.size > len(cells.draws):
        raise NotApplicable(Message("Cells are too many for a short run of the sampler."))
    return cells, reported_weights(effects)[1][[0]].toarray()[0, inside]


def _own(effects: xr.Dataset) -> str:
    """The path without what is received, which rises with others' adoption by itself."""
    return v.DIRECT if v.DIRECT in effects[v.PATH] else v.TOTAL


def _share(panel: Panel, groups: tuple[str, ...]) -> Array:
    """Share of its unit's group in force in its period, of each row."""
    group = _crossed([panel.strata_codes[name] for name in groups], panel.cohort_codes.size)
    start = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
    force = panel.counts[:, None] * (np.arange(panel.periods) >= start[:, None])
    inside = np.zeros((int(group.max()) + 1, panel.periods))
    np.add.at(inside, group, force)
    share = inside / np.bincount(group, panel.counts)[:, None]
    return np.asarray(share[group[panel.unit_codes], panel.time_codes])


def _crossed(columns: Iterable[npt.NDArray[Any]], size: int) -> Index:
    """Number the combinations of values that occur."""
    codes = [np.unique(column, return_inverse=True)[1] for column in columns]
    together = np.stack([np.zeros(size, np.int64), *codes])
    return np.asarray(np.unique(together, axis=1, return_inverse=True)[1].ravel())


def _table(slope: SlopeMixture, share: float) -> pd.DataFrame:
    ends = [slope.quantile(p) for p in (0.025, 0.975)]
    numbers = np.array([slope.mean, slope.sd, *ends])
    table = pd.DataFrame([numbers, share * numbers], columns=["mean", "sd", "lower", "upper"])
    table.insert(0, "quantity", ["what a share of one adds", "part of the average effect"])
    return table


def _judged(away: float, groups: tuple[str, ...], *, vague: bool) -> tuple[Verdict, Message]:
    others = Message("their {}", crossed(groups)) if groups else Message("all units")
    if away >= _LIKELY:
        rising = Message(
            "At the same time since adoption, effects are the farther from zero the more of {} "
            "have adopted: units without the policy may be moved the other way, and the average "
            "effect would count that as the policy's; or later adopters respond more.",
            others,
        )
        return ladder(fails=False, doubt=away >= _SURE, untold=True), rising
    if away <= 1.0 - _SURE:
        return UNTOLD, Message(
            "At the same time since adoption, effects are the nearer to zero the more of {} have "
            "adopted: units without the policy may be moved the same way, and the average effect "
            "would lack that; or the first to adopt respond most.",
            others,
        )
    if vague:
        return REPORTED, Message(
            "Whether effects go with how many of {} have adopted, these data hardly tell: how "
            "others are moved by it may be more than half of the average effect.",
            others,
        )
    return HOLDS, Message(
        "Effects at the same time since adoption do not go with how many of {} have adopted.",
        others,
    )
