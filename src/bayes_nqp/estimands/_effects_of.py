"""The effects behind whatever a user passes."""

from __future__ import annotations

from typing import Any

import xarray as xr

from bayes_nqp import schema
from bayes_nqp.errors import StudyError


def effects_of(fit_or_effects: object) -> xr.Dataset:
    """Return the Dataset of effects of a fit, or the Dataset itself.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A Dataset of effects, a fit, or anything with an attribute ``effects`` that holds one.

    Returns
    -------
    Dataset
        Validated effects (chain, draw, path, cell), outcome units.

    Raises
    ------
    StudyError
        If there are no effects to be found.

    Examples
    --------
    >>> from bayes_nqp.estimands import effects_of
    >>> effects_of("fit.nc")
    Traceback (most recent call last):
    ...
    bayes_nqp.errors.StudyError: 'fit_or_effects' is a str and holds no effects.
    Try: pass a fit, or a Dataset made by nqp.cell_effects.
    """
    if isinstance(fit_or_effects, xr.Dataset):
        return schema.validate(fit_or_effects)
    source: Any = fit_or_effects
    if isinstance(getattr(source, "tree", None), xr.DataTree):
        # Importing fits takes a second, and effects alone need none of it.
        from bayes_nqp.effects import cell_effects

        return cell_effects(source)
    held = getattr(fit_or_effects, "effects", None)
    if isinstance(held, xr.Dataset):
        return schema.validate(held)
    raise StudyError(
        f"'fit_or_effects' is a {type(fit_or_effects).__name__} and holds no effects",
        hint="pass a fit, or a Dataset made by nqp.cell_effects",
    )


def lag_of(fit: object) -> int:
    """Periods by which mediators come before the outcome; 0 where no design states a lag."""
    from bayes_nqp.fitting import Fit

    return fit.facts.lag if isinstance(fit, Fit) else 0
