"""Labels that evidence holds: messages, and names of the user's own as they are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.language import Message, decoded, encoded

__all__ = [
    "AS_FITTED",
    "AVERAGE",
    "LABELS",
    "OVERALL",
    "VERDICTS",
    "autocorrelation",
    "average_in",
    "labels",
    "messages_of",
    "owner",
    "path_name",
    "phrase",
    "texts_of",
]

AS_FITTED: Final = Message("as fitted")
OVERALL: Final = Message("overall")
AVERAGE: Final = Message("att")
"""The average effect, as programs call it."""

VERDICTS: Final = {
    "holds": Message("holds"),
    "in doubt": Message("in doubt"),
    "fails": Message("fails"),
    "reported": Message("reported"),
    "not applicable": Message("not applicable"),
}


LABELS: Final = "labels"
"""The attr of evidence that holds its labels as messages; arrays hold text alone."""


def labels(texts: Iterable[str]) -> dict[Hashable, str]:
    """Write the messages among the labels of evidence.

    Returns
    -------
    dict of str to str
        An attr.
    """
    return {LABELS: encoded(x for x in dict.fromkeys(texts) if isinstance(x, Message))}


def texts_of(evidence: xr.Dataset | xr.DataArray | pd.DataFrame, name: str) -> list[str]:
    """Read labels of evidence.

    Parameters
    ----------
    name : str
        Of a coordinate or a column.

    Returns
    -------
    list of str
        Messages, where they are; names of the user's own.
    """
    known = messages_of(evidence)
    return [known.get(str(text), str(text)) for text in np.ravel(evidence[name])]


def messages_of(evidence: xr.Dataset | xr.DataArray | pd.DataFrame) -> dict[str, Message]:
    """Read the messages among the labels of evidence.

    Returns
    -------
    dict of str to Message
        By their English text.
    """
    messages = decoded(str(evidence.attrs.get(LABELS, "[]")))
    return {str(message): message for message in messages}


def owner(dim: str) -> str:
    """Call what effects vary by.

    Returns
    -------
    str
        A message for units; a factor's own name.
    """
    return Message("unit") if dim == v.UNIT else dim


def average_in(factor: str, level: object) -> Message:
    """Call the average effect in one level, or at one event time, as programs do."""
    if factor == v.EVENT_TIME:
        return Message("att[event_time={}]", str(level))
    return Message("att[{}={}]", factor, str(level))


def path_name(path: object) -> str:
    """Call a path; mediators by their own names."""
    return Message("all mediators") if path == "all mediators" else str(path)


def autocorrelation(lag: int) -> Message:
    """Call an autocorrelation."""
    return Message("autocorrelation, lag {}", lag)


_PHRASES: Final = {
    "autocorrelation, lag {}": Message("autocorrelation at lag {}"),
    "partial autocorrelation, lag {}": Message("partial autocorrelation at lag {}"),
}
"""By the template of a statistic's name."""


def phrase(statistic: str) -> str:
    """Call a statistic as sentences do.

    Parameters
    ----------
    statistic : str
        As evidence calls it.
    """
    if isinstance(statistic, Message) and statistic.template in _PHRASES:
        return _PHRASES[statistic.template].fill(*statistic.parts)
    return statistic
