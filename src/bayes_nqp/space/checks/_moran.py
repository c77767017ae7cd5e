"""Moran's I of the outcome and of residuals, by period."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import ndtr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, detailed, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, Guide, asks
from bayes_nqp.data.spatial_weights import SpatialWeights, located
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, UNITS, Fit, panel_of
from bayes_nqp.space.checks._balanced import balanced, filtered
from bayes_nqp.space.checks._neighbour_weights import left_out, named, weights_by
from bayes_nqp.space.checks._statistics import Moran, local_z, morans_i

_LEVEL = 0.05
"""Size of the test, over all periods, and of the local test of each unit."""


@asks(
    "Are the residuals free of spatial correlation?",
    "Moran's I",
    of="outcome",
    place=171,
    needs=(ROWS, UNITS, ADDITIVE),
    suits=located,
    guide=Guide(
        statistic=Message(
            "Moran's I, by period, of the outcome and of residuals net of unit "
            "effects, time effects, treated group-time cells and covariates."
        ),
        thresholds=Message(
            "Caution: Moran's I of the residuals is significant at {:.0%} in some "
            "period (two-sided, randomisation, Bonferroni over periods). Moran's I of "
            "the outcome does not enter the verdict.",
            _LEVEL,
        ),
        failure=Message(
            "Outcomes of neighbouring units are related beyond the model: the policy "
            "may affect neighbours, or neighbours share shocks and intervals are too "
            "narrow."
        ),
        remedy=Message(
            "test for spillovers with {0} and for shared shocks with {1}",
            Code('nqp.check(fit, "spillover_bias")', '[checks] run = ["spillover_bias"]'),
            Code('nqp.check(fit, "spatial_errors")', '[checks] run = ["spatial_errors"]'),
        ),
        code='nqp.check(fit, "moran").evidence',
        literature="Cliff and Ord (1981); Anselin (1995)",
        limits=Message(
            "The check does not distinguish spillovers from shared shocks, and tests "
            "each period separately."
        ),
    ),
)
def moran(fit: Fit, *, weights: SpatialWeights | None = None) -> Finding:
    """Compute Moran's I of the outcome and of residuals, by period.

    For the outcome it describes spatial association, which is no fault of a model: unit effects
    absorb its permanent part. Residuals come from least squares with unit effects, time effects by
    level, a dummy of each treated cell and covariates, after filtering by the design's spatial lag
    or spatial errors. The verdict refers to residuals (normal approximation under randomisation,
    two-sided, Bonferroni over periods).

    The evidence also has local statistics (LISA): the type HH, LL, LH or HL of a unit with
    neighbours that differ from chance at 5 %, tested separately given the unit's value (conditional
    randomisation, normal approximation), and no type for other units.

    If mediators of linked units enter the equation of the outcome, the check uses that equation,
    given mediators; in the total effect their innovations would be shocks shared by linked units.

    Parameters
    ----------
    weights : SpatialWeights, optional
        Spatial weights; by default the five nearest units, in either direction, if the panel has
        ``longitude`` and ``latitude``.

    References
    ----------
    Cliff, A. and Ord, J. (1981). Spatial processes: models and applications. Anselin, L. (1995).
    Local indicators of spatial association. Geographical Analysis 27(2).
    """
    matrix = weights_by(fit, weights)
    rows = balanced(fit, matrix)
    residual = _residuals(*filtered(fit, rows), rows.levels)
    series = {"outcome": rows.outcome, "residual": residual}
    numbers = {
        name: [morans_i(x, rows.matrix) for x in values.T] for name, values in series.items()
    }
    z = np.array([period.z_random for period in numbers["residual"]])
    p = 2.0 * ndtr(-np.abs(z))
    worst, times = int(p.argmin()), fit.model_frame.panel.time_labels
    beyond = int((p * p.size < _LEVEL).sum())
    figure = Message(
        "largest Moran's I of residuals {:.2f} (z = {:.1f}) in {}; of the outcome "
"{:.2f} (z = {:.1f}) in {}",
        numbers["residual"][worst].value, z[worst], times[worst],
        numbers["outcome"][-1].value, numbers["outcome"][-1].z_random, times[-1],
    )  # fmt: skip
    evidence = _evidence(numbers, series, rows.matrix)
    units = fit.model_frame.panel.unit_labels[rows.units].astype(str)
    evidence = evidence.assign_coords({v.TIME: times, "place": units})
    evidence = evidence.assign_attrs(named(matrix, fit))
    says = _sentence(beyond, times.size, times[worst], alike=bool(z[worst] > 0.0))
    gone = left_out(panel_of(fit), matrix.ids)
    sentence = says if gone is None else joined([says, detailed(gone)])
    return Finding(DOUBT if beyond else HOLDS, figure, sentence, evidence, "moran")


def _sentence(beyond: int, periods: int, worst: object, *, alike: bool) -> Message:
    if not beyond:
        return Message("The residuals show no significant spatial correlation in any period.")
    when = (
        Message("in 1 of {1} periods, {0}", worst, periods)
        if beyond == 1
        else Message("in {0} of {1} periods, mostly in {2}", beyond, periods, worst)
    )
    pooled = detailed(Message("The check 'spatial_lm' tests all periods together."))
    if alike:
        return joined(
            [
                Message(
                    "The residuals of neighbouring units are positively correlated ({}).", when
                ),
                Message(
                    "The policy may affect neighbours, or neighbours share shocks and "
                    "intervals are too narrow."
                ),
                pooled,
            ]
        )
    return joined(
        [
            Message("The residuals of neighbouring units are negatively correlated ({}).", when),
            Message("Gains of some units may be losses of their neighbours."),
            pooled,
        ]
    )


def _residuals(outcome: Array, columns: Array, levels: Array) -> Array:
    """Return residuals of least squares with unit effects and time effects by level (n, T)."""
    basis = np.linalg.qr(levels)[0]

    def out(values: Array) -> Array:
        centred = values - values.mean(axis=1, keepdims=True)
        return centred - np.tensordot(basis, np.tensordot(basis, centred, (0, 0)), (1, 0))

    y, x = out(outcome), out(columns).reshape(outcome.size, -1)
    return np.asarray(y - (x @ np.linalg.lstsq(x, y.ravel(), rcond=None)[0]).reshape(y.shape))


def _evidence(numbers: dict[str, list[Moran]], series: dict[str, Array], matrix: Any) -> xr.Dataset:
    """Return statistics by series and period, and standardised values with those of neighbours."""
    fields = ("value", "mean", "z_normal", "z_random")
    table = {
        name: (("series", v.TIME), [[getattr(x, name) for x in row] for row in numbers.values()])
        for name in fields
    }
    scores = np.stack([(x - x.mean(axis=0)) / x.std(axis=0) for x in series.values()])
    near_by = np.stack([matrix @ x for x in scores])
    far = np.stack([[local_z(x, matrix) for x in values.T] for values in scores]).swapaxes(1, 2)
    # First letter: the unit; second letter: its neighbours, if significant.
    letters = np.array(["L", "H"])
    kinds = np.char.add(letters[(scores > 0.0) * 1], letters[(far > 0.0) * 1])
    kinds = np.where(2.0 * ndtr(-np.abs(far)) < _LEVEL, kinds, "")
    dims = ("series", "place", v.TIME)
    return xr.Dataset(
        {**table, "score": (dims, scores), "neighbours": (dims, near_by),
         "local_z": (dims, far), "lisa": (dims, kinds)},
        coords={"series": list(numbers)},
    )  # fmt: skip
