"""Indicators, and dimensions of indicators."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value

_DIRECTIONS = ("positive", "negative")


@value("index")
class Indicator:
    """One indicator of a system.

    Parameters
    ----------
    key : str
        Name in weights and contributions.
    direction : {"positive", "negative"}, default "positive"
        "positive" if a higher value raises the index, "negative" if it lowers the index.
    column : str, optional
        The column of the data; the key by default.
    name, name_zh : str, optional
        Name in English and Chinese.
    unit : str, optional
        Unit of measurement.
    formula : str, optional
        Formula in terms of published statistics, in words.
    sources : tuple of str, optional
        Papers that use this or a similar indicator.

    Raises
    ------
    StudyError
        If the key is empty, or the direction unknown.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.index.Indicator("energy", direction="negative").key
    'energy'
    """

    key: str
    direction: str = "positive"
    column: str | None = None
    name: str = ""
    name_zh: str = ""
    unit: str = ""
    formula: str = ""
    sources: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        key: object = self.key
        if not isinstance(key, str) or not key:
            raise StudyError(
                Message("'key' of an indicator is {!r}", self.key), hint="a short name as text"
            )
        if self.direction not in _DIRECTIONS:
            raise StudyError(
                Message("the indicator {!r} has the direction {!r}", self.key, self.direction),
                hint="'positive' (more is better) or 'negative' (less is better)",
            )
        sources: object = self.sources
        listed = (sources,) if isinstance(sources, str) else tuple(self.sources)
        object.__setattr__(self, "sources", listed)

    @property
    def data(self) -> str:
        """Return the column of the data that contains the indicator."""
        return self.key if self.column is None else self.column


@value("index")
class Dimension:
    """A group of indicators that measure one dimension.

    Parameters
    ----------
    name, name_zh : str, optional
        Name in English and Chinese.

    Raises
    ------
    StudyError
        If there are no indicators.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.index.Dimension("labour", [nqp.index.Indicator("schooling")]).key
    'labour'
    """

    key: str
    indicators: Sequence[Indicator]
    name: str = ""
    name_zh: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "indicators", tuple(self.indicators))
        if not self.indicators:
            raise StudyError(
                Message("the dimension {!r} has no indicators", self.key),
                hint="remove it, or add indicators",
            )
