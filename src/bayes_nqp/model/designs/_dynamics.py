"""Dynamic panel models: the lagged outcome, its components, and the arguments that it allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import Hint, IdentificationError, PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.errors import structures
from bayes_nqp.model.pooling import single_curve
from bayes_nqp.model.predictors import BARE, LEAD, OPPOSITE, SHARED, Linked, Series
from bayes_nqp.model.specification import BeforeSpec, Calendar, EquationSpec, Facts, Term, Timing
from bayes_nqp.numerics import linear_gaussian as gaussian
from bayes_nqp.numerics.parameters import CutCorrelation, Parameter

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

_LEAST: Final = 4
"""Periods, the first of which is given."""
_FIRST: Final = Message("the first period of every unit is taken as given")
_EDGE: Final = 0.99


def check_dynamics(term: Term, equation: EquationSpec, facts: Facts, panel: Panel) -> None:
    """Refuse arguments that cannot be combined with a lagged outcome.

    Raises
    ------
    StudyError
        If errors are not independent, or another argument cannot be combined with it.
    IdentificationError
        If units have deviations, or there are too few untreated observations.
    PanelError
        If there are fewer than four periods.
    """
    if panel.periods < _LEAST:
        raise PanelError(
            Message(
                "outcomes of the period before need {} periods or more, and there are {}",
                _LEAST, panel.periods,
            ),
            hint="dynamics=False",
        )  # fmt: skip
    if equation.noise.correlated or equation.noise.groups(panel) is not None:
        raise StudyError(
            Message(
                "a lagged outcome requires independent errors, but 'errors' is {!r}: both"
                " describe the same persistence",
                equation.noise,
            ),
            hint=Message("{}, or dynamics=False; the check 'dynamics' compares the two",
                         Hint("errors", next(iter(structures("IID")), None))),
        )  # fmt: skip
    if facts.varying is not None:
        raise IdentificationError(
            Message(
                "a lagged outcome cannot be combined with unit-level random effects of "
                "the treatment: with few periods per unit, both appear as persistence of "
                "a unit"
            ),
            hint=Message("{}", Hint("effect", single_curve())),
        )
    others = [other.argument for other in facts.terms if other != term]
    others += [] if facts.adopted else ["exposure"]
    for name in others:
        raise StudyError(
            Message("'dynamics' of a spatial lag cannot be combined with {!r}", name),
            hint=Message("leave out {!r}", name),
        )
    _check_dense(panel)


def _check_dense(panel: Panel) -> None:
    """Refuse weights of more units than are taken to pieces as a whole."""
    if panel.unit_labels.size > gaussian.MOST_DENSE:
        raise StudyError(
            Message(
                "'dynamics' takes weights to pieces as a whole, of {:,} units at most, and there "
                "are {:,}",
                gaussian.MOST_DENSE, panel.unit_labels.size,
            ),
            hint="dynamics=False, or a panel of fewer units",
        )  # fmt: skip


def check_first(timing: Timing, panel: Panel) -> None:
    """See that treated units have an untreated row besides the one that is given.

    Raises
    ------
    IdentificationError
        If some are treated in the first or second period.
    """
    assert isinstance(timing, Calendar)
    early = np.flatnonzero(np.isin(timing.start, (0, 1))[timing.key])
    if early.size:
        raise IdentificationError(
            Message(
                "the first period is given, and {} units are treated from the second one on or "
                "before, so that they have no other row before treatment",
                early.size,
            ),
            where=shown(panel.unit_labels[early]),
            hint="leave these units out (panel.where), or dynamics=False",
        )


def without_first(timing: Calendar) -> Calendar:
    """Give first periods no effect before treatment: their rows weigh nothing."""
    role = timing.role.copy()
    role[:, 0] = np.where(role[:, 0] == LEAD, BARE, role[:, 0])
    return replace(timing, role=role)


def before_of(linked: Linked, equation: EquationSpec, panel: Panel) -> BeforeSpec:
    """Outcomes of the period before, of units and of those they are linked to."""
    table = np.zeros((panel.unit_labels.size, panel.periods))
    table[panel.unit_codes, panel.time_codes] = equation.outcome
    table = np.roll(table, 1, axis=1)
    table[:, 0] = 0.0
    prior = CutCorrelation(3.0, 3.0, -_EDGE, _EDGE)
    parameters = (
        Parameter(SHARED, prior, in_outcome_units=False,
                  meaning=Message("persistence of a common change of all units")),
        Parameter(OPPOSITE, prior, in_outcome_units=False,
                  meaning=Message("persistence of opposite changes of neighbours")),
    )  # fmt: skip
    place = table[panel.unit_codes, panel.time_codes]
    return BeforeSpec(parameters, (place, linked.table(table)), gaussian.coefficients_of)


def first_period(panel: Panel) -> Series:
    """A level of every unit in the first period, which leaves its row without any weight."""
    return Series(np.eye(panel.periods)[:, :1], _FIRST)
