"""Whether an outcome that cannot respond seems to respond."""

from __future__ import annotations

from bayes_nqp.checks.shared import Finding, asks, column
from bayes_nqp.checks.trends._placebo import placebo_finding
from bayes_nqp.errors import NotApplicable, PanelError, nearest
from bayes_nqp.fitting import ADOPTION, ROWS, Fit, panel_of, refit
from bayes_nqp.language import Message


@asks(
    "Does an outcome that cannot respond show no effect?",
    "placebo outcome",
    place=90,
    needs=(ADOPTION, ROWS),
    assumption=True,
    outcome=column,
)
def placebo_outcome(fit: Fit, *, outcome: str | None = None) -> Finding:
    """Fit the same design to an outcome that the policy cannot move.

    Parameters
    ----------
    outcome : str, optional
        A column of the panel's frame; without it the check does not apply.

    Raises
    ------
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
    panel = panel_of(fit)
    if outcome not in panel.frame.columns:
        raise PanelError(
            f"'outcome' names the column {outcome!r}, which the panel does not have",
            hint=nearest(outcome, panel.frame.columns),
        )
    placebo = refit(fit, fit.variant(drop=True), panel.with_outcome(outcome))
    return placebo_finding(fit, placebo, Message("the outcome {!r}", outcome), same_outcome=False)
