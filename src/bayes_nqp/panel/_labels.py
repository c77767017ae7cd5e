"""What a panel's columns are called, checked against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayes_nqp.errors import PanelError, brief, nearest
from bayes_nqp.labels import Labels
from bayes_nqp.language import Message, languages
from bayes_nqp.limits import limit, way_out


def labelled(before: Labels, words: Mapping[str, Any] | None, df: pd.DataFrame) -> Labels:
    """Add labels to those of columns that are there; refuse languages and columns that are not."""
    before = Labels(tuple(entry for entry in before.entries if entry[1] in df.columns))
    try:
        added = Labels.of(words)
    except TypeError as error:
        raise PanelError(
            str(error),
            hint="labels={'zh': {'nqp': '…', 'region': {'label': '…', 'levels': {'east': '…'}}}}",
        ) from None
    for language, column, _, label in added.entries:
        if language not in languages():
            raise PanelError(
                Message("labels: {} is no language here", brief(language)),
                hint=nearest(language, languages()),
            )
        if len(label) > limit("name"):
            raise PanelError(
                Message("labels.{}.{} has {:,} characters", language, column, len(label)),
                hint=Message("shorten it; {}", way_out("name", len(label))),
            )
        if column not in df.columns:
            raise PanelError(
                Message("labels.{}: {!r} is not a column of the data", language, column),
                hint=nearest(column, df.columns),
            )
    return before | added
