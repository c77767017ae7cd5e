"""What every design states: facts of itself, and a model of a panel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

import numpy as np

from bayes_nqp._core.exceptions import ChoiceError, Hint, StudyError, nearest, once
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.validation import absent, door, held_to_kinds
from bayes_nqp.model.designs._facts import Facts, Term
from bayes_nqp.model.designs._model import ModelSpec
from bayes_nqp.model.designs._spec import EquationSpec, Timing
from bayes_nqp.model.designs._validate import check_own, rows_of, timing_of

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


def _gone(name: str, hint: str) -> Callable[..., NoReturn]:
    """A method of earlier versions, which says what took its place."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise StudyError(f"'design.{name}' is no more", hint=hint)

    return refuse


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

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return object.__getattribute__(self, name)
            raise absent("design", name, (item.name for item in fields(self)))

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
                problem = f"{type(self).__name__} has no argument {name!r}"
                raise ChoiceError(problem, hint=nearest(name, arguments), name=name)
        changed: Self = replace(value, **changes)
        return changed

    build = _gone("build", "nqp.to_pymc(design, panel)")
    collapsed = _gone("collapsed", "nqp.to_pymc(design, panel), the same model row by row")


@door
class SingleEquation(Design):
    """A design that states the equation of the outcome alone, and in the same words of mediators.

    Classes name their arguments as this one expects them where they have them: ``effect``,
    ``errors``, ``time``, ``covariates``, ``baseline``, ``moderator``, ``unidentified``,
    ``priors``, ``terms``; and state ``facts`` and ``timing``.
    """

    __slots__ = ()
    unidentified: Literal["raise", "drop"] = "raise"

    def _check_arguments(self) -> None:
        """See that arguments are what they have to be, and make names tuples.

        Raises
        ------
        StudyError
            If one is not.
        """
        held_to_kinds(self)
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Term):
                _check_term(field.name, value)
        self._check_terms(getattr(self, "terms", None))
        for name in ("covariates", "baseline"):
            value = getattr(self, name, None)
            if value is not None:
                names_ = (value,) if isinstance(value, str) else tuple(value)
                once(name, names_)
                object.__setattr__(self, name, names_)

    def _check_terms(self, value: object) -> None:
        """See that terms beside those of other arguments are such, and make them a tuple."""
        if value is None:
            return
        terms = tuple(value) if isinstance(value, list | tuple) else (value,)
        for term in terms:
            _check_term("terms", term)
        object.__setattr__(self, "terms", terms)

    @property
    def stated_terms(self) -> tuple[Term, ...]:
        """Terms among the arguments, in their order."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        several = ((value if isinstance(value, tuple) else (value,)) for value in values)
        return tuple(item for items in several for item in items if isinstance(item, Term))

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that the equation uses, as terms have it."""
        check_own(self.facts)
        for term in self.facts.terms:
            panel = rows_of(term, panel)
        return panel

    @abstractmethod
    def timing(self, panel: Panel) -> Timing:
        """State when units are treated, or how much of an exposure they have, terms apart."""

    def equation(self, panel: Panel) -> EquationSpec:
        """State the outcome's equation, terms apart."""
        return self.facts.equation(panel)

    def spec(self, panel: Panel) -> ModelSpec:
        """State the model of a panel: one equation.

        Raises
        ------
        PanelError
            If what the design needs is missing in a row.
        StudyError
            If the panel does not have what the design names.
        """
        rows, facts = self.rows(panel), self.facts
        equation, timing = self.equation(rows), self.timing(rows)
        for term in facts.terms:
            timing = timing_of(term, timing, facts, rows)
        equation = facts.with_terms(equation, timing, rows)
        notes = units_left_out(panel, rows)
        return ModelSpec(facts, rows, timing, (equation,), self.unidentified, notes=notes)

    @property
    def outcome_design(self) -> Self:
        """The design of the outcome without mediators: itself."""
        return self

    def variants(self, panel: Panel) -> Sequence[tuple[Message, Message, Self]]:
        """State the same design with other choices that this kind of design alone has.

        Returns
        -------
        sequence of (Message, Message, design)
            What each is called, what changes, and the design; none by default.
        """
        return ()


def units_left_out(panel: Panel, rows: Panel) -> tuple[Message, ...]:
    """Say how many units have no row left, and how many of these adopt."""
    gone = ~np.isin(panel.unit_labels, rows.unit_labels)
    if not gone.any():
        return ()
    adopting = int((gone & (panel.cohort_codes >= 0)).sum())
    return (
        Message(
            "units of which the design keeps no row: {:,}; of these {:,} adopt",
            int(gone.sum()), adopting,
        ),
    )  # fmt: skip


def _check_term(name: str, value: object) -> None:
    """See that an argument holds a term that goes there.

    Raises
    ------
    StudyError
        If it does not.
    """
    if isinstance(value, Term):
        if value.argument == name:
            return
        argument = value.argument
        raise StudyError(
            Message("'{}' is {}, which fills {!r}", name, repr(value), argument),
            hint=Message("{}", Hint(argument, value if argument != "terms" else (value,))),
        )
    names = [_call(kind) for kind in registered(name).values()]
    hint = (
        " or ".join(names) if names else "values of classes made from bayes_nqp.model.designs.Term"
    )
    if isinstance(value, type) and issubclass(value, Term):
        hint = f"{_call(value)} with brackets"
    raise StudyError(f"'{name}' is {value!r}", hint=hint)


def _call(kind: type) -> str:
    """Write the call of a class: one of a file or notebook of the user's has no ``nqp``."""
    ours = kind.__module__.startswith("bayes_nqp.")
    return f"nqp.{kind.__name__}()" if ours else f"{kind.__name__}()"
