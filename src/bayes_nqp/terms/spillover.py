"""How a policy reaches units that have not adopted it: who stands how near, and since when."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message, listed

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["ONTO", "Spillover", "Unexposed", "rising"]

Index = npt.NDArray[np.int64]

ONTO: Final = ("untreated", "treated")
"""Whose rows may receive something."""


class Spillover(ABC):
    """A value that says how near units are to others in force."""

    __slots__ = ()
    onto: tuple[str, ...]
    leads: int
    drops_rows: bool = False
    """Whether exposed rows leave the sample, in place of effects of their own."""

    @property
    @abstractmethod
    def rings(self) -> tuple[str, ...]:
        """Labels of how near a unit can be, from the nearest on (ring)."""

    @property
    @abstractmethod
    def words(self) -> Message:
        """What the methods of a report say of it."""

    @abstractmethod
    def since(self, panel: Panel) -> Index:
        """Period from which a unit stands in each ring or nearer (unit, ring).

        Returns
        -------
        ndarray of int (unit, ring)
            Positions in the panel's periods, and their number for never. Along a row they do not
            rise.

        Raises
        ------
        PanelError
            If units have no place, or are not among those of the weights.
        """

    def _exposed_words(self, nearness: Message) -> Message:
        """Say by what exposed units receive, and which of them do."""
        onto = (
            Message("untreated and treated units alike, in effects of their own for each")
            if "treated" in self.onto
            else Message("untreated units; of treated ones the total alone is estimated")
        )
        return Message(
            "Units receive something of others' treatment, {}, and by the periods since they first "
            "stood so near: {}. Rows without exposure are the controls. Classes of exposure: {}.",
            nearness, onto, listed(self.rings),
        )  # fmt: skip

    def _check_onto(self) -> None:
        """See that ``onto`` and ``leads`` are what they have to be, and make the first a tuple.

        Raises
        ------
        StudyError
            If one is not.
        """
        value: Any = self.onto
        onto = (value,) if isinstance(value, str) else tuple(value)
        if "untreated" not in onto or not set(onto) <= set(ONTO):
            raise StudyError(
                f"'onto' is {value!r}", hint="('untreated', 'treated'), or ('untreated',)"
            )
        object.__setattr__(self, "onto", onto)
        if type(self.leads) is not int or self.leads < 0:
            raise StudyError(f"'leads' is {self.leads!r}", hint="a number of periods, 0 or more")


@dataclass(frozen=True, slots=True)
class Unexposed(Spillover):
    """The same exposure, whose untreated rows leave the sample, as where leads are asked for.

    Parameters
    ----------
    term : Spillover
        Says who is exposed, and since when.
    """

    term: Spillover

    drops_rows = True
    onto = ("untreated",)
    leads = 0

    @property
    def rings(self) -> tuple[str, ...]:
        """Labels of how near a unit can be."""
        return self.term.rings

    @property
    def words(self) -> Message:
        """What the methods of a report say of it."""
        return self.term.words

    def since(self, panel: Panel) -> Index:
        """Period from which a unit stands in each ring or nearer (unit, ring)."""
        return self.term.since(panel)


def rising(values: object, name: str, *, last: float, hint: str) -> tuple[float, ...]:
    """See that bounds rise from above zero up to a largest one.

    Parameters
    ----------
    values : object
        One bound or several.
    name : str
        Of the argument.
    last : float
        Beyond which no bound may lie.

    Raises
    ------
    StudyError
        If they do not.
    """
    listed: Any = (values,) if isinstance(values, int | float) else values
    try:
        bounds = tuple(float(value) for value in listed)
    except (TypeError, ValueError):
        bounds = ()
    fine = bool(bounds) and all(0.0 <= b < last for b in bounds)
    if not fine or (np.diff(bounds) <= 0).any():
        raise StudyError(f"'{name}' is {values!r}", hint=hint)
    return bounds
