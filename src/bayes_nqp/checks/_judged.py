"""What other specifications say beside the fit's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import texts_of
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Verdict
from bayes_nqp.language import Message, listed

__all__ = ["Judged", "judged", "otherwise"]

Array = npt.NDArray[np.float64]

_TOLD, _LOST, _FOUND = 0.975, 0.9, 0.995
"""Probability of a sign that is a conclusion; below which it is lost; from which a new one is
found. The gaps keep effects on the edge of a conclusion from turning by a hair, and estimates
from fewer rows from losing one by their wider intervals alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What other specifications say beside the first.

    Parameters
    ----------
    shift : ndarray (alternative)
        Distances from the fit's own estimate of the same target, in its posterior sd.
    worst : int
        The alternative that is farthest from it, as a place among the specifications.
    turned, lost, unsettled : list of Message
        Alternatives with the other sign; those that conclude otherwise; those whose refit did
        not converge.
    far : Message
        Name of the farthest, and how far it is.
    """

    verdict: Verdict
    shift: Array
    worst: int
    turned: list[Message]
    lost: list[Message]
    unsettled: list[Message]
    far: Message

    def sentence(self, same: Message, what: Message) -> Message:
        """Say it in one sentence.

        Parameters
        ----------
        same : Message
            What to say where all agree.
        what : Message
            Of what the names of alternatives are, waiting for these: "under {}".
        """
        if self.turned:
            return Message(
                "The average effect has the other sign {}.", what.fill(listed(self.turned, 4))
            )
        if self.lost:
            return Message(
                "The conclusion about the average effect differs {}.",
                what.fill(listed(self.lost, 4)),
            )
        if self.verdict == HOLDS:
            return same
        if self.unsettled:
            return Message("The refit {} did not converge.", what.fill(listed(self.unsettled, 4)))
        return Message(
            "The conclusion is the same, but {} the estimate moves far.", what.fill(self.far)
        )


def judged(evidence: xr.Dataset, *, far: float = 2.0) -> Judged:
    """Compare every specification with the first.

    Parameters
    ----------
    evidence : Dataset
        As `compared` gives it.
    far : float, default 2
        Posterior sd by which an estimate may differ.

    Returns
    -------
    Judged
        "fails" if the fit's interval excludes zero and an alternative lies more than a posterior
        sd on the other side; "in doubt" if one concludes otherwise (see `otherwise`), lies far
        from the fit's own estimate of the same target, or did not converge. Alternatives that do
        not count are left aside.
    """
    counts = evidence["counts"].to_numpy()
    flat = evidence["att"].to_numpy().reshape(-1, counts.size)
    mean, sd = flat.mean(axis=0), float(flat[:, 0].std())
    low, high = np.quantile(flat[:, 0], (0.025, 0.975))
    sign = int(low > 0) - int(high < 0)
    other = otherwise(float((flat[:, 0] > 0).mean()), (flat > 0).mean(axis=0))
    shift = np.where(counts, mean - evidence["reference"].to_numpy(), 0.0)[1:] / sd
    names = texts_of(evidence, "specification")
    others = np.arange(1, len(names))[counts[1:]]
    opposite = (np.sign(mean) == -sign) & (sign != 0)
    turned = [names[k] for k in others if opposite[k] and abs(mean[k]) > sd]
    lost = [names[k] for k in others if other[k]]
    verdict: Verdict = HOLDS
    settled = evidence["gate_of"].to_numpy() == v.PASSED
    unsettled = [names[k] for k in others if not settled[k]]
    if lost or (np.abs(shift) > far).any() or unsettled:
        verdict = DOUBT
    if turned:
        verdict = FAILS
    worst = 1 + int(np.argmax(np.abs(shift)))
    distance = Message("{} ({:+.1f} posterior sd)", names[worst], shift[worst - 1])
    return Judged(verdict, shift, worst, turned, lost, unsettled, distance)


def otherwise(positive: float, others: Array) -> npt.NDArray[np.bool_]:
    """Say which estimates conclude otherwise about the sign of an effect.

    Parameters
    ----------
    positive : float
        The fit's own probability of a positive effect: a conclusion from 0.975 on.
    others : ndarray (estimate)
        The same of other estimates; they lose the conclusion below 0.9, and find one that the
        fit does not have from 0.995 on.
    """
    if positive >= _TOLD:
        return np.asarray(others < _LOST)
    if positive <= 1.0 - _TOLD:
        return np.asarray(others > 1.0 - _LOST)
    return np.asarray((others > _FOUND) | (others < 1.0 - _FOUND))
