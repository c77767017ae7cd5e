"""Check for displacement: responses of untreated units to the treated share of their group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import brentq
from scipy.special import ndtr, softmax

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, crossed, equality, joined, separated, spanned
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    REPORTED,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    average_effect,
    reported_weights,
)
from bayes_nqp.checks.trends._candidates import CONTRADICTED, own_leads
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import (
    ABSORBING,
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    Fit,
    panel_of,
    short_refit,
)
from bayes_nqp.inference.model_frame import ModelFrame, model_frame_of
from bayes_nqp.model.designs import DifferentialTrends, saturated_design

_LIKELY: Final = 0.90
"""Probability that effects rise with the share, from which displacement is possible."""
_SEPARATE: Final = 0.95
"""The same with free effects of cohorts, from which cohorts alone do not explain the rise."""
_SURE: Final = 0.975
"""Probability that effects fall with the share, from which spillovers of one sign are possible."""
_COLLINEAR: Final = 1e-8
"""Unexplained part of the share below which other regressors are collinear with it."""
_SCALES: Final = np.concatenate([[0.0], np.geomspace(0.01, 3.0, 40)])
"""Grid of the SD of cohort effects for integration, in multiples of the prior scale."""
_LARGE: Final = 0.5
"""Displacement, as a share of the average effect, that the data must be able to exclude."""
_ALIKE: Final = Message(
    "The treated share does not differ between cohorts at the same event time, so displacement "
    "cannot be tested."
)
_NEXT: Final = advised(
    Message(
        "Next: fit again with {} in the design, which allows for a divergence after adoption, "
        "and compare.",
        Hint("trends", DifferentialTrends()),
    )
)
_LINKS: Final = advised(
    Message(
        "Next: model spillovers on known neighbours, {}, or report this limitation.",
        Code(
            "nqp.StaggeredDiD(spillovers=nqp.Rings([100, 200]))",
            '[design] spillovers = { type = "Rings", km = [100, 200] }',
        ),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class SlopeMixture:
    """Posterior of a slope with ``τ`` integrated out: a mixture of normal densities.

    Parameters
    ----------
    weight, place, spread : ndarray (scale)
        Weights, means and standard deviations of the densities; outcome units.
    """

    weight: Array
    place: Array
    spread: Array

    @property
    def mean(self) -> float:
        """Posterior mean, ``E[b(τ)]``."""
        return float(self.weight @ self.place)

    @property
    def sd(self) -> float:
        """Posterior standard deviation, ``(E[v(τ)] + Var[b(τ)])^(1/2)``."""
        off = self.place - self.mean
        return float(np.sqrt(self.weight @ (self.spread**2 + off**2)))

    def below(self, value: float) -> float:
        """Return the probability of a smaller slope."""
        return float(self.weight @ ndtr((value - self.place) / self.spread))

    def quantile(self, probability: float) -> float:
        """Return the quantile of a probability."""
        ends = self.place + np.array([[-9.0], [9.0]]) * self.spread
        return float(brentq(lambda x: self.below(x) - probability, ends.min(), ends.max()))


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Effects of saturated cells, and the treated share of their group in each.

    Parameters
    ----------
    draws : ndarray (draw, cell), outcome units
        Draws of the effects.
    share : ndarray (cell)
        Treated share of the units of the cell's group, in the cell's period.
    age, cohort, level : ndarray of int (cell)
        Event time, number of the cohort, number of the crossed strata.
    """

    draws: Array
    share: Array
    age: Index
    cohort: Index
    level: Index

    @property
    def regressors(self) -> Array:
        """Indicators of event times and of levels, and the share last (cell, regressor)."""
        ages, levels = _indicators(self.age), _indicators(self.level)
        return np.column_stack([ages, levels[:, 1:], self.share])

    @property
    def families(self) -> Index:
        """Number of the cohort within its level (cell)."""
        return _crossed([self.cohort, self.level], self.age.size)

    @property
    def covariance(self) -> Array:
        """Posterior covariance, enlarged so that its inverse is unbiased (Hartlap et al. 2007)."""
        number, size = self.draws.shape
        larger = (number - 1) / (number - size - 2)
        return np.asarray(larger * np.cov(self.draws, rowvar=False))

    def slope(self, scale: float) -> SlopeMixture:
        """Return the posterior of the slope in the treated share at the same event time.

        Estimates ``θ̂`` of saturated cells have ``θ̂ | β, τ ~ N(Xβ, V)``, ``V = C + τ² Z Z'``: C is
        their posterior covariance, X are the `regressors`, and Z indicates cohorts. With β flat and
        ``p(τ)`` half-normal, ``β | τ`` is ``N(b, A⁻¹)``, ``A = X'V⁻¹X``, ``b = A⁻¹X'V⁻¹θ̂``, and
        ``p(τ | θ̂) ∝ p(τ) |V|^(-1/2) |A|^(-1/2) exp(-(θ̂ - Xb)'V⁻¹(θ̂ - Xb) / 2)``.

        Parameters
        ----------
        scale : float, outcome units
            Scale of the prior of τ.
        """
        x, y, c = self.regressors, self.draws.mean(axis=0), self.covariance
        together = self.families[:, None] == self.families
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

    def separate_slope(self) -> SlopeMixture | None:
        """Estimate the slope with effects that differ freely by cohort.

        The regressors are the share, event times, an effect of each cohort in each level, and a
        slope of each cohort in event time, all with flat priors. The slope then uses only changes
        of the share over calendar time and its differences between levels.

        Returns
        -------
        SlopeMixture or None
            One normal density; None if the other regressors explain the share.
        """
        ages, cohorts = _indicators(self.age), _indicators(self.cohort)
        free = np.column_stack([ages, _indicators(self.families), cohorts * self.age[:, None]])
        together = np.column_stack([free, self.share, self.draws.mean(axis=0)])
        white = solve_triangular(cholesky(self.covariance, lower=True), together, lower=True)
        x, share, y = white[:, :-2], white[:, -2], white[:, -1]
        left = share - x @ np.linalg.lstsq(x, share)[0]
        size = left @ left
        if size < _COLLINEAR * (share @ share):
            return None
        place, spread = np.array([left @ y / size]), np.array([size**-0.5])
        return SlopeMixture(np.ones(1), place, spread)


