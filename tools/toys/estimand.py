"""The effect in the period of adoption: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/effects/estimands/_at_adoption.py
"""

from __future__ import annotations

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._att import att
from bayes_nqp.effects.estimands._by import names_of
from bayes_nqp.effects.estimands._registry import EVENT_TIMES, estimand


@estimand(Message("Effect at adoption"), place=15, needs=(EVENT_TIMES,))
def at_adoption(fit_or_effects: object, by: By = None, weights: str = "rows") -> xr.DataArray:
    """Average the effect at event time 0."""
    names = {**names_of(by), v.EVENT_TIME: v.EVENT_TIME}
    return att(fit_or_effects, names, weights).sel({v.EVENT_TIME: 0}, drop=True)
