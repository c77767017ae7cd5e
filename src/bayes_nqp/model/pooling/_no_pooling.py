"""Flat effects of cells."""

from __future__ import annotations

from typing import ClassVar

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.pooling._pooling import Piece, Pooling


@value("pooling")
class NoPooling(Pooling):
    """No pooling: a flat prior for the effect of every cell.

    Parameters
    ----------
    varying : str or None, default "unit"
        Level of random deviations of the effect: "unit", or a column above the unit such as "city";
        None for no deviations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.NoPooling(varying=None)
    NoPooling(varying=None)
    """

    pieces: ClassVar[frozenset[Piece]] = frozenset({"cell"})
    flat: ClassVar[bool] = True
    label: ClassVar[Message] = Message("none", context="pooling")
    phrase: ClassVar[Message] = Message("no pooling")

    varying: str | None = v.UNIT
