"""Spatial weights from borders, distances, economic similarity or a matrix.

`data.datasets`, `data.index` and all higher packages may import it.
"""

from bayes_nqp.data.spatial_weights._borders import Boundaries as Boundaries
from bayes_nqp.data.spatial_weights._borders import boundaries_of as boundaries_of
from bayes_nqp.data.spatial_weights._borders import contiguity
from bayes_nqp.data.spatial_weights._cities import cities_of as cities_of
from bayes_nqp.data.spatial_weights._cities import crowded as crowded
from bayes_nqp.data.spatial_weights._cities import places_apart as places_apart
from bayes_nqp.data.spatial_weights._cities import spread
from bayes_nqp.data.spatial_weights._distances import band, inverse_distance, nearest
from bayes_nqp.data.spatial_weights._economic import economic
from bayes_nqp.data.spatial_weights._exponential import exponential
from bayes_nqp.data.spatial_weights._links import lag
from bayes_nqp.data.spatial_weights._matrix import composite, matrix, nested
from bayes_nqp.data.spatial_weights._places import Locations as Locations
from bayes_nqp.data.spatial_weights._places import coordinate as coordinate
from bayes_nqp.data.spatial_weights._places import located as located
from bayes_nqp.data.spatial_weights._places import locations_of as locations_of
from bayes_nqp.data.spatial_weights._places import without_place as without_place
from bayes_nqp.data.spatial_weights._rules import worded as worded
from bayes_nqp.data.spatial_weights._weights import SpatialWeights

__all__ = [
    "SpatialWeights",
    "band",
    "composite",
    "contiguity",
    "economic",
    "exponential",
    "inverse_distance",
    "lag",
    "matrix",
    "nearest",
    "nested",
    "spread",
]


def __getattr__(name: str) -> object:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bayes_nqp._core.validation import absent

    raise absent("nqp.spatial_weights", name, __all__)
