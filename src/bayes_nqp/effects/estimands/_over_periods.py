"""Short-run and long-run effects and impulse responses of dynamic spatial models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.draws import Draws
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Count
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting import RUNS, Fit, lag_draws, response_draws, run_draws

_PATHS = [v.TOTAL, v.DIRECT, v.RECEIVED]
_HINT = "StaggeredDiD(spillovers=nqp.SpatialLag(weights, dynamics=True), errors=nqp.IID(), …)"


@door
def spatial_dynamics(fit: Fit) -> xr.DataArray:
    """Draw the coefficients of the spatial lag and of lagged outcomes.

    Parameters
    ----------
    fit : Fit
        Fit of a model with ``spillovers=nqp.SpatialLag(…, dynamics=True)``.

    Returns
    -------
    DataArray (chain, draw, coefficient), dimensionless
        "delta" of ``W y_t``, "tau" of ``y_t-1``, "psi" of ``W y_t-1``; and "persistence", ``(tau +
        psi) / (1 - delta)``: the autoregressive coefficient of an outcome component common to all
        units.

    Raises
    ------
    StudyError
        If the model has no lagged outcome.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> ids = panel.unit_labels
    >>> weights = nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))
    >>> design = nqp.StaggeredDiD(
    ...     nqp.CompletePooling(varying=None), nqp.IID(),
    ...     spillovers=nqp.SpatialLag(weights, dynamics=True),
    ... )
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.spatial_dynamics(fit)["coefficient"].values.tolist()
    ['delta', 'tau', 'psi', 'persistence']
    """
    draws = _draws_of(fit)
    delta, tau, psi = np.moveaxis(draws, -1, 0)
    values = np.concatenate([draws, ((tau + psi) / (1.0 - delta))[..., None]], axis=-1)
    names = ["delta", "tau", "psi", "persistence"]
    return _labelled(fit, values, {"coefficient": names}, "spatial dynamics")


@door
def long_run_effects(fit: Fit) -> xr.DataArray:
    """Draw the short-run, actual and long-run effects of the policy.

    Parameters
    ----------
    fit : Fit
        Fit of a model with ``spillovers=nqp.SpatialLag(…, dynamics=True)``, saved with its
        observations.

    Returns
    -------
    DataArray (chain, draw, run, path), outcome units
        Averages over units treated in the last period. "short": the effect of that period's
        treatment within the period. "actual": the effect of all treatment up to that period.
        "long": the limit if treatment and its coefficients remain as in that period. The path
        "direct" is the effect of own treatment, "received" the spillover effect; their sum is
        "total".

    Raises
    ------
    StudyError
        If the model has no lagged outcome.

    Notes
    -----
    With ``b_t = D_t tau + W D_t theta``, ``S = I - delta W`` and ``G = S^-1 (tau I + psi W)``:
    ``S^-1 b_T``, ``sum_h G^h S^-1 b_(T-h)`` and ``((1 - tau) I - (delta + psi) W)^-1 b_T``.

    References
    ----------
    Debarsy, N., Ertur, C. and LeSage, J. (2012). Interpreting dynamic space-time panel data models.
    Statistical Methodology 9(1-2). Elhorst, J. P. (2014). Spatial Econometrics. Springer.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> ids = panel.unit_labels
    >>> weights = nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))
    >>> design = nqp.StaggeredDiD(
    ...     nqp.CompletePooling(varying=None), nqp.IID(),
    ...     spillovers=nqp.SpatialLag(weights, dynamics=True),
    ... )
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.long_run_effects(fit)["run"].values.tolist()
    ['short', 'actual', 'long']
    """
    _draws_of(fit)
    return _labelled(fit, run_draws(fit), {"run": list(RUNS), v.PATH: _PATHS}, "run effects")


@door
def impulse_responses(fit: Fit, periods: Count = 10, *, lasting: bool = False) -> xr.DataArray:
    """Draw the responses to a unit innovation of the outcome over the following periods.

    Parameters
    ----------
    fit : Fit
        Fit of a model with ``spillovers=nqp.SpatialLag(…, dynamics=True)``.
    periods : int, default 10
        Largest horizon.
    lasting : bool, default False
        If True, the shock is permanent and responses are cumulative.

    Returns
    -------
    DataArray (chain, draw, horizon, path), outcome units per outcome unit
        Averages over units of the response to the unit's own shock ("direct"), to the same shock in
        all other units ("received"), and to both ("total").

    Raises
    ------
    StudyError
        If the model has no lagged outcome.

    Notes
    -----
    ``G^h S^-1`` at horizon h: direct is its trace over n, total ``((tau + psi) / (1 - delta))^h /
    (1 - delta)``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> ids = panel.unit_labels
    >>> weights = nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))
    >>> design = nqp.StaggeredDiD(
    ...     nqp.CompletePooling(varying=None), nqp.IID(),
    ...     spillovers=nqp.SpatialLag(weights, dynamics=True),
    ... )
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.impulse_responses(fit, 3).sizes["horizon"]
    4
    """
    _draws_of(fit)
    values = response_draws(fit, periods, lasting=lasting)
    coords = {"horizon": list(range(periods + 1)), v.PATH: _PATHS}
    return _labelled(fit, values, coords, "impulse responses")


def _draws_of(fit: Fit) -> np.ndarray:
    """Return the draws of delta, tau and psi (chain, draw, 3).

    Raises
    ------
    StudyError
        If the model has no lagged outcome.
    """
    draws = lag_draws(fit)
    if draws is None:
        raise StudyError("this model has no lagged outcome", hint=_HINT)
    return draws


def _labelled(
    fit: Fit, values: np.ndarray, coords: Mapping[str, object], estimand: str
) -> xr.DataArray:
    """Label draws by name and attach the convergence diagnostics of their fit."""
    return Draws(
        values, dims=(*v.SAMPLE_DIMS, *coords),
        coords={**coords, v.GATE: fit.effects[v.GATE].item()},
        attrs={"estimand": estimand, "likelihood": "adjusted"}, name=estimand.replace(" ", "_"),
    )  # fmt: skip
