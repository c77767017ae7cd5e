"""What designs of one equation share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Self

from bayes_nqp.designs._equation import Ground, equation_of
from bayes_nqp.designs._facts import Facts
from bayes_nqp.designs._moved import Moved
from bayes_nqp.designs._plan import Plan
from bayes_nqp.designs.noise import Noise
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.language import Message
from bayes_nqp.likelihoods import Gaussian, StudentT
from bayes_nqp.pooling import Complete, Partial, Pooling, Separate
from bayes_nqp.priors import Priors
from bayes_nqp.terms import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["SingleEquation", "replaced"]

_KINDS: dict[str, tuple[type, ...]] = {
    "effect": (Complete, Partial, Separate),
    "errors": (Noise,),
    "time": (TimeEffects, type(None)),
    "likelihood": (Gaussian, StudentT),
    "priors": (Priors,),
}
"""What arguments of designs may be."""


@door
class SingleEquation(Moved, ABC):
    """A design that states the equation of the outcome alone, and in the same words of mediators.

    Classes name their arguments as this one expects them: ``effect``, ``errors``, ``time``,
    ``covariates``, ``baseline``, ``moderator``, ``unidentified``, ``priors``; and state ``facts``
    and ``ground``.
    """

    __slots__ = ()
    effect: Pooling
    errors: Noise
    time: TimeEffects | None
    covariates: tuple[str, ...] | None
    moderator: str | None
    priors: Priors

    def _check_arguments(self) -> None:
        """See that arguments are what they have to be, and make names tuples.

        Raises
        ------
        StudyError
            If one is not.
        """
        for field in fields(self):  # type: ignore[arg-type]
            value, types = getattr(self, field.name), _KINDS.get(field.name, (object,))
            if not isinstance(value, types):
                names = ", ".join(f"nqp.{t.__name__}()" for t in types if t is not type(None))
                hint = f"one of {names}"
                if isinstance(value, type) and issubclass(value, types):
                    hint = f"nqp.{value.__name__}() with brackets"
                raise StudyError(f"'{field.name}' is {value!r}", hint=hint)
        self._check_choice("unidentified", ("raise", "drop"))
        if self.moderator is not None and not isinstance(self.moderator, str):
            raise StudyError(
                f"'moderator' is {self.moderator!r}", hint="the name of one moderator of the panel"
            )
        for name in ("covariates", "baseline"):
            value = getattr(self, name)
            if value is not None:
                names_ = (value,) if isinstance(value, str) else tuple(value)
                object.__setattr__(self, name, names_)

    def _check_choice(self, name: str, choices: Sequence[object]) -> None:
        """See that an argument is one of several values.

        Raises
        ------
        StudyError
            If it is not.
        """
        if getattr(self, name) not in choices:
            hint = " or ".join(map(repr, choices))
            raise StudyError(f"'{name}' is {getattr(self, name)!r}", hint=hint)

    def replace(self, **changes: object) -> Self:
        """Return the same design with other arguments.

        Parameters
        ----------
        **changes
            Arguments of the design.

        Raises
        ------
        StudyError
            If the design has no such argument.
        """
        return replaced(self, changes)

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What the design can do and what it assumes."""

    @abstractmethod
    def ground(self, panel: Panel) -> Ground:
        """Number rows and cells, and drop what is not identified."""

    @property
    def outcome_design(self) -> Self:
        """The design of the outcome without mediators: itself."""
        return self

    @abstractmethod
    def variants(self, panel: Panel) -> list[tuple[Message, Message, Self]]:
        """State the same design with other choices that this kind of design alone has.

        Returns
        -------
        list of (Message, Message, design)
            What each is called, what changes, and the design; none where nothing could be chosen.
        """

    def variant(self, changes: Mapping[str, object]) -> Self:
        """State the design with other arguments: those of the outcome's equation are its own.

        Raises
        ------
        StudyError
            If the design has no such argument.
        """
        return replaced(self, changes)

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that all equations use: every one."""
        return panel

    def plan(self, panel: Panel, *, scale: float | None = None) -> Plan:
        """State the model of a panel: one equation.

        Parameters
        ----------
        scale : float, optional, outcome units
            ``s``, held at this value; computed from the outcome by default.

        Raises
        ------
        IdentificationError
            If the panel cannot identify what the design asks for.
        PanelError
            If what the design needs is missing in a row.
        StudyError
            If the panel does not have what the design names, or ``scale`` is not a positive number.
        """
        ground = self.ground(panel)
        design: Any = self
        equation = equation_of(design, panel, ground, "outcome", panel.outcome, scale=scale)
        return ground.plan((equation,))


def replaced[D](design: D, changes: Mapping[str, object]) -> D:
    """Return a design with other arguments.

    Raises
    ------
    StudyError
        If the design has no such argument.
    """
    value: Any = design
    arguments = [field.name for field in fields(value)]
    for name in changes:
        if name not in arguments:
            kind = type(design).__name__
            raise StudyError(f"{kind} has no argument {name!r}", hint=nearest(name, arguments))
    changed: D = replace(value, **changes)
    return changed
