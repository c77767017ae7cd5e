"""What a pooling is: the pieces of a cell's effect, and what reports say of them."""

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
    """How effects of cells share strength: an effect is the sum of the pieces that are stated.

    A new one states its pieces, the factors by which effects vary, and words. It can be made from
    ``varying`` alone, as checks make it.

    Attributes
    ----------
    pieces : frozenset of {"curve", "strata", "cohort", "cell"}
        Of a cell's effect, with the priors of `Priors`.
    flat : bool
        Whether effects of cells have flat priors, so that nothing is shared.
    label : Message
        In one word, for tables.
    phrase : Message
        Beside other specifications: "partial pooling".
    varying : str or None
        What has its own deviation of the effect.
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
        """Say it in a sentence of a report.

        Parameters
        ----------
        by : str
            Factors by which effects vary, listed; empty for none.
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
