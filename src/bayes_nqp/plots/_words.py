"""What several figures say."""

from __future__ import annotations

import xarray as xr

from bayes_nqp.estimands import PATHS, percent, words
from bayes_nqp.language import Message, Translator

__all__ = [
    "CONTRASTS_LEFT_OUT",
    "LAST_THROUGH",
    "PATHS",
    "POINTS",
    "effect_label",
    "percent",
    "words",
]


POINTS = Message("Points: posterior means. Thick and thin bars: 50% and {} equal-tailed intervals.")
LAST_THROUGH = Message(
    "An indirect effect is what enters the outcome last through that mediator; it is causal by "
    "itself only if mediators do not affect one another."
)
CONTRASTS_LEFT_OUT = Message("Contrasts are left out for strata with more than {} levels.")
"""Notes of several figures."""


def effect_label(draws: xr.DataArray | xr.Dataset, translate: Translator) -> str:
    """Label an axis of effects by the outcome and its unit, as far as the draws know them.

    Parameters
    ----------
    draws : DataArray or Dataset
        With attrs ``outcome`` and ``outcome_unit``, or without.
    """
    outcome, unit = (str(draws.attrs.get(name, "")) for name in ("outcome", "outcome_unit"))
    label = Message("Effect on {}", outcome) if outcome else Message("Effect")
    return translate("{} ({})", label, unit) if unit else translate(label)
