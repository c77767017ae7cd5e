"""Estimate of the memory that draws need, before any is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.limits import afford
from bayes_nqp.inference.fitting._draws import unit_effects_stored

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import ModelFrame
    from bayes_nqp.numerics.sampling import Sampler


_BYTES = 8
_COPIES = 3
"""Copies of every stored number: as drawn, joined, and labelled."""


def check_draws(model_frame: ModelFrame, sampler: Sampler) -> None:
    """Refuse a number of draws that exceeds the machine's memory.

    Raises
    ------
    StudyError
        With an estimate of the memory.
    """
    cells = int(model_frame.table.size)
    stored = model_frame.effects.codes.size if unit_effects_stored(model_frame) else 0
    numbers = sum(
        2 * cells
        + stored
        + sum(part.columns.shape[1] for part in equation.globals)
        + len(equation.problem.space)
        for equation in model_frame.equations
    )
    draws = float(sampler.chains) * float(sampler.draws)
    steps = float(sampler.n_evaluations)
    sampled = steps * np.mean([len(e.problem.space) for e in model_frame.equations])
    afford(
        _BYTES * _COPIES * (draws * numbers + sampled),
        f"{sampler.chains} chains of {sampler.draws} draws, of {numbers} numbers each,",
        "fewer draws: 4 chains of 1000 are plenty for intervals",
    )
