"""Pooling of effects: the components of a cell's effect, and their description in reports."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, cast

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered

type Piece = Literal["curve", "strata", "cohort", "cell"]
"""A level and a path over event time; contrasts of factors and their interactions; deviations of
cohorts; deviations of cells."""


class Pooling(ABC):
    """Pooling of cell effects: an effect is the sum of the components in ``pieces``.

    A subclass defines its components, the factors by which effects vary, and words. It must be
    constructible from ``varying`` alone, because checks do so.

    Attributes
    ----------
    pieces : frozenset of {"curve", "strata", "cohort", "cell"}
        Components of a cell's effect, with the priors of `Priors`.
    flat : bool
        True if effects of cells have flat priors, so that there is no pooling.
    label : Message
        Name in one word, for tables.
    phrase : Message
        Name for comparisons with other specifications: "partial pooling".
    varying : str or None
        Level of random deviations of the effect.
    """

    __slots__ = ()

    pieces: ClassVar[frozenset[Piece]]
    flat: ClassVar[bool] = False
    label: ClassVar[Message]
    phrase: ClassVar[Message]
    varying: str | None

    @property
    def factors(self) -> tuple[str, ...] | None:
        """Factors by which effects vary; None for all of the panel's strata."""
        return None

    def with_varying(self, varying: str | None) -> Self:
        """The same with deviations of other members, or of none."""
        stated: Self = replace(cast(Any, self), varying=varying)
        return stated

    def over(self, factors: tuple[str, ...]) -> Self:
        """State the same where effects vary by these factors; itself where it takes none."""
        return self

    def words(self, by: str) -> Message:
        """Describe the pooling in a sentence of a report.

        Parameters
        ----------
        by : str
            List of the factors by which effects vary; empty for none.
        """
        return self.phrase


def flat_pooling(varying: str | None) -> Pooling:
    """State effects of cells with flat priors.

    Raises
    ------
    NotApplicable
        If no pooling has them.
    """
    return _first(
        lambda kind: kind.flat, varying, Message("No pooling with flat effects of cells is there.")
    )


def single_curve(varying: str | None = None) -> Pooling:
    """State one curve of effects for all.

    Raises
    ------
    NotApplicable
        If no pooling has it.
    """
    return _first(
        lambda kind: not kind.flat and kind.pieces == {"curve"},
        varying,
        Message("No pooling with one curve for all is there."),
    )


def _first(right: Callable[[type[Pooling]], bool], varying: str | None, none: Message) -> Pooling:
    kinds: tuple[type[Pooling], ...] = tuple(registered("pooling").values())
    for kind in filter(right, kinds):
        return kind(varying=varying)  # type: ignore[call-arg]
    raise NotApplicable(none)
