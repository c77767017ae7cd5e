"""Check that rows given by number still have the content recorded for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._values import plain

_LONG: Final = 60
"""Maximum length of row contents written in full."""


def contents(frame: pd.DataFrame, rows: Iterable[int]) -> dict[str, str]:
    """Return the contents of rows by number; long contents are shortened with a digest."""
    return {str(row): _content(frame.loc[row]) for row in rows}


def _content(row: Any) -> str:
    text = " · ".join(" ".join(plain(x).split()) for x in row.dropna())
    if len(text) <= _LONG:
        return text
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: _LONG // 2]}… {digest}"


def numbered(
    key: str, frame: pd.DataFrame, value: list[int] | dict[str, str], expected: Collection[Any]
) -> list[int]:
    """Return the numbers of the rows that a step removes.

    Parameters
    ----------
    key : str
        Key of the step.
    value : list of int or dict of str to str
        Row numbers, or the contents of rows by number.
    expected : collection of int
        Rows that the step finds automatically; numbers without contents must be among them.

    Raises
    ------
    PanelError
        If a row does not exist or has other contents.
    """
    stated = value if isinstance(value, dict) else dict.fromkeys(map(str, value))
    if stated and not frame.index.is_unique:
        raise PanelError(
            Message(
                "{} refers to rows by number, but several sheets have rows with these numbers", key
            ),
            hint=Message("omit {}", key),
        )
    at = {str(row): row for row in frame.index}
    if lacking := [row for row in stated if row not in at]:
        raise PanelError(
            Message("{}: the table has no row {}", key, shown(lacking)),
            hint=Message(
                "the rows are {} to {}; remove the other numbers from {}",
                frame.index.min(),
                frame.index.max(),
                key,
            ),
        )
    _check_contents(key, stated, contents(frame, (at[row] for row in stated)), at, expected)
    return [at[row] for row in stated]


def _check_contents(
    key: str,
    stated: Mapping[str, str | None],
    contents_of: Mapping[str, str],
    at: Mapping[str, Any],
    expected: Collection[Any],
) -> None:
    """Compare the contents of rows with those stated.

    Raises
    ------
    PanelError
        If a row has other contents, or none are stated and no step removes it.
    """
    for row, content in stated.items():
        if content is None and at[row] not in expected:
            raise PanelError(
                Message(
                    "{}: row {} is not a row that this step removes: {!r}",
                    key,
                    row,
                    contents_of[row],
                ),
                hint=Message(
                    "remove {} from {}; or, if the row is not data, {} = {{ {} = {!r} }}",
                    row,
                    key,
                    key,
                    row,
                    contents_of[row],
                ),
            )
        if content is not None and content != contents_of[row]:
            raise PanelError(
                Message(
                    "{}: row {} contains {!r}, but {!r} was expected",
                    key,
                    row,
                    contents_of[row],
                    content,
                ),
                hint=Message(
                    "the file has changed: specify its rows again in {}, or omit {}", key, key
                ),
            )
