"""Reported effects as weights of cells, for checks of each of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array, vstack

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.checks.shared._labels import AVERAGE, average_in
from bayes_nqp.effects.estimands import average_of, text

_CONTRASTED = 4
"""Largest number of levels of a factor for which all pairs are compared."""


def reported_weights(
    effects: xr.Dataset,
    *,
    contrasts: bool = True,
    times: Literal["all", "ends"] | None = None,
    least: int = 1,
) -> tuple[list[str], csr_array]:
    """Return the reported effects: overall, by level, contrasts of levels, and by event time.

    Parameters
    ----------
    effects : Dataset
        Effects dataset.
    times : {"all", "ends"}, optional
        Event times: "ends" are the first from adoption on, and the last.
    least : int, default 1
        Smallest number of levels with effects for a factor to be included.

    Returns
    -------
    tuple of list of str and csr_array (quantity, cell)
        Names, and weights of cells by treated observations; effects without any identified cell are
        excluded.
    """
    names: list[str] = [AVERAGE]
    rows = [average_of(effects, None, v.ROWS, None).cells]
    timed = times is not None and schema.is_timed(effects)
    for dim in (*schema.factors(effects), *[v.EVENT_TIME][:timed]):
        average = average_of(effects, dim, v.ROWS, None)
        labels, present = average.axes[0].labels, average.weight > 0
        if dim == v.EVENT_TIME and times == "ends":
            later = labels[labels >= 0]
            present &= np.isin(labels, [later.min(), later.max()])
        if present.sum() < least:
            continue
        part, levels = average.cells[present], [text(x) for x in labels[present]]
        names += [average_in(dim, level) for level in levels]
        rows.append(part)
        if dim == v.EVENT_TIME or not contrasts or len(levels) > _CONTRASTED:
            continue
        for a, b in combinations(range(len(levels)), 2):
            names.append(f"{levels[a]} − {levels[b]}")
            rows.append(part[[a]] - part[[b]])
    return names, csr_array(vstack(rows))


def reported_draws(
    effects: xr.Dataset, *, contrasts: bool = True, times: Literal["all", "ends"] | None = None
) -> dict[str, xr.DataArray]:
    """Return draws of the reported effects, by name (chain, draw), outcome units."""
    names, weights = reported_weights(effects, contrasts=contrasts, times=times)
    draws = effects[v.EFFECT].isel({v.PATH: 0}).transpose(v.CELL, *v.SAMPLE_DIMS)
    values = weights @ draws.to_numpy().reshape(draws.shape[0], -1)
    like = draws.isel({v.CELL: 0}).reset_coords(drop=True)
    return {
        name: like.copy(data=x.reshape(like.shape)) for name, x in zip(names, values, strict=True)
    }


def quantities(draws: Mapping[str, Array]) -> pd.DataFrame:
    """Tabulate draws by name: quantity, mean, sd, and ends of the 95 % interval."""
    rows = [(name, x.mean(), x.std(), *np.quantile(x, (0.025, 0.975))) for name, x in draws.items()]
    return pd.DataFrame(rows, columns=["quantity", "mean", "sd", "lower", "upper"])
