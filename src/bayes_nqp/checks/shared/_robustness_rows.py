"""Registration of rows of the robustness table, each of which is a file with its specifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, apart, panel_of, rows_without
from bayes_nqp.model.designs import Design

type Task = tuple[Design, Panel]
"""A design, and the panel to which it is fitted."""


@dataclass(frozen=True, slots=True)
class Requested:
    """Options of the check "referee", which rows read.

    Parameters
    ----------
    outcomes, policies, samples : tuple of str, default ()
        Columns of the panel's frame.
    without_periods : tuple of str, default ()
        Labels of periods.
    """

    outcomes: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    without_periods: tuple[str, ...] = ()


type Specifications = Iterator[tuple[Message, Callable[[], Task | float]]]
"""Label of a specification, and a function that returns a design and a panel to
refit, or the ratio of another standard error to that of the model. It raises `NotApplicable` if the
panel does not allow it."""


@dataclass(frozen=True, slots=True, eq=False)
class RobustnessRow:
    """A kind of change, and its specifications.

    Parameters
    ----------
    title : Message
        Kind of change, in a word or two.
    specifications : callable
        Function of a fit and the options; may raise `NotApplicable`.
    shows : Message
        Meaning and limits of the specifications, for the notes of the table.
    errors : bool
        True if the specifications change the standard error, and neither observations nor
        regressors.
    """

    title: Message
    specifications: Callable[[Fit, Requested], Specifications]
    shows: Message = NOTHING
    errors: bool = False


ROBUSTNESS_ROWS: Final = Plugins[RobustnessRow](
    "bayes_nqp.checks.sample.referee_rows", prefix="_row_"
)
"""Every row of the robustness table by name, in the order of the table."""


def robustness_row[F: Callable[[Fit, Requested], Specifications]](
    title: Message, *, place: float = 1000, shows: Message = NOTHING, errors: bool = False
) -> Callable[[F], F]:
    """Register a function as a row of the check and table "referee".

    Parameters
    ----------
    title : Message
        Kind of change, in a word or two.
    place : float, default 1000
        Position in the table, in increasing order.
    shows : Message, optional
        Meaning and limits of the specifications, for the notes of the table.
    errors : bool, default False
        True if the specifications change the standard error, and neither observations nor
        regressors. A conclusion that a wider interval loses then counts as changed.

    Returns
    -------
    callable
        Decorator of a function of a fit and the options of the check. It yields a label, and a
        function without arguments that returns a design and a panel; or a number by which the
        posterior SD is multiplied, for another standard error of the same estimate.

    Examples
    --------
    >>> from bayes_nqp._core.i18n import Message
    >>> from bayes_nqp.checks.shared import ROBUSTNESS_ROWS, Requested, Specifications
    >>> from bayes_nqp.checks.shared import robustness_row, some_rows
    >>> from bayes_nqp.inference.fitting import Fit, panel_of
    >>> @robustness_row(Message("odd units"), place=900)
    ... def odd_units(fit: Fit, requested: Requested) -> Specifications:
    ...     odd = panel_of(fit).unit_codes % 2 == 1
    ...     yield Message("every second unit"), lambda: some_rows(fit, odd)
    >>> "odd_units" in ROBUSTNESS_ROWS
    True
    >>> del ROBUSTNESS_ROWS["odd_units"]
    """

    def decorate(specifications: F) -> F:
        name, row = specifications.__name__, RobustnessRow(title, specifications, shows, errors)
        ROBUSTNESS_ROWS.add(name, row, place, specifications)
        return specifications

    return decorate


def some_units(fit: Fit, mask: Mask) -> Task:
    """Return the design and the panel of some units (unit); spillovers from the others stay.

    Raises
    ------
    NotApplicable
        If these are all units.
    """
    _fewer(mask)
    design, panel = apart(fit)
    if fit.takes("unidentified"):
        design = design.variant({"unidentified": "drop"})
    return design, panel.where(rows_without(fit, panel, ~mask))


def some_rows(fit: Fit, mask: Mask) -> Task:
    """Return the design and the panel of some observations (row).

    Raises
    ------
    NotApplicable
        If these are all observations.
    """
    _fewer(mask)
    panel = panel_of(fit)
    units = np.bincount(panel.unit_codes, mask, panel.unit_labels.size)
    whole = units == np.bincount(panel.unit_codes, minlength=panel.unit_labels.size)
    if (whole | (units == 0)).all():
        return some_units(fit, whole)
    return fit.variant(drop=True), panel.where(mask)


def _fewer(mask: Mask) -> None:
    if mask.all():
        raise NotApplicable(Message("this panel has no such observations"))
