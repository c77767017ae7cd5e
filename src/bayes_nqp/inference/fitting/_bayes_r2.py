"""Bayesian R² within units: the share of variance that effects and covariates explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.threads import one_thread
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._cell_draws import CellDraws
from bayes_nqp.inference.fitting._coefficient_draws import coefficients_of, pairs_coefficients
from bayes_nqp.inference.fitting._effect_curves import effect_curves_of
from bayes_nqp.inference.fitting._fit_index import refuse_pooled
from bayes_nqp.inference.fitting._needs import ADDITIVE, ROWS, require
from bayes_nqp.inference.fitting._unit_rows import UnitRows
from bayes_nqp.inference.pymc_model import chunks, padded

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit

_CHUNK_NUMBERS = 2_000_000


@door
def bayes_r2(fit: Fit) -> xr.DataArray:
    """Compute the Bayesian R² of the outcome, net of unit and time effects.

    Parameters
    ----------
    fit : Fit
        With its observations and the coefficients of its draws.

    Returns
    -------
    DataArray (chain, draw)
        Between 0 and 1. With precision weights, variances are weighted.

    Raises
    ------
    NotApplicable
        If the fit was saved without its observations, or its errors are not added to the outcome.
    StudyError
        If the fit stores no coefficients (`NUTS`), or observations are not separate (a spatial lag,
        units that are summed up).

    Notes
    -----
    In draw s, R² = V(f) / (V(f) + V(y − f)) (Gelman, Goodrich, Gabry and Vehtari 2019, equation 3,
    with the variance of residuals). Here f contains the effects of treatment, with unit-level
    deviations, and covariates, y is the outcome, and V is the mean square after unit effects and
    the time effects of the design are partialled out of both. For least squares it equals the
    within R² of regressions with fixed effects.

    References
    ----------
    Gelman, A., Goodrich, B., Gabry, J. and Vehtari, A. (2019). R-squared for Bayesian regression
    models. The American Statistician 73(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> bool(0 < nqp.bayes_r2(fit).mean() < 1)
    True
    """
    require(fit, ROWS, ADDITIVE)
    refuse_pooled(fit)
    if not pairs_coefficients(fit):
        raise StudyError(
            "the fit does not store the coefficients of its draws, which R² needs",
            hint="the default sampler, nqp.Importance()",
        )
    equation = fit.model_frame.equations[0]
    rows = UnitRows(fit.model_frame, equation)
    layout, weights = rows.layout, equation.rows.weights
    project = _TwoWay(layout.unit, layout.time_effect, weights)
    chains, draws = (fit.posterior.sizes[dim] for dim in v.SAMPLE_DIMS)
    positions = coefficients_of(fit, equation, np.arange(chains * draws))
    deviation = _deviations(fit) / equation.scale
    outcome = project(np.asarray(equation.rows.outcome)[None])
    out = np.empty(chains * draws)
    with one_thread():
        for part in chunks(out.size, layout.rows.size, _CHUNK_NUMBERS):
            # f = x'b + d delta; unit and time effects vanish in the projection.
            fitted = rows.expected(positions[part])
            fitted += padded(deviation[part])[:, layout.unit_effect] * layout.loading
            fitted = project(fitted)
            explained = project.squares(fitted)
            rest = project.squares(outcome - fitted)
            out[part] = explained / (explained + rest)
    coords = {dim: fit.posterior[dim].to_numpy() for dim in v.SAMPLE_DIMS} | fit.gate.evidence
    return xr.DataArray(out.reshape(chains, draws), dims=v.SAMPLE_DIMS, coords=coords)


def _deviations(fit: Fit) -> Array:
    """Return draws of unit-level deviations, without moderators (draw, member), outcome units."""
    effects, members = fit.groups["effects"], fit.model_frame.effects
    number = fit.posterior.sizes[v.CHAIN] * fit.posterior.sizes[v.DRAW]
    nothing = np.zeros((number, members.codes.size))
    if v.DEVIATION not in effects:
        return nothing
    draws = effects[v.DEVIATION].isel({v.PATH: 0}).transpose(*v.SAMPLE_DIMS, ...)
    # Slopes of moderators are among the coefficients of observations.
    moderated = members.of_unit_effects(nothing, CellDraws(fit).theta("outcome"))
    for curve in effect_curves_of(fit):
        moderated = moderated + curve.of_members.reshape(nothing.shape)
    return np.asarray(draws.to_numpy().reshape(nothing.shape) - moderated)


class _TwoWay:
    """Weighted projection that removes unit effects a and time effects b from observations.

    With N the weighted incidence of units and time effects, D its row sums and B = D^-1 N:
    S b = r_t - B'r_i with S = diag(N'1) - B'N, and a = D^-1 (r_i - N b), where r_i and r_t are the
    weighted sums by unit and by time effect.
    """

    def __init__(self, unit: Index, time: Index, weights: Array | None) -> None:
        self.unit, self.time = unit, time
        self.weights = np.ones(unit.size) if weights is None else weights
        at, size = np.arange(unit.size), (unit.size, int(unit.max()) + 1)
        self._by_unit = csr_array((self.weights, (at, unit)), shape=size)
        self._by_time = csr_array(
            (self.weights, (at, time)), shape=(unit.size, int(time.max()) + 1)
        )
        ones = csr_array((np.ones(unit.size), (at, time)), shape=self._by_time.shape)
        self._n = self._by_unit.T @ ones
        total = np.asarray(self._by_unit.sum(axis=0))
        # Units without observations have empty rows of N.
        self._share = csr_array(self._n / np.where(total > 0, total, 1.0)[:, None])
        self._total = np.where(total > 0, total, 1.0)
        s = np.diag(np.asarray(self._by_time.sum(axis=0))) - (self._share.T @ self._n).toarray()
        self._inverse = np.linalg.pinv(s, rcond=1e-10, hermitian=True)

    def __call__(self, values: Array) -> Array:
        """Partial unit and time effects out of values (draw, row)."""
        by_unit, by_time = (self._by_unit.T @ values.T), (self._by_time.T @ values.T)
        b = self._inverse @ (by_time - self._share.T @ by_unit)
        a = (by_unit - self._n @ b) / self._total[:, None]
        return np.asarray(values - a.T[:, self.unit] - b.T[:, self.time])

    def squares(self, values: Array) -> Array:
        """Return weighted mean squares (draw)."""
        return np.asarray((values * values) @ self.weights / self.weights.sum())
