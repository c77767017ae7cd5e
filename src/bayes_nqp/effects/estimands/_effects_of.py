"""The effects from which estimands are computed, and their convergence diagnostics."""

from __future__ import annotations

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError


def effects_of(fit_or_effects: object) -> xr.Dataset:
    """Return the Dataset of effects of a fit, or the Dataset itself.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A Dataset of effects, a fit, or any object with a Dataset in the attribute ``effects``.

    Returns
    -------
    Dataset
        Validated effects (chain, draw, path, cell), outcome units.

    Raises
    ------
    StudyError
        If the object contains no effects.

    Examples
    --------
    >>> from bayes_nqp.effects.estimands import effects_of
    >>> effects_of("fit.nc")
    Traceback (most recent call last):
    ...
    bayes_nqp._core.exceptions.StudyError: 'fit_or_effects' is a str and contains no effects.
    Try: pass a fit, or a Dataset from nqp.group_time_effects.
    """
    if isinstance(fit_or_effects, xr.Dataset):
        return schema.validate(fit_or_effects)
    held = getattr(fit_or_effects, "effects", None)
    if isinstance(held, xr.Dataset):
        return schema.validate(held)
    raise StudyError(
        f"'fit_or_effects' is a {type(fit_or_effects).__name__} and contains no effects",
        hint="pass a fit, or a Dataset from nqp.group_time_effects",
    )


def lag_of(fit: object) -> int:
    """Return the lag of mediators in periods; 0 if the model states no lag."""
    from bayes_nqp.inference.fitting import Fit

    return fit.facts.lag if isinstance(fit, Fit) else 0


def evidence_of(draws: xr.DataArray | xr.Dataset) -> dict[str, str | float]:
    """Return the convergence diagnostics stored with draws.

    Returns
    -------
    dict of str to str or float
        Scalar coordinates: the verdict of the convergence diagnostics and, for importance sampling,
        the diagnostics of the weights.
    """
    return {
        name: draws.coords[name].item()
        for name in v.EVIDENCE
        if name in draws.coords and not draws.coords[name].ndim
    }


def convergence_of(draws: xr.DataArray | xr.Dataset) -> str:
    """Return the verdict of the convergence diagnostics of draws.

    Parameters
    ----------
    draws : DataArray or Dataset
        With or without the scalar coordinate ``gate``.

    Returns
    -------
    str
        "passed", "failed: …", or "unverified" if it is missing.
    """
    if v.GATE not in draws.coords or draws.coords[v.GATE].ndim:
        return v.UNVERIFIED
    return str(draws.coords[v.GATE].item())


def worst_convergence(*draws: xr.DataArray | xr.Dataset) -> str:
    """Return the worst verdict of several draws: failed, then unverified, then passed.

    Parameters
    ----------
    *draws : DataArray or Dataset
        Each with or without the scalar coordinate ``gate``.
    """
    gates = [convergence_of(part) for part in draws]
    failed = [gate for gate in gates if gate not in (v.PASSED, v.UNVERIFIED)]
    if failed:
        return failed[0]
    return v.UNVERIFIED if v.UNVERIFIED in gates else v.PASSED
