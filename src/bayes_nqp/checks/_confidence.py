"""How far a result may be trusted: what its checks say, beside what its posterior says.

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
_POLICY: Final = ("support", "pretrends", "sensitivity")
_EXPOSURE: Final = ("support", "future_exposure")
_BESIDES: Final[dict[Subject, tuple[str, ...]]] = {
    "average": (),
    "contrast": ("time_effects",),
    "channel": ("mediator_pretrends", "confounding"),
}
_MANY_FAIL, _MANY_DOUBT = 3, 3


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
        Whether the fit passed its gate.
    """

    grade: Grade
    failed: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    answered: int = 0
    converged: bool = True


def confidence_of(
    results: Iterable[CheckResult],
    subject: Subject = "average",
    *,
    converged: bool = True,
    adopted: bool = True,
) -> Confidence:
    """Grade the confidence in a result by the checks that count for it.

    *Very low*: the convergence gate failed, or three checks or more fail. *Low*: one or two
    fail, three or more are in doubt, or one that is needed was not asked. *Medium*: one or two are
    in doubt, one that is needed gave no answer, or one that speaks to the assumptions could not
    tell. *High*: none of these. *Not assessed*: none fails, and none of those that speak to the
    assumptions gave an answer.

    Needed are support, pre-trends and sensitivity, of an exposure support and future exposure;
    of a difference between groups besides the check of time effects, of a channel besides
    pre-trends of mediators and confounding. A number that is reported without a verdict is an
    answer, and counts neither for nor against; but that of confounding is none, so that channels
    have medium confidence at most.

    Parameters
    ----------
    subject : {"average", "contrast", "channel"}, default "average"
        What the result is: an average effect, overall, of a group, or along event time; a
        difference between groups; an effect by way of a mediator.
    converged : bool, default True
        Whether the fit passed its gate.
    adopted : bool, default True
        Whether there is a policy to adopt, rather than a continuous exposure.

    References
    ----------
    Mastrandrea, M. D. et al. (2010). Guidance note for lead authors of the IPCC fifth assessment
    report on consistent treatment of uncertainties. IPCC.
    """
    channels = {name for name, check in CHECKS.items() if check.of == "channels"}
    left_out = _DESCRIBES | (frozenset() if subject == "channel" else channels)
    left_out |= frozenset() if subject == "contrast" else {"time_effects"}
    counted = {result.name: result.verdict for result in results if result.name not in left_out}
    failed = tuple(name for name, verdict in counted.items() if verdict == FAILS)
    doubtful = tuple(name for name, verdict in counted.items() if verdict == DOUBT)
    answers = {n for n, verdict in counted.items() if verdict in (HOLDS, DOUBT, FAILS, REPORTED)}
    if "sensitivity" in counted and "pretrends" in answers:
        answers.add("sensitivity")  # without an effect that is claimed there is none to undo
    if counted.get("confounding") == REPORTED:
        answers.discard("confounding")  # no data tell a common cause from a channel
    needed = dict.fromkeys(n for x in ("average", subject) for n in needed_for(x, adopted=adopted))
    unasked = tuple(name for name in needed if name not in counted)
    assumptions = {name for name in counted if name in CHECKS and CHECKS[name].assumption}
    untold = [name for name in assumptions if counted[name] == UNTOLD]
    silent = {name for name in needed if name not in (*answers, *unasked)}.union(untold)
    unanswered = tuple(name for name in dict.fromkeys((*needed, *counted)) if name in silent)
    parts = (failed, doubtful, unanswered, unasked, len(answers), converged)
    return Confidence(_grade(*parts, assumptions=bool(assumptions & answers)), *parts)


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
    *,
    assumptions: bool,
) -> Grade:
    if not converged or len(failed) >= _MANY_FAIL:
        return "very low"
    if failed:
        return "low"
    if not answered or not assumptions:
        return "not assessed"
    if unasked or len(doubtful) >= _MANY_DOUBT:
        return "low"
    return "medium" if doubtful or unanswered else "high"
