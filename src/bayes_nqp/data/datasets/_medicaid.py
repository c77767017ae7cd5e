"""The expansion of Medicaid and health insurance in the United States."""

from __future__ import annotations

from typing import Literal, overload

import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets._moderndid import read_moderndid, with_states
from bayes_nqp.data.panel import Panel


@overload
def medicaid(as_frame: Literal[False] = False) -> Panel: ...
@overload
def medicaid(as_frame: Literal[True]) -> pd.DataFrame: ...
@door
def medicaid(as_frame: bool = False) -> Panel | pd.DataFrame:
    """Load the panel of Medicaid expansions from the package `moderndid`.

    46 states, 2008 to 2019; 30 of them expanded Medicaid between 2014 and 2019, 22 in 2014; all
    states of the Northeast expanded it. The columns `state` and `region` (by FIPS code `stfips`)
    and `cohort` (equal to `yexp2`, missing = not treated by 2019) are added.

    Parameters
    ----------
    as_frame : bool, default False
        Return the data instead of a panel.

    Returns
    -------
    Panel or DataFrame
        The panel has unit `state`, time `year`, outcome `dins` (share of low-income adults without
        children who have health insurance) and stratum `region`. Population is in `W`.

    Raises
    ------
    PanelError
        If `moderndid` is not installed; install ``bayes-nqp[data]``.

    References
    ----------
    Carey, Miller, Wherry (2020), "The Impact of Insurance Expansions on the Already Insured: The
    Affordable Care Act and Medicare", American Economic Journal: Applied Economics 12 (4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.medicaid()
    >>> panel.n_units, panel.periods
    (46, 12)
    """
    raw = read_moderndid("load_ehec", "medicaid")
    df = with_states(raw, raw["stfips"], raw["yexp2"])
    if as_frame:
        return df
    return Panel.from_frame(
        df, unit="state", time="year", cohort="cohort", outcome="dins", strata=["region"]
    )
