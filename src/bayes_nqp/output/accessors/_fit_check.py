"""``fit.check()``: what a referee would ask of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    import pandas as pd


@attribute("Fit")
def check(
    fit: nqp.Fit, name: str | Sequence[str] | None = None, **options: Any
) -> pd.DataFrame | nqp.CheckResult:
    """Ask one question of a fit, several, or all: ``nqp.check(fit, name)``.

    Parameters
    ----------
    name : str or sequence of str, optional
        One check, such as "pretrends", or several; all of them by default.
    **options
        Of `check`, and of the check that is named.

    Returns
    -------
    DataFrame or CheckResult
        All or several, one row a check; or the one.
    """
    result: pd.DataFrame | nqp.CheckResult = nqp.check(fit, name, **options)
    return result
