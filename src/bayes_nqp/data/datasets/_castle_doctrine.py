"""Castle-doctrine laws and homicide in the United States."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets._files import read_csv
from bayes_nqp.data.panel import Panel

_INTEGERS = {"sid": np.int8, "post": np.int8, "jhcitizen_c": np.int8}
_KINDS = {**_INTEGERS, "jhpolice_c": np.int16, "year": np.int16, "cohort": float, "poverty": float}
"""Types as in the file of causaldata; other numbers are single precision."""


@overload
def castle_doctrine(as_frame: Literal[False] = False) -> Panel: ...
@overload
def castle_doctrine(as_frame: Literal[True]) -> pd.DataFrame: ...
@door
def castle_doctrine(as_frame: bool = False) -> Panel | pd.DataFrame:
    """Load the castle-doctrine panel, which is included in the package.

    50 states, 2000 to 2010; 21 of them extended the right to self-defence between 2006 and 2010.
    Stratum `region` is the census region, `cohort` the first year with the law (missing = never
    treated). No state of the Northeast is treated. The other columns are documented in the file
    (``data/datasets/data/castle_doctrine.csv``).

    Parameters
    ----------
    as_frame : bool, default False
        Return the data instead of a panel.

    Returns
    -------
    Panel or DataFrame
        The panel has unit `state`, time `year`, outcome `l_homicide` (log homicides per 100,000
        people) and stratum `region`.

    References
    ----------
    Cheng, Hoekstra (2013), "Does Strengthening Self-Defense Law Deter Crime or Escalate Violence?
    Evidence from Expansions to Castle Doctrine", Journal of Human Resources 48 (3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> panel.n_units, panel.periods
    (50, 11)
    """
    raw = read_csv("castle_doctrine.csv")
    df = raw.astype({**dict.fromkeys(raw.select_dtypes("number"), np.float32), **_KINDS})
    if as_frame:
        return df
    return Panel.from_frame(
        df, unit="state", time="year", cohort="cohort", outcome="l_homicide", strata=["region"]
    )
