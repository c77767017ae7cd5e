"""Castle-doctrine laws and homicide in the United States."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final, Literal, overload

import numpy as np
import pandas as pd

from bayes_nqp.doors import door
from bayes_nqp.errors import PanelError
from bayes_nqp.panel import Panel

_REGIONS: Final = ("Northeast", "Midwest", "South", "West")

# fmt: off
_STATES: Final = (
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut",
    "Delaware", "District of Columbia", "Florida", "Georgia", "Hawaii", "Idaho", "Illinois",
    "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland", "Massachusetts",
    "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada",
    "New Hampshire", "New Jersey", "New Mexico", "New York", "North Carolina", "North Dakota",
    "Ohio", "Oklahoma", "Oregon", "Pennsylvania", "Rhode Island", "South Carolina",
    "South Dakota", "Tennessee", "Texas", "Utah", "Vermont", "Virginia", "Washington",
    "West Virginia", "Wisconsin", "Wyoming",
)
# fmt: on


@overload
def castle_doctrine(as_frame: Literal[False] = False) -> Panel: ...
@overload
def castle_doctrine(as_frame: Literal[True]) -> pd.DataFrame: ...
@door
def castle_doctrine(as_frame: bool = False) -> Panel | pd.DataFrame:
    """Load the castle-doctrine panel that the package `causaldata` ships.

    50 states, 2000 to 2010; 21 of them extended the right to self-defence between 2006 and 2010.
    To the columns of the source this adds `state` (its `sid` numbers the states and the District
    of Columbia, which it leaves out, in alphabetical order), `region` (the census region, from the
    region × year dummies `r20001` … `r20004` of a state's row for 2000) and `cohort` (the first
    year with ``post`` > 0, missing = never). No state of the Northeast is treated.

    Parameters
    ----------
    as_frame : bool, default False
        Return the data instead of a panel.

    Returns
    -------
    Panel or DataFrame
        The panel has unit `state`, time `year`, outcome `l_homicide` (log homicides per 100,000
        people) and stratum `region`.

    Raises
    ------
    PanelError
        If `causaldata` is not installed.

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
    raw = pd.read_stata(_source())
    first_rows = raw[raw["year"] == 2000].set_index("sid")
    dummies = first_rows[[f"r2000{i + 1}" for i in range(len(_REGIONS))]]
    region = pd.Series(np.asarray(_REGIONS)[dummies.to_numpy().argmax(axis=1)], dummies.index)
    cohort = raw.loc[raw["post"] > 0].groupby("sid")["year"].min().astype(np.float64)
    df = raw.assign(
        state=np.asarray(_STATES)[raw["sid"].to_numpy(dtype=np.int64) - 1],
        region=raw["sid"].map(region),
        cohort=raw["sid"].map(cohort),
    )
    if as_frame:
        return df
    return Panel.from_frame(
        df, unit="state", time="year", cohort="cohort", outcome="l_homicide", strata=["region"]
    )


def _source() -> Path:
    # Importing causaldata loads statsmodels, which takes seconds; its file alone will do.
    spec = importlib.util.find_spec("causaldata")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "castle" / "castle.dta"
        if path.exists():
            return path
    raise PanelError(
        "castle_doctrine() reads its data from the package causaldata, which is not installed",
        hint="pip install causaldata",
    )
