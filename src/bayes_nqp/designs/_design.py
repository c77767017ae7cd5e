"""What every design states: facts of itself, and a model of a panel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NoReturn, Self

from bayes_nqp.designs._facts import Facts
from bayes_nqp.errors import ChoiceError, StudyError, nearest

if TYPE_CHECKING:
    from bayes_nqp.designs._single import SingleEquation
    from bayes_nqp.designs._spec import ModelSpec
    from bayes_nqp.panel import Panel

__all__ = ["Design"]


class Design(ABC):
    """A frozen, hashable dataclass that states the model of a panel."""

    __slots__ = ()

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What the design can do and what it assumes."""

    @abstractmethod
    def spec(self, panel: Panel) -> ModelSpec:
        """State the model of a panel, for planning.

        Raises
        ------
        PanelError
            If what the design needs is missing in a row.
        StudyError
            If the panel does not have what the design names.
        """

    @property
    @abstractmethod
    def outcome_design(self) -> SingleEquation:
        """The design of the outcome without mediators."""

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that all equations use: every one."""
        return panel

    @property
    def arguments(self) -> frozenset[str]:
        """Names that `variant` takes."""
        value: Any = self
        return frozenset(item.name for item in fields(value))

    def variant(self, changes: Mapping[str, object]) -> Self:
        """State the design with other arguments: those of the outcome's equation are its own.

        Raises
        ------
        ChoiceError
            If the design has no such argument.
        """
        return self.replace(**changes)

    def replace(self, **changes: object) -> Self:
        """Return the same design with other arguments.

        Parameters
        ----------
        **changes
            Arguments of the design.

        Raises
        ------
        ChoiceError
            If the design has no such argument.
        """
        value: Any = self
        arguments = [field.name for field in fields(value)]
        for name in changes:
            if name not in arguments:
                what = f"{type(self).__name__} has no argument {name!r}"
                raise ChoiceError(what, hint=nearest(name, arguments), name=name)
        changed: Self = replace(value, **changes)
        return changed

    def build(self, *arguments: object, **options: object) -> NoReturn:
        """Refuse: the row-by-row model is made by `nqp.build`.

        Parameters
        ----------
        *arguments, **options
            Whatever is given.

        Raises
        ------
        StudyError
            Always.
        """
        raise StudyError("'design.build' is no more", hint="nqp.build(design, panel)")

    def collapsed(self, *arguments: object, **options: object) -> NoReturn:
        """Refuse: the compressed model has no PyMC form.

        Parameters
        ----------
        *arguments, **options
            Whatever is given.

        Raises
        ------
        StudyError
            Always.
        """
        raise StudyError(
            "'design.collapsed' is no more",
            hint="nqp.build(design, panel), the same model row by row",
        )
