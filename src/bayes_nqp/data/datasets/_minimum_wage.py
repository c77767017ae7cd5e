"""Minimum wages and teen employment in the United States."""

from __future__ import annotations

from typing import Literal, overload

import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets._moderndid import read_moderndid, with_states
from bayes_nqp.data.panel import Panel


@overload
def minimum_wage(as_frame: Literal[False] = False) -> Panel: ...
@overload
def minimum_wage(as_frame: Literal[True]) -> pd.DataFrame: ...
@door
def minimum_wage(as_frame: bool = False) -> Panel | pd.DataFrame:
    """Load the panel of minimum wages and teen employment from the package `moderndid`.

    500 counties, 2003 to 2007, a subset of the data of Callaway and Sant'Anna, known as `mpdta`. A
    county is treated from the first year in which the minimum wage of its state is above the
    federal one (2004, 2006 or 2007); 309 counties are never treated. The columns `state`, `region`
    (the census region, by the county's FIPS code) and `cohort` (equal to `first.treat`, missing =
    never treated) are added.

    Parameters
    ----------
    as_frame : bool, default False
        Return the data instead of a panel.

    Returns
    -------
    Panel or DataFrame
        The panel has unit `countyreal`, time `year`, outcome `lemp` (log teen employment) and
        stratum `region`.

    Raises
    ------
    PanelError
        If `moderndid` is not installed; install ``bayes-nqp[data]``.

    References
    ----------
    Callaway, Sant'Anna (2021), "Difference-in-Differences with Multiple Time Periods", Journal of
    Econometrics 225 (2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.minimum_wage()
    >>> panel.n_units, panel.periods
    (500, 5)
    """
    raw = read_moderndid("load_mpdta", "minimum_wage")
    first = raw["first.treat"]
    df = with_states(raw, raw["countyreal"] // 1000, first.where(first > 0))
    if as_frame:
        return df
    return Panel.from_frame(
        df, unit="countyreal", time="year", cohort="cohort", outcome="lemp", strata=["region"]
    )
