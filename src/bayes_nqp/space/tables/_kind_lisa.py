"""Who is high among high, low among low, and neither: types of local dependence by period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.checks import CheckResult
from bayes_nqp.data.spatial_weights import worded
from bayes_nqp.effects.estimands import text
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, Fit
from bayes_nqp.output.tables import Ask, Column, Table, TableDraft, count, kind
from bayes_nqp.space.tables._dependence import LISA_TYPES, moran_evidence

_MANY: Final = 12
"""Units of a type that are named."""


@kind(Message("Local spatial association (LISA)"), of=("checks", "fit"), place=191,
      needs=(ROWS, ADDITIVE))  # fmt: skip
def lisa(source: Fit | xr.Dataset | Sequence[CheckResult], ask: Ask) -> Table:
    """Count units of each type by period, of the check "moran"; name those of the last one.

    Raises
    ------
    StudyError
        If none of the checks is it, or it has no numbers.
    """
    evidence, translate = moran_evidence(source), ask.translate
    kinds = evidence["lisa"].sel(series="outcome")
    draft = TableDraft(ask)
    for time in evidence[v.TIME].to_numpy():
        types = kinds.sel({v.TIME: time}).to_numpy()
        numbers = [int(np.count_nonzero(types == name)) for name in (*LISA_TYPES, "")]
        draft.row(text(time), *map(count, numbers))
    last = kinds.isel({v.TIME: -1})
    for name, label in LISA_TYPES.items():
        units = last["place"].to_numpy()[last.to_numpy() == name].tolist()
        named = listed(units, _MANY) if units else "–"
        draft.note("{} in {}: {}.", label, text(last[v.TIME].item()), named)
    draft.note(
        "Outcome of the unit above (H) or below (L) the mean, then that of its neighbours"
        " by the weights {}. Counted are units significant at 5 %, each tested separately"
        " (Anselin 1995; conditional randomisation). Among {} units, {:.0f} are expected "
        "by chance.",
        worded(str(evidence.attrs.get("weights", ""))), kinds.sizes["place"],
        0.05 * kinds.sizes["place"],
    )  # fmt: skip
    columns = [Column(name) for name in LISA_TYPES]
    columns.append(Column(translate("not significant")))
    title = translate("Local spatial association (LISA) by period")
    return draft.finish("lisa", title, translate("Period"), columns, {})
