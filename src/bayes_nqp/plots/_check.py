"""The picture of a check, by its kind of evidence."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp.checks import CheckResult
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.plots._evidence import Drawer, Look
from bayes_nqp.plots._evidence_cells import cells
from bayes_nqp.plots._evidence_channels import channels
from bayes_nqp.plots._evidence_comparison import comparison
from bayes_nqp.plots._evidence_confounding import curves
from bayes_nqp.plots._evidence_event_study import event_study
from bayes_nqp.plots._evidence_influence import influence
from bayes_nqp.plots._evidence_permutation import permutation
from bayes_nqp.plots._evidence_power_scaling import power_scaling
from bayes_nqp.plots._evidence_predictive import predictive
from bayes_nqp.plots._evidence_sensitivity import regions
from bayes_nqp.plots._evidence_specifications import specifications
from bayes_nqp.plots._evidence_table import table
from bayes_nqp.plots._words import words

__all__ = ["DRAWERS", "check"]

DRAWERS: Mapping[str, Drawer] = {
    "cells": cells,
    "channels": channels,
    "comparison": comparison,
    "confounding": curves,
    "event_study": event_study,
    "influence": influence,
    "permutation": permutation,
    "power_scaling": power_scaling,
    "predictive": predictive,
    "sensitivity": regions,
    "specifications": specifications,
    "table": table,
}
"""What draws each kind of evidence."""


@door
def check(
    result: CheckResult,
    *,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
    language: str = "en",
) -> Figure:
    """Draw what a check rests on.

    Parameters
    ----------
    result : CheckResult
        Such as ``nqp.check(fit, "pretrends")``.
    prob : float, default 0.95
        Posterior probability of the intervals, equal-tailed.
    ax : Axes, optional
        To draw into.
    title : str, optional
        Of the figure; none by default.
    language : str, default "en"
        Of labels and notes.

    Raises
    ------
    StudyError
        If there is nothing to draw.
    """
    if not isinstance(result, CheckResult):
        raise StudyError(
            f"'result' is a {type(result).__name__}, and this draws one check",
            hint="nqp.plots.check(nqp.check(fit, 'pretrends'))",
        )
    drawer = DRAWERS.get(result.kind)
    if drawer is None:
        raise StudyError(
            f"the check {result.name!r} has nothing to draw: {result.sentence}",
            hint="read its sentence and its evidence",
        )
    return drawer(result, Look(prob, ax, title, words(language, result)))
