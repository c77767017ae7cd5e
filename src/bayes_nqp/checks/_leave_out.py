"""Whether one cohort, stratum level or group of units carries the average effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._alternatives import Alternative, after_adoption, compared
from bayes_nqp.checks._judged import judged
from bayes_nqp.checks._labels import texts_of
from bayes_nqp.checks._needs import ROWS
from bayes_nqp.checks._options import names_of
from bayes_nqp.checks._refit import estimator, panel_of
from bayes_nqp.checks._result import Finding, NotApplicable, asks
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import PanelError
from bayes_nqp.estimands import att, text
from bayes_nqp.language import Message
from bayes_nqp.planning import unit_column

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

__all__ = ["leave_out"]

type Mask = npt.NDArray[np.bool_]


@asks(
    "Does one cohort, stratum or group of units carry the average effect?",
    "leave-out",
    place=170,
    needs=(ROWS,),
)
def leave_out(fit: Fit, *, groups: str | Sequence[str] = ()) -> Finding:
    """Refit without each cohort, without each level of each factor, without each group.

    An estimate without a cohort or a level is of the cells that are left, and its distance is
    measured from what the fit itself says of those cells.

    Parameters
    ----------
    groups : str or sequence of str, default ()
        Columns of the panel's frame that are constant within units, such as a province: each
        of their values is left out in turn.

    Returns
    -------
    Finding
        Of kind "specifications".

    Raises
    ------
    StudyError
        If a column is unknown.
    PanelError
        If a column is missing somewhere, or changes within a unit.
    """
    columns = names_of("groups", groups)
    design = estimator(fit).replace(unidentified="drop")
    panel, effects = panel_of(fit), after_adoption(cell_effects(fit))
    parts = {
        **_cohorts(panel, effects),
        **_levels(panel, effects),
        **_groups(panel, columns),
    }
    others = []
    for (change, label), (left, cells) in parts.items():
        try:
            rest = panel.where(left[panel.unit_codes])
        except PanelError:
            continue
        others.append(Alternative(label, change, design, rest, _same(effects, cells)))
    if not others:
        raise NotApplicable(
            Message("There is one cohort and no stratum, so nothing can be left out.")
        )
    evidence = compared(fit, others, "leaving out")
    found = judged(evidence)
    names = texts_of(evidence, "specification")
    means = evidence["att"].mean(v.SAMPLE_DIMS).to_numpy()
    figure = Message(
        "{} refits: average effect from {:.3g} to {:.3g} (all: {}, {:.3g}); most influential: {}, "
        "{:+.1f} posterior sd",
        len(names) - 1,
        means[1:].min(),
        means[1:].max(),
        names[0],
        means[0],
        names[found.worst],
        found.shift[found.worst - 1],
    )
    same = Message("Whatever is left out ({} refits), the conclusion is the same.", len(names) - 1)
    sentence = found.sentence(same, Message("{}", context="left out"))
    return Finding(found.verdict, figure, sentence, evidence, "specifications")


def _same(effects: xr.Dataset, cells: Mask | None) -> float | None:
    """What the fit says of the cells that are left."""
    if cells is None:
        return None
    return float(att(effects.isel({v.CELL: cells})).mean()) if cells.any() else None


def _cohorts(panel: Panel, effects: xr.Dataset) -> dict[tuple[str, str], tuple[Mask, Mask | None]]:
    codes = np.unique(panel.cohort_codes[panel.cohort_codes >= 0])
    if codes.size < 2 or not schema.is_timed(effects):
        return {}
    labels = [str(panel.time_labels[code]) for code in codes]
    of_cell = np.array([text(x) for x in effects[v.COHORT].to_numpy()])
    return {
        (Message("cohort"), Message("without cohort {}", label)): (
            panel.cohort_codes != code,
            of_cell != label,
        )
        for code, label in zip(codes, labels, strict=True)
    }


def _levels(panel: Panel, effects: xr.Dataset) -> dict[tuple[str, str], tuple[Mask, Mask | None]]:
    found: dict[tuple[str, str], tuple[Mask, Mask | None]] = {}
    for factor in schema.factors(effects):
        of_cell = effects[factor].to_numpy()
        if len(np.unique(of_cell)) < 2:
            continue
        for code, level in enumerate(panel.levels[factor]):
            if (of_cell == level).any():
                kept = panel.strata_codes[factor] != code
                found[factor, Message("without {} = {}", factor, str(level))] = (
                    kept,
                    of_cell != level,
                )
    return found


def _groups(panel: Panel, names: Sequence[str]) -> dict[tuple[str, str], tuple[Mask, Mask | None]]:
    found: dict[tuple[str, str], tuple[Mask, Mask | None]] = {}
    for name in names:
        codes, labels = unit_column(panel, name, "groups")
        for code, label in enumerate(labels):
            found[name, Message("without {} = {}", name, str(label))] = (codes != code, None)
    return found
