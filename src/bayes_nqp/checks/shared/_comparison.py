"""Comparison of the average effect under alternative specifications with that of the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from scipy.special import ndtri

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import NOTHING, Message, Sized, enumerated, listed
from bayes_nqp.checks.shared._conclusions import Conclusions
from bayes_nqp.checks.shared._labels import texts_of
from bayes_nqp.checks.shared._verdicts import FAILING, HOLDS, Verdict, ladder, otherwise

FAR: Final = 2.0
"""Posterior SDs by which the estimate of an alternative may differ, if chance explains less."""
_WIDE: Final = 3.0
"""Ratio of SDs from which the conclusion of an alternative is too imprecise to count."""
_SAME: Final = Message("unchanged", context="conclusion")
_CHANGED: Final = Message("changes", context="conclusion")
_WEAKER: Final = Message("weaker evidence", context="conclusion")
_OPPOSITE: Final = Message("opposite sign", context="conclusion")
_NOT_CONVERGED: Final = Message("not converged", context="conclusion")


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Comparison of alternative specifications with the first.

    Parameters
    ----------
    names : list of str
        Names of the specifications, that of the fit first.
    mean, sd : ndarray (specification), outcome units
        Mean and SD of their average effects.
    shift : ndarray (alternative)
        Distances from the estimate of the same target by the fit, in its posterior SDs.
    worst : int
        Index of the most distant alternative among the specifications.
    turned, lost, unsettled : list of str
        Alternatives with the opposite sign; with another conclusion; and without convergence.
    weaker : list of str
        Alternatives with an interval around zero, although their difference may be chance.
    """

    verdict: Verdict
    names: list[str]
    mean: Array
    sd: Array
    shift: Array
    worst: int
    turned: list[str]
    lost: list[str]
    unsettled: list[str]
    weaker: list[str]

    @property
    def estimates(self) -> list[Sized]:
        """Average effects, with the SD of the fit, which determines their number of digits."""
        return [Sized(x, self.sd[0]) for x in self.mean]

    @property
    def span(self) -> tuple[int, float, float, str, float]:
        """Number of alternatives, their lowest and highest mean, and name and mean of the fit."""
        first, *others = self.estimates
        return len(others), min(others), max(others), self.names[0], first

    @property
    def conclusions(self) -> list[Message]:
        """The conclusion of each specification compared with the first; empty for the first."""
        kinds = {
            _OPPOSITE: self.turned,
            _CHANGED: self.lost,
            _NOT_CONVERGED: self.unsettled,
            _WEAKER: self.weaker,
        }
        named = [next((k for k, x in kinds.items() if name in x), _SAME) for name in self.names]
        return [NOTHING, *named[1:]]

    @property
    def differs(self) -> bool:
        """Return True if an alternative that converged has another sign, conclusion or estimate."""
        return self.verdict != HOLDS and bool(self.turned or self.lost or not self.unsettled)

    @property
    def farthest(self) -> tuple[str, float]:
        """Name of the most distant alternative, and its distance in posterior SDs."""
        return self.names[self.worst], self.shift[self.worst - 1]

    def sentence(self, same: Message, place: Message) -> Message:
        """Return the comparison in one sentence.

        Parameters
        ----------
        same : Message
            Sentence for the case in which all alternatives agree.
        place : Message
            Template for the names of alternatives, with one place: "under {}".
        """
        if self.turned:
            return Message("The average effect changes sign {}.", place.fill(_several(self.turned)))
        if self.lost:
            return Message(
                "The conclusion about the average effect changes {}.",
                place.fill(_several(self.lost)),
            )
        if self.verdict == HOLDS:
            return same
        if self.unsettled:
            return Message("The refit {} did not converge.", place.fill(_several(self.unsettled)))
        name, shift = self.farthest
        return Message(
            "The conclusion about the sign is unchanged, but the estimate moves by "
            "{:+z.1f} posterior SDs of the fit {}.",
            shift,
            place.fill(name),
        )


_SHOWN: Final = 4
"""Number of alternatives that a sentence names."""


def _several(names: list[str]) -> Message:
    """Name alternatives, with "and" before the last."""
    return enumerated(names) if len(names) <= _SHOWN else listed(names, _SHOWN)


def comparison(
    evidence: xr.Dataset,
    *,
    far: float = FAR,
    shared: bool = False,
    conclusions: Conclusions | None = None,
) -> Comparison:
    """Compare every specification with the first.

    Parameters
    ----------
    evidence : Dataset
        As returned by `compared`.
    far : float, default 2
        Posterior SDs by which an estimate may differ.
    shared : bool, default False
        True if all alternatives share one probability of a false alarm, for example if a file has
        many columns; False if each has its own.
    conclusions : Conclusions, optional
        Conclusions by another rule, such as that of robustness rows.

    Returns
    -------
    Comparison
        The verdict is "failed" if the interval of the fit excludes zero and an alternative lies
        more than a posterior SD on the other side. It is "caution" if an alternative has another
        conclusion (see `otherwise`), is far from the estimate of the same target by the fit, or did
        not converge. Distances that chance explains at 5 % do not count, nor do other conclusions
        of fewer data, nor signs at 0.5 %. Alternatives without ``counts`` are ignored.

    References
    ----------
    Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46(6), lemma 2.1.
    """
    counts = evidence["counts"].to_numpy()
    flat = evidence["att"].to_numpy().reshape(-1, counts.size)
    mean, sd = flat.mean(axis=0), flat.std(axis=0)
    low, high = np.quantile(flat[:, 0], (0.025, 0.975))
    sign = int(low > 0) - int(high < 0)
    gap = np.where(counts, mean - evidence["reference"].to_numpy(), 0.0)[1:]
    # If the fit is correct it is efficient, and var(b - a) = var b - var a for any other b.
    chance = np.sqrt(np.maximum(sd**2 - sd[0] ** 2, 0.0))
    shift = gap / sd[0]
    doubtful, failing = -ndtri([0.05 / 2.0, FAILING / 2.0])
    if shared:
        doubtful = -ndtri(0.05 / 2.0 / max(int(counts[1:].sum()), 1))
    distant = (np.abs(gap) > doubtful * chance[1:]) & (np.abs(shift) > far)
    moved = np.abs(mean - mean[0])
    opposite = (np.sign(mean) == -sign) & (sign != 0) & (moved > failing * chance)
    # With half the data, an effect of three SDs loses its sign in a third of samples.
    other = otherwise(float((flat[:, 0] > 0).mean()), (flat > 0).mean(axis=0))
    weak = evidence["fewer"].to_numpy() | (sd > _WIDE * sd[0])
    other &= ~weak | (moved > doubtful * chance)
    found = conclusions or Conclusions(
        opposite & (np.abs(mean) > sd[0]), other, np.zeros(counts.size, dtype=bool)
    )
    settled = evidence["gate_of"].to_numpy() == v.PASSED
    names = texts_of(evidence, "specification")
    turned, lost, unsettled, weaker = (
        [names[k] for k in range(1, len(names)) if counts[k] and true[k]]
        for true in (found.opposite, found.changed, ~settled, found.weaker)
    )
    verdict = ladder(fails=turned, doubt=lost or distant.any() or unsettled)
    worst = 1 + int(np.argmax(np.abs(shift) * np.where(distant | ~distant.any(), 1.0, 0.0)))
    return Comparison(verdict, names, mean, sd, shift, worst, turned, lost, unsettled, weaker)