@asks(
    "Do untreated units respond as more units of their group are treated?",
    "displacement",
    of="errors",
    place=172,
    needs=(ADOPTION, ROWS, ABSORBING, REFITS, SEPARATE),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Slope of effects at the same event time in the treated share of the group, "
            "with random effects of cohorts. A second slope has free effects of each "
            "cohort."
        ),
        thresholds=Message(
            "Caution: effects move away from zero with the treated share with probability"
            " {0:.2f} or more, and {1:.2f} or more with free effects of cohorts. "
            "Inconclusive: only the first condition is met, or effects move towards zero "
            "with probability {2:.3f} or more. Reported: the data cannot exclude "
            "displacement of {3:.0%} of the average effect. Passed: otherwise. The check "
            "never fails.",
            _LIKELY,
            _SEPARATE,
            _SURE,
            _LARGE,
        ),
        failure=Message(
            "Untreated units respond to the policy, so they are no valid controls and the average "
            "effect includes their response."
        ),
        remedy=Message(
            "compare with controls that the policy cannot reach, model spillovers, {}, "
            "or report this limitation",
            Code(
                "nqp.StaggeredDiD(spillovers=nqp.Rings([100, 200]))",
                '[design] spillovers = { type = "Rings", km = [100, 200] }',
            ),
        ),
        code=(
            "other = nqp.fit(nqp.StaggeredDiD(trends=nqp.DifferentialTrends()), panel)\n"
            "nqp.att(other)"
        ),
        literature="Crépon, Duflo, Gurgand, Rathelot and Zamora (2013)",
        limits=Message(
            "Effects that differ between cohorts can look like displacement; no pre-adoption "
            "period shows the difference."
        ),
    ),
)
def displacement(fit: Fit) -> Finding:
    """Test if effects at the same event time rise with the treated share of the group.

    If untreated units lose ``λ`` times the treated share of their group, the time effects of the
    group contain that loss and no period before adoption shows it. The effect of each cell is then
    too large by ``λ`` times the share in its period. The check therefore regresses effects at the
    same event time on the share, with event times, levels and random effects of cohorts, using the
    cells of the saturated fit and their covariance. The group of a unit is the group with its own
    time effects: its stratum, or else all units.

    Effects that differ by cohort can look like displacement. A second slope allows free effects of
    each cohort: a mean within each level, and a slope in event time. The verdict is *caution* if
    the share moves effects away from zero with a probability of 0.90, and of 0.95 by the second
    slope. It is *inconclusive* if only the first holds, or if effects move towards zero with
    probability 0.975, as if untreated units gain or the first cohorts respond most. The check never
    fails.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: the slope for a share of
        one, the part of the average effect that it explains, and the second slope if it is
        identified.

    References
    ----------
    Crépon, B., Duflo, E., Gurgand, M., Rathelot, R. and Zamora, P. (2013). Do labor market policies
    have displacement effects? Quarterly Journal of Economics 128(2).
    """
    if not fit.facts.parallel:
        raise NotApplicable(
            Message(
                "This design allows treated units to follow their own trends, from which "
                "displacement cannot be distinguished."
            )
        )
    panel = panel_of(fit)
    design = saturated_design(fit.outcome_design, panel)
    effects, groups = short_refit(fit, design), fit.facts.time_strata(panel)
    cells, weights = _cells(effects, model_frame_of(design, panel), groups)
    slope, average = cells.slope(fit.scale), float(average_effect(fit).mean())
    separate = cells.separate_slope()
    table = _table(slope, float(weights @ cells.share), separate)
    most = np.abs(table.loc[1, ["lower", "upper"]].astype(float)).max()
    away = _away(slope, average)
    apart = 0.0 if separate is None else _away(separate, average)
    verdict, sentence = _judged(away, apart, groups, vague=bool(most > _LARGE * abs(average)))
    if verdict == DOUBT and fit.takes("trends") and not own_leads(fit) < CONTRADICTED:
        sentence = joined([sentence, _NEXT])
    elif verdict == REPORTED:
        sentence = joined([sentence, _LINKS])
    figure = Message(
        "P(effects move away from zero with the treated share) {1}; slope {0}; this explains {3} "
        "of the average effect of {2:.3g}",
        spanned(*table.loc[0, ["mean", "lower", "upper"]]),
        equality(away),
        average,
        spanned(*table.loc[1, ["mean", "lower", "upper"]]),
    )
    beside = Message("with free effects of cohorts the slope is not identified")
    if separate is not None:
        beside = Message(
            "with free effects of cohorts P {1}, slope {0}",
            spanned(*table.loc[2, ["mean", "lower", "upper"]]),
            equality(apart),
        )
    return Finding(verdict, separated([figure, beside]), sentence, table, refit=effects)


