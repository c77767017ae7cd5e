"""A mediator's equation and the outcome's as one problem, with effects of units in common."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.linear_gaussian import Stacked, stacked, stacked_density, stacked_gradient
from bayes_nqp.numerics.sampling import Density
from bayes_nqp.numerics.sufficient_statistics import UnitClass, packed_rows


def joint_density(joint: Stacked) -> Density:
    """The log density of both equations' parameters, as samplers take it."""
    return Density(partial(stacked_density, joint), partial(stacked_gradient, joint))


def joint_of(model_frame: ModelFrame, priors: Priors) -> Stacked:
    """Stack the two equations of a plan.

    Parameters
    ----------
    model_frame : ModelFrame
        Model frame of a `Mediation` with one mediator, the last column of the outcome's equation.

    Returns
    -------
    Stacked
        The mediator's equation first.
    """
    outcome, mediator = model_frame.equations
    assert len(outcome.slopes) == 1
    units = list(_units(mediator, outcome))
    column = outcome.problem.n_columns - 1
    return stacked(mediator.gaussian, outcome.gaussian, units, column, priors.scale("member"))


def _units(mediator: Equation, outcome: Equation) -> Iterator[tuple[Index, Array, Array]]:
    """Units of every class, and their columns in both equations."""
    pair = zip(mediator.problem.classes, outcome.problem.classes, strict=True)
    for first, second in pair:
        assert np.array_equal(first.units, second.units)
        yield first.units, _columns(mediator, first), _columns(outcome, second)


def _columns(equation: Equation, units: UnitClass) -> Array:
    """Columns and, last, outcome of the units of a class (columns + 1, T, unit)."""
    problem = equation.problem
    out = np.zeros((problem.n_columns + 1, problem.n_periods, units.units.size))
    entries = packed_rows(equation.rows, units.units, units)
    out[units.column, units.times[units.position]] = entries.T
    return out
