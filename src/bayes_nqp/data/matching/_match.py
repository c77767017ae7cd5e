"""Match treated with never-treated units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, once
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.labels import Labels
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.types import Column, names_in
from bayes_nqp._core.validation import door
from bayes_nqp.data.matching._balance import balance
from bayes_nqp.data.matching._methods import METHODS
from bayes_nqp.data.matching._pool import Pool, pools_of
from bayes_nqp.data.panel import where

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@door
@dataclass(frozen=True, eq=False, repr=False)
class Matched(FactSheet):
    """Matched units with their weights, the balance of covariates, and the matched panel.

    Result of `nqp.match`.

    Parameters
    ----------
    source : Panel
        The panel before matching.
    method : str
        Name of the method.
    options : mapping of str to object
        Options of the method.
    pools : tuple of Pool
        Units with baseline values; or the observations of each period.
    weights : tuple of ndarray (item)
        Weights of the items of each pool: one for treated units that are kept, zero for units that
        are dropped; weights of controls sum to the number of treated units kept.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> matched = nqp.match(nqp.datasets.castle_doctrine(), ["poverty", "unemployrt"])
    >>> sorted(matched.balance["sample"].unique())
    ['after', 'before']
    """

    source: Panel
    method: str
    options: Mapping[str, object]
    pools: tuple[Pool, ...]
    weights: tuple[Array, ...]

    table_subject: ClassVar[str] = "matched"

    @property
    def labels(self) -> Labels:
        """Return the labels of the panel's columns."""
        return self.source.labels

    @cached_property
    def balance(self) -> pd.DataFrame:
        """Return the balance of covariates before and after matching.

        Returns
        -------
        DataFrame
            Two rows per covariate, with the ``sample`` "before" and "after" matching. Columns are
            ``mean_treated``, ``mean_control``, the standardised ``difference``, its ``reduction``
            (a share), ``t``, ``p`` and ``variance_ratio``. Observations matched within periods have
            rows for each ``period``. With weighted means m and variances s², the difference is
            ``(m_t − m_c) / sqrt((S_t² + S_c²) / 2)``, in which the variances S² are those before
            matching. The ratio is ``s_t² / s_c²``. The t test has equal variances and the effective
            numbers of units ``(Σw)² / Σw²``.

        References
        ----------
        Austin, P. C. (2009). Balance diagnostics for comparing the distribution of baseline
        covariates between treatment groups in propensity-score matched samples. Statistics in
        Medicine 28(25).
        """
        return balance(self.pools, self.weights)

    @cached_property
    def items(self) -> pd.DataFrame:
        """Return each unit, or observation, with its weight.

        Returns
        -------
        DataFrame
            ``unit``, ``period`` if observations were matched within periods, ``treated``,
            ``weight`` and the propensity ``score``.
        """
        tables = []
        for pool, weights in zip(self.pools, self.weights, strict=True):
            by_period = pool.period is not None
            unit = self.source.unit_codes[pool.place] if by_period else pool.place
            columns: dict[str, Any] = {"unit": self.source.unit_labels[unit]}
            columns |= {"period": pool.period} if by_period else {}
            columns |= {"treated": pool.treated, "weight": weights, "score": pool.score}
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True)

    @property
    def equal(self) -> bool:
        """Return True if all controls that are kept have the same weight."""
        items = self.items
        kept = items.loc[~items["treated"] & (items["weight"] > 0), "weight"]
        return bool(np.isclose(kept.min(), kept.max()))

    @property
    def panel(self) -> Panel:
        """Return the panel of matched units, or of matched observations.

        Returns
        -------
        Panel
            Panel for any design, with a note on the units that were kept.

        Raises
        ------
        StudyError
            If the controls have unequal weights: designs have no sampling weights.
        """
        if not self.equal:
            weights = self.items.query("~treated and weight > 0")["weight"]
            raise StudyError(
                Message(
                    "method={!r} gives controls weights from {:.3g} to {:.3g}, and designs have no "
                    "sampling weights",
                    self.method, weights.min(), weights.max(),
                ),
                hint="matched.unweighted() keeps the same units with equal weights: read its "
                "balance, then use its panel; nqp.estimators_table(fit, [\"kernel_matching\", "
                "\"entropy_balancing\"]) compares weighted estimates",
            )  # fmt: skip
        keep = np.zeros(self.source.unit_codes.size, dtype=bool)
        for pool, w in zip(self.pools, self.weights, strict=True):
            chosen = pool.place[w > 0]
            rows = np.isin(self.source.unit_codes, chosen) if pool.period is None else chosen
            keep[rows] = True
        size, whole = self._sizes()
        note = Message("{} of {} treated and {} of {} never-treated {} matched ({})",
                       size[0], whole[0], size[1], whole[1], self.kind,
                       METHODS[self.method].label)  # fmt: skip
        return where(self.source, keep, note)

    def unweighted(self) -> Matched:
        """Return the same units with equal weights, so that the panel has this balance.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> panel = nqp.datasets.castle_doctrine()
        >>> matched = nqp.match(panel, "l_homicide", "radius").unweighted()
        >>> matched.equal
        True
        """
        equal = []
        for pool, weights in zip(self.pools, self.weights, strict=True):
            kept = weights > 0
            ratio = int(kept[pool.treated].sum()) / max(int(kept[~pool.treated].sum()), 1)
            equal.append(np.where(pool.treated, 1.0, ratio) * kept)
        return replace(self, weights=tuple(equal))

    def _sizes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return numbers of treated and never-treated items, matched and in total."""
        treated, kept = self.items["treated"], self.items["weight"] > 0
        return (
            (int((kept & treated).sum()), int((kept & ~treated).sum())),
            (int(treated.sum()), int((~treated).sum())),
        )

    @property
    def kind(self) -> Message:
        """Return "units", or "observations" if they were matched within periods."""
        by_period = self.pools[0].period is not None
        return (
            Message("observations", context="matched")
            if by_period
            else Message("units", context="matched")
        )

    def _facts(self) -> list[tuple[str, str]]:
        size, whole = self._sizes()
        gaps = self.balance["difference"].abs().groupby(self.balance["sample"]).max()
        controls: Array = self.items.query("~treated")["weight"].to_numpy(dtype=np.float64)
        effective = controls.sum() ** 2 / (controls**2).sum()
        return [
            ("method", Message("{}", METHODS[self.method].label)),
            ("covariates", ", ".join(self.pools[0].names)),
            ("treated", Message("{} of {} {}", size[0], whole[0], self.kind)),
            ("never treated", Message("{} of {} {}, effective number {:.1f}",
                                      size[1], whole[1], self.kind, effective)),
            ("largest standardised difference",
             Message("{:.2f} before, {:.2f} after", gaps["before"], gaps["after"])),
        ]  # fmt: skip


@door
def match(
    panel: Panel,
    covariates: Column | Sequence[Column],
    method: str = "nearest",
    *,
    at: object = None,
    by_period: bool = False,
    **options: object,
) -> Matched:
    """Match treated with never-treated units on covariates.

    Treated units are those that are treated at some time in the panel. Matching makes the groups
    similar in the covariates; it is no evidence that trends would be parallel without treatment.
    Covariates that the treatment affects must not be used after adoption.

    Parameters
    ----------
    panel : Panel
        The panel.
    covariates : str or sequence of str
        Numeric columns of the panel's frame; the outcome may be one of them.
    method : str, default "nearest"
        Method, with its options:

        - "nearest": the `k` (1) nearest controls by propensity score within `caliper` (0.2 SDs of
          its logit), with ``replacement=True`` or by default without, in an optimal assignment;
        - "radius": all controls within `caliper` (0.2);
        - "exact": coarsened exact matching, controls in the same bins of all covariates; `cuts`
          gives the number of bins or the cut points of covariates (Sturges' rule by default);
        - "kernel": controls weighted by an Epanechnikov kernel of the distance of propensity
          scores, with `bandwidth` (0.06);
        - "entropy": entropy balancing, weights of controls with exactly the covariate means (and,
          with ``moments=2``, variances) of treated units.

        Propensity scores come from a logistic regression on the standardised covariates with a
        ridge penalty of 0.01.
    at : label of a period, optional
        Period of the covariates. By default each unit's mean over all periods before the first
        treatment of any unit.
    by_period : bool, default False
        If True, match the observations of each period separately, on covariates in this period.
    **options
        Options of the method.

    Returns
    -------
    Matched
        ``panel`` for any design, ``balance`` before and after matching, and ``items`` with weights
        and propensity scores. ``nqp.table(matched)`` prints the balance, ``nqp.plots.love`` draws
        it. Methods that give controls unequal weights have no panel: ``unweighted()`` keeps the
        same units with equal weights.

    Raises
    ------
    PanelError
        If a covariate is unknown, missing or constant, there are fewer than five treated or
        never-treated units, or no treated unit has a similar control.
    StudyError
        If the method or an option is unknown or out of range.

    References
    ----------
    Heckman, J. J., Ichimura, H. and Todd, P. (1997). Matching as an econometric evaluation
    estimator: evidence from evaluating a job training programme. Review of Economic Studies 64(4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> matched = nqp.match(panel, ["l_homicide"], k=1, caliper=0.25)
    >>> matched.panel.n_units < panel.n_units
    True
    """
    names = names_in(covariates)
    if not names:
        raise StudyError(Message("'covariates' is empty"), hint='covariates=["ln_gdp"]')
    once("covariates", names)
    if method not in METHODS:
        raise StudyError(
            Message("there is no method {!r} of matching", method), hint=nearest(method, METHODS)
        )
    if by_period and at is not None:
        raise StudyError(
            Message("'at' is {!r}, but by_period=True uses the values of each period", at),
            hint="omit one of them",
        )
    weigh = METHODS[method].weigh
    known = tuple(signature(weigh).parameters)[1:]
    for name in options:
        if name not in known:
            raise StudyError(
                Message("method={!r} has no option {!r}", method, name), hint=nearest(name, known)
            )
    pools = pools_of(panel, names, at, by_period=by_period)
    weights = tuple(weigh(pool, **options) for pool in pools)
    if not any(w.any() for w in weights):
        raise PanelError(
            Message(
                "method={!r}: none of the {} treated units has a similar control, because the "
                "covariates of the groups do not overlap",
                method, int(pools[0].treated.sum()),
            ),
            where=Message("covariates: {}", ", ".join(names)),
            hint="use fewer covariates, or a larger caliper, bandwidth or bins; without overlap, "
            "matching cannot make the groups comparable",
        )  # fmt: skip
    return Matched(panel, method, options, pools, weights)
