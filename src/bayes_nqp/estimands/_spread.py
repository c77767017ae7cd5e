"""How much groups differ at all."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._labels import dim_of


@door
def spread(draws: xr.DataArray, dim: str | None = None) -> xr.DataArray:
    """Find the standard deviation between the levels of one dim, draw by draw.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="region")``.
    dim : str, optional
        What to compare; the only dim besides chain and draw by default.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Of the levels at hand, each counted once, over their number less one.

    Raises
    ------
    StudyError
        If there is no such dim, or several and none is named; or it has fewer than two levels.

    Notes
    -----
    It is above zero in every draw, whether levels differ or not. Whether they do, the ``tail`` of
    `joint_signs` of their `differences` says, and which of these can be named.

    References
    ----------
    Gelman, A. (2005). Analysis of variance: why it is more important than ever. Annals of
    Statistics 33(1), section 3.5.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.estimands import spread
    >>> draws = xr.DataArray(
    ...     np.ones((4, 100, 3)) * [1.0, 3.0, 5.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal", "islands"]},
    ... )
    >>> float(spread(draws).mean())
    2.0
    """
    name = dim_of(draws, dim)
    if draws.sizes[name] < 2:
        raise StudyError(
            f"{name!r} has a single level, and nothing to differ from", hint="by= another factor"
        )
    # s² = Σ_g (d_g − d̄)² / (G − 1) in every draw.
    result = draws.std(name, ddof=1, skipna=False).transpose(*v.SAMPLE_DIMS, ...)
    estimand = f"spread of {draws.attrs.get('estimand', 'draws')}"
    return result.assign_attrs({**draws.attrs, "estimand": estimand}).rename("spread")
