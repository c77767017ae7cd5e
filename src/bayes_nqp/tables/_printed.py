"""A summary, as a console prints it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.schema import effect_unit

_BESIDE = ("ess_bulk", "ess_tail", "gate")


class SummaryTable(pd.DataFrame):
    """A data frame of posterior summaries that a console prints with its interval in full.

    What is cut from it, and what is computed from it, is a plain data frame.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        if "gate" not in self.columns:
            return repr(pd.DataFrame(self))
        gates = list(dict.fromkeys(self["gate"].astype(str)))
        # Of resampled proposals R-hat says nothing; their effective draws do.
        weighted = "r_hat" in self.columns and self["r_hat"].isna().all() and len(self) > 0
        hidden = ("r_hat", "ess_tail", "gate") if weighted else _BESIDE
        beside = [name for name in hidden if name in self.columns]
        if len(gates) != 1:
            beside.remove("gate")
        few = pd.DataFrame(self.drop(columns=beside))
        most, least = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
        lines = [few.to_string(max_rows=most, min_rows=least)]
        if self.attrs.get(v.LINK, v.IDENTITY) != v.IDENTITY:
            lines.append(f"in {effect_unit(self.attrs)}")
        if len(gates) == 1:
            lines.append(f"gate: {gates[0]}")
        size = f"{len(self)} row" + ("" if len(self) == 1 else "s")
        return "\n".join([*lines, f"{size}; columns besides: {', '.join(beside)}"])

    def __str__(self) -> str:
        return repr(self)
