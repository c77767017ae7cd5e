"""Robustness rows: other samples, by the values of a column."""

from __future__ import annotations

from functools import partial
from typing import Final

from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_rows
from bayes_nqp.inference.fitting import Fit, panel_of

_MOST: Final = 50
"""Largest number of values, each of which is left out in turn."""


@robustness_row(
    Message("other samples"),
    place=55,
    shows=Message(
        "Other samples: each value of a column is left out in turn; with two values, each part "
        "is estimated by itself. A part may have another effect, and a wider interval."
    ),
)
def samples(fit: Fit, requested: Requested) -> Specifications:
    """Leave out each value of the columns of the option ``samples``; of two, keep each."""
    if not requested.samples:
        raise NotApplicable(Message("none named: samples=[…] names columns"))
    for name in requested.samples:
        yield from _of_column(fit, name)


def _of_column(fit: Fit, name: str) -> Specifications:
    text = panel_of(fit).frame[name].astype(object).map(str, na_action="ignore")
    values = sorted(text.dropna().unique())
    if not 1 < len(values) <= _MOST:
        raise StudyError(
            Message("'samples' names {!r}; the number of its values is {:,}", name, len(values)),
            hint=Message("a column with 2 to {} values, such as a region", _MOST),
        )
    for value in values:
        same = (text == value).to_numpy(dtype=bool)
        if len(values) == 2:
            yield Message("{} = {} alone", name, value), partial(some_rows, fit, same)
        else:
            yield Message("without {} = {}", name, value), partial(some_rows, fit, ~same)
