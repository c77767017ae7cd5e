"""The scale ``s``, in multiples of which priors are stated."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import Hint, IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._columns import net_of_units
from bayes_nqp.model.predictors import TimeEffects


def within_scale(frame: PanelCodes, outcome: Array, rows: Mask) -> float:
    """Compute the standard deviation of the outcome within units and net of time effects.

    It is the root of the residual sum of squares of the untreated observations after two-way
    demeaning, over its degrees of freedom; outcome units. An error is raised if these observations
    are too few, or do not vary.
    """
    residual, rank, count = net_of_effects(frame, outcome, rows)
    f = frame.weight[rows]
    total = float(residual @ (f * residual))
    units = frame.counts[count > 0].sum()
    free = round(f.sum() - units) - rank
    spread = float(np.var(outcome)) * f.sum()
    if free <= 0:
        raise IdentificationError(
            Message("the untreated observations are too few to separate time effects from noise"),
            where=Message("{} untreated observations of {} units", round(f.sum()), round(units)),
            hint=Message(
                "add periods before treatment or untreated units, or use common time effects ({})",
                Hint("time", TimeEffects()),
            ),
        )
    if total <= 1e-20 * max(spread, float(frame.weight @ outcome**2) * 1e-8) or total <= 0:
        raise IdentificationError(
            Message("the outcome does not vary within units over untreated observations"),
            hint="check that 'outcome' names the right column",
        )
    return float(np.sqrt(total / free))


def net_of_effects(frame: PanelCodes, values: Array, rows: Mask) -> tuple[Array, int, Index]:
    """Partial unit and time effects out of some observations of a column.

    Return the residuals, the rank of the time effects net of unit effects, and counts (unit).
    """
    unit, time = frame.unit[rows], frame.time[rows]
    count = np.bincount(unit, minlength=frame.n_units)
    y = net_of_units(unit, values[rows], frame.n_units)
    rank = 0
    level = frame.level[unit]
    for k in range(len(frame.level_names)):
        inside = level == k
        if not inside.any():
            continue
        units, position = np.unique(unit[inside], return_inverse=True)
        seen = np.zeros((units.size, frame.n_periods))
        seen[position, time[inside]] = 1.0
        share = seen / count[units][:, None]
        f = frame.counts[units][:, None]
        gram = np.diag((f * seen).sum(axis=0)) - share.T @ (f * seen)
        moment = np.bincount(
            time[inside], (frame.counts[unit] * y)[inside], minlength=frame.n_periods
        )
        solution, _, level_rank, _ = np.linalg.lstsq(gram, moment, rcond=1e-10)
        y[inside] -= solution[time[inside]] - (share @ solution)[position]
        rank += int(level_rank)
    return y, rank, count


def relative_weights(weights: Array, unit: Index, rows: Mask) -> Array:
    """Scale precision weights to a mean inverse of one, over units with several observations.

    ``Var e_i = sigma² / w_i`` is then ``sigma²`` on average, which the prior of sigma, in multiples
    of the outcome's SD, assumes. With weights as large as populations, sigma would be shrunk
    towards its prior.

    Parameters
    ----------
    weights : ndarray (row)
        Weights of all observations of a panel.
    unit : ndarray of int (row)
        Unit of each.
    rows : ndarray of bool (row)
        Kept observations.
    """
    several = rows & (np.bincount(unit[rows], minlength=unit.max() + 1)[unit] > 1)
    return np.asarray(weights * (1.0 / weights[several if several.any() else rows]).mean())
