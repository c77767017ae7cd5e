"""Weights of neighbours, the more the more alike they are."""

from __future__ import annotations

from bayes_nqp.doors import door
from bayes_nqp.spatial_weights._weights import SpatialWeights


@door
def nested(geographic: SpatialWeights, economic: SpatialWeights) -> SpatialWeights:
    """Multiply weights link by link: who is near counts by how alike they are.

    Parameters
    ----------
    geographic : SpatialWeights
        Says who is a neighbour; its rules are those of the result.
    economic : SpatialWeights
        Says how alike units are; of its units those of the first are taken.

    Raises
    ------
    PanelError
        If units of the first are not among those of the second; or at islands, where none may be.
    """
    other = economic.aligned(geographic.ids)
    return SpatialWeights(
            geographic.ids, geographic.matrix.multiply(other.matrix).tocsr(), "nested",
            geographic.standardised, geographic.islands, f"{geographic.name} × {other.name}",
            geographic.places,
    ).by_rules()  # fmt: skip
