"""Coefficients of the treatment of linked units, by event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.model.predictors import LinkedTime, linked_parts
from bayes_nqp.model.priors import Priors

_PLAIN: Final = Priors(level=1.0, drift=1.0)
"""Suffixes of columns of coefficients, by reported quantity."""


def linked_coefficients(terms: Mapping[str, Array], times: Sequence[LinkedTime]) -> Array:
    """Return ``level + slope e + walk(e)`` at event times, or separate coefficients, outcome units.

    Parameters
    ----------
    terms : mapping of str to ndarray (..., label)
        Coefficients by term, as they are reported.
    times : sequence of LinkedTime
        One or more event times of the columns of neighbours' treatment.

    Returns
    -------
    ndarray (..., time)
        Outcome units.
    """
    if (each := terms.get("linked_each")) is not None:
        return each
    parts = linked_parts(times, 0, 1, len(times), _PLAIN)
    return np.asarray(sum(terms[part.name] @ part.columns.T for part in parts))
