"""Effects of covariates and of an exposure where outcomes follow those of linked units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.draws import Draws
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._linked import lag_draws
from bayes_nqp.inference.fitting._reported import covariate_names, covariate_slopes, equation_draws
from bayes_nqp.model.predictors import DELTA
from bayes_nqp.numerics.linear_gaussian import LogDeterminant

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


@door
def impacts(fit: Fit, run: Literal["short", "long"] = "short") -> xr.DataArray:
    """Draw the direct and indirect effects of one more unit of each covariate, or of exposure.

    Parameters
    ----------
    fit : Fit
        A fit with observations of a design with ``spillovers=nqp.SpatialLag(…)``, and covariates or
        a continuous exposure.
    run : {"short", "long"}, default "short"
        "short" for effects within the period, "long" for effects of a permanent change in models
        with a lagged outcome (``dynamics=True``).

    Returns
    -------
    DataArray (chain, draw, covariate, path), outcome units per unit of the covariate
        Averages over units: of the unit's own covariate ("direct"), of that of all others
        ("indirect"), and of a change for all units ("total"). A continuous exposure comes first,
        for the amount of exposure for which the design states effects, averaged over exposed
        observations. It equals ``nqp.att(fit, path=…)``, with "received" as its indirect effect.

    Raises
    ------
    StudyError
        If the design has no spatial lag, or neither covariates nor an exposure, if the fit has no
        observations, or if a long run is requested of a model without a lagged outcome.

    Notes
    -----
    With ``q = tr(W S^-1) / n``: direct ``beta (1 + delta q) + theta q``, total ``(beta + theta) /
    (1 - delta)``. Without a spatial lag of the outcome (SLX) they are ``beta`` and
    ``beta + w theta``, w being the mean row sum of W. In the long run both are divided by ``1 -
    tau``, and delta is ``(delta + psi) / (1 - tau)``. Effects of the policy under the actual
    calendar are in the fit's effects.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press, chapter 2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> frame = panel.frame.assign(x=np.random.default_rng(1).random(panel.n_rows))
    >>> panel = nqp.Panel.from_frame(
    ...     frame, unit="unit", time="time", cohort="cohort", outcome="outcome", covariates=["x"]
    ... )
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> ids = panel.unit_labels
    >>> weights = nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), spillovers=nqp.SpatialLag(weights))
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.impacts(fit)["path"].values.tolist()
    ['direct', 'indirect', 'total']
    """
    names = covariate_names(fit)
    if run == "long" and lag_draws(fit) is None:
        raise StudyError(
            "the long run differs from the short run only with a temporal lag of the outcome",
            hint="SpatialLag(weights, dynamics=True)",
        )
    if fit.model_frame.model.equations[0].linked is None:
        raise StudyError(
            "impacts need a spatial lag, and this design has none",
            hint="StaggeredDiD(spillovers=nqp.SpatialLag(weights))",
        )
    mine = [name for name in names if not name.startswith("W × ")]
    if not mine and fit.facts.exposure is None:
        raise StudyError(
            "impacts need covariates, and this design has none",
            hint="nqp.att(fit, path='received') for the policy, or covariates=[…]",
        )
    parts, called = [_of_covariates(fit, mine, names, run)] if mine else [], mine
    if fit.facts.exposure is not None:
        parts, called = [_of_exposure(fit), *parts], [fit.facts.exposure, *mine]
    return Draws(
        np.concatenate(parts, axis=2), dims=(*v.SAMPLE_DIMS, "covariate", v.PATH),
        coords={"covariate": called, v.PATH: [v.DIRECT, v.INDIRECT, v.TOTAL],
                v.GATE: fit.effects[v.GATE].item()},
        attrs={"estimand": "impacts"}, name="impacts",
    )  # fmt: skip


def _of_exposure(fit: Fit) -> Array:
    """Sides of a continuous exposure, on average over exposed rows (chain, draw, 1, path)."""
    effects = fit.effects
    rows = effects[v.ROWS].where(effects[v.IDENTIFIED], 0)
    # Cells are weighted by observations, as in ``att``.
    average = (effects[v.EFFECT] * (rows / rows.sum())).sum(v.CELL)
    paths = average[v.PATH].to_numpy().tolist()
    total = average.sel({v.PATH: v.TOTAL}).transpose(*v.SAMPLE_DIMS).to_numpy()
    direct = total
    if v.DIRECT in paths:
        direct = average.sel({v.PATH: v.DIRECT}).transpose(*v.SAMPLE_DIMS).to_numpy()
    return np.stack([direct, total - direct, total], axis=-1)[:, :, None]


def _of_covariates(fit: Fit, mine: Sequence[str], names: Sequence[str], run: str) -> Array:
    """Sides of covariates (chain, draw, covariate, path).

    Parameters
    ----------
    names : sequence of str
        Those of linked units among them.
    """
    stated = fit.model_frame.equations[0].problem.lag
    # Spatial errors have no feedback.
    lag = None if stated is None or stated.ties else stated
    delta = None if lag is None else equation_draws(fit, DELTA)
    beta = covariate_slopes(fit, mine)
    theta = np.zeros_like(beta)
    for k, name in enumerate(mine):
        if (linked := f"W × {name}") in names:
            theta[..., k] = covariate_slopes(fit, [linked])[..., 0]
    if run == "long" and (dynamics := lag_draws(fit)) is not None:
        # y = tau y + (delta + psi) W y + x beta + W x theta: the short run over 1 - tau.
        left = 1.0 - dynamics[..., 1]
        delta = (dynamics[..., 0] + dynamics[..., 2]) / left
        beta, theta = beta / left[..., None], theta / left[..., None]
    # Without a lag S is the identity, and no unit is its own neighbour: q is zero.
    q, delta = np.zeros(1), np.zeros(1) if delta is None else delta[..., None]
    spec = fit.model_frame.model.equations[0].linked
    if lag is None and spec is not None:
        # S = I: a unit increase everywhere adds theta times the row sum of W.
        theta *= spec.links.sum() / spec.links.shape[0]
    if lag is not None:
        assert isinstance(lag.log_determinant, LogDeterminant)
        q = lag.log_determinant.feedback(delta)
    # dy/dx = S^-1 (beta I + theta W): tr / n is beta tr(S^-1)/n + theta q, and tr(S^-1)/n =
    # 1 + delta q; rows sum to (beta + theta) / (1 - delta).
    direct, total = beta * (1.0 + delta * q) + theta * q, (beta + theta) / (1.0 - delta)
    return np.stack([direct, total - direct, total], axis=-1)
