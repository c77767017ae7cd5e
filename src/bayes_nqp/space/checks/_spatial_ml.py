"""Maximum likelihood of a spatial Durbin model and of its special cases.

The data are the T - 1 contrasts of each unit, whitened by the covariance of its errors. M removes
the means of levels of time effects, and m = (n - L)(T - 1). With ``S = I - delta W``,

    SDM  ``e = M(S y - X beta - W X theta)``,   SAR  ``theta = 0``,   SEM  ``theta = -delta beta``,
    SLX  ``delta = 0``,
    ``log L(delta) = (T - 1) l(delta) - m/2 log(e'e / m)``,   ``l(delta) = tr(M log S)``,

with coefficients at their least squares given delta. Twice the difference of two maxima is the
likelihood ratio. With the inverse V of the observed information, the Wald statistic of a
restriction ``r = theta``, ``r = theta + delta beta`` or ``r = delta`` is ``r' (R V R')^-1 r``, with
R its derivatives.

References
----------
Burridge, P. (1981). Testing for a common factor in a spatial autoregression model. Environment and
Planning A 13(7). Elhorst, J. P. (2014). Spatial Econometrics. Springer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import chdtrc

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian import HIGHEST, LOWEST, LogDeterminant
from bayes_nqp.space.checks._statistics import contrasts_of, levels_out

_PLACES = 60
"""Number of grid values of delta from which the search starts."""
_RANK = 1e-9
"""Share of a column's norm, net of others, below which the column is collinear."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """Maximum of a likelihood.

    Parameters
    ----------
    value : float
        Log likelihood, up to a constant shared by all forms.
    delta : float
        Coefficient of the lag, or of the errors.
    slopes : ndarray (k,)
        Slopes of the columns, then of the spatially lagged columns.
    """

    value: float
    delta: float
    slopes: Array


@dataclass(frozen=True, slots=True)
class Restriction:
    """Wald and likelihood ratio tests of a special case of the Durbin model, with p values."""

    wald: float
    wald_p: float
    ratio: float
    ratio_p: float
    freedom: int


@dataclass(frozen=True, eq=False)
class Forms:
    """Rows of a panel from which all effects are out.

    Parameters
    ----------
    x, wx : ndarray (row, k)
        Columns, and those of linked units.
    y, wy : ndarray (row,)
        Outcomes, likewise.
    free, periods : int
        ``m`` and ``T - 1``.
    determinant : LogDeterminant
        ``l(delta)``.
    """

    x: Array
    wx: Array
    y: Array
    wy: Array
    free: int
    periods: int
    determinant: LogDeterminant

    @classmethod
    def of_panel(
        cls, outcome: Array, columns: Array, levels: Array, matrix: Any, covariance: Array,
        determinant: LogDeterminant,
    ) -> Self:  # fmt: skip
        """Take effects out.

        Parameters
        ----------
        outcome : ndarray (n, T)
            As it is.
        columns : ndarray (n, T, k)
            X, each of which has a part that others and their WX do not make up: `independent`.
        levels : ndarray (n, L)
            A dummy of each level of time effects.
        matrix : sparse array (n, n)
            W.
        covariance : ndarray (T, T)
            Of a unit's errors, of any scale.
        """
        n, n_periods, k = columns.shape
        near = (matrix @ columns.reshape(n, -1)).reshape(columns.shape)
        stacked = np.concatenate(
            [columns, near, outcome[..., None], (matrix @ outcome)[..., None]], axis=2
        )
        rows = contrasts_of(levels, covariance)(stacked).reshape(-1, 2 * k + 2)
        # The triangle R has the same cross products as the data.
        x, wx, y, wy = np.split(np.linalg.qr(rows, mode="r"), [k, 2 * k, 2 * k + 1], axis=1)
        free = (n - levels.shape[1]) * (n_periods - 1)
        return cls(x, wx, y[:, 0], wy[:, 0], free, n_periods - 1, determinant)

    def design(self, form: str, delta: float) -> Array:
        """Columns of "SDM", "SAR", "SEM" or "SLX"."""
        if form in ("SDM", "SLX"):
            return np.concatenate([self.x, self.wx], axis=1)
        return self.x if form == "SAR" else self.x - delta * self.wx

    def maximum(self, form: str) -> Maximum:
        """Maximise the likelihood of a form."""
        if form == "SLX":
            return self._at(form, 0.0)
        places = np.tanh(np.linspace(np.arctanh(LOWEST), np.arctanh(HIGHEST), _PLACES))
        at = int(np.argmax([self._at(form, float(delta)).value for delta in places]))
        search = minimize_scalar(
            lambda delta: -self._at(form, float(delta)).value,
            bounds=(places[max(at - 1, 0)], places[min(at + 1, _PLACES - 1)]),
            method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        return self._at(form, float(search.x))

    def restrictions(self) -> dict[str, Restriction]:
        """Test the restrictions "SAR", "SEM" and "SLX" of the Durbin model."""
        full = self.maximum("SDM")
        k, inverse = self.x.shape[1], self._covariance(full)
        beta, theta, eye = full.slopes[:k], full.slopes[k:], np.eye(k)
        sides = {
            "SAR": (theta, np.column_stack([np.zeros((k, k + 1)), eye])),
            "SEM": (theta + full.delta * beta, np.column_stack([beta, full.delta * eye, eye])),
            "SLX": (np.array([full.delta]), np.eye(1, 2 * k + 1)),
        }
        out = {}
        for form, (r, slope) in sides.items():
            wald = float(r @ np.linalg.solve(slope @ inverse @ slope.T, r))
            ratio = max(2.0 * (full.value - self.maximum(form).value), 0.0)
            wald_p, ratio_p = (float(chdtrc(r.size, statistic)) for statistic in (wald, ratio))
            out[form] = Restriction(wald, wald_p, ratio, ratio_p, r.size)
        return out

    @classmethod
    def of_lag(
        cls, outcome: Array, columns: Array, levels: Array, matrix: Any, covariance: Array,
        determinant: LogDeterminant,
    ) -> Self:  # fmt: skip
        """Remove effects from columns that include spatially lagged ones or are collinear."""
        n, n_periods, k = columns.shape
        pair = np.stack([outcome, matrix @ outcome], axis=2)
        out = contrasts_of(levels, covariance)
        rows = out(np.concatenate([columns, pair], axis=2)).reshape(-1, k + 2)
        x, y, wy = np.split(rows, [k, k + 1], axis=1)
        free = (n - levels.shape[1]) * (n_periods - 1)
        return cls(x, x[:, :0], y[:, 0], wy[:, 0], free, n_periods - 1, determinant)

    def errors_beside_lag(self, levels: Array, links: Any, matrix: Any) -> tuple[float, float]:
        """Test spatial errors given a spatial lag: statistic and p.

        With e the residuals at the maximum of the likelihood, s² their variance, ``G = W_1 S^-1``
        with W_1 of the lag, and P, M and t those of tests without a lag,

            ``c = e'(I ⊗ W)e / s² + (T - 1) tr(PW)``,  ``LM = c² / (t - u² V)``,
            ``u = (T - 1)[tr(W̃ G̃ + W̃'G̃) - 2 tr(PW) tr(PG) / (n - L)]``,

        with V the inverse information of delta, which is estimated from the same data (Anselin
        1988).

        Parameters
        ----------
        levels : ndarray (n, L)
            Dummies of the levels of time effects.
        links : sparse array (n, n)
            W_1.
        matrix : sparse array (n, n)
            W.
        """
        n, top = len(levels), self.maximum("SAR")
        e = self.y - top.delta * self.wy - self.x @ top.slopes
        projected, _, rank, _ = np.linalg.lstsq(self.x, self.wy, rcond=None)
        variance = float(e @ e) / (self.free - rank)
        # The information on delta uses W y net of its projection on the columns.
        v = self.wy - self.x @ projected
        slope = float(self.wy @ e)
        information = float(v @ v) / variance - 2.0 * slope**2 / (self.free * variance**2)
        information -= self.periods * self.determinant.curvature(top.delta)
        feedback = np.linalg.solve((np.eye(n) - top.delta * links).T, links.toarray().T).T
        (w, mean_w), (g, mean_g) = (levels_out(x, levels) for x in (matrix.toarray(), feedback))
        free = n - levels.shape[1]
        t = float((w * w.T).sum() + (w * w).sum()) - 2.0 * mean_w**2 / free
        u = float((w * g.T).sum() + (w * g).sum()) - 2.0 * mean_w * mean_g / free
        by_unit = e.reshape(n, -1)
        c = float((by_unit * (matrix @ by_unit)).sum()) / variance + self.periods * mean_w
        spread = self.periods * t - (self.periods * u) ** 2 / information
        return c**2 / spread, float(chdtrc(1, c**2 / spread))

    def _at(self, form: str, delta: float) -> Maximum:
        """The likelihood at a delta, slopes at their least squares."""
        columns, rows = self.design(form, delta), self.y - delta * self.wy
        slopes = np.linalg.lstsq(columns, rows, rcond=None)[0]
        e = rows - columns @ slopes
        curve = self.periods * float(self.determinant(np.array([delta]))[0])
        return Maximum(curve - 0.5 * self.free * float(np.log(e @ e / self.free)), delta, slopes)

    def _covariance(self, full: Maximum) -> Array:
        """Inverse observed information of delta and slopes, the variance concentrated out."""
        columns = self.design("SDM", full.delta)
        e = self.y - full.delta * self.wy - columns @ full.slopes
        variance, design = float(e @ e) / self.free, np.column_stack([self.wy, columns])
        information = design.T @ design / variance
        curvature = self.periods * self.determinant.curvature(full.delta)
        slope = float(self.wy @ e)
        information[0, 0] -= curvature + 2.0 * slope**2 / (self.free * variance**2)
        return np.asarray(np.linalg.inv(information))


def independent(columns: Array, levels: Array, matrix: Any) -> npt.NDArray[np.bool_]:
    """Return a mask of columns (n, T, k) that are not collinear with others, effects and WX."""
    n, n_periods, k = columns.shape
    near = (matrix @ columns.reshape(n, -1)).reshape(columns.shape)
    out = contrasts_of(levels, np.eye(n_periods))(np.stack([columns, near], axis=3))
    keep: list[int] = []
    for number in range(k):
        rows = out[:, :, [*keep, number]].reshape(-1, 2 * len(keep) + 2)
        size = np.linalg.norm(rows, axis=0)
        if size.min() > 0.0 and np.abs(np.diag(np.linalg.qr(rows / size, mode="r"))).min() > _RANK:
            keep.append(number)
    return np.isin(np.arange(k), keep)
