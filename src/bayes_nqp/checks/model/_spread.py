"""A fit whose errors spread as its untreated rows say, for checks that rest on their spread.

Of unit i's steps from one untreated row to the next (`planning.step_squares`) let ``u_i`` be the
sum of squares and ``m_i`` the number, ``q_g = sum u_i / sum m_i`` over group g. Its variance over
units, whatever the tails and the correlation over time of their errors, is
``v_g = sum (u_i - q_g m_i)² / (sum m_i)²``, and ``z = log(q_1 / q_0) / sqrt(v_1/q_1² + v_0/q_0²)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtr

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, NQPError
from bayes_nqp._core.i18n import NOTHING, Message, detailed
from bayes_nqp.inference.fitting import Fit, once, panel_of, refit
from bayes_nqp.inference.model_frame import step_squares

_CHANCE: Final = 1e-3
"""Tail probability of equal spread below which groups are given spreads of their own."""
_FEWEST: Final = 5
"""Units with steps that a group has at the least."""


@dataclass(frozen=True, slots=True, eq=False)
class Evenly:
    """A fit to ask, and why it is not the one that was given.

    Parameters
    ----------
    words : Message
        Empty where it is the same.
    """

    fit: Fit
    words: Message = NOTHING


def evenly(fit: Fit) -> Evenly:
    """The fit itself, or a refit under errors that spread unequally where untreated rows say so.

    A spread of few adopters' errors that is larger than that of the others looks like leads and
    placebo effects under one sigma. How squares of steps vary over units is not in sums: a panel of
    stand-ins is asked as it is. The fit keeps the answer.
    """
    return once(fit, "evenly", lambda: _evenly(fit)) or Evenly(fit)


def _evenly(fit: Fit) -> Evenly | None:
    """None where it is the fit itself."""
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
    return Evenly(refitted, detailed(words))


def _ratio(fit: Fit, groups: Index) -> float | None:
    """Sd of steps of those who adopt over that of the others; None where these may be alike."""
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
