"""How likely the true average lies where a fit has it, if a refit is right."""

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
from bayes_nqp._core.i18n import NOTHING, Message, chance, joined
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, average_of, convergence_of
from bayes_nqp.inference.fitting import Fit, short_refit
from bayes_nqp.model.designs import Design

ENOUGH: Final = 0.9
"""Probability of the fit's own 95 % interval from which another design leaves it where it is."""


@dataclass(frozen=True, slots=True)
class Sameness:
    """What refits leave of the fit's interval.

    Parameters
    ----------
    probability : float
        The least, over refits and paths, that the average lies in the fit's 95 % interval; zero
        where a refit cannot be made, has not converged, or tells less than nine tenths of the rows
        that the fit averages over.
    """

    probability: float

    @property
    def enough(self) -> bool:
        """Whether the answer stays where it is, as far as these data can tell."""
        return self.probability >= ENOUGH

    def sentence(self, held: Message) -> Message:
        """Say what holds, or that these data could not tell."""
        if self.enough:
            return held
        return joined(
            [
                Message("Nothing is found, and these rows could not have told enough."),
                Message(
                    "By refits the average effect is inside this fit's 95% interval with a "
                    "probability of {}; {:.2f} is asked for.",
                    chance(self.probability, 2),
                    ENOUGH,
                )
                if self.probability
                else NOTHING,
            ]
        )


def kept(fit: Fit, designs: Sequence[Design]) -> Sameness:
    """Ask of refits whether the average effect, and what treated rows have of their own, stay.

    The probability is that of the refit's posterior for the fit's 95 % interval. Where the fit is
    off by b, ``P(b | rows)`` is what the difference of both says (Hausman 1978: its variance is
    that of the refit less that of the fit), and this is the coverage of the fit's interval that
    is expected over it: a refit with a wide posterior cannot say that the fit is right.
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
    """Leave the cells that both identify, and the share of the first one's rows in them."""
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
    """Which treated cells are identified (cell)."""
    treated = schema.roles(effects) == v.TREATED
    return np.asarray(treated & effects[v.IDENTIFIED].to_numpy())
