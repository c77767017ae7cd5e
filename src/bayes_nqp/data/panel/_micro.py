"""Persons observed once, in clusters and periods: their sums by cell, for a panel of clusters.

Person j of cluster c in period t has the outcome

    y_jct = alpha_c + lambda_st + tau_cell + x_jct' beta + u_ct + e_jct,

with errors u_ct of the cluster and period and independent errors e_jct with SD sigma_e. Nobody is
observed twice. Deviations from means of cells do not depend on effects and u, and estimate beta and
sigma_e (Frisch and Waugh 1933). The means of cells

    ybar_ct - (xbar_ct - xbar)' b  =  alpha_c + lambda_st + tau_cell + u_ct + ebar_ct

then have the known variance sigma_e² sum w² / (sum w)² + (xbar_ct - xbar)' V (xbar_ct - xbar), with
survey weights w and the covariance V of the estimate b.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, PanelError, shown
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.data.panel._build import free_name
from bayes_nqp.data.panel._roles import check_roles
from bayes_nqp.data.reading import SourceRows, admitted_frame, missing, numbers

PERSONS: Final = "persons"
"""Column with the persons of a cell, or the sum of their survey weights."""
_SAME: Final = 1e-9
"""Share of a covariate's variation within cells below which others explain it fully."""
_FEWEST: Final = 30
"""Fewest degrees of freedom for the variance of persons, which is then treated as known."""


def cells_of_persons(
    df: pd.DataFrame,
    *,
    cluster: str,
    time: str,
    outcome: str,
    constant: Mapping[str, tuple[str, ...]],
    covariates: tuple[str, ...],
    weights: str | None,
    notes: list[str],
) -> tuple[pd.DataFrame, str, str]:
    """Reduce persons to a row per cluster and period.

    Parameters
    ----------
    constant : mapping of str to tuple of str
        Columns by argument that do not differ between the persons of a cell.

    Returns
    -------
    tuple
        The rows, and the names of the columns with standard errors and with numbers of persons.

    Raises
    ------
    PanelError
        If persons of a cell differ in a column that describes clusters, or weights are not
        positive. Cells with too few persons are refused.
    IdentificationError
        If covariates do not vary within cells, or are collinear there.
    """
    named = [("cluster", cluster), ("time", time), ("outcome", outcome)]
    named += [(argument, name) for argument, names in constant.items() for name in names]
    named += [("covariates", name) for name in covariates]
    named += [] if weights is None else [("weights", weights)]
    check_roles(df, named)
    df = admitted_frame(df, named, lambda x: SourceRows(x, cluster, time), notes)
    needed = {name: name for _, name in named if name not in constant.get("cohort", ())}
    gaps = {name: missing(df[name]) for name in needed}
    some = np.any([np.asarray(gap) for gap in gaps.values()], axis=0)
    if some.any():
        counts = [Message("{}: {:,}", name, int(gap.sum())) for name, gap in gaps.items()
                  if gap.any()]  # fmt: skip
        notes.append(Message("{:,} persons with missing values dropped ({})",
                             int(some.sum()), listed(counts, len(counts))))  # fmt: skip
        df = df[~some]
    if not len(df):
        raise PanelError("every person has a missing value", hint="fewer covariates")
    rows = SourceRows(df, cluster, time)
    keys = df.groupby([cluster, time], sort=True, observed=True)
    cell = np.asarray(keys.ngroup(), dtype=np.int64)
    first = np.unique(cell, return_index=True)[1]
    cells = df.iloc[first]
    _refuse_changes(df, cells, cell, cluster, constant)
    y = numbers(df[outcome], "outcome", rows, notes)
    x = np.column_stack(
        [numbers(df[name], "covariates", rows, notes) for name in covariates]
        or [np.empty((len(df), 0))]
    )
    w = _weights(df, weights, rows, notes)
    total = np.bincount(cell, w)
    ybar, xbar = _means(y[:, None], w, cell, total)[:, 0], _means(x, w, cell, total)
    beta, covariance, variance = _within(y - ybar[cell], x - xbar[cell], cell.size, total.size,
                                         covariates)  # fmt: skip
    off = xbar - np.average(x, axis=0, weights=w)
    squares = np.bincount(cell, w * w) / total**2
    spread = np.einsum("ck,kl,cl->c", off, covariance, off)
    error, persons = free_name(f"{outcome}_se", df), free_name(PERSONS, df)
    added = {
        outcome: ybar - off @ beta,
        **{name: xbar[:, k] for k, name in enumerate(covariates)},
        error: np.sqrt(variance * squares + spread),
        persons: total,
    }
    kept = [cluster, time, *dict.fromkeys(name for names in constant.values() for name in names)]
    notes.append(_note(len(df), total.size, covariates, beta, float(np.sqrt(variance))))
    return cells[kept].reset_index(drop=True).assign(**added), error, persons


