"""How much of an estimand's uncertainty is that of the index."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError


@door
def index_variance(draws: xr.DataArray) -> xr.Dataset:
    """Split the variance of draws into that within and that between draws of the index.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        An estimand of a fit by `fit_index`.

    Returns
    -------
    Dataset (...)
        ``within``, the mean variance under one index; ``between``, the variance of the means
        over indices; ``total``, their sum, the variance of the draws; ``share``, between over
        total.

    Raises
    ------
    StudyError
        If the draws are of one index.

    Notes
    -----
    With D draws of the index, ``between`` has a relative standard error of about √(2 / D).

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> import bayes_nqp as nqp
    >>> values = np.array([[1.0, 3.0, 1.2, 3.2]])
    >>> draws = xr.DataArray(
    ...     values, dims=("chain", "draw"), coords={"index_draw": ("draw", [0, 1, 0, 1])}
    ... )
    >>> round(float(nqp.index_variance(draws)["share"]), 3)
    0.99
    """
    if v.INDEX_DRAW not in draws.coords:
        raise StudyError(
            "'draws' do not say which draw of an index they belong to",
            hint="nqp.att(nqp.fit_index(design, panel, index))",
        )
    groups = draws.groupby(v.INDEX_DRAW)
    mean = groups.mean(v.SAMPLE_DIMS)
    counts = np.bincount(draws[v.INDEX_DRAW].to_numpy())
    weight = xr.DataArray(counts[counts > 0] / counts.sum(), dims=v.INDEX_DRAW)
    within = (groups.var(v.SAMPLE_DIMS) * weight.to_numpy()[_shape(mean)]).sum(v.INDEX_DRAW)
    overall = (mean * weight.to_numpy()[_shape(mean)]).sum(v.INDEX_DRAW)
    between = ((mean - overall) ** 2 * weight.to_numpy()[_shape(mean)]).sum(v.INDEX_DRAW)
    total = within + between
    return xr.Dataset(
        {"within": within, "between": between, "total": total, "share": between / total}
    )


def _shape(mean: xr.DataArray) -> tuple[slice | None, ...]:
    return tuple(slice(None) if d == v.INDEX_DRAW else None for d in mean.dims)
