"""A fit as a column of ``maketables.ETable``, next to fits of other packages."""

from __future__ import annotations

import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute


@attribute("Fit", bare=True)
def __maketables_coef_table__(fit: nqp.Fit) -> pd.DataFrame:  # noqa: N807
    return nqp.estimates(fit).table


@attribute("Fit", bare=True)
def __maketables_depvar__(fit: nqp.Fit) -> str:  # noqa: N807
    return nqp.estimates(fit).outcome


@attribute("Fit", bare=True)
def __maketables_default_stat_keys__(fit: nqp.Fit) -> list[str]:  # noqa: N807
    return list(nqp.estimates(fit).stats)


@attribute("Fit")
def __maketables_stat__(fit: nqp.Fit, key: str) -> int | str | None:  # noqa: N807
    return nqp.estimates(fit).stats.get(key)
