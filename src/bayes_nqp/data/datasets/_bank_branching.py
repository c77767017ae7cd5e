"""Interstate bank branching and mortgage lending in the United States."""

from __future__ import annotations

from typing import Literal, overload

import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets._moderndid import read_moderndid, with_states
from bayes_nqp.data.panel import Panel


@overload
def bank_branching(as_frame: Literal[False] = False) -> Panel: ...
@overload
def bank_branching(as_frame: Literal[True]) -> pd.DataFrame: ...
@door
def bank_branching(as_frame: bool = False) -> Panel | pd.DataFrame:
    """Load the panel of branching deregulation from the package `moderndid`.

    1,035 counties of 50 states, 1994 to 2005. A county is treated from the first year in which its
    state has lifted any of the four restrictions on branches of banks from other states
    (`inter_bra` > 0). The number of lifted restrictions is ignored, including the one restriction
    that Indiana reintroduced. Counties of eight states, none of them in the Northeast, are never
    treated. Thirteen counties of the source without an outcome, or without an outcome before the
    year of their state, are excluded. The columns `state`, `region` (by the FIPS code `state_n`)
    and `cohort` (missing = never treated) are added.

    Parameters
    ----------
    as_frame : bool, default False
        Return the data instead of a panel.

    Returns
    -------
    Panel or DataFrame
        The panel has unit `county`, time `year`, outcome `Dl_vloans_b` (change of the log volume of
        mortgages originated by banks; missing in some rows) and stratum `region`. Because states
        decide on the policy, ``varying="state"`` is the natural level of random effects.

    Raises
    ------
    PanelError
        If `moderndid` is not installed; install ``bayes-nqp[data]``.

    References
    ----------
    Favara, Imbs (2015), "Credit Supply and the Price of Housing", American Economic Review 105 (3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.bank_branching()
    >>> panel.n_units, panel.periods
    (1035, 12)
    """
    raw = read_moderndid("load_favara_imbs", "bank_branching")
    lifted = raw[raw["inter_bra"] > 0].groupby("state_n")["year"].min()
    df = with_states(raw, raw["state_n"], raw["state_n"].map(lifted))
    first = df["county"].map(df.dropna(subset="Dl_vloans_b").groupby("county")["year"].min())
    df = df[first.notna() & ~(first >= df["cohort"])].reset_index(drop=True)
    if as_frame:
        return df
    return Panel.from_frame(
        df, unit="county", time="year", cohort="cohort", outcome="Dl_vloans_b", strata=["region"]
    )
