"""``fit.check()``: checks of a fit."""

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
    """Run one, several or all checks of a fit: ``nqp.check(fit, name)``.

    Parameters
    ----------
    name : str or sequence of str, optional
        One check, such as "pretrends", or several; all of them by default.
    **options
        Options of `check` and of the named check.

    Returns
    -------
    DataFrame or CheckResult
        Table of several checks, one row per check; or the result of one check.
    """
    result: pd.DataFrame | nqp.CheckResult = nqp.check(fit, name, **options)
    return result
