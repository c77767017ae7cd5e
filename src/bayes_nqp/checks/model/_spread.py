"""Refit with heteroskedastic errors for checks that depend on the variance of errors.

For the steps of unit i from one untreated observation to the next (`planning.step_squares`) let
``u_i`` be the sum of squares and ``m_i`` the number, ``q_g = sum u_i / sum m_i`` over group g. Its
variance over units, for any tails and any serial correlation of errors, is
``v_g = sum (u_i - q_g m_i)² / (sum m_i)²``, and ``z = log(q_1 / q_0) / sqrt(v_1/q_1² + v_0/q_0²)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtr

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, NQPError
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.inference.fitting import Fit, once, panel_of, refit
from bayes_nqp.inference.model_frame import step_squares

_CHANCE: Final = 1e-3
"""Tail probability of equal variances below which groups get separate variances."""
_FEWEST: Final = 5
"""Smallest number of units with steps in a group."""


@dataclass(frozen=True, slots=True, eq=False)
class Evenly:
    """Fit that a check uses, and the reason if it is not the fit that was given.

    Parameters
    ----------
    words : Message
        Reason; empty if the fit is the same.
    """

    fit: Fit
    words: Message = NOTHING


def evenly(fit: Fit) -> Evenly:
    """Return the fit, or a refit with heteroskedastic errors if untreated observations show them.

    If errors of few treated units vary more than those of the others, a single sigma makes their
    noise look like pre-trends and placebo effects. Panels of sufficient statistics do not contain
    the variation of squared steps over units, and are used as they are. The fit stores the result.
    """
    return once(fit, "evenly", lambda: _evenly(fit)) or Evenly(fit)


def _evenly(fit: Fit) -> Evenly | None:
    """Return the refit; None if the fit itself is used."""
    panel, noise = panel_of(fit), fit.facts.noise
    unequal = next((x for x in noise.richer if x.groups(panel) is not None), None)
    if unequal is None or panel.summed or noise.groups(panel) is not None:
        return None
    groups = unequal.groups(panel)
    ratio = _ratio(fit, np.asarray(groups))
    if ratio is None:
        return None
    try:
        refitted = refit(fit, fit.variant(errors=unequal))
    except NQPError:
        return None
    words = Message(
        "Errors of treated units have {:.1f} times the standard deviation of those of untreated "
        "units, so this check was computed with heteroskedastic errors ({}).",
        ratio,
        Hint("errors", unequal),
    )
    return Evenly(refitted, words)


def _ratio(fit: Fit, groups: Index) -> float | None:
    """Return the ratio of the SDs of steps, treated over untreated; None if they may be equal."""
    model_frame, rows = fit.model_frame, fit.model_frame.equations[0].rows
    frame, free = model_frame.codes, model_frame.codes.untreated[model_frame.kept]
    columns = [column.values for column in rows.columns if column.period is None]
    units, square = step_squares(
        rows.unit, rows.time, frame.level[rows.unit], free, rows.outcome, columns, frame.counts
    )
    u, m = (np.bincount(units, x, groups.size) for x in (square, np.ones(units.size)))
    spreads: list[tuple[float, float, int]] = []
    for g in (1, 0):
        who = (groups == g) & (m > 0)
        if who.sum() < _FEWEST or u[who].sum() <= 1e-12 * u.sum():
            return None
        q = u[who].sum() / m[who].sum()
        v = ((u[who] - q * m[who]) ** 2).sum() / m[who].sum() ** 2
        spreads.append((float(q), float(v / q**2), int(who.sum())))
    (first, spread, number), (second, other, control_number) = spreads
    z = np.log(first / second) / np.sqrt(spread + other)
    if 2.0 * stdtr(min(number, control_number) - 1, -abs(z)) > _CHANCE:
        return None
    return float(np.sqrt(first / second))
