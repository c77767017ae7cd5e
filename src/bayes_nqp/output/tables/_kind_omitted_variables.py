"""Sensitivity of the average effect to omitted variables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import CHECKS, CheckResult
from bayes_nqp.effects.estimands import percent
from bayes_nqp.inference.fitting import ADOPTION, ROWS, SEPARATE, Fit
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Table
from bayes_nqp.output.tables._parts import number

_R2 = 3
"""Decimals of R² and of δ."""
_NOTE_REGRESSION = Message(
    "The average effect is a coefficient of a least-squares regression with unit and time effects; "
    "R² are net of these. SE: clustered by unit."
)
_NOTE_OSTER = Message(
    "δ: selection on omitted variables relative to selection on covariates at which the effect is "
    "zero. The bounds end at the effect for δ = 1 (Oster 2019)."
)
_NOTE_BOUNDS = Message(
    "Robustness value: smallest partial R² of a confounder with treatment and outcome that removes "
    "the effect, or its significance. Bounds: confounders that work towards zero, in multiples of "
    "a covariate (Cinelli and Hazlett 2020)."
)
_NOTE_IMPOSSIBLE = Message("–: a confounder as strong would explain more than all variation.")


@kind(
    Message("Sensitivity to omitted variables"),
    of=("checks", "fit"),
    place=195,
    needs=(ADOPTION, ROWS, SEPARATE),
)
def omitted_variables(source: Fit | xr.Dataset | Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate Oster's δ, robustness values and bounds; the check is run for a fit.

    Raises
    ------
    StudyError
        If the results do not include the check, or it has no numbers.
    """
    if isinstance(source, xr.Dataset):
        hint = "pass the fit, or nqp.check(fit, 'omitted_variables')"
        raise StudyError("effects have no rows", hint=hint)
    results = [CHECKS["omitted_variables"](source)] if isinstance(source, Fit) else source
    matching = [x for x in results if x.name == "omitted_variables"]
    if not matching or not isinstance(matching[0].evidence, xr.Dataset):
        missing = Message("the results do not include the check 'omitted_variables'")
        problem = matching[0].sentence if matching else missing
        raise StudyError(problem, hint="nqp.check(fit, 'omitted_variables')")
    evidence, translate = matching[0].evidence, ask.translate
    draft = TableDraft(ask, evidence["clustered_se"].to_numpy().tolist())
    _regressions(draft, evidence)
    _selection(draft, evidence)
    _partial(draft, evidence)
    draft.note(_NOTE_REGRESSION)
    draft.note(_NOTE_OSTER)
    draft.note(_NOTE_BOUNDS)
    draft.note(_NOTE_IMPOSSIBLE, when=bool(evidence["bound_value"].isnull().any()))
    columns = (
        Column(translate("Value", context="statistic")),
        Column(translate("SE")),
        Column(translate("{} confidence interval", percent(1.0 - evidence.attrs["alpha"]))),
        Column(translate("R² with treatment")),
        Column(translate("R² with outcome")),
    )
    title = translate("Sensitivity to omitted variables")
    return draft.finish("omitted_variables", title, "", columns, {})


def _cells(draft: TableDraft, value: Cell, *others: Cell) -> tuple[Cell, ...]:
    return (value, *others, *[NOTHING] * (4 - len(others)))


def _estimate(draft: TableDraft, value: float, se: float, critical: float) -> tuple[Cell, ...]:
    decimals = draft.write.decimals
    ends = {"lower": value - critical * se, "upper": value + critical * se}
    return number(value, decimals), number(se, decimals), draft.write.interval(ends)


def _regressions(draft: TableDraft, evidence: xr.Dataset) -> None:
    """Add the coefficients without and with covariates, and their R²."""
    translate, critical = draft.translate, float(evidence.attrs["critical"])
    labels = (translate("Without covariates"), translate("With covariates"))
    draft.row(translate("Average effect by regression"))
    for k, label in enumerate(labels):
        se, value = float(evidence["clustered_se"][k]), float(evidence["value"][k])
        draft.row(label, *_cells(draft, *_estimate(draft, value, se, critical)))
    draft.row(translate("Within R²"))
    for k, label in enumerate(labels):
        draft.row(label, *_cells(draft, number(float(evidence["r2"][k]), _R2)))


def _selection(draft: TableDraft, evidence: xr.Dataset) -> None:
    """Add δ and the bounds of Oster (2019)."""
    translate, decimals = draft.translate, draft.write.decimals
    draft.row(translate("Selection on omitted variables"))
    draft.row("R_max", *_cells(draft, number(float(evidence.attrs["r_max"]), _R2)))
    draft.row(translate("δ for no effect"), *_cells(draft, number(float(evidence["delta"]), _R2)))
    ends = np.sort([float(evidence["value"][1]), float(evidence["adjusted"])])
    bounds = draft.write.interval({"lower": ends[0], "upper": ends[1]})
    value = number(float(evidence["adjusted"]), decimals)
    draft.row(translate("Effect for δ = 1, and bounds"), value, NOTHING, bounds, NOTHING, NOTHING)


def _partial(draft: TableDraft, evidence: xr.Dataset) -> None:
    """Add partial R², robustness values and bounds of Cinelli and Hazlett (2020)."""
    translate, attrs = draft.translate, evidence.attrs
    q, level = percent(float(attrs["q"])), percent(float(attrs["alpha"]))
    draft.row(translate("Partial R² and robustness values"))
    lines = {
        translate("Partial R², treatment with outcome"): evidence["partial_r2"],
        translate("Robustness value, {} of the effect", q): evidence["robustness_value"],
    }
    for errors, label in {
        "clustered": Message("Robustness value, {} level, clustered SE"),
        "classical": Message("Robustness value, {} level, classical SE"),
    }.items():
        lines[translate(label, level)] = evidence["robustness_value_alpha"].sel(errors=errors)
    for text, value in lines.items():
        draft.row(text, *_cells(draft, number(float(value), _R2)))
    draft.row(translate("With a confounder in multiples of a covariate"))
    for k, name in enumerate(evidence["covariate"].to_numpy()):
        bound = {str(x): float(evidence[x][k]) for x in evidence if evidence[x].dims == ("bound",)}
        named = f"{Numeral(f'{bound["times"]:g}')} × {translate.name(str(name))}"
        cells = _estimate(
            draft, bound["bound_value"], bound["bound_se"], float(evidence.attrs["critical"])
        )
        shares = (number(bound[x], _R2) for x in ("bound_treatment", "bound_outcome"))
        draft.row(named, *_cells(draft, *cells, *shares))
