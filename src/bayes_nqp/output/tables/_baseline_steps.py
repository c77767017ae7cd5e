"""Controls of the columns of baseline regressions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel

_ONE_BY_ONE: Final = 4
"""Number of controls up to which the default steps add one control at a time."""
_WANTED: Final = 'steps=[[], ["income"], ["income", "trade"]], a list of names for each column'


def baseline_steps(
    steps: Sequence[Sequence[str]] | None, panel: Panel, usual: Sequence[str], name: str = "steps"
) -> list[tuple[str, ...]]:
    """Return the controls of every column; refuse steps that are not lists of covariates.

    Parameters
    ----------
    steps : sequence of sequences of str or None
        Controls by column; None for the default steps.
    usual : sequence of str
        All controls of the default steps.
    name : str, default "steps"
        Name of the argument or key, for messages.

    Raises
    ------
    StudyError
        If there is no step, a step has a control twice, or a control is no covariate.
    """
    if steps is None:
        names = [(each,) for each in usual] if len(usual) <= _ONE_BY_ONE else [tuple(usual)]
        return list(accumulate(names, lambda before, more: (*before, *more), initial=()))
    if not len(steps):
        raise StudyError(Message("{!r} is empty, without any column", name), hint=_WANTED)
    for step in steps:
        for control in step:
            if control not in panel.roles.covariates:
                raise _refusal(name, control, panel)
        if len(set(step)) < len(step):
            raise StudyError(Message("a step of {!r} names a control twice", name), hint=_WANTED)
    return [tuple(step) for step in steps]


def _refusal(name: str, control: str, panel: Panel) -> StudyError:
    """Return the reason why a column cannot be a control."""
    covariates = panel.roles.covariates
    problem = Message("{!r} names {!r}, which is not a covariate of the panel", name, control)
    if control not in panel.frame.columns:
        return StudyError(problem, hint=nearest(control, [*covariates, *panel.frame.columns]))
    column = panel.frame[control]
    if (column.groupby(panel.unit_codes).nunique(dropna=False) == 1).all():
        problem = Message(
            "{!r} names {!r}, which is constant within units, so that unit effects absorb it",
            name, control,
        )  # fmt: skip
        varies = column.nunique(dropna=False) > 1
        trend = Message("StaggeredDiD(baseline=[{!r}]), or omit it", control)
        return StudyError(problem, hint=trend if varies else Message("omit it"))
    hint = Message("add {!r} to the covariates of the panel", control)
    if missing := int(column.isna().sum()):
        problem = Message("{}, and is missing in {:,} of its observations", problem, missing)
        hint = Message("{}; all columns then use the observations without gaps", hint)
    return StudyError(problem, hint=hint)
