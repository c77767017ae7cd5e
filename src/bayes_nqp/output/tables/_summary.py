"""Posterior summaries, one row per label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.effects_schema import effect_unit
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.process import quiet
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import ResultFrame, att, convergence_of, evidence_of
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.numerics.diagnostics import allowed_size, effective_size, split_rhat

_BESIDE = ("ess_bulk", "ess_tail", "gate")


class SummaryTable(ResultFrame):
    """Data frame of posterior summaries, printed with complete intervals.

    Subsets of the table and results of computations are plain data frames.
    """

    def __repr__(self) -> str:
        if "gate" not in self.columns:
            return repr(pd.DataFrame(self))
        gates = list(dict.fromkeys(self["gate"].astype(str)))
        # Of resampled proposals R-hat says nothing; their effective draws do.
        weighted = "r_hat" in self.columns and self["r_hat"].isna().all() and len(self) > 0
        hidden = ("r_hat", "ess_tail", "gate") if weighted else _BESIDE
        beside = [name for name in hidden if name in self.columns]
        if len(gates) != 1:
            beside.remove("gate")
        few = pd.DataFrame(self.drop(columns=beside))
        most, least = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
        lines = [few.to_string(max_rows=most, min_rows=least)]
        if self.attrs.get(v.LINK, v.IDENTITY) != v.IDENTITY:
            lines.append(f"in {effect_unit(self.attrs)}")
        if len(gates) == 1:
            lines.append(f"gate: {gates[0]}")
        size = f"{len(self)} row" + ("" if len(self) == 1 else "s")
        return "\n".join([*lines, f"{size}; columns besides: {', '.join(beside)}"])

    def __str__(self) -> str:
        return repr(self)


STATISTICS = ("mean", "sd", "lower", "upper", "p_positive", "ess_bulk", "ess_tail", "r_hat", "gate")

_FACTS = ("estimand", "weights", "target", "outcome", "outcome_unit", v.LINK)


@door
def summary(
    draws: Fit | xr.DataArray | xr.Dataset | Mapping[str, xr.DataArray],
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Summarise posterior draws, one row per label.

    Parameters
    ----------
    draws : Fit, DataArray (chain, draw, ...), Dataset, or mapping of str to DataArray
        A fit, to summarise its average effect; one quantity; or several, identified in the column
        ``estimand``.
    prob : float, default 0.95
        Posterior probability of the interval.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    names : mapping of str to str, optional
        Other names for dims and quantities.

    Returns
    -------
    DataFrame
        A column per dim, then ``mean``, ``sd``, ``lower``, ``upper``, ``p_positive``,
        ``ess_bulk``, ``ess_tail`` (of the 5 % and 95 % quantiles), ``r_hat`` and ``gate``. For
        importance resampling, effective sample sizes are limited by the weights, and R-hat is
        missing because it does not apply. ``attrs`` contains the kind and probability of the
        interval, the estimand, its weights and its target. Labels without draws are omitted. The
        printed table omits effective sample sizes (or R-hat, if missing) and shows ``gate`` below.

    Raises
    ------
    StudyError
        If `draws` are not posterior draws, or `prob` or `kind` is invalid.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.output.tables import summary
    >>> draws = xr.DataArray(
    ...     np.random.default_rng(1).normal(2, 1, (4, 500, 2)),
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal"]},
    ... )
    >>> summary(draws)[["region", "mean", "gate"]].round(1)
        region  mean        gate
    0   inland   2.0  unverified
    1  coastal   2.0  unverified
    """
    _check(prob)
    called = dict(names or {})
    if isinstance(draws, Fit):
        draws = att(draws)
    if isinstance(draws, xr.DataArray):
        table, facts = _one(draws, prob, kind), _facts([draws])
    else:
        parts = {str(name): values for name, values in dict(draws).items()}
        if not parts:
            raise StudyError("'draws' is empty", hint="summary({'ATT': nqp.att(fit)})")
        table, facts = _several(parts, prob, kind, called), _facts(list(parts.values()))
    labels = [column for column in table if column not in STATISTICS]
    table = table.rename(columns={name: called[name] for name in labels if name in called})
    table = SummaryTable(table)
    table.attrs.update(kind=kind, probability=prob, **facts)
    return table


def _check(prob: float) -> None:
    if not 0 < prob < 1:
        raise StudyError(f"prob={prob!r} is not between 0 and 1", hint="prob=0.95")


def _facts(draws: list[xr.DataArray]) -> dict[str, str]:
    """Keep the attrs that all quantities share; list those that differ."""
    facts = {}
    for name in _FACTS:
        statements = list(dict.fromkeys(str(d.attrs[name]) for d in draws if name in d.attrs))
        if statements:
            facts[name] = "; ".join(statements)
    return facts


