"""Response of the outcome to values of a continuous exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.inference.fitting import panel_of, response_of

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit

_POINTS = 41
_TAIL = 0.025


@door
def dose_response(
    fit: Fit,
    values: npt.ArrayLike | None = None,
    by: By = None,
    weights: str = "rows",
    *,
    derivative: bool = False,
) -> xr.DataArray:
    """Compute the response to values of an exposure.

    The response is relative to the ``reference`` of the design.

    Parameters
    ----------
    fit : Fit
        Fit of a `ContinuousExposure`.
    values : array of float (value), exposure's units, optional
        By default 41 points over 95 % of exposed observations.
    by : str, sequence of str or mapping, optional
        As in `att`. The slope differs between groups; the departure from a line is common.
    weights : str, default "rows"
        See `att`.
    derivative : bool, default False
        If True, return derivatives.

    Returns
    -------
    DataArray (chain, draw, ..., exposure value), outcome units
        The last dim has the exposure's name, which is also the attr ``exposure``. Derivatives are
        in outcome units per unit of exposure.

    Raises
    ------
    StudyError
        If the design has no continuous exposure, or if a value is not finite.

    Notes
    -----
    The result at d is ``beta (d - reference) + f(d) - f(reference)``. The function f is zero
    unless the design has ``response=SmoothResponse()``. Exposures are compared within units; the
    assumptions are those of `ContinuousExposure`.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.provinces(seed=1).panel
    >>> design = nqp.ContinuousExposure("cbec", response=nqp.SmoothResponse())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.dose_response(fit, values=[1.0, 2.0]).shape
    (4, 1000, 2)
    """
    exposure = fit.model_frame.exposure
    if exposure is None:
        raise StudyError(
            Message("the design has no continuous exposure"),
            hint="nqp.fit(nqp.ContinuousExposure('trade'), panel)",
        )
    effects = effects_of(fit)
    average = average_of(effects, by, weights, None)
    # beta per unit of exposure
    slope = average.of_effects(effects, v.TOTAL) / exposure.unit
    at = _values(fit, values)
    grid = xr.DataArray(at, dims=exposure.name, coords={exposure.name: at})
    draws = slope * (xr.ones_like(grid) if derivative else grid - exposure.reference)
    response = response_of(fit)
    if response is not None:
        bends = response.at(at, derivative=derivative)
        if not derivative:
            bends = bends - response.at(np.array([exposure.reference]))
        draws = draws + xr.DataArray(bends, dims=(*v.SAMPLE_DIMS, exposure.name))
    name = "derivative of the dose response" if derivative else "dose response"
    attrs = described(effects, average, name, by=by, weights=weights, path=v.TOTAL, balanced=None)
    draws = draws.transpose(*v.SAMPLE_DIMS, ..., exposure.name)
    return draws.rename("dose_response").assign_attrs({**attrs, v.EXPOSURE: exposure.name})


def exposures_of(fit: Fit) -> Array:
    """Return the values of the exposure in exposed observations, repeated by counts of units.

    Raises
    ------
    PanelError
        If the panel contains sums of units.
    """
    exposure, panel = fit.model_frame.exposure, panel_of(fit)
    assert exposure is not None
    panel.need_units(Message("the distribution of exposure"))
    dose = panel.exposures[:, panel.roles.exposures.index(exposure.name)]
    rows = fit.model_frame.kept & (dose != exposure.reference)
    return np.repeat(dose[rows], panel.counts[panel.unit_codes][rows].round().astype(np.int64))


def _values(fit: Fit, values: npt.ArrayLike | None) -> Array:
    """Return the values of the exposure; by default most of their range."""
    if values is None:
        dose = exposures_of(fit)
        low, high = (float(np.quantile(dose, q)) for q in (_TAIL, 1.0 - _TAIL))
        return np.linspace(low, high, _POINTS)
    at = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if at.ndim != 1 or not at.size or not np.isfinite(at).all():
        raise StudyError(Message("'values' are not finite numbers"), hint="values=[1.0, 2.0]")
    return at
