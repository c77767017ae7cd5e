"""What a caller of `table` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.estimands import By, words
from bayes_nqp.labels import UNLABELLED, Labels
from bayes_nqp.language import Translator
from bayes_nqp.tables._summary import summary
from bayes_nqp.tables._words import per_words


@dataclass(frozen=True, slots=True)
class Ask:
    """The arguments of `table`, beside what is tabulated."""

    by: By = None
    language: str = "en"
    prob: float = 0.95
    interval: Literal["eti", "hdi"] = "eti"
    digits: int | None = None
    spread: Literal["interval", "sd"] = "interval"
    weights: str = "rows"
    leads: xr.DataArray | None = None
    checks: Sequence[CheckResult] = ()
    title: str | None = None
    labels: Labels = UNLABELLED
    estimands: Sequence[str] | None = None

    @property
    def translate(self) -> Translator:
        """Words of the table's language."""
        return words(self.language, self)

    def summary(self, draws: xr.DataArray) -> pd.DataFrame:
        """Summarise draws, with their rows and units where they know them."""
        table = summary(draws, self.prob, self.interval)
        for name in (x for x in (v.ROWS, v.UNITS) if x in draws.coords):
            first = draws.isel(dict.fromkeys(v.SAMPLE_DIMS, 0)).to_numpy().ravel()
            counts: Any = draws[name].to_numpy().ravel()
            table[name] = counts[~np.isnan(first)].astype(np.int64)
        return table

    def weighted(self) -> str:
        """Say how cells count."""
        if self.weights == "rows":
            return self.translate("Averages over treated rows.")
        return self.translate("Averages weighted by {}.", self.weights)

    def averaged(self, attrs: Mapping[Any, Any]) -> list[str]:
        """Say over which rows averages are, and what rows and units count."""
        if attrs.get("exposure"):
            return [
                self.translate(
                    "Effects per {}, averaged over exposed rows. Rows, Units: those exposed.",
                    per_words(attrs, self.translate),
                )
            ]
        return [
            self.weighted(),
            self.translate(
                "Rows, Units: treated rows with an identified effect, and units that have them."
            ),
        ]

    def facts(self, gate: str) -> dict[str, str]:
        """Say what interval and gate a table has."""
        return {"gate": gate, "interval": self.interval, "probability": f"{self.prob:g}"}
