"""Errors in the terms of the page: fields by their labels, and the page of the study's text."""

from __future__ import annotations

import re
from typing import Final

from bayes_nqp._core.exceptions import NQPError, speaking
from bayes_nqp._core.fields import (
    COLUMNS,
    COVARIATES,
    FILE,
    FIRST_TREATED,
    GROUPS,
    LEAVE_OUT,
    MAY_END,
    MEDIATORS,
    OUTCOME,
    STUDY,
    TIME,
    TREATED,
    UNIT,
)
from bayes_nqp._core.i18n import Message

LABELS: Final = {
    "unit": UNIT, "time": TIME, "outcome": OUTCOME, "cohort": FIRST_TREATED, "treated": TREATED,
    "treatment": MAY_END, "strata": GROUPS, "covariates": COVARIATES, "mediators": MEDIATORS,
    "path": FILE, "file": FILE,
}  # fmt: skip
"""Labels on the page for the arguments of panels and the keys of studies."""
_ARGUMENT: Final = re.compile(rf"\b({'|'.join(LABELS)})=(['\"])(.*?)\2")
_KEY: Final = re.compile(rf"'(?:data|channels)\.({'|'.join(LABELS)})'")
_BARE: Final = re.compile(rf"\b({'|'.join(LABELS)})=")
_TABLE: Final = re.compile(r"in \[data(?:\.read)?\]: |在 \[data(?:\.read)?\] 中：")
"""Prefix that states the place of a key of [data]."""
_DROP: Final = re.compile(r"\[design\][^\n]*?\bunidentified = \"drop\"")
_TEXT: Final = re.compile(r"\[\[?(?:data|design|channels|checks|report|sampler|index|priors)\b")
_TICK: Final = Message("tick “{}” on the page “{}”")
_IN_TEXT: Final = Message("{} (in the text of the study on the page “{}”)")


def in_words(error: NQPError, language: str) -> str:
    """Render an error in the terms of the page.

    Parameters
    ----------
    language : str
        Language of the page.
    """
    with speaking("page"):
        return on_page(error.in_(language), language)


def on_page(text: str, language: str) -> str:
    """Replace arguments and keys by the labels of fields.

    Parameters
    ----------
    text : str
        Text for authors of study files.
    """

    def labelled(match: re.Match[str]) -> str:
        return Message("{} “{}”", LABELS[match[1]], match[3], context="field").in_(language)

    text = _ARGUMENT.sub(labelled, text)

    def named(match: re.Match[str]) -> str:
        return f"“{LABELS[match[1]].in_(language)}”"

    tick = _TICK.fill(LEAVE_OUT, COLUMNS).in_(language)
    text = _DROP.sub(tick, _BARE.sub(named, _KEY.sub(named, _TABLE.sub("", text))))
    lines = (
        _IN_TEXT.fill(line.rstrip(".。"), STUDY).in_(language) if _TEXT.search(line) else line
        for line in text.splitlines()
    )
    return "\n".join(lines)
