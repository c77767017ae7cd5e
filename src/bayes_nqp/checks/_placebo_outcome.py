"""Whether an outcome that cannot respond seems to respond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._needs import ADOPTION, ROWS
from bayes_nqp.checks._options import name_of
from bayes_nqp.checks._placebo import placebo_finding
from bayes_nqp.checks._refit import panel_of, refit, staggered
from bayes_nqp.checks._result import Finding, NotApplicable, asks
from bayes_nqp.errors import PanelError, nearest
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit


@asks(
    "Does an outcome that cannot respond show no effect?",
    "placebo outcome",
    place=90,
    needs=(ADOPTION, ROWS),
)
def placebo_outcome(fit: Fit, *, outcome: str | None = None) -> Finding:
    """Fit the same design to an outcome that the policy cannot move.

    Parameters
    ----------
    outcome : str, optional
        A column of the panel's frame; without it the check does not apply.

    Returns
    -------
    Finding
        Of kind "event_study".

    Raises
    ------
    StudyError
        If ``outcome`` is no name.
    PanelError
        If there is no such column, or it is not numeric.
    """
    if outcome is None:
        raise NotApplicable(
            Message(
                "No outcome that cannot respond is named. Name one: nqp.check(fit, "
                "'placebo_outcome', outcome='column'), or in a study's file outcome = 'column' "
                "under [checks.placebo_outcome]."
            )
        )
    name_of("outcome", outcome)
    design, panel = staggered(fit), panel_of(fit)
    if outcome not in panel.frame.columns:
        raise PanelError(
            f"'outcome' names the column {outcome!r}, which the panel does not have",
            hint=nearest(outcome, panel.frame.columns),
        )
    made = refit(fit, design.replace(unidentified="drop"), panel.with_outcome(outcome))
    what = Message("the outcome {!r}", outcome)
    return placebo_finding(fit, made, what, same_outcome=False)
