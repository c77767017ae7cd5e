"""What figures and tables of draws say alike."""

from __future__ import annotations

from typing import Final

from bayes_nqp import vocabulary as v
from bayes_nqp.errors import one_of
from bayes_nqp.labels import labels_of
from bayes_nqp.language import Message, Numeral, Translator, languages

PATHS: Final = {
    v.DIRECT: Message("Direct"),
    v.TOTAL: Message("Total"),
    "all mediators": Message("All mediators"),
}
"""How paths are called; mediators have their own names."""
EARLY: Final = Message(
    "Before event time 0: anticipated effects, which no average over event times counts."
)
"""What is said of averages that the coordinate ``anticipated`` marks."""


def words(language: str, source: object = None) -> Translator:
    """Speak a language.

    Parameters
    ----------
    source : object, optional
        A panel, a fit, draws or the result of a check, whose labels names are called by.

    Raises
    ------
    StudyError
        If there is no such language.
    """
    one_of("language", language, languages())
    return Translator(language, labels_of(source))


def percent(prob: float) -> Numeral:
    """Write a probability as a percentage: 95%, 97.5%.

    Parameters
    ----------
    prob : float
        Between 0 and 1.
    """
    return Numeral(f"{100 * prob:g}%")
