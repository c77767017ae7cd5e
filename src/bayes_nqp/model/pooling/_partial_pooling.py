"""Partial pooling: effects shrunk towards a common curve by estimated amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, cast

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import once
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.pooling._pooling import Piece, Pooling


def _strata(strata: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if strata is None:
        return None
    names = (strata,) if isinstance(strata, str) else tuple(strata)
    once("strata", names)
    return names


@value("pooling")
class PartialPooling(Pooling):
    """Partial pooling: effects of strata, cohorts and cells, shrunk towards a common curve.

    A cell's effect is ``mu + f(event_time) + strata + interactions + cohort + cell``; the variances
    of these components are estimated.

    Parameters
    ----------
    strata : sequence of str, optional
        Factors by which effects vary; all strata of the panel by default.
    varying : str or None, default "unit"
        Level of random deviations of the effect: "unit", or a column above the unit such as "city";
        None for no deviations.

    References
    ----------
    Gelman, A. (2006). Prior distributions for variance parameters. Bayesian Analysis 1(3).

    Examples
    --------
    >>> from bayes_nqp import PartialPooling
    >>> PartialPooling(["region", "market"])
    PartialPooling(strata=('region', 'market'), varying='unit')
    """

    pieces: ClassVar[frozenset[Piece]] = frozenset({"curve", "strata", "cohort", "cell"})
    label: ClassVar[Message] = Message("partial")
    phrase: ClassVar[Message] = Message("partial pooling")

    strata: tuple[str, ...] | None = None
    varying: str | None = v.UNIT

    def __init__(
        self, strata: Sequence[str] | str | None = None, varying: str | None = v.UNIT
    ) -> None:
        object.__setattr__(self, "strata", _strata(cast(Any, strata)))
        object.__setattr__(self, "varying", varying)

    @property
    def factors(self) -> tuple[str, ...] | None:
        """Return the factors that are named."""
        return self.strata

    def over(self, factors: tuple[str, ...]) -> Self:
        """The same with these strata."""
        return replace(self, strata=factors)

    def words(self, by: str) -> Message:
        """Describe partial pooling and its factors."""
        return Message("partial pooling by {}", by) if by else self.phrase
