"""``fit.att()``: draws of the average effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    import xarray as xr


@attribute("Fit")
def att(fit: nqp.Fit, by: By = None, **options: Any) -> xr.DataArray:
    """Return the average effect on the treated: ``nqp.att(fit, by)``.

    Parameters
    ----------
    by : str, sequence of str or mapping, optional
        Groups.
    **options
        Options of `att`: ``weights``, ``path``, ``balanced``, ``anticipated``.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Posterior draws.
    """
    return nqp.att(fit, by, **options)
