"""Weights that are an average of others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import numpy as np

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._weights import SpatialWeights


@door
def composite(shares: Mapping[SpatialWeights, float]) -> SpatialWeights:
    """Average several weights: 0.5 by distance and 0.5 by income, for example.

    Parameters
    ----------
    shares : mapping of SpatialWeights to float
        The share of each; they are divided by their sum.

    Raises
    ------
    StudyError
        If a share is not positive, or there is none.
    PanelError
        If units of the first are not among those of another.
    """
    if not shares or not all(0.0 < share < np.inf for share in shares.values()):
        raise StudyError(
            Message("'{}' is {!r}", "shares", list(shares.values())),
            hint="a positive number for each weights",
        )
    first, total = next(iter(shares)), sum(shares.values())
    parts = [(share / total) * w.aligned(first.ids).matrix for w, share in shares.items()]
    label = " + ".join(f"{share / total:.2g} {w.name}" for w, share in shares.items())
    *_, matrix = accumulate(parts)
    places = next((w.aligned(first.ids).places for w in shares if w.places), ())
    return SpatialWeights(
        first.ids, matrix, "composite", first.standardised, first.islands, label, places
    ).by_rules()
