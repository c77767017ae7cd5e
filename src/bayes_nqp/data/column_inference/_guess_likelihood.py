"""Infer from the values of the outcome if it is a count, a share or an indicator."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.column_inference._file_overview import SourceColumn
from bayes_nqp.data.column_inference._guessed import Guess, free
from bayes_nqp.data.reading import sounds_like

_DISPERSED: Final = 0.75
"""Smallest variance of counts, in multiples of the mean; bounded scores have a smaller one."""
_SMALL: Final = 5
"""Largest minimum of counts without a typical name and without zeros."""
_LARGE: Final = 10_000
"""Largest 90 % quantile of counts without a typical name: larger numbers may be amounts."""
_YEARS: Final = (1800, 2200)


def guess_likelihood(
    proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame
) -> None:
    """Propose a likelihood for the outcome, with the reason, and columns of an exposure.

    Parameters
    ----------
    proposal : Guess
        Modified in place: `likelihood`, its reason and `exposures`.
    frame : DataFrame
        Observations of the panel, with the time in ``__time``.
    """
    name = proposal.roles["outcome"]
    values = columns[name].numbers.reindex(frame.index).dropna()
    if not len(values):
        return
    if set(values.unique()) <= {0.0, 1.0}:
        proposal.reasons["likelihood"] = _BINARY
    elif is_count(name, values):
        zeros = float((values == 0).mean())
        seen = Message("{:.0%} of them zero", zeros) if zeros else Message("none of them zero")
        proposal.likelihood = "Poisson"
        proposal.reasons["likelihood"] = Message(
            "The values are non-negative whole numbers ({}; variance {:.3g}, mean {:.3g}) and look "
            "like counts of events. Effects are in log points; the report also gives per cent and "
            "events. For an outcome that is not a count, delete the line of the likelihood.",
            seen, float(values.var()), float(values.mean()),
        )  # fmt: skip
        proposal.exposures = [x for x, column in columns.items() if _exposure(x, column, proposal)]
    elif values.between(0, 1).all() and values.nunique() > 2:
        inside = values.between(0, 1, inclusive="neither").all()
        proposal.reasons["likelihood"] = _SHARE
        proposal.log_odds = bool(inside)


def is_count(name: str, values: pd.Series[Any]) -> bool:
    """Return True if numbers look like counts, and not like years, codes, amounts or an index.

    Parameters
    ----------
    name : str
        Name of the column.
    values : Series
        Its numbers, without missing values.
    """
    if (values < 0).any() or (values != values.round()).any() or values.nunique() < 3:
        return False
    if values.between(*_YEARS).all() or sounds_like("not_count", name):
        return False
    if float(values.var()) < _DISPERSED * float(values.mean()):
        return False
    if sounds_like("count", name):
        return True
    return bool(values.min() <= _SMALL and values.quantile(0.9) <= _LARGE)


def _exposure(name: str, column: SourceColumn, proposal: Guess) -> bool:
    """Return True for a positive column with a name that is typical of an exposure."""
    if not sounds_like("exposure", name) or sounds_like("not_count", name):
        return False
    if name not in dict(free(proposal, {name: column})):
        return False
    numbers = column.numbers.dropna()
    return bool(len(numbers)) and bool((numbers > 0).all())


_BINARY: Final = Message(
    "The outcome is 0 or 1. The model is a linear probability model: an effect of 0.01 is one "
    "percentage point."
)
_SHARE: Final = Message(
    "The outcome is between 0 and 1, as shares are. The model is linear: an effect of 0.01 is one "
    "percentage point. Where shares are close to 0 or 1, log odds are the better outcome."
)
