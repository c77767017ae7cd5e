"""Match column names to roles, in English and Chinese."""

from __future__ import annotations

import re
from typing import Any, Literal

from bayes_nqp.data.reading._words import WORDS

type Part = Literal[
    "unit", "time", "cohort", "treated", "outcome", "covariate", "stratum", "count", "not_count",
    "exposure",
]  # fmt: skip


def sounds_like(part: Part, name: str) -> bool:
    """Return True if a column's name is typical of the role."""
    return any(re.search(word, name, re.IGNORECASE) for word in WORDS["parts"][part])


type Role = Literal["outcome", "treatment", "mediator", "covariate", "identifier"]


def role_of(text: str) -> Role | None:
    """Return the role stated by a word such as 被解释变量 or "control", with or without number."""
    word = re.sub(r"\s*(?:\d+|[一二三四五六七八九]|[(（][^)）]*[)）])$", "", text.strip()).rstrip(
        ":："
    )
    roles: Any = WORDS["roles"]
    return next((role for role, forms in roles.items() if any(
        re.fullmatch(form, word, re.IGNORECASE) for form in forms)), None)  # fmt: skip


def channel_of(name: str) -> str | None:
    """Return the channel that a column's name suggests."""
    for channel, words in WORDS["channels"].items():
        if any(re.search(word, name, re.IGNORECASE) for word in words):
            return channel
    return None