def _several(
    parts: Mapping[str, xr.DataArray], prob: float, kind: str, called: Mapping[str, str]
) -> pd.DataFrame:
    tables = []
    for name, values in parts.items():
        table = _one(values, prob, kind)
        table.insert(0, "estimand", called.get(name, name))
        tables.append(table)
    labels = list(dict.fromkeys(c for t in tables for c in t if c not in STATISTICS))
    for table in tables:
        for label in labels:
            if label not in table or not all(label in other for other in tables):
                table[label] = table.get(label, pd.Series("", table.index)).astype(object)
    return pd.concat(tables, ignore_index=True)[[*labels, *STATISTICS]]


def _one(draws: xr.DataArray, prob: float, kind: str) -> pd.DataFrame:
    missing = [dim for dim in v.SAMPLE_DIMS if dim not in draws.dims]
    if missing:
        raise StudyError(
            f"'draws' has no dim {missing[0]!r}, so there is nothing to summarise",
            hint="pass the draws themselves, such as nqp.att(fit), not their mean",
        )
    dims = [str(dim) for dim in draws.dims if dim not in v.SAMPLE_DIMS]
    values = draws.transpose(*v.SAMPLE_DIMS, *dims).to_numpy().astype(np.float64)
    flat = values.reshape(*values.shape[:2], -1)
    full = np.flatnonzero(~np.isnan(flat).any(axis=(0, 1)))
    columns = _labels(draws, dims, full)
    weights = evidence_of(draws).get(v.IMPORTANCE_ESS)
    numbers = _statistics(flat[:, :, full], prob, kind, resampled=weights is not None)
    if weights is not None:
        numbers = _allowed(numbers, allowed_size(float(weights), values.shape[0] * values.shape[1]))
    columns |= numbers
    columns["gate"] = np.full(len(full), convergence_of(draws), dtype=object)
    return pd.DataFrame(columns)


def _allowed(numbers: dict[str, Array], size: float) -> dict[str, Array]:
    """Limit effective sample sizes to those of the importance weights."""
    return numbers | {name: np.minimum(numbers[name], size) for name in ("ess_bulk", "ess_tail")}


def _labels(draws: xr.DataArray, dims: list[str], full: Index) -> dict[str, npt.NDArray[Any]]:
    columns: dict[str, npt.NDArray[Any]] = {}
    if "contrast" in draws.coords and draws.coords["contrast"].ndim == 0:
        columns["contrast"] = np.full(len(full), str(draws.coords["contrast"].item()), dtype=object)
    if dims:
        places = np.unravel_index(full, [draws.sizes[dim] for dim in dims])
        for dim, place in zip(dims, places, strict=True):
            columns[dim] = _written(draws[dim].to_numpy()[place])
    return columns


def _written(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Write whole numbers as integers, and text as objects."""
    if labels.dtype.kind == "f" and np.equal(np.mod(labels, 1), 0).all():
        return labels.astype(np.int64)
    return labels.astype(object) if labels.dtype.kind in "US" else labels


def _statistics(draws: Array, prob: float, kind: str, *, resampled: bool) -> dict[str, Array]:
    """Compute all columns of numbers from (chain, draw, label).

    R-hat does not apply to resampled draws.
    """
    if not draws.shape[-1]:
        return {name: np.empty(0) for name in STATISTICS[:-1]}
    lower, upper = (_equal_tailed if kind == "eti" else _densest)(draws, prob)
    # What is infinite in a draw has no moments: that is a NaN, not a warning.
    with quiet(RuntimeWarning), np.errstate(all="ignore"):
        numbers = {
            "mean": draws.mean(axis=(0, 1)),
            "sd": draws.std(axis=(0, 1), ddof=1),
            "lower": lower,
            "upper": upper,
            "p_positive": (draws > 0).mean(axis=(0, 1)),
            "ess_bulk": effective_size(draws),
            "ess_tail": effective_size(draws, tail=True),
            "r_hat": np.full(draws.shape[-1], np.nan) if resampled else split_rhat(draws),
        }
    return {name: numbers[name] for name in STATISTICS[:-1]}


def _equal_tailed(draws: Array, prob: float) -> Array:
    tail = (1.0 - prob) / 2.0
    return np.quantile(draws, (tail, 1.0 - tail), axis=(0, 1))


def _densest(draws: Array, prob: float) -> Array:
    """Return the shortest interval between draws that contains ``prob`` of them."""
    ascending = np.sort(draws.reshape(-1, draws.shape[-1]), axis=0)
    inside = min(int(prob * len(ascending)), len(ascending) - 1)
    start = np.argmin(ascending[inside:] - ascending[: len(ascending) - inside], axis=0)
    return np.take_along_axis(ascending, np.stack([start, start + inside]), axis=0)
