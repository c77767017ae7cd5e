"""What a simulation holds: a panel, and the truth behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.panel import Panel


@door
@dataclass(frozen=True, eq=False, repr=False)
class Simulated:
    """A panel with known truth.

    Parameters
    ----------
    panel : Panel
        What an analyst would see.
    truth : Dataset
        The waist with one chain and one draw: ``effect`` of every cell, the mean deviation of
        its rows included, and ``deviation`` of every treated unit. Any estimand of it is what
        the same estimand of a fit should recover: ``nqp.att(truth)`` is the mean effect over the
        treated rows.
    parameters : mapping of str to object
        Every argument as it was used, the seed included; ``cohort_effects`` is what each cohort
        adds.
    table : DataFrame, optional
        What an analyst would hold before an index is built; the panel's rows by default.
    """

    panel: Panel
    truth: xr.Dataset
    parameters: Mapping[str, Any]
    table: pd.DataFrame | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The table that an analyst would hold: indicators where there are some, no index."""
        return (self.panel.frame if self.table is None else self.table).copy()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the panel and the true effects."""
        seal = hashlib.sha256(self.panel.digest.encode("utf-8"))
        for name in (v.EFFECT, v.DEVIATION):
            seal.update(np.ascontiguousarray(self.truth[name].values))
        return seal.hexdigest()

    def __repr__(self) -> str:
        settings = ", ".join(
            f"{name}={value!r}"
            for name, value in self.parameters.items()
            if isinstance(value, int | float | str)
        )
        return f"<Simulated>\n  truth  {settings}\n{self.panel!r}"
