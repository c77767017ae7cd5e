"""Language: what the library says, in English where it is said and in others by catalogue."""

from bayes_nqp.language._catalogue import ENGLISH, catalogue_of, languages
from bayes_nqp.language._kept import decoded, encoded, recalled
from bayes_nqp.language._message import (
    NOTHING,
    Message,
    Translator,
    cut,
    either,
    enumerated,
    joined,
    listed,
    message,
    separated,
)
from bayes_nqp.language._typesetting import (
    Numeral,
    Typography,
    dates,
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
    "NOTHING",
    "Message",
    "Numeral",
    "Translator",
    "Typography",
    "catalogue_of",
    "cut",
    "dates",
    "decoded",
    "either",
    "encoded",
    "enumerated",
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
]
