"""Check by leaving out: average effects without each cohort, stratum and group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import NotApplicable, PanelError, StudyError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, joined
from bayes_nqp._core.types import Column, names_in
from bayes_nqp.checks.shared import (
    FAR,
    Alternative,
    Finding,
    Guide,
    after_adoption,
    asks,
    compared,
    comparison,
)
from bayes_nqp.data.panel import Panel, unit_column
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, text
from bayes_nqp.inference.fitting import ROWS, Fit, apart, panel_of, rows_without

type Part = tuple[str, str, Mask, Mask | None]
"""Kind of part, label, mask of the units that stay, and mask of the comparable cells."""


@asks(
    "Does one cohort, stratum or group of units determine the average effect?",
    "leave-out",
    place=170,
    needs=(ROWS,),
    guide=Guide(
        statistic=Message(
            "Average effect without each cohort, each level of each stratum, and each value of"
            " the columns in the option groups, compared with the fit's estimate for the same "
            "cells.",
        ),
        thresholds=Message(
            "Failed: the 95 % interval of the fit excludes zero, and a refit lies more than "
            "one posterior SD on the other side. Caution: a conclusion changes, a refit did "
            "not converge, or an estimate moves by more than {0:.0f} posterior SDs and by more"
            " than chance explains.",
            FAR,
        ),
        failure=Message(
            "One part of the sample determines the average effect, so it cannot be generalised"
            " to the other parts.",
        ),
        remedy=Message(
            "report the estimate without this part in addition, and report effects by group, {}",
            Code("nqp.att(fit, by=...)", '[data] strata = ["column"]'),
        ),
        code=('result = nqp.check(fit, "leave_out")\nnqp.specification_table(result)'),
        literature="Hausman (1978)",
        limits=Message(
            "Spillovers from units that are left out stay in the model. Combinations of parts "
            "are not left out together.",
        ),
    ),
)
def leave_out(fit: Fit, *, groups: Column | Sequence[Column] = ()) -> Finding:
    """Refit without each cohort, each level of each stratum, and each group.

    An estimate without a cohort or level refers to the remaining cells, and its distance is
    measured from the estimate of the fit for the same cells. Spillovers from units that are left
    out stay in the model: one observation of these units is kept, from which only their adoption
    date is used.

    Parameters
    ----------
    groups : str or sequence of str, default ()
        Columns of the panel's frame that are constant within units, such as a province; each of
        their values is left out in turn.

    Raises
    ------
    StudyError
        If a column is unknown, or the same for all units.
    PanelError
        If a column has missing values, or varies within a unit.
    """
    columns = names_in(groups)
    panel, effects = panel_of(fit), after_adoption(group_time_effects(fit))
    parts = [*_cohorts(panel, effects), *_levels(panel, effects), *_groups(panel, columns)]
    design, wider = apart(fit)
    if fit.takes("unidentified"):
        design = design.variant({"unidentified": "drop"})
    others = []
    for change, label, units, cells in parts:
        try:
            rows = wider.where(rows_without(fit, wider, ~units))
        except PanelError:
            continue
        subset = _same(effects, cells)
        others.append(Alternative(label, change, design, rows, subset, fewer=True))
    if not others:
        raise NotApplicable(
            Message("The panel has one cohort and no stratum, so no part can be left out.")
        )
    evidence = compared(fit, others, Message("leaving out parts of the sample"))
    against = comparison(evidence)
    figure = Message(
        "average effect from {1:.3g} to {2:.3g} in {0} refits ({3}: {4:.3g}); most influential: "
        "{5}, {6:+z.1f} posterior SDs",
        *against.span,
        *against.farthest,
    )
    number = len(against.names) - 1
    same = Message(
        "The conclusion about the average effect is the same in all {} refits without a cohort, "
        "stratum or group.",
        number,
    )
    sentence = against.sentence(same, Message("{}", context="left out"))
    meaning: Message = NOTHING
    if against.differs:
        meaning = Message("The average effect depends on this part of the sample.")
    return Finding(against.verdict, figure, joined([sentence, meaning]), evidence, "specifications")


def _same(effects: xr.Dataset, cells: Mask | None) -> float | None:
    """Return the estimate of the fit for the remaining cells."""
    if cells is None or not cells.any():
        return None
    return float(att(effects.isel({v.CELL: cells})).mean())


def _cohorts(panel: Panel, effects: xr.Dataset) -> Iterator[Part]:
    codes = np.unique(panel.cohort_codes[panel.cohort_codes >= 0])
    if codes.size < 2 or not schema.is_timed(effects):
        return
    of_cell = np.array([text(x) for x in effects[v.COHORT].to_numpy()])
    if v.FIRST_SWITCH in effects.coords:  # cells of later spells belong to the first entry
        times = {text(x): k for k, x in enumerate(panel.time_labels)}
        now = np.array([times[text(x)] for x in effects[v.TIME].to_numpy()])
        first = now - effects[v.FIRST_SWITCH].to_numpy()
        of_cell = np.array([text(x) for x in panel.time_labels[first]])
    for code in codes:
        label = str(panel.time_labels[code])
        without = Message("without cohort {}", label)
        yield Message("cohort"), without, panel.cohort_codes != code, of_cell != label


def _levels(panel: Panel, effects: xr.Dataset) -> Iterator[Part]:
    for factor in (name for name in schema.factors(effects) if name in panel.levels):
        of_cell = effects[factor].to_numpy()
        treated = set(of_cell.tolist())
        for code, level in enumerate(panel.levels[factor]):
            if len(treated) > 1 and level in treated:
                without = Message("without {} = {}", factor, str(level))
                yield factor, without, panel.strata_codes[factor] != code, of_cell != level


def _groups(panel: Panel, names: Sequence[str]) -> Iterator[Part]:
    for name in names:
        codes, labels = unit_column(panel, name, "groups")
        if labels.size < 2:
            problem = f"'groups' names {name!r}, which is the same for all units"
            raise StudyError(problem, hint="a column with several values, such as a province")
        for code, label in enumerate(labels):
            yield name, Message("without {} = {}", name, str(label)), codes != code, None