def _cells(
    effects: xr.Dataset, model_frame: ModelFrame, groups: tuple[str, ...]
) -> tuple[Shares, Array]:
    """Return the identified cells, and their weights in the average effect (cell).

    Raises
    ------
    NotApplicable
        If event times and levels explain the share, or there are too many cells for the draws.
    """
    panel, of_row = model_frame.panel, model_frame.cell_of_row
    inside = effects[v.IDENTIFIED].to_numpy() & (effects[v.ROLE].to_numpy() == v.TREATED)
    # Cells of untreated observations with spillovers may follow those of treated ones.
    at = np.flatnonzero(~model_frame.cells.lead)
    at = at[inside[: at.size]]
    rows = np.flatnonzero(of_row >= 0)
    counted, size = panel.counts[panel.unit_codes[rows]], model_frame.cells.lead.size
    share = np.bincount(of_row[rows], counted * _share(panel, groups)[rows], size)
    strata = [codes[at] for codes in model_frame.cells.strata.values()]
    draws = effects[v.EFFECT].sel({v.PATH: _own(effects)}).to_numpy()
    cells = Shares(
        draws.reshape(-1, inside.size)[:, inside],
        share[at] / np.bincount(of_row[rows], counted, size)[at],
        effects[v.EVENT_TIME].to_numpy()[inside],
        model_frame.cells.cohort[at],
        _crossed(strata, at.size),
    )
    if np.linalg.matrix_rank(cells.regressors) < cells.regressors.shape[1]:
        raise NotApplicable(_ALIKE)
    if 2 * at.size > len(cells.draws):
        raise NotApplicable(
            Message("There are too many group-time cells for the short refit of this check.")
        )
    return cells, reported_weights(effects)[1][[0]].toarray()[0, inside]


def _own(effects: xr.Dataset) -> str:
    """Return the path without spillovers, which rise with the adoption of other units anyway."""
    return v.DIRECT if v.DIRECT in effects[v.PATH] else v.TOTAL


def _share(panel: Panel, groups: tuple[str, ...]) -> Array:
    """Return for each row the treated share of its unit's group in its period."""
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


def _indicators(codes: Index) -> Array:
    """Return indicator columns, one for each value (cell, value)."""
    return np.asarray(codes[:, None] == np.unique(codes), np.float64)


def _away(slope: SlopeMixture, average: float) -> float:
    """Return the probability that effects move away from zero with the share."""
    below = slope.below(0.0)
    return 1.0 - below if average > 0.0 else below


def _table(slope: SlopeMixture, share: float, separate: SlopeMixture | None) -> pd.DataFrame:
    numbers = _moments(slope)
    rows = {"what a share of one adds": numbers, "part of the average effect": share * numbers}
    if separate is not None:
        rows["what a share of one adds, with free effects of cohorts"] = _moments(separate)
    columns = ["mean", "sd", "lower", "upper"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("quantity").reset_index()


def _moments(slope: SlopeMixture) -> Array:
    return np.array([slope.mean, slope.sd, slope.quantile(0.025), slope.quantile(0.975)])


def _judged(
    away: float, apart: float, groups: tuple[str, ...], *, vague: bool
) -> tuple[Verdict, Message]:
    group = Message("units of the same {}", crossed(groups)) if groups else Message("all units")
    if away >= _LIKELY and apart >= _SEPARATE:
        return DOUBT, Message(
            "At the same event time, effects are farther from zero the larger the treated share of "
            "{}, also if effects may differ by cohort. Untreated units may move in the opposite "
            "direction (displacement), which would make the average effect too large.",
            group,
        )
    if away >= _LIKELY:
        return UNTOLD, Message(
            "At the same event time, effects are farther from zero the larger the treated share of "
            "{}. The data cannot separate displacement of untreated units from effects that differ "
            "by cohort.",
            group,
        )
    if away <= 1.0 - _SURE:
        return UNTOLD, Message(
            "At the same event time, effects are closer to zero the larger the treated share of "
            "{}. Untreated units may respond in the same direction, which would make the average "
            "effect too small, or effects differ by cohort.",
            group,
        )
    if vague:
        return REPORTED, Message(
            "The data cannot distinguish zero spillovers on untreated units from spillovers of "
            "half the average effect.",
        )
    return HOLDS, Message(
        "Effects at the same event time do not depend on the treated share of {}.",
        group,
    )
