"""What curves of sensitivity run along: who is confounded, and how strongly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp.errors import StudyError

__all__ = ["CONFOUNDED", "axis_of"]

CONFOUNDED = "confounded"
"""Name of the dim of mediators that are confounded."""
_GRID = np.round(np.linspace(-0.6, 0.6, 49), 3)


def axis_of(rho: npt.ArrayLike | None) -> xr.DataArray:
    """Correlations of errors along which curves run, as a coordinate of the argument's name.

    Parameters
    ----------
    rho : array of float or None
        From −.6 to .6 where it is None.

    Raises
    ------
    StudyError
        If they are not within (-1, 1).
    """
    try:
        grid = np.atleast_1d(np.asarray(_GRID if rho is None else rho, dtype=np.float64))
    except (TypeError, ValueError):
        grid = np.asarray([np.nan])
    if grid.ndim != 1 or not grid.size or not (np.abs(grid) < 1).all():
        raise StudyError(f"'rho' is {rho!r}", hint="correlations between -1 and 1: [0, 0.1, 0.2]")
    axis: xr.DataArray = xr.Dataset().assign_coords(rho=np.unique(grid)).rho
    return axis
