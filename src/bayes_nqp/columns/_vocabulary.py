"""How columns tend to be called, by the part they play; in English and in Chinese."""

from __future__ import annotations

import re
from typing import Literal

from bayes_nqp.columns._words import WORDS

type Part = Literal["unit", "time", "cohort", "treated", "outcome", "covariate", "stratum"]


def sounds_like(part: Part, name: str) -> bool:
    """Tell whether a column's name is one that such columns often have."""
    return any(re.search(word, name, re.IGNORECASE) for word in WORDS["parts"][part])


def channel_of(name: str) -> str | None:
    """Tell which channel a column's name sounds like."""
    for channel, words in WORDS["channels"].items():
        if any(re.search(word, name, re.IGNORECASE) for word in words):
            return channel
    return None
