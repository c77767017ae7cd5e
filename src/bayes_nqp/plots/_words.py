"""What several figures say."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import estimands, schema
from bayes_nqp.language import Message, Translator

_WIDEST = 48
"""Latin characters of a name in a figure."""
POINTS = Message("Points: posterior means. Thick and thin bars: 50% and {} equal-tailed intervals.")
LAST_THROUGH = Message(
    "An indirect effect is what enters the outcome last through that mediator; it is causal by "
    "itself only if mediators do not affect one another."
)
CONTRASTS_LEFT_OUT = Message("Contrasts are left out for strata with more than {} levels.")
"""Notes of several figures."""


def words(language: str, source: object = None) -> Translator:
    """Speak a language as figures do, in which names have so much room and no more.

    Parameters
    ----------
    source : object, optional
        A panel, a fit, draws or the result of a check, whose labels names are called by.

    Raises
    ------
    StudyError
        If there is no such language.
    """
    return Translator(language, estimands.words(language, source).labels, _WIDEST)


def effect_label(draws: xr.DataArray | xr.Dataset, translate: Translator) -> str:
    """Label an axis of effects by the outcome and their unit, as far as the draws know them.

    Parameters
    ----------
    draws : DataArray or Dataset
        With attrs ``outcome``, ``outcome_unit`` and ``link``, or without.
    """
    outcome = translate.name(draws.attrs.get("outcome", ""))
    unit = translate.name(schema.effect_unit(draws.attrs))
    label = Message("Effect on {}", outcome) if outcome else Message("Effect")
    return translate("{} ({})", label, unit) if unit else translate(label)
