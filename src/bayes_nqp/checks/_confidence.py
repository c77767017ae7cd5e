"""Confidence grades by the checks of a result and by the evidence for its assumptions.

The second scale of the IPCC (Mastrandrea et al. 2010). A likelihood statement is conditional on the
model's assumptions; confidence concerns these assumptions and is not a probability.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from bayes_nqp.checks._given_parallel import tests_trends
from bayes_nqp.checks.shared import (
    CHECKS,
    DOUBT,
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    REPORTED,
    UNTOLD,
    CheckResult,
)

type Grade = Literal["high", "medium", "low", "very low", "not assessed"]
type Subject = Literal["average", "contrast", "channel"]

_DESCRIBES: Final = frozenset({"convergence", "inconsistent"})
"""Checks that do not count: the first repeats the diagnostics, the second describes a result."""
_ONE_ALARM: Final = ("mediator_residuals", "leave_mediator_out")
"""Checks that respond to the same correlation between mediators and count once."""
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
        "control_group",
        "assumptions",
    }
)
"""Checks of parallel trends; a model average includes their alternatives."""
_ERRORS: Final = "error_model"
"""Check of the error structure, on which the width of intervals depends.

`model_fit` does not replace it. In 12 simulated panels of counts with a baseline of exp(1) and
AR(1) log rates, fits with independent errors had SDs 22 % too small, and 11 passed `model_fit`.
"""
_MANY_FAIL, _MANY_DOUBT = 3, 3
UNSUPPORTED, SUPPORTED = 0.5, 0.7
"""Support of the assumption for low confidence (below the first) and high (from the second)."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """A confidence grade, and the checks that determine it.

    Parameters
    ----------
    failed, doubtful, unanswered, unasked : tuple of str
        Names of checks: that failed; with the verdict caution; that are required or concern an
        assumption but have no verdict, or `error_model` if it is not applicable; that are
        required but were not run.
    answered : int
        Number of counted checks with a verdict.
    converged : bool
        True if the fit passed its convergence diagnostics.
    support : float or None
        Posterior probability of the most probable assumption; None without a model average.
    """

    grade: Grade
    failed: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    answered: int = 0
    converged: bool = True
    support: float | None = None


def weighed(result: CheckResult) -> bool:
    """Return True if the evidence of a check enters the probabilities of a model average.

    These are the checks of parallel trends, and `model_fit` if only differences before adoption
    determine its verdict.
    """
    return result.name in WEIGHED or tests_trends(result)


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

    1. *Very low*: the convergence diagnostics failed, or three or more checks failed.
    2. *Low*: one or two checks failed; three or more have the verdict caution; a required check was
       not run; or no assumption has a posterior probability of 0.5.
    3. *Medium*: a check has the verdict caution; a required check or one of an assumption is
       inconclusive; the check of the error structure, `error_model`, is not applicable, as under
       ``Poisson()``; or no assumption has a posterior probability of 0.7.
    4. *High*: none of these.
    5. *Not assessed*: no check failed, and no check of an assumption has a verdict.

    Required checks are identification, pre-trends and sensitivity; for a continuous exposure,
    identification and future exposure. A contrast between groups also requires the check of time
    effects, and a mediation effect also requires pre-trends of mediators and confounding. Under a
    model average, checks of parallel trends must be run but their verdicts do not count, because
    their evidence enters the probabilities of the assumptions (`weighed`). A reported statistic
    without a verdict does not change the grade, with two exceptions that count as inconclusive:
    reported confounding, so mediation effects have medium confidence at most; and reported
    pre-trends, because a design with differential trends rests on their extrapolation. Correlated
    mediators count once, by `mediator_residuals` or `leave_mediator_out`.

    Parameters
    ----------
    subject : {"average", "contrast", "channel"}, default "average"
        Kind of result: an average effect, overall, of a group, or by event time; a contrast between
        groups; an effect through a mediator.
    converged : bool, default True
        True if the fit passed its convergence diagnostics.
    adopted : bool, default True
        True for a policy with adoption dates, False for a continuous exposure.
    support : float, optional
        Posterior probability of the most probable assumption: `ModelAverage.support`.
    averaged : bool, default False
        True if the result is a model average.

    References
    ----------
    Mastrandrea, M. D. et al. (2010). Guidance note for lead authors of the IPCC fifth assessment
    report on consistent treatment of uncertainties. IPCC.
    """
    channels = {name for name, check in CHECKS.items() if check.of == "channels"}
    left_out = _DESCRIBES | (frozenset() if subject == "channel" else channels)
    left_out |= frozenset() if subject == "contrast" else {"time_effects"}
    results = list(results)
    verdicts = {result.name: result.verdict for result in results}
    left_out |= {result.name for result in results if averaged and weighed(result)}
    counted = {name: verdict for name, verdict in verdicts.items() if name not in left_out}
    failed = tuple(name for name, verdict in counted.items() if verdict == FAILS)
    if DOUBT == counted.get(_ONE_ALARM[0]) == counted.get(_ONE_ALARM[1]):
        del counted[_ONE_ALARM[1]]
    doubtful = tuple(name for name, verdict in counted.items() if verdict == DOUBT)
    answers = {n for n, verdict in counted.items() if verdict in (HOLDS, DOUBT, FAILS, REPORTED)}
    if "trend_sensitivity" in counted and "pretrends" in answers:
        answers.add("trend_sensitivity")  # without a credible effect there is nothing to overturn
    if counted.get("mediation_sensitivity") == REPORTED:
        answers.discard("mediation_sensitivity")  # data cannot rule out a common cause
    if counted.get("pretrends") == REPORTED:
        answers.discard("pretrends")  # the design extrapolates trends, which data cannot test
    required = dict.fromkeys(
        n for x in ("average", subject) for n in needed_for(x, adopted=adopted)
    )
    needed = [name for name in required if name not in left_out]
    unasked = tuple(name for name in required if name not in verdicts)
    assumptions = {name for name in counted if name in CHECKS and CHECKS[name].assumption}
    untold = [name for name in assumptions if counted[name] == UNTOLD]
    silent = {name for name in needed if name not in (*answers, *unasked)}.union(untold)
    if verdicts.get(_ERRORS) == NOT_APPLICABLE:
        silent.add(_ERRORS)
    unanswered = tuple(name for name in dict.fromkeys((*needed, *counted)) if name in silent)
    parts = (failed, doubtful, unanswered, unasked, len(answers), converged, support)
    return Confidence(_grade(*parts, assumptions=bool(assumptions & answers) or averaged), *parts)


def needed_for(subject: Subject, *, adopted: bool) -> tuple[str, ...]:
    """Return the names of required checks; for contrasts and channels, the additional ones.

    Parameters
    ----------
    adopted : bool
        True for a policy with adoption dates, False for a continuous exposure.
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