def _refuse_changes(
    df: pd.DataFrame,
    cells: pd.DataFrame,
    cell: Index,
    cluster: str,
    constant: Mapping[str, tuple[str, ...]],
) -> None:
    """Raise an error if persons of a cell differ in a column that describes the cluster."""
    first = np.unique(cell, return_index=True)[1]
    for argument, names in constant.items():
        for name in names:
            codes = pd.factorize(df[name])[0]
            odd = codes != codes[first][cell]
            if odd.any():
                raise PanelError(
                    Message(
                        "{}={!r} differs between the persons of a cluster and period",
                        argument,
                        name,
                    ),
                    where=shown(pd.unique(cells[cluster].to_numpy()[np.unique(cell[odd])])),
                    hint="pass the value of the cluster, such as the first period of its policy",
                )


def _weights(df: pd.DataFrame, name: str | None, rows: SourceRows, notes: list[str]) -> Array:
    if name is None:
        return np.ones(len(df))
    w = numbers(df[name], "weights", rows, notes)
    if (bad := ~(w > 0)).any():
        raise PanelError(
            Message("weights={!r} must be positive, but {:,} persons have zero or less", name,
                    int(bad.sum())),
            where=rows.shown(bad),
            hint=f"df[df[{name!r}] > 0]",
        )  # fmt: skip
    return w


def _means(x: Array, w: Array, cell: Index, total: Array) -> Array:
    """Weighted means of columns by cell (cell, column)."""
    sums = [np.bincount(cell, w * column) for column in x.T]
    return np.column_stack(sums or [np.empty((total.size, 0))]) / total[:, None]


def _within(
    y: Array, x: Array, persons: int, cells: int, covariates: tuple[str, ...]
) -> tuple[Array, Array, float]:
    """Regress deviations from means of cells: b, its covariance, and sigma_e²."""
    free = persons - cells - x.shape[1]
    if free < _FEWEST:
        raise PanelError(
            Message(
                "{:,} persons in {:,} cells leave {} degrees of freedom for their variance, but {} "
                "are needed", persons, cells, free, _FEWEST,
            ),
            hint="Panel.from_frame(…) with means of cells, and outcome_se= with their standard "
            "errors",
        )  # fmt: skip
    gram, size = x.T @ x, np.sqrt(np.einsum("ij,ij->j", x, x))
    scaled = gram / np.outer(np.where(size > 0, size, 1.0), np.where(size > 0, size, 1.0))
    for k, name in enumerate(covariates):
        others = scaled[:k, :k]
        left = scaled[k, k] - scaled[k, :k] @ np.linalg.lstsq(others, scaled[:k, k], rcond=None)[0]
        if not size[k] or left < _SAME:
            raise IdentificationError(
                Message("the covariate {!r} does not vary within clusters and periods, or others "
                        "determine it", name),
                hint="leave it out, or pass a column of clusters as one of the strata",
            )  # fmt: skip
    beta = np.linalg.solve(gram, x.T @ y)
    residual = y - x @ beta
    variance = float(residual @ residual) / free
    return beta, variance * np.linalg.inv(gram), variance


def _note(persons: int, cells: int, covariates: tuple[str, ...], beta: Array, sd: float) -> Message:
    """State the reduction, the SD of persons and the slopes of covariates."""
    said = Message("{:,} persons in {:,} cells; SD of persons within cells {:.3g}", persons, cells,
                   sd)  # fmt: skip
    if not covariates:
        return said
    slopes = [Message("{} {:.3g}", x, float(b)) for x, b in zip(covariates, beta, strict=True)]
    return Message("{}; slopes of covariates: {}", said, listed(slopes, len(slopes)))
