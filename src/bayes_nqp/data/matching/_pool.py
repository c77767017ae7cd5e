"""Treated and never-treated units with their covariates, and the propensity score.

For items i (units, or the observations of one period) with standardised covariates x_i, a logistic
regression gives the propensity score

    p_i = 1 / (1 + exp(-a - x_i'b)),  (a, b) maximising sum_i log p - (.01 / 2) b'b.

The small ridge keeps b finite if covariates separate the groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import baseline, numeric
from bayes_nqp.data.reading import Strings

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

FEWEST: Final = 5
"""Smallest number of treated and of never-treated units that are matched."""
RIDGE: Final = 0.01


@dataclass(frozen=True, eq=False)
class Pool:
    """Units, or the observations of one period, that are matched with each other.

    Covariates x (item, covariate) have no gaps. The mask marks units that are treated at some time;
    the others are never treated. Places are positions of units or of observations in the panel.
    The period is None for units with baseline values.
    """

    names: tuple[str, ...]
    x: Array
    treated: Mask
    place: Index
    period: Any = None

    @cached_property
    def z(self) -> Array:
        """Return covariates with mean zero and SD one; zero if constant (item, covariate)."""
        spread = self.x.std(axis=0)
        return (self.x - self.x.mean(axis=0)) / np.where(spread > 0, spread, np.inf)

    @cached_property
    def coefficients(self) -> Array:
        """Return the intercept and the coefficients of the propensity score (1 + covariate)."""
        x, ridge = self.design, self._ridge

        def loss(b: Array) -> tuple[float, Array]:
            eta = x @ b
            value = np.logaddexp(0.0, np.where(self.treated, -eta, eta)).sum() + ridge @ b**2 / 2
            return float(value), x.T @ (expit(eta) - self.treated) + ridge * b

        start, exact = np.zeros(x.shape[1]), {"gtol": 1e-9 * len(x)}
        solution = minimize(
            loss, start, method="trust-exact", jac=True, hess=self.curvature, options=exact
        )
        return np.asarray(solution.x, dtype=np.float64)

    def curvature(self, b: Array) -> Array:
        """Return the Hessian ``sum_i p (1 - p) x x'`` plus the ridge at coefficients b."""
        p = expit(self.design @ b)
        x = self.design
        return np.asarray((x.T * (p * (1.0 - p))) @ x + np.diag(self._ridge), dtype=np.float64)

    @property
    def _ridge(self) -> Array:
        return np.append(0.0, np.full(self.z.shape[1], RIDGE))

    @cached_property
    def design(self) -> Array:
        """Return a constant and the standardised covariates (item, 1 + covariate)."""
        return np.column_stack([np.ones(len(self.z)), self.z])

    @cached_property
    def logit(self) -> Array:
        """Return the logit of the propensity score (item)."""
        return self.design @ self.coefficients

    @cached_property
    def score(self) -> Array:
        """Return the propensity score (item)."""
        return np.asarray(expit(self.logit), dtype=np.float64)

    def shared(self, owner: Index, control: Index) -> Array:
        """Divide a weight of one of each matched treated unit equally between its matches.

        A match is a pair of positions, ``owner`` among treated units and ``control`` among
        controls. The weights have the dimension item.
        """
        left, right = int(self.treated.sum()), int((~self.treated).sum())
        matches = np.bincount(owner, minlength=left)
        weights = np.zeros(self.treated.size)
        weights[self.treated] = matches > 0
        weights[~self.treated] = np.bincount(control, 1.0 / matches[owner], right)
        return weights

    def width(self, caliper: float) -> float:
        """Return a caliper in SDs of the logit as a distance of logits."""
        return caliper * float(self.logit.std(ddof=1))


def pools_of(
    panel: Panel, names: Sequence[str], at: object, *, by_period: bool
) -> tuple[Pool, ...]:
    """Return the units with baseline values, or the observations of each period.

    Raises
    ------
    PanelError
        If a covariate is unknown, not numeric, missing or constant, or a group has too few units.
    """
    panel.need_units(Message("matching"))
    ever = panel.cohort_codes >= 0
    _enough(ever, Message("the panel"))
    if not by_period:
        values, when = zip(
            *(baseline(panel, name, at, "covariates") for name in names), strict=True
        )
        x = np.column_stack(values)
        _complete(names, x, panel.unit_labels, when[0])
        return (Pool(tuple(names), x, ever, np.arange(len(ever))),)
    x = np.column_stack([numeric(panel, name, "covariates") for name in names])
    _complete(names, x, panel.unit_labels[panel.unit_codes], Message("in some observations"))
    return tuple(_periods(panel, tuple(names), x, ever[panel.unit_codes]))


def _periods(panel: Panel, names: tuple[str, ...], x: Array, treated: Mask) -> Iterator[Pool]:
    for code in np.unique(panel.time_codes):
        place = np.flatnonzero(panel.time_codes == code)
        period = panel.time_labels[code]
        _enough(treated[place], Message("period {}", str(period)))
        yield Pool(names, x[place], treated[place], place, period)


def _enough(treated: Mask, where: Message) -> None:
    counts = int(treated.sum()), int((~treated).sum())
    if min(counts) < FEWEST:
        raise PanelError(
            Message(
                "matching requires at least {} treated and {} never-treated units, but {} has {} "
                "and {}",
                FEWEST, FEWEST, where, *counts,
            ),
            hint="nqp.StaggeredDiD() also uses units that are not yet treated as controls",
        )  # fmt: skip


def _complete(names: Sequence[str], x: Array, units: Strings, when: str) -> None:
    for name, values in zip(names, x.T, strict=True):
        gone = np.isnan(values)
        if gone.any():
            raise PanelError(
                Message("covariates: {!r} is missing {} for {} units", name, when,
                        len(np.unique(units[gone]))),
                where=shown(np.unique(units[gone]), 12),
                hint=Message("at=… names a period with values; panel.complete({!r}) drops "
                             "observations without a value", name),
            )  # fmt: skip
        if np.ptp(values) == 0.0:
            raise PanelError(
                Message("covariates: {!r} is {:.6g} {} for all units, so that it cannot "
                        "distinguish them", name, values[0], when),
                hint="omit it, or choose another period with at=…",
            )  # fmt: skip
