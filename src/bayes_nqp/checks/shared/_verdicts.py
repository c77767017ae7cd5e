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
"""Nothing speaks against it, and these data could not have shown enough for it."""
REPORTED: Final = "reported"
"""A number with its meaning that no measured rate lets anyone judge: neither for nor against."""
NOT_APPLICABLE: Final = "not applicable"
OPEN: Final = (FAILS, DOUBT, UNTOLD)
"""Verdicts after which a reader needs a next step."""

TINTS: Final = {
    HOLDS: "#1a7f37",
    DOUBT: "#9a6700",
    FAILS: "#b42318",
    UNTOLD: "#6e5494",
    REPORTED: "#0550ae",
}
"""Colours of verdicts on a page; that of the others is grey."""
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
"""Tail probabilities of zero below which a check asks for caution, and fails. Half a dozen checks
ask so of one fit: at 5 and 1 % each, every fourth panel on which all is well had a doubt."""

SIGN_PROBABILITY: Final = 0.975
"""Probability of a sign from which it is a conclusion: that of a 95 % interval without zero."""
_LOST, _NEW = 0.9, 0.995
"""Probability below which a conclusion is lost; from which there is a new one. The gaps keep
effects on the edge of a conclusion from turning by a hair, and estimates from fewer rows from
losing one by their wider intervals alone."""


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
    return np.asarray((others > _NEW) | (others < 1.0 - _NEW))


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
