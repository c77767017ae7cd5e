"""Mean outcomes of groups, observed and without the policy, under a link."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import sparse

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands._average import Average
from bayes_nqp.effects.estimands._by import unit_effect_name
from bayes_nqp.inference.fitting import ROWS, Fit, meets

_NUMBERS = 2_000_000
"""Effects on units in cells that are computed at once."""


def outcome_levels(
    fit_or_effects: object, effects: xr.Dataset, average: Average, path: str
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the mean outcome of each group as observed (...), and without the policy.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        By unit, the fit needs its observations.
    effects : Dataset
        Its group-time effects under a link.
    average : Average
        Linear map to groups.
    path : str
        The total.

    Returns
    -------
    tuple of DataArray (...) and DataArray (chain, draw, ...), outcome units

    Raises
    ------
    StudyError
        If the outcome without the policy is not stored, or outcomes of units are not available.
    """
    untreated = untreated_of(effects, path)
    if average.unit_effects is None:
        observed = average.of_cells(effects[v.OBSERVED].to_numpy())
        return observed, average.of_draws(effects, untreated)
    if schema.link_of(effects) != v.LOG:
        raise StudyError(
            "effects by unit are available in log odds, and not in probabilities or events",
            hint="nqp.att(fit, by='unit'), or nqp.att(fit, scale='outcome') by cohort",
        )
    fit = fit_or_effects
    if not isinstance(fit, Fit) or not meets(fit, (ROWS,)) or len(average.axes) > 1:
        raise StudyError(
            Message(
                "outcomes of units are not stored with effects, so that effects in per cent or "
                "units of the outcome are available for a fit with its observations, by unit alone"
            ),
            hint=Message("nqp.relative_effects(fit, by={!r})", unit_effect_name(effects)),
        )
    return _of_units(fit, effects, average)


def untreated_of(effects: xr.Dataset, path: str) -> xr.DataArray:
    """Return the mean outcome of each cell without the policy (chain, draw, cell).

    Parameters
    ----------
    effects : Dataset
        Group-time effects on the scale of a link.
    path : str
        Path of the effect, which must be the total.

    Raises
    ------
    StudyError
        If it is not stored.
    """
    if v.UNTREATED not in effects or path != v.TOTAL:
        raise StudyError(
            Message(
                "effects are in {}, and the outcome without the policy is not stored",
                schema.effect_unit(effects.attrs),
            ),
            hint="nqp.att(fit); an effect x in log points multiplies the outcome by np.exp(x)",
        )
    return effects[v.UNTREATED]


def _of_units(fit: Fit, effects: xr.Dataset, average: Average) -> tuple[xr.DataArray, xr.DataArray]:
    """Return ``sum_t y_it / n_i`` and ``sum_t y_it e^-tau_it / n_i`` under a log link.

    The sums are over averaged observations. The effect on a unit is the cell's effect plus the
    unit's deviation less the mean deviation in the cell.
    """
    table, (whole, _, _) = fit.model_frame.effects, fit.model_frame.effects.membership
    events = np.zeros((table.sizes.size, table.codes.size))
    np.add.at(events, (table.cell, table.unit_effect), fit.model_frame.panel.outcome[table.rows])
    cell, member, rows = (
        effects[x].to_numpy() for x in (v.MEMBERSHIP_CELL, v.MEMBERSHIP_MEMBER, v.MEMBERSHIP_ROWS)
    )
    size = effects.sizes[v.CELL], effects.sizes[v.MEMBER]
    counted = average.cells.toarray()[member, cell] > 0
    y = np.where(counted, events[whole, member], 0.0)
    count = np.where(average.rows > 0, average.rows, np.nan)
    share = sparse.csr_array((rows / np.bincount(cell, rows, size[0])[cell], (member, cell)),
                             shape=size[::-1])  # fmt: skip
    onto = sparse.csr_array(
        (y / count[member], (np.arange(y.size), member)), shape=(y.size, size[1])
    )
    tau, u = (
        effects[x].isel({v.PATH: 0}).transpose(*v.SAMPLE_DIMS, ...).to_numpy()
        for x in (v.EFFECT, v.DEVIATION)
    )
    tau, u = tau.reshape(-1, size[0]), u.reshape(-1, size[1])
    untreated = np.empty(u.shape)
    for draws in np.array_split(np.arange(len(u)), -(-len(u) * y.size // _NUMBERS)):
        own = tau[draws] - u[draws] @ share
        untreated[draws] = np.exp(-(own[:, cell] + u[draws][:, member])) @ onto
    observed: npt.NDArray[np.float64] = np.bincount(member, y, size[1]) / count
    levels = average.labelled(np.ascontiguousarray(untreated.T), effects)
    return xr.DataArray(observed, dims=[average.axes[0].name]), levels
