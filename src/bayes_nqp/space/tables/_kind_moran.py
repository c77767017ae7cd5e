"""Moran's I, period by period."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy.special import ndtr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult
from bayes_nqp.data.spatial_weights import worded
from bayes_nqp.effects.estimands import text
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, Fit
from bayes_nqp.output.tables import Ask, Column, Table, TableDraft, chance, kind, number
from bayes_nqp.space.tables._dependence import moran_evidence

_SERIES = {"outcome": Message("Outcome"), "residual": Message("Residuals of the model")}
_NOTE = Message(
    "Moran's I by the weights {}; E(I), sd(I) and z under randomisation (Cliff and Ord 1981), p "
    "two-sided."
)
_NOTE_RESIDUAL = Message(
    "Residuals come from least squares with unit effects, time effects, the policy and covariates."
)


@kind(Message("Moran's I"), of=("checks", "fit"), place=190, needs=(ROWS, ADDITIVE))
def moran(source: Fit | xr.Dataset | Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate Moran's I by period: I, E(I), SD(I), z and p; the check is run for a fit.

    Raises
    ------
    StudyError
        If the results do not include the check, or it has no numbers.
    """
    evidence, translate = moran_evidence(source), ask.translate
    draft = TableDraft(ask)
    series = [str(name) for name in evidence["series"].to_numpy()]
    for time in evidence[v.TIME].to_numpy():
        cells = []
        for name in series:
            at = evidence.sel({"series": name, v.TIME: time})
            value, mean, z = (float(at[x]) for x in ("value", "mean", "z_random"))
            digits = 3 if ask.digits is None else ask.digits
            cells += [number(x, digits) for x in (value, mean, (value - mean) / z, z)]
            cells.append(chance(float(2.0 * ndtr(-np.abs(z)))))
        draft.row(text(time), *cells)
    draft.note(_NOTE, worded(str(evidence.attrs.get("weights", ""))))
    draft.note(_NOTE_RESIDUAL, when="residual" in series)
    heads = ("I", "E(I)", "sd(I)", "z", "p")
    columns = (Column(x, translate(_SERIES[name])) for name in series for x in heads)
    return draft.finish("moran", translate("Moran's I by period"), translate("Period"), columns, {})
