"""Ranks, and posterior probabilities of being the best."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._mediated import ALL


@door
def rank(draws: xr.DataArray, dim: str, *, largest_first: bool = True) -> xr.DataArray:
    """Rank the levels of one dim within every draw.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="unit")``.
    dim : str
        Dim of the ranked levels; the sum "all mediators" is excluded.
    largest_first : bool, default True
        If True, rank 1 is the largest.

    Returns
    -------
    DataArray (chain, draw, ...), ranks from 1
        Ties have their mean rank; NaN if there is no draw.

    Raises
    ------
    StudyError
        If the dim does not exist.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import rank
    >>> draws = xr.DataArray(
    ...     np.ones((2, 5, 2)) * [1.0, 3.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal"]},
    ... )
    >>> rank(draws, "region").mean(["chain", "draw"]).values
    array([2., 1.])
    """
    from scipy.stats import rankdata

    values = _checked(draws, dim)
    keys = np.where(values.isnull(), np.inf, -values if largest_first else values)
    ranks = rankdata(keys, axis=values.get_axis_num(dim))
    result = values.copy(data=np.where(values.isnull(), np.nan, ranks)).rename("rank")
    result = result.transpose(*draws.dims)
    first = "largest" if largest_first else "smallest"
    result.attrs = {
        **draws.attrs,
        "estimand": f"rank of {draws.attrs.get('estimand', 'draws')}, 1 = {first}",
        "outcome_unit": "rank",
        v.LINK: v.IDENTITY,
    }
    return result


@door
def prob_best(draws: xr.DataArray, dim: str, *, largest: bool = True) -> xr.DataArray:
    """Compute the posterior probability that each level is the best.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="stratum")``.
    dim : str
        Dim of the compared levels; the sum "all mediators" is excluded.
    largest : bool, default True
        If True, the best is the largest.

    Returns
    -------
    DataArray (...), probability
        Sums to one over `dim`; ties are split equally. NaN if there is no draw.

    Raises
    ------
    StudyError
        If the dim does not exist.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import prob_best
    >>> draws = xr.DataArray(
    ...     np.ones((2, 5, 2)) * [1.0, 3.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal"]},
    ... )
    >>> prob_best(draws, "region").values
    array([0., 1.])
    """
    values = _checked(draws, dim)
    top = values.max(dim) if largest else values.min(dim)
    winner = (values == top).astype(np.float64)
    count = winner.sum(dim)
    share = (winner / count.where(count > 0)).where(values.notnull())
    result = share.mean(v.SAMPLE_DIMS).transpose(*(d for d in draws.dims if d in share.dims[2:]))
    result.attrs = {
        **draws.attrs,
        "estimand": f"probability of the {'largest' if largest else 'smallest'} "
        f"{draws.attrs.get('estimand', 'draw')}",
    }
    return result.rename("best")


def _checked(draws: xr.DataArray, dim: str) -> xr.DataArray:
    dims = [str(d) for d in draws.dims if d not in v.SAMPLE_DIMS]
    if dim not in dims:
        raise StudyError(f"dim={dim!r} is not a dim of these draws", hint=nearest(dim, dims))
    if dim == v.MEDIATOR:
        draws = draws.isel({dim: draws[dim].to_numpy() != ALL})
    return draws.transpose(*v.SAMPLE_DIMS, ...)
