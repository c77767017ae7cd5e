"""Adoption dealt to other units, as units that change places: many problems from one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.gaussian import Siblings, siblings
from bayes_nqp.moments import UnitClass, packed_rows
from bayes_nqp.planning._equation import usual_scale

if TYPE_CHECKING:
    from bayes_nqp.planning._plan import Equation, Plan


def redealt(plan: Plan, cohorts: Index) -> tuple[Siblings, Array] | None:
    """The problems of an outcome whose units have other cohorts.

    Where all units are seen alike and as many of each stratum adopt at each date, those that adopt
    are in the places of others: cells, coefficients and types stay, sums of classes and ``s``
    change.

    Parameters
    ----------
    plan : Plan
        Of one equation.
    cohorts : ndarray of int (deal, unit)
        Codes, -1 for never.

    Returns
    -------
    tuple of Siblings and ndarray (deal), or None
        The problems, in multiples of ``s`` of each, and these. None where more would change.
    """
    (equation,) = plan.equations
    places = _places(plan, cohorts) if _alike(plan, equation) else None
    if places is None:
        return None
    classes, like = equation.problem.classes, equation.problem.classes[0]
    packed = packed_rows(equation.rows, np.arange(plan.frame.n_units), like)
    scales = _scales(plan, places)
    # The outcome, the last column, in multiples of s of each deal.
    of_outcome = like.column == equation.problem.n_columns
    units = np.where(of_outcome, (equation.scale / scales)[:, None], 1.0)
    sums, cross = [], []
    for c in classes:
        of_class = packed[places[:, c.units]] * units[:, None]
        sums.append(of_class.sum(axis=1))
        cross.append(of_class.swapaxes(1, 2) @ of_class)
    return siblings(equation.problem, equation.gaussian, sums, cross), scales


def _alike(plan: Plan, equation: Equation) -> bool:
    """Whether nothing but stratum and cohort tells units apart, and all are seen in all periods."""
    (spec,), problem, frame = plan.model.equations, equation.problem, plan.frame
    unlike = (
        spec.key, spec.neighbours, spec.lag, spec.linked, spec.series, plan.panel.weights,
        spec.noise.groups(plan.panel), plan.moderator, plan.exposure,
    )  # fmt: skip
    classes = problem.classes
    return (
        all(part is None for part in unlike)
        and not (spec.processes or problem.absorbed or problem.members)
        and bool(plan.kept.all() and (frame.counts == 1.0).all())
        and frame.unit.size == frame.n_units * frame.n_periods
        and sum(c.units.size for c in classes) == frame.n_units
        and all(_same(c, classes[0]) for c in classes)
    )


def _same(c: UnitClass, other: UnitClass) -> bool:
    """Whether two classes have the same entries."""
    return np.array_equal(c.column, other.column) and np.array_equal(c.position, other.position)


def _places(plan: Plan, cohorts: Index) -> Index | None:
    """The unit that is in each place (deal, unit); None where strata have other cohorts."""
    frame, actual = plan.frame, np.asarray(plan.panel.cohort_codes)
    order = np.lexsort((actual, frame.stratum))
    dealt = np.stack([np.lexsort((codes, frame.stratum)) for codes in cohorts])
    if (np.take_along_axis(cohorts, dealt, axis=1) != actual[order]).any():
        return None
    places = np.empty_like(dealt)
    places[:, order] = dealt
    return places


def _scales(plan: Plan, places: Index) -> Array:
    """``s`` of every deal."""
    (spec,) = plan.model.equations
    table = spec.outcome.reshape(plan.frame.n_units, -1)
    return np.array([usual_scale(plan, spec, table[unit].ravel()) for unit in places])
