"""Agreement of the average effect with that of refits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message, chance, detailed, joined
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, average_of, convergence_of
from bayes_nqp.inference.fitting import Fit, short_refit
from bayes_nqp.model.designs import Design

ENOUGH: Final = 0.9
"""Probability of the fit's 95 % interval under a refit from which the estimates agree."""


@dataclass(frozen=True, slots=True)
class Sameness:
    """Agreement of refits with the interval of the fit.

    Parameters
    ----------
    probability : float
        Smallest probability, over refits and paths, of an average effect inside the fit's 95 %
        interval. It is zero if a refit is not possible, did not converge, or identifies less than
        nine tenths of the observations that the fit averages over.
    """

    probability: float

    @property
    def enough(self) -> bool:
        """Return True if the refits confirm the estimate of the fit."""
        return self.probability >= ENOUGH

    def sentence(self, held: Message) -> Message:
        """Return the sentence given, or that the refits do not confirm the estimate.

        Parameters
        ----------
        held : Message
            Sentence of the verdict "passed".
        """
        if self.enough:
            return held
        finding = Message(
            "No spillovers are found, but the refits are too imprecise to confirm the "
            "average effect."
        )
        if not self.probability:
            return finding
        number = Message(
            "Under the refits the average effect lies inside the fit's 95 % interval "
            "with probability {}; {:.2f} is required.",
            chance(self.probability, 2),
            ENOUGH,
        )
        return joined([finding, detailed(number)])


def kept(fit: Fit, designs: Sequence[Design]) -> Sameness:
    """Compare the average (total and direct) effect with that of refits.

    The probability is that of the fit's 95 % interval under the posterior of the refit. If the fit
    has a bias b, the difference of the two estimates gives the posterior of b: its variance is that
    of the refit minus that of the fit (Hausman 1978). The probability is the expected coverage of
    the fit's interval over this posterior, so a refit with a wide posterior cannot confirm the fit.
    """
    effects = group_time_effects(fit)
    chances = [1.0]
    for design in designs:
        try:
            other = short_refit(fit, design)
        except IdentificationError:
            return Sameness(0.0)
        first, second, share = _shared(effects, other)
        if convergence_of(other) != v.PASSED or share < ENOUGH:
            return Sameness(0.0)
        paths = {str(x) for x in first[v.PATH].to_numpy()} & set(second[v.PATH].to_numpy())
        for path in paths & {v.TOTAL, v.DIRECT}:
            low, high = np.quantile(att(first, path=path), (0.025, 0.975))
            draws = att(second, path=path).to_numpy()
            chances.append(float(((low <= draws) & (draws <= high)).mean()))
    return Sameness(min(chances))


def _shared(first: xr.Dataset, second: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset, float]:
    """Keep the cells that both identify; return the share of the first one's observations too."""
    names = [*schema.factors(first), v.COHORT, v.TIME]
    rows = float(average_of(first, None, v.ROWS, None).rows[0])
    keys = [
        list(zip(*(x[name].to_numpy() for name in names), strict=True)) for x in (first, second)
    ]
    keys_of = [
        {key for key, inside in zip(key_of, _counted(x), strict=True) if inside}
        for key_of, x in zip(keys, (first, second), strict=True)
    ]
    common = keys_of[0] & keys_of[1]
    if not common:
        return first, second, 0.0
    out = [
        x.assign_coords(
            {v.IDENTIFIED: (v.CELL, x[v.IDENTIFIED].to_numpy() & [key in common for key in key_of])}
        )
        for key_of, x in zip(keys, (first, second), strict=True)
    ]
    return out[0], out[1], float(average_of(out[0], None, v.ROWS, None).rows[0]) / rows


def _counted(effects: xr.Dataset) -> npt.NDArray[np.bool_]:
    """Return a mask of the treated cells that are identified (cell)."""
    treated = schema.roles(effects) == v.TREATED
    return np.asarray(treated & effects[v.IDENTIFIED].to_numpy())
