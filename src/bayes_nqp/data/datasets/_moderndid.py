"""Panels from the package `moderndid`."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message

# fmt: off
_BY_REGION: Final = {
    "Northeast": {
        9: "Connecticut", 23: "Maine", 25: "Massachusetts", 33: "New Hampshire", 34: "New Jersey",
        36: "New York", 42: "Pennsylvania", 44: "Rhode Island", 50: "Vermont",
    },
    "Midwest": {
        17: "Illinois", 18: "Indiana", 19: "Iowa", 20: "Kansas", 26: "Michigan", 27: "Minnesota",
        29: "Missouri", 31: "Nebraska", 38: "North Dakota", 39: "Ohio", 46: "South Dakota",
        55: "Wisconsin",
    },
    "South": {
        1: "Alabama", 5: "Arkansas", 10: "Delaware", 11: "District of Columbia", 12: "Florida",
        13: "Georgia", 21: "Kentucky", 22: "Louisiana", 24: "Maryland", 28: "Mississippi",
        37: "North Carolina", 40: "Oklahoma", 45: "South Carolina", 47: "Tennessee", 48: "Texas",
        51: "Virginia", 54: "West Virginia",
    },
    "West": {
        2: "Alaska", 4: "Arizona", 6: "California", 8: "Colorado", 15: "Hawaii", 16: "Idaho",
        30: "Montana", 32: "Nevada", 35: "New Mexico", 41: "Oregon", 49: "Utah",
        53: "Washington", 56: "Wyoming",
    },
}
# fmt: on

STATES: Final = {fips: name for names in _BY_REGION.values() for fips, name in names.items()}
REGIONS: Final = {fips: region for region, names in _BY_REGION.items() for fips in names}


def read_moderndid(loader: str, asked_by: str) -> pd.DataFrame:
    """Read a data set with the loader of its name, without network access.

    Parameters
    ----------
    loader : str
        A function of `moderndid`.
    asked_by : str
        Function named in the message.

    Raises
    ------
    PanelError
        If `moderndid` is not installed, or too old to contain the loader.
    """
    if importlib.util.find_spec("moderndid") is None:
        raise PanelError(
            Message(
                "{}() reads its data from the package moderndid, which is not installed", asked_by
            ),
            hint="pip install 'bayes-nqp[data]'",
        )
    load = getattr(importlib.import_module("moderndid"), loader, None)
    if load is None:
        raise PanelError(
            Message(
                "{}() reads its data with moderndid.{}, which the installed version does "
                "not contain",
                asked_by,
                loader,
            ),
            hint="pip install --upgrade 'bayes-nqp[data]'",
        )
    return pd.DataFrame(load().to_dict(as_series=False))


def with_states(df: pd.DataFrame, fips: pd.Series[int], cohort: pd.Series[float]) -> pd.DataFrame:
    """Add the name and the census region of each row's state, and its cohort."""
    codes = fips.astype(np.int64)
    return df.assign(
        state=codes.map(STATES), region=codes.map(REGIONS), cohort=cohort.astype(np.float64)
    )
