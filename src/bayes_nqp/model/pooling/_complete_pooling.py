"""One effect curve for everybody."""

from __future__ import annotations

from typing import ClassVar

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.pooling._pooling import Piece, Pooling


@value("pooling")
class CompletePooling(Pooling):
    """Complete pooling: one effect curve over event time for all treated units.

    Parameters
    ----------
    varying : str or None, default "unit"
        Level of random deviations of the effect: "unit", or a column above the unit such as "city";
        None for no deviations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(nqp.CompletePooling()).effect
    CompletePooling(varying='unit')
    """

    pieces: ClassVar[frozenset[Piece]] = frozenset({"curve"})
    label: ClassVar[Message] = Message("complete")
    phrase: ClassVar[Message] = Message("complete pooling")

    varying: str | None = v.UNIT

    @property
    def factors(self) -> tuple[str, ...]:
        """None: effects do not vary."""
        return ()

    def words(self, by: str) -> Message:
        """One curve for all."""
        return Message("one curve for all (complete pooling)")
