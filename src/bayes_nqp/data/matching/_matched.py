"""The result of matching: weights, sizes and balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd
from scipy.special import stdtr

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.labels import Labels
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.validation import door
from bayes_nqp.data.matching._methods import METHODS
from bayes_nqp.data.matching._pool import Pool
from bayes_nqp.data.panel import where

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


COLUMNS: Final = (
    "covariate", "sample", "mean_treated", "mean_control", "difference", "reduction", "t", "p",
    "variance_ratio",
)  # fmt: skip


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
        weights = items.loc[~items["treated"] & (items["weight"] > 0), "weight"]
        return bool(np.isclose(weights.min(), weights.max()))

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
        size, total = self._sizes()
        note = Message("{} of {} treated and {} of {} never-treated {} matched ({})",
                       size[0], total[0], size[1], total[1], self.kind,
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
            selected = weights > 0
            ratio = int(selected[pool.treated].sum()) / max(int(selected[~pool.treated].sum()), 1)
            equal.append(np.where(pool.treated, 1.0, ratio) * selected)
        return replace(self, weights=tuple(equal))

    def _sizes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return numbers of treated and never-treated items, matched and in total."""
        treated, matched = self.items["treated"], self.items["weight"] > 0
        return (
            (int((matched & treated).sum()), int((matched & ~treated).sum())),
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
        size, total = self._sizes()
        gaps = self.balance["difference"].abs().groupby(self.balance["sample"]).max()
        controls: Array = self.items.query("~treated")["weight"].to_numpy(dtype=np.float64)
        effective = controls.sum() ** 2 / (controls**2).sum()
        return [
            ("method", Message("{}", METHODS[self.method].label)),
            ("covariates", ", ".join(self.pools[0].names)),
            ("treated", Message("{} of {} {}", size[0], total[0], self.kind)),
            ("never treated", Message("{} of {} {}, effective number {:.1f}",
                                      size[1], total[1], self.kind, effective)),
            ("largest standardised difference",
             Message("{:.2f} before, {:.2f} after", gaps["before"], gaps["after"])),
        ]  # fmt: skip


def balance(pools: tuple[Pool, ...], weights: tuple[Array, ...]) -> pd.DataFrame:
    """Return the balance of each covariate before and after matching; see `Matched.balance`."""
    tables = []
    for pool, w in zip(pools, weights, strict=True):
        table = pd.DataFrame(_rows(pool, w), columns=list(COLUMNS))
        if pool.period is not None:
            table.insert(0, "period", pool.period)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _rows(pool: Pool, w: Array) -> Iterator[tuple[object, ...]]:
    before = [_moments(pool.x[mask], np.ones(mask.sum())) for mask in (pool.treated, ~pool.treated)]
    after = [_moments(pool.x[mask], w[mask]) for mask in (pool.treated, ~pool.treated)]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt((before[0][1] + before[1][1]) / 2.0)
        raw = (before[0][0] - before[1][0]) / scale
        for k, name in enumerate(pool.names):
            for sample, groups in (("before", before), ("after", after)):
                (m_t, v_t, n_t), (m_c, v_c, n_c) = groups
                gap, df = m_t[k] - m_c[k], n_t + n_c - 2.0
                pooled = ((n_t - 1.0) * v_t[k] + (n_c - 1.0) * v_c[k]) / df
                t = gap / np.sqrt(pooled * (1.0 / n_t + 1.0 / n_c))
                d = gap / scale[k]
                fewer = np.nan if sample == "before" else 1.0 - np.abs(d) / np.abs(raw[k])
                p = 2.0 * stdtr(df, -np.abs(t))
                yield name, sample, m_t[k], m_c[k], d, fewer, t, p, v_t[k] / v_c[k]


def _moments(x: Array, w: Array) -> tuple[Array, Array, float]:
    """Return weighted means, variances and the effective number of units."""
    total = w.sum()
    if not total > 0:
        return np.full(x.shape[1], np.nan), np.full(x.shape[1], np.nan), np.nan
    n = float(total**2 / (w @ w))
    mean = w @ x / total
    spread = w @ (x - mean) ** 2 / total
    return mean, spread * (n / (n - 1.0) if n > 1.0 else np.nan), n
