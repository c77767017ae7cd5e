"""Goodman-Bacon decomposition of the coefficient of two-way fixed effects, by diff-diff."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import NotApplicable, PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel
from bayes_nqp.robustness.estimators._packages import ask, frame_of
from bayes_nqp.robustness.estimators._rows import Sample

COMPARISONS: Final = {
    "treated_vs_never": Message("Treated vs never treated"),
    "earlier_vs_later": Message("Earlier treated vs not yet treated"),
    "later_vs_earlier": Message("Later treated vs already treated"),
}
"""Types of comparisons; the last one is biased if effects change after adoption."""


@dataclass(frozen=True, slots=True, eq=False)
class Decomposition:
    """Comparisons of two groups; the coefficient is their weighted sum.

    Parameters
    ----------
    coefficient : float, outcome units
        Two-way fixed effects coefficient.
    kind : array of str (comparison)
        Keys of `COMPARISONS`.
    treated, control : array of int (comparison)
        Cohorts as positions of their first treated period; -1: never treated.
    weight, estimate : array (comparison)
        Weights, which sum to one, and differences in differences in outcome units.
    left_out : int
        Number of units that are left out because they are treated in all periods.
    incomplete : int
        Number of units that are left out because they are not observed in all periods.
    """

    coefficient: float
    kind: np.ndarray
    treated: Index
    control: Index
    weight: Array
    estimate: Array
    left_out: int
    incomplete: int = 0

    @property
    def left_out_units(self) -> list[Message]:
        """State how many units are left out, and why."""
        always = Message(
            "{n} unit is left out because it is treated in all periods.",
            plural="{n} units are left out because they are treated in all periods.",
            n=self.left_out,
        )
        gaps = Message(
            "{n} unit is left out because it is not observed in all periods.",
            plural="{n} units are left out because they are not observed in all periods.",
            n=self.incomplete,
        )
        return [note for note, n in ((always, self.left_out), (gaps, self.incomplete)) if n]

    def of(self, kind: str) -> tuple[Mask, float, float]:
        """Return the comparisons of a type, their total weight and their weighted mean."""
        some = self.kind == kind
        weight = float(self.weight[some].sum())
        return some, weight, float(self.weight[some] @ self.estimate[some]) / (weight or np.nan)


def goodman_bacon(panel: Panel) -> Decomposition:
    """Decompose the two-way fixed effects coefficient (Goodman-Bacon 2021, equation 10).

    Parameters
    ----------
    panel : Panel
        Panel of single units. Covariates and weights are not used, and units that are not
        observed in all periods are left out.

    Raises
    ------
    PanelError
        If most units are not observed in all periods, or the panel has no treated units.
    StudyError
        If diff-diff is not installed.
    """
    if not (panel.cohort_codes >= 0).any():
        raise PanelError(
            Message("the decomposition needs treated units"), hint="Panel.from_frame(…, cohort=…)"
        )
    if panel.ends:
        raise PanelError(
            Message("the Goodman-Bacon decomposition needs treatments that do not end"),
            hint="panel.where(…) with the observations before the first exit",
        )
    periods = np.unique(panel.time_codes).size
    counts = np.bincount(panel.unit_codes, minlength=panel.unit_labels.size)
    if (gaps := counts < periods).any():
        names = panel.roles
        if 2 * gaps.sum() <= gaps.size and (panel.cohort_codes[~gaps] >= 0).any():
            complete = goodman_bacon(panel.where(~gaps[panel.unit_codes]))
            return replace(complete, incomplete=int(gaps.sum()))
        raise PanelError(
            Message("the Goodman-Bacon decomposition needs every unit in every period"),
            where=Message(
                "{} of {} units: {}", gaps.sum(), gaps.size, shown(panel.unit_labels[gaps])
            ),
            hint=f"panel.where(panel.frame.groupby({names.unit!r})[{names.time!r}]"
            f".transform('size') == {periods}), or fewer periods",
        )
    rows = Sample.of(panel)
    data = frame_of(rows)
    try:
        result, _ = ask(
            "diff_diff", lambda dd: dd.BaconDecomposition().fit(data, "y", "unit", "time", "first")
        )
    except NotApplicable as absent:
        raise StudyError(absent.why) from None
    each = result.comparisons
    groups = [
        [-1 if g == "never_treated" else int(g) - rows.start for g in pair]
        for pair in ((x.treated_group, x.control_group) for x in each)
    ]
    treated, control = np.array(groups, dtype=np.int64).T
    return Decomposition(
        float(result.twfe_estimate), np.array([x.comparison_type for x in each]), treated, control,
        np.array([x.weight for x in each]), np.array([x.estimate for x in each]),
        panel.unit_labels.size - rows.n_units,
    )  # fmt: skip
