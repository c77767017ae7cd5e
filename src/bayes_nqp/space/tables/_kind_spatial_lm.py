"""Lagrange multiplier tests of a lag and of spatial errors, as printed and whitened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import xarray as xr

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS, CheckResult
from bayes_nqp.data.spatial_weights import worded
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, Fit
from bayes_nqp.output.tables import NOTHING, Ask, Column, Table, TableDraft, chance, kind, number
from bayes_nqp.space.tables._dependence import LM, LM_BESIDE_LAG

_SIDES: Final = {
    ("printed_statistic", "printed_p"): Message("As printed"),
    ("statistic", "p"): Message("Whitened"),
}


@kind(Message("Spatial LM tests"), of=("checks", "fit"), place=192, needs=(ROWS, ADDITIVE))
def spatial_lm(source: Fit | xr.Dataset | Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate spatial LM tests, one block for each of their weights; the check is run for a fit.

    Raises
    ------
    StudyError
        If the results do not include the check, or none has numbers.
    """
    translate, draft = ask.translate, TableDraft(ask)
    digits = 2 if ask.digits is None else ask.digits
    for table in _tests(source):
        draft.row(translate("Weights: {}", worded(str(table.attrs.get("weights", "")))))
        by_test = table.set_index("test")
        for name, label in (LM | LM_BESIDE_LAG).items():
            if name not in by_test.index:
                continue
            line = by_test.loc[[name]].iloc[0]
            pairs = (
                (NOTHING, NOTHING)
                if pd.isna(line[x])
                else (number(line[x], digits), chance(line[p]))
                for x, p in _SIDES
            )
            draft.row(translate(label), *(cell for pair in pairs for cell in pair))
    draft.note(
        "The tests refer to the model without spatial lag and spatial errors, except for "
        "the test of errors given the lag (Anselin 1988); unit effects, time effects and "
        "controls are included. As printed: residuals net of unit and common time "
        "effects, independent over time. Whitened: within-unit contrasts by the errors of"
        " the fit, net of time effects by level. Each statistic is chi-squared with one "
        "degree of freedom."
    )
    columns = (
        Column(head, translate(side))
        for side in _SIDES.values()
        for head in (translate("Statistic"), "p")
    )
    return draft.finish("spatial_lm", translate("Spatial LM tests"), "", columns, {})


def _tests(source: Fit | xr.Dataset | Sequence[CheckResult]) -> list[pd.DataFrame]:
    """Return the numbers of the check, one table for each of its weights."""
    if isinstance(source, xr.Dataset):
        raise StudyError(
            "effects have no rows", hint="pass the fit, or nqp.check(fit, 'spatial_lm')"
        )
    results = [CHECKS["spatial_lm"](source)] if isinstance(source, Fit) else source
    tests = [x for x in results if x.name == "spatial_lm"]
    tables = [x.evidence for x in tests if isinstance(x.evidence, pd.DataFrame)]
    if not tables:
        problem = (
            tests[0].sentence
            if tests
            else Message("the results do not include the check 'spatial_lm'")
        )
        raise StudyError(problem, hint="nqp.check(fit, 'spatial_lm', weights=weights)")
    return tables
