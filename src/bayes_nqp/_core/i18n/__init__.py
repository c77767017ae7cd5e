"""Messages in English, and their translations in other languages by catalogue.

Every package may import it.
"""

from bayes_nqp._core.i18n._catalogue import ENGLISH, catalogue_of, languages
from bayes_nqp._core.i18n._encoding import decoded, encoded, recalled
from bayes_nqp._core.i18n._joined import (
    NOTHING,
    advice_of,
    advised,
    crossed,
    detailed,
    details_of,
    either,
    enumerated,
    joined,
    listed,
    separated,
    unadvised,
    undetailed,
)
from bayes_nqp._core.i18n._message import Message, Translator, cut, message
from bayes_nqp._core.i18n._typesetting import (
    LIMITS,
    Numeral,
    Sized,
    Typography,
    chance,
    dates,
    equality,
    figures,
    language_of,
    leading,
    localised,
    spanned,
    typeset,
    typography,
)

__all__ = [
    "ENGLISH",
    "LIMITS",
    "NOTHING",
    "Message",
    "Numeral",
    "Sized",
    "Translator",
    "Typography",
    "advice_of",
    "advised",
    "catalogue_of",
    "chance",
    "crossed",
    "cut",
    "dates",
    "decoded",
    "detailed",
    "details_of",
    "either",
    "encoded",
    "enumerated",
    "equality",
    "figures",
    "joined",
    "language_of",
    "languages",
    "leading",
    "listed",
    "localised",
    "message",
    "recalled",
    "separated",
    "spanned",
    "typeset",
    "typography",
    "unadvised",
    "undetailed",
]
