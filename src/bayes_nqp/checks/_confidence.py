"""Grade the confidence in a result by its checks and by the evidence for its assumptions.

The second scale of the IPCC (Mastrandrea et al. 2010). A likelihood is conditional on the model's
assumptions; confidence is about these, and is no probability.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from bayes_nqp.checks.shared import CHECKS, DOUBT, FAILS, HOLDS, REPORTED, UNTOLD, CheckResult

type Grade = Literal["high", "medium", "low", "very low", "not assessed"]
type Subject = Literal["average", "contrast", "channel"]

_DESCRIBES: Final = frozenset({"convergence", "inconsistent"})
"""Checks that count for none: the first says what the gate says, the second describes a result."""
_ONE_ALARM: Final = ("mediator_residuals", "leave_mediator_out")
"""Checks that respond to the same correlation between mediators: two doubts count once."""
_POLICY: Final = ("identification", "pretrends", "trend_sensitivity")
_EXPOSURE: Final = ("identification", "future_exposure")
_BESIDES: Final[dict[Subject, tuple[str, ...]]] = {
    "average": (),
    "contrast": ("time_effects",),
    "channel": ("mediator_pretrends", "mediation_sensitivity"),
}
WEIGHED: Final = frozenset(
    {
        "pretrends",
        "trend_sensitivity",
        "anticipation",
        "placebo_time",
        "assumptions",
    }
)
"""Checks of parallel trends, whose alternatives a model average weighs."""
_MANY_FAIL, _MANY_DOUBT = 3, 3
UNSUPPORTED, SUPPORTED = 0.5, 0.7
"""Support of the assumption below which confidence is low, and from which it may be high."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """A grade, and the checks that it comes from.

    Parameters
    ----------
    failed, doubtful, unanswered, unasked : tuple of str
        Names of checks: that fail; that leave a doubt; that gave no answer, where they are needed
        or data could not tell an assumption; that are needed and were not asked.
    answered : int
        How many of the checks that count gave one.
    converged : bool
        Whether the fit passed its convergence diagnostics.
    support : float or None
        Posterior probability of the likeliest assumption; None where no other was weighed.
    """

    grade: Grade
    failed: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    answered: int = 0
    converged: bool = True
    support: float | None = None


def confidence_of(
    results: Iterable[CheckResult],
    subject: Subject = "average",
    *,
    converged: bool = True,
    adopted: bool = True,
    support: float | None = None,
    averaged: bool = False,
) -> Confidence:
    """Grade the confidence in a result by its checks and the evidence for its assumption.

    1. *Very low*: the convergence diagnostics failed, or three or more checks fail.
    2. *Low*: one or two checks fail; three or more ask for caution; a required check was not run;
       or no assumption has a posterior probability of 0.5.
    3. *Medium*: a check asks for caution; a required check or one of an assumption is
       inconclusive; or no assumption has a posterior probability of 0.7.
    4. *High*: none of these.
    5. *Not assessed*: no check fails, and none of those of assumptions gave an answer.

    Required are support, pre-trends and sensitivity, of an exposure support and future exposure;
    of a difference between groups also the check of time effects, of a channel also pre-trends of
    mediators and confounding. Under a model average, checks of parallel trends do not count: their
    evidence is in the probabilities of the assumptions. A number that is reported without a verdict
    counts neither for nor against; but that of confounding is no answer, so that channels have
    medium confidence at most. Correlated mediators count
    once, whether `mediator_residuals` or `leave_mediator_out` asks for caution.

    Parameters
    ----------
    subject : {"average", "contrast", "channel"}, default "average"
        What the result is: an average effect, overall, of a group, or along event time; a
        difference between groups; an effect by way of a mediator.
    converged : bool, default True
        Whether the fit passed its gate.
    adopted : bool, default True
        Whether there is a policy to adopt, rather than a continuous exposure.
    support : float, optional
        Posterior probability of the likeliest assumption: `ModelAverage.support`.
    averaged : bool, default False
        Whether the result is under a model average.

    References
    ----------
    Mastrandrea, M. D. et al. (2010). Guidance note for lead authors of the IPCC fifth assessment
    report on consistent treatment of uncertainties. IPCC.
    """
    channels = {name for name, check in CHECKS.items() if check.of == "channels"}
    left_out = _DESCRIBES | (frozenset() if subject == "channel" else channels)
    left_out |= frozenset() if subject == "contrast" else {"time_effects"}
    left_out |= WEIGHED if averaged else frozenset()
    counted = {result.name: result.verdict for result in results if result.name not in left_out}
    failed = tuple(name for name, verdict in counted.items() if verdict == FAILS)
    if DOUBT == counted.get(_ONE_ALARM[0]) == counted.get(_ONE_ALARM[1]):
        del counted[_ONE_ALARM[1]]
    doubtful = tuple(name for name, verdict in counted.items() if verdict == DOUBT)
    answers = {n for n, verdict in counted.items() if verdict in (HOLDS, DOUBT, FAILS, REPORTED)}
    if "trend_sensitivity" in counted and "pretrends" in answers:
        answers.add("trend_sensitivity")  # without an effect that is claimed there is none to undo
    if counted.get("mediation_sensitivity") == REPORTED:
        answers.discard("mediation_sensitivity")  # no data tell a common cause from a channel
    required = (n for x in ("average", subject) for n in needed_for(x, adopted=adopted))
    needed = dict.fromkeys(n for n in required if n not in left_out)
    unasked = tuple(name for name in needed if name not in counted)
    assumptions = {name for name in counted if name in CHECKS and CHECKS[name].assumption}
    untold = [name for name in assumptions if counted[name] == UNTOLD]
    silent = {name for name in needed if name not in (*answers, *unasked)}.union(untold)
    unanswered = tuple(name for name in dict.fromkeys((*needed, *counted)) if name in silent)
    parts = (failed, doubtful, unanswered, unasked, len(answers), converged, support)
    return Confidence(_grade(*parts, assumptions=bool(assumptions & answers) or averaged), *parts)


def needed_for(subject: Subject, *, adopted: bool) -> tuple[str, ...]:
    """Name the checks without which no result is believed; what contrasts and channels add.

    Parameters
    ----------
    adopted : bool
        Whether there is a policy to adopt, rather than a continuous exposure.
    """
    if subject == "average":
        return _POLICY if adopted else _EXPOSURE
    return tuple(x for x in _BESIDES[subject] if adopted or x != "mediator_pretrends")


def _grade(
    failed: tuple[str, ...],
    doubtful: tuple[str, ...],
    unanswered: tuple[str, ...],
    unasked: tuple[str, ...],
    answered: int,
    converged: bool,
    support: float | None,
    *,
    assumptions: bool,
) -> Grade:
    supported = 1.0 if support is None else support
    if not converged or len(failed) >= _MANY_FAIL:
        return "very low"
    if failed:
        return "low"
    if not answered or not assumptions:
        return "not assessed"
    if unasked or len(doubtful) >= _MANY_DOUBT or supported < UNSUPPORTED:
        return "low"
    return "medium" if doubtful or unanswered or supported < SUPPORTED else "high"
