"""Effects of cells as sums of an equation's coefficients, deviations aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.model.predictors import LINKED, SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation, ModelFrame


def effect_loads(model_frame: ModelFrame, equation: Equation) -> csr_array:
    """Return the loadings of cells' effects on slots (slot, cell), without a lagged outcome.

    ``mu_c + theta_s z-bar_c + sum_e kappa_e d_ec`` in multiples of ``equation.effect_scale``, with
    ``d_ec`` the mean treatment of neighbours at event time e over the observations of the cell.
    """
    positions, cells = equation.positions, np.arange(model_frame.table.size)
    parts = [(positions.cells, cells, np.ones(cells.size))]
    if (moderation := equation.slope(SlopeKind.MODERATION)) is not None:
        size = equation.scale / equation.effect_scale / moderation.size
        theta = positions.slopes[model_frame.effects.stratum, -1]
        parts.append((theta, cells, model_frame.effects.mean_of_cells * size))
    reach = lag_effects_of(model_frame, equation)
    if reach is not None and reach.near is not None:
        names = [column.name for column in equation.rows.columns]
        for event, near in zip(reach.events, reach.near_of_cells, strict=True):
            # The coefficient is common to all strata, so the first has it as well.
            kappa = positions.slopes[0, names.index(f"{LINKED} {event}")]
            parts.append((np.full(cells.size, kappa), cells, near[: cells.size]))
    position, cell, value = (np.concatenate(x) for x in zip(*parts, strict=True))
    return csr_array((value, (position, cell)), shape=(equation.n_positions, cells.size))
