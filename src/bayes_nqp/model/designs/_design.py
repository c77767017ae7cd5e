"""Base classes of designs: their facts, and the model of a panel."""

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
from bayes_nqp.data.panel import Panel
from bayes_nqp.model.designs._model import ModelSpec
from bayes_nqp.model.specification import (
    SEVERAL,
    EquationSpec,
    Facts,
    Term,
    Timing,
    check_timing,
    check_values,
)
from bayes_nqp.numerics.parameters import answered, own


def _gone(name: str, hint: str) -> Callable[..., NoReturn]:
    """Define a method of earlier versions that raises an error with its replacement."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise StudyError(f"'design.{name}' is no more", hint=hint)

    return refuse


class Design(ABC):
    """A frozen, hashable dataclass that states the model of a panel."""

    __slots__ = ()

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """Return the capabilities and assumptions of the design."""

    @abstractmethod
    def spec(self, panel: Panel) -> ModelSpec:
        """Return the model of a panel, from which the model frame is built.

        Raises
        ------
        PanelError
            If a required value is missing in an observation.
        StudyError
            If the panel does not have a column that the design names.
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

    def prepared(self, panel: Panel) -> Panel:
        """Return the panel that fits keep: itself, unless the design changes its units."""
        return panel

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
        """Validate the arguments, and convert names to tuples.

        Raises
        ------
        StudyError
            If an argument is invalid.
        """
        held_to_kinds(self)
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Term) and field.name not in SEVERAL:
                _check_term(field.name, value)
        for name in SEVERAL:
            self._check_terms(name, getattr(self, name, None))
        for name in ("covariates", "baseline"):
            value = getattr(self, name, None)
            if value is not None:
                names_ = (value,) if isinstance(value, str) else tuple(value)
                once(name, names_)
                object.__setattr__(self, name, names_)

    def _check_terms(self, name: str, value: object) -> None:
        """Validate an argument that takes several terms, and convert it to a tuple."""
        if value is None:
            return
        terms = tuple(value) if isinstance(value, list | tuple) else (value,)
        for term in terms:
            _check_term(name, term)
        object.__setattr__(self, name, terms)

    @property
    def stated_terms(self) -> tuple[Term, ...]:
        """Terms among the arguments, in their order."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        several = ((value if isinstance(value, tuple) else (value,)) for value in values)
        return tuple(item for items in several for item in items if isinstance(item, Term))

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that the equation uses, as terms have it."""
        facts = self.facts
        check_values(facts.priors, facts.pooling, facts.likelihood)
        for term in facts.terms:
            panel = _rows_of(term, panel)
        return panel

    @abstractmethod
    def timing(self, panel: Panel) -> Timing:
        """State when units are treated, or how much of an exposure they have, terms apart."""

    def equation(self, panel: Panel) -> EquationSpec:
        """State the outcome's equation, terms apart."""
        return self.facts.equation(panel)

    def spec(self, panel: Panel) -> ModelSpec:
        """Return the model of a panel: one equation.

        Raises
        ------
        PanelError
            If a required value is missing in an observation.
        StudyError
            If the panel does not have a column that the design names.
        """
        rows, facts = self.rows(panel), self.facts
        if rows.ends:
            _check_exits(facts)
        equation, timing = self.equation(rows), self.timing(rows)
        for term in facts.terms:
            timing = _timing_of(term, timing, facts, rows)
        equation = facts.with_terms(equation, timing, rows)
        notes = units_left_out(panel, rows)
        return ModelSpec(facts, rows, timing, (equation,), self.unidentified, notes=notes)

    @property
    def outcome_design(self) -> Self:
        """The design of the outcome without mediators: itself."""
        return self

    def variants(self, panel: Panel) -> Sequence[tuple[Message, Message, Self]]:
        """Return the same design with other values of arguments that only this kind of design has.

        Returns
        -------
        sequence of (Message, Message, design)
            Name, change, and design of each variant; none by default.
        """
        return ()


def _check_exits(facts: Facts) -> None:
    """Refuse terms that cannot be combined with treatments that end.

    Raises
    ------
    StudyError
        If there is one.
    """
    for term in facts.terms:
        if not term.with_exits:
            raise StudyError(
                Message(
                    "'{}' is {!r}, which requires that treatments do not end", term.argument, term
                ),
                hint=Message(
                    "leave out {!r}; or name the first treated period as cohort= without "
                    "treatment= and exit=, so that units count as treated after exit too",
                    term.argument,
                ),
            )


def _rows_of(term: Term, panel: Panel) -> Panel:
    """Return the rows that a term keeps."""
    if not own(term):
        return term.rows(panel)
    rows: Panel = answered(term, "rows", lambda: term.rows(panel), Panel)
    return rows


def _timing_of(term: Term, timing: Timing, facts: Facts, panel: Panel) -> Timing:
    """Return a timing as a term changes it."""
    if not own(term):
        return term.timing(timing, facts, panel)
    changed: Timing = answered(
        term, "timing", lambda: term.timing(timing, facts, panel), type(timing)
    )
    check_timing(term, changed, panel)
    return changed


def units_left_out(panel: Panel, rows: Panel) -> tuple[Message, ...]:
    """State how many units have no remaining observation, and how many of these are treated."""
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
    """Require that an argument is a term of the right kind.

    Raises
    ------
    StudyError
        If it is not.
    """
    if isinstance(value, Term):
        if value.argument == name:
            return
        argument = value.argument
        raise StudyError(
            Message("'{}' is {}, which fills {!r}", name, repr(value), argument),
            hint=Message("{}", Hint(argument, (value,) if argument in SEVERAL else value)),
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
