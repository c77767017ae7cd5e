"""Check of triple differences: numbers of states, and the noise of ineligible units."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, Guide, asks
from bayes_nqp.data.panel import ELIGIBLE, INELIGIBLE_UNITS, Panel, unit_column
from bayes_nqp.inference.fitting import GAPS, ROWS, Fit, panel_of
from bayes_nqp.model.designs import TripleDifference
from bayes_nqp.model.errors import Heteroskedastic

_FEW: Final = 5
"""States with the policy, and without, of which fewer support no inference on states."""
_NOISY: Final = 1.5
"""SD of changes of gaps, relative to that of eligible units, above which precision is lost."""
_UNEQUAL: Final = 4.0
"""Ratio of the largest to the smallest number of ineligible units of a state."""


@asks(
    "Do enough states and ineligible units support the third difference?",
    "support of the third difference",
    place=21,
    needs=(GAPS, ROWS),
    guide=Guide(
        statistic=Message(
            "Numbers of states with and without the policy, and of ineligible units in a state. "
            "Standard deviation of changes of gaps between eligible and ineligible units, relative "
            "to that of eligible units."
        ),
        thresholds=Message(
            "Caution: fewer than {0} states of either kind; a ratio of standard deviations above "
            "{1}; or numbers of ineligible units that differ by a factor of {2} or more under "
            "errors of one variance. Passed: otherwise.",
            _FEW,
            _NOISY,
            int(_UNEQUAL),
        ),
        failure=Message(
            "Few states or small ineligible groups make the third difference noisy: it removes "
            "shocks of states and adds those of ineligible units."
        ),
        remedy=Message(
            "use larger ineligible groups, allow for unequal variances with {}, or compare with "
            "the difference-in-differences of eligible units",
            Hint("errors", Heteroskedastic(by=INELIGIBLE_UNITS)),
        ),
        code='nqp.check(fit, "eligible_support").evidence',
        literature="Conley and Taber (2011)",
    ),
)
def eligible_support(fit: Fit) -> Finding:
    """Count states and ineligible units, and compare the variation of gaps and eligible units.

    Changes are those between adjacent periods without treatment, net of their mean in the period.

    Returns
    -------
    Finding
        Its evidence is a DataFrame with a row for each state: state, enabled (0 or 1), eligible
        and ineligible units, and gaps (observations).
    """
    panel = panel_of(fit)
    evidence = _states(panel, cast(TripleDifference, fit.outcome_design).by)
    enabled = int(evidence["enabled"].sum())
    others, fewest = len(evidence) - enabled, int(evidence["ineligible"].min())
    ratio = _ratio(panel)
    unequal = evidence["ineligible"].max() >= _UNEQUAL * fewest
    unequal = bool(unequal) and fit.facts.noise.groups(panel) is None
    figure = Message(
        "{} states with the policy, {} without; {} ineligible units or more in each; SD of changes "
        "of gaps {:.2f} times that of eligible units", enabled, others, fewest, ratio,
    )  # fmt: skip
    problems = [
        Message("Few states enable the policy or do not, so the interval depends on the model.")
    ] * (min(enabled, others) < _FEW)
    problems += [Message("The third difference adds more variation than it removes.")] * (
        ratio > _NOISY
    )
    problems += [
        Message(
            "States have very different numbers of ineligible units, so that the variances of gaps "
            "differ."
        )
    ] * unequal  # fmt: skip
    if not problems:
        passed = Message("States and ineligible units are numerous enough for a third difference.")
        return Finding(HOLDS, figure, passed, evidence)
    step = Message(
        "Next: allow for unequal variances with {}.",
        Hint("errors", Heteroskedastic(by=INELIGIBLE_UNITS)),
    )
    if not unequal:
        step = Message(
            "Next: report the difference-in-differences of eligible units as well, and the check "
            "{}.", Hint("check", "placebo_space"),
        )  # fmt: skip
    return Finding(DOUBT, figure, joined([*problems, advised(step)]), evidence)


def _states(panel: Panel, by: str) -> pd.DataFrame:
    """Count units and observations of every state."""
    state, labels = unit_column(panel, by, "by")
    number = panel.frame[INELIGIBLE_UNITS].to_numpy()
    rows = state[panel.unit_codes]
    return pd.DataFrame(
        {
            by: labels,
            "enabled": (np.bincount(state, panel.cohort_codes >= 0) > 0).astype(np.int64),
            "eligible": np.bincount(state),
            "ineligible": np.bincount(rows, number) / np.bincount(rows),
            "gaps": np.bincount(rows),
        }
    )


def _ratio(panel: Panel) -> float:
    """Return the SD of untreated changes of gaps over that of eligible units."""
    cohort = panel.cohort_codes[panel.unit_codes]
    untreated = (cohort < 0) | (panel.time_codes < cohort)
    eligible = panel.frame[ELIGIBLE.format(panel.roles.outcome)].to_numpy(dtype=float)
    return _changes(panel, panel.outcome, untreated) / _changes(panel, eligible, untreated)


def _changes(panel: Panel, values: Array, untreated: Mask) -> float:
    """Return the SD of changes between adjacent periods, net of their mean in the period."""
    unit, time = panel.unit_codes, panel.time_codes
    both = (unit[1:] == unit[:-1]) & (np.diff(time) == 1) & untreated[1:]
    change, period = np.diff(values)[both], time[1:][both]
    mean = np.bincount(period, change, panel.periods) / np.maximum(
        np.bincount(period, minlength=panel.periods), 1
    )
    return float((change - mean[period]).std())
