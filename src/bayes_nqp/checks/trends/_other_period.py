"""Effects of exposure in other periods, or of an exposure that ended, given current exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp.checks.shared import beside, shifted
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import Fit, covariate_slopes, panel_of, refit

_SOON: Final = 2
"""Number of periods after its end in which a lasting effect of exposure is tested."""
_ROWS, _UNITS = 10, 5
"""Smallest numbers of observations and units in these periods for the test."""


@dataclass(frozen=True, slots=True, eq=False)
class OtherPeriod:
    """Effect of exposure in another period given current exposure, on observations that have it."""

    table: pd.DataFrame
    rows: int
    refit: Fit


def other_period(fit: Fit, periods: int, label: str) -> OtherPeriod:
    """Refit with exposure some periods later (earlier, if negative) as a covariate."""
    panel, name = panel_of(fit), str(fit.facts.exposure)
    covariates = fit.facts.covariates_of(panel)
    values = panel.exposures[:, panel.roles.exposures.index(name)]
    rows, (column,) = beside(panel, {label: shifted(panel, values, periods)})
    plain = refit(fit, fit.variant(covariates=covariates), rows)
    joint = refit(fit, fit.variant(covariates=(*covariates, column)), rows)
    exposure = joint.model_frame.exposure
    assert exposure is not None
    when = "future" if periods > 0 else "past"
    table = _table(
        {
            "effect": att(fit),
            f"effect, rows with a {when}": att(plain),
            f"effect beside {when} exposure": att(joint),
            label: covariate_slopes(joint, [column])[..., 0] * exposure.unit,
        }
    )
    return OtherPeriod(table, rows.n_rows, joint)


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """The effect net of an ended exposure, and the slope of the ended exposure."""

    table: pd.DataFrame
    refit: Fit


def left_behind(fit: Fit) -> Left | None:
    """Refit with the last exposure of units that are back at the reference, soon and later.

    Returns
    -------
    Left or None
        None if exposure ends in few observations or units, or if fixed effects explain the columns.
    """
    panel, exposure = panel_of(fit), fit.model_frame.exposure
    assert exposure is not None
    last, ago = last_exposure(panel.unit_codes, panel.time_codes, exposure.values)
    soon = (ago > 0) & (ago <= _SOON)
    if soon.sum() < _ROWS or np.unique(panel.unit_codes[soon]).size < _UNITS:
        return None
    columns = {"exposure that ended": np.where(soon, last, 0.0)}
    if (ago > _SOON).any():
        columns["exposure that ended long ago"] = np.where(ago > _SOON, last, 0.0)
    rows, names = beside(panel, columns)
    covariates = (*fit.facts.covariates_of(panel), *names)
    try:
        joint = refit(fit, fit.variant(covariates=covariates), rows)
    except IdentificationError:
        return None
    slopes = covariate_slopes(joint, names)[..., 0] * exposure.unit
    table = _table({"effect beside exposure that ended": att(joint), "exposure that ended": slopes})
    return Left(table, joint)


def last_exposure(unit: Index, time: Index, dose: Array) -> tuple[Array, Index]:
    """Return a unit's last exposure before an observation at the reference, and the periods since.

    Parameters
    ----------
    unit, time : ndarray of int (row)
        Sorted by both.
    dose : ndarray (row)
        Exposure less the reference.

    Returns
    -------
    tuple of ndarray (row)
        Zeros for exposed observations and for units without earlier exposure.
    """
    rows = np.arange(dose.size)
    place = np.maximum.accumulate(np.where(dose != 0.0, rows, -1))
    gone = (dose == 0.0) & (place >= 0) & (unit[place] == unit)
    ago = np.where(gone, time - time[place], 0)
    return np.where(gone, dose[place], 0.0), ago


def _table(draws: dict[str, npt.ArrayLike]) -> pd.DataFrame:
    rows = []
    for name, values in draws.items():
        flat = np.asarray(values).ravel()
        low, high = np.quantile(flat, (0.025, 0.975))
        rows.append((name, flat.mean(), flat.std(), low, high, (flat > 0).mean()))
    return pd.DataFrame(rows, columns=["quantity", "mean", "sd", "lower", "upper", "p_positive"])
