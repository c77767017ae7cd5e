"""Posterior probabilities of simple statements."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError


@door
def probability(
    draws: xr.DataArray, *, above: float | None = None, below: float | None = None
) -> xr.DataArray:
    """Find the posterior probability that a quantity lies above or below a value.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Labelled draws.
    above, below : float, outcome units, optional
        Bounds, not included; both for an interval. Above 0 by default.

    Returns
    -------
    DataArray (...), probability
        NaN where there is no draw.

    Raises
    ------
    StudyError
        If these are not draws.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.estimands import probability
    >>> draws = xr.DataArray([[-1.0, 1.0, 2.0, 3.0]], dims=("chain", "draw"))
    >>> float(probability(draws, above=0)), float(probability(draws, below=2))
    (0.75, 0.5)
    """
    low = 0.0 if above is None and below is None else above
    inside = xr.ones_like(draws, dtype=bool)
    words = []
    if low is not None:
        inside, words = inside & (draws > low), [f"> {low:g}"]
    if below is not None:
        inside, words = inside & (draws < below), [*words, f"< {below:g}"]
    return _mean(draws, inside, f"P({draws.attrs.get('estimand', 'draw')} {' and '.join(words)})")


@door
def rope(draws: xr.DataArray, width: float) -> xr.DataArray:
    """Find the posterior probability that a quantity is practically zero.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Labelled draws, such as a contrast.
    width : float, outcome units
        What is too small to matter, in either direction.

    Returns
    -------
    DataArray (...), probability
        Of ``abs(draws) < width``; NaN where there is no draw.

    Raises
    ------
    StudyError
        If the width is not positive, or these are not draws.

    Examples
    --------
    >>> import xarray as xr
    >>> from bayes_nqp.estimands import rope
    >>> draws = xr.DataArray([[-1.0, 0.1, 0.2, 3.0]], dims=("chain", "draw"))
    >>> float(rope(draws, 0.5))
    0.5
    """
    if not width > 0:
        raise StudyError(
            f"width={width!r} is not positive",
            hint="the largest effect that would not matter, in outcome units",
        )
    inside = (draws > -width) & (draws < width)
    return _mean(draws, inside, f"P(|{draws.attrs.get('estimand', 'draw')}| < {width:g})")


def _mean(draws: xr.DataArray, inside: xr.DataArray, words: str) -> xr.DataArray:
    missing = [dim for dim in v.SAMPLE_DIMS if dim not in draws.dims]
    if missing:
        raise StudyError(
            f"'draws' has no dim {missing[0]!r}, so these are not draws",
            hint="pass what nqp.att or nqp.contrast returned",
        )
    result = inside.astype(np.float64).where(draws.notnull()).mean(v.SAMPLE_DIMS)
    result.attrs = {**draws.attrs, "estimand": words}
    return result.rename("probability")
