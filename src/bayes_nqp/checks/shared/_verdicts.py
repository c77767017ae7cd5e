"""Verdicts: their names, thresholds, and the effect of a refit without convergence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, advised, detailed, joined, unadvised
from bayes_nqp.checks.shared._labels import convergence_words
from bayes_nqp.effects.estimands import convergence_of
from bayes_nqp.inference.fitting import Fit

type Verdict = Literal["passed", "caution", "failed", "inconclusive", "reported", "not applicable"]

HOLDS: Final = "passed"
DOUBT: Final = "caution"
FAILS: Final = "failed"
UNTOLD: Final = "inconclusive"
"""No evidence of a violation, but too little power to rule one out."""
REPORTED: Final = "reported"
"""A statistic without a calibrated threshold, which does not change the confidence grade."""
NOT_APPLICABLE: Final = "not applicable"
OPEN: Final = (FAILS, DOUBT, UNTOLD)
"""Verdicts that require a next step."""

TINTS: Final = {
    HOLDS: "#1a7f37",
    DOUBT: "#9a6700",
    FAILS: "#b42318",
    UNTOLD: "#6e5494",
    REPORTED: "#0550ae",
}
"""Colours of verdicts on a page; others are grey."""
VERDICTS: Final = {
    "passed": Message("passed"),
    "caution": Message("caution"),
    "failed": Message("failed"),
    "inconclusive": Message("inconclusive"),
    "reported": Message("reported"),
    "not applicable": Message("not applicable"),
}

DOUBTFUL: Final = 0.02
FAILING: Final = 0.005
"""Tail probabilities of zero for the verdicts caution and failed. Several checks of one fit use
them: with 5 and 1 %, every fourth valid panel would have a false alarm."""

SIGN_PROBABILITY: Final = 0.975
"""Probability of a sign at which the 95 % interval excludes zero."""
_LOST: Final = 0.9
NEW_SIGN: Final = 0.995
"""Probability below which a conclusion is lost, and from which there is a new one. The gaps prevent
changes of borderline conclusions by small differences or by wider intervals alone."""


def ladder(*, fails: object = False, doubt: object = False, untold: object = False) -> Verdict:
    """Return the worst verdict whose threshold is crossed, or "passed"."""
    return FAILS if fails else DOUBT if doubt else UNTOLD if untold else HOLDS


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of several verdicts; "not applicable" does not count."""
    several = set(verdicts)
    return ladder(fails=FAILS in several, doubt=DOUBT in several, untold=UNTOLD in several)


def excluding_zero(draws: npt.ArrayLike) -> Verdict:
    """Return the verdict on a quantity that should be zero: `DOUBTFUL` and `FAILING`.

    Parameters
    ----------
    draws : array
        Draws of the quantity, in any shape.
    """
    tails = np.array([FAILING, DOUBTFUL]) / 2.0
    lowest, low, high, highest = np.quantile(np.asarray(draws), [*tails, *(1.0 - tails[::-1])])
    return ladder(fails=lowest > 0 or highest < 0, doubt=low > 0 or high < 0)


def certain(draws: npt.ArrayLike, probability: float = SIGN_PROBABILITY) -> int:
    """Return the credible sign of a quantity.

    Parameters
    ----------
    probability : float, default 0.975
        Probability that a sign requires.

    Returns
    -------
    int
        1 or -1; 0 if neither sign has that probability.
    """
    positive = float((np.asarray(draws) > 0).mean())
    return int(positive >= probability) - int(positive <= 1 - probability)


def otherwise(positive: float, others: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return the estimates with another conclusion about the sign of an effect.

    Parameters
    ----------
    positive : float
        Probability of a positive effect in the fit: a conclusion from 0.975 on.
    others : ndarray (estimate)
        The same of other estimates. They lose the conclusion below 0.9, and have a new conclusion
        from 0.995 on.
    """
    if positive >= SIGN_PROBABILITY:
        return np.asarray(others < _LOST)
    if positive <= 1.0 - SIGN_PROBABILITY:
        return np.asarray(others > 1.0 - _LOST)
    return np.asarray((others > NEW_SIGN) | (others < 1.0 - NEW_SIGN))


def convergence_text(refitted: Fit | xr.Dataset) -> str:
    """Return the convergence result of a fit or of effects: "passed", or the failures."""
    return str(refitted.gate) if isinstance(refitted, Fit) else convergence_of(refitted)


def cautious(
    verdict: Verdict, sentence: Message, refitted: Fit | xr.Dataset
) -> tuple[Verdict, Message]:
    """Lower the verdict of a check whose refit did not converge.

    Parameters
    ----------
    refitted : Fit or Dataset
        A fit, or an effects dataset, which stores the convergence diagnostics of its fit.

    Returns
    -------
    tuple of str and Message
        The verdict, at best "caution" if the refit did not converge, and the sentences, with the
        original finding as a detail.
    """
    gate = convergence_text(refitted)
    if gate == v.PASSED:
        return verdict, sentence
    finding = Message(
        "The refit behind this check did not converge ({}), so its result is unreliable.",
        convergence_words(gate),
    )
    step = Message("Next: increase the number of proposals or draws of the fit.")
    parts = [finding, advised(step), detailed(unadvised(sentence))]
    return (DOUBT if verdict in (HOLDS, UNTOLD) else verdict), joined(parts)
