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
    """Average the effect on the treated: ``nqp.att(fit, by)``.

    Parameters
    ----------
    by : str, sequence of str or mapping, optional
        What to keep apart.
    **options
        Of `att`: ``weights``, ``path``, ``balanced``, ``anticipated``.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Draws.
    """
    return nqp.att(fit, by, **options)
