"""Panels that the package `moderndid` ships."""

from __future__ import annotations

import importlib
import importlib.util

import numpy as np
import pandas as pd

from bayes_nqp.datasets._us_states import REGIONS, STATES
from bayes_nqp.errors import PanelError
from bayes_nqp.language import Message


def read_moderndid(loader: str, asked_by: str) -> pd.DataFrame:
    """Read a data set by the loader of its name; without network access.

    Parameters
    ----------
    loader : str
        A function of `moderndid`.
    asked_by : str
        Function to name in the message.

    Raises
    ------
    PanelError
        If `moderndid` is not installed, or too old to have it.
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
                "{}() reads its data by moderndid.{}, which the installed version lacks",
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
