"""Exhibits on spatial errors, spatial models and the reach of spillovers."""

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import ROWS
from bayes_nqp.data.spatial_weights import located
from bayes_nqp.inference.fitting import Fit, panel_of, require
from bayes_nqp.output.exhibits import exhibit

_DURBIN = """
weights = nqp.spatial_weights.inverse_distance(panel)
durbin = nqp.fit(nqp.StaggeredDiD(spillovers=nqp.SpatialLag(weights)), panel)
"""


def _in_places(fit: Fit) -> None:
    """Raise an error if the panel has no coordinates of its units."""
    require(fit, ROWS)
    if not located(panel_of(fit)):
        raise NotApplicable(Message("The panel has no coordinates of its units."))


exhibit(
    "conley",
    Message("Conley standard errors"),
    "space",
    'nqp.check(fit, "spatial_errors")',
    place=10,
    check="spatial_errors",
    number=_in_places,
)
exhibit(
    "moran",
    Message("Spatial autocorrelation (Moran's I)"),
    "space",
    'nqp.table(fit, "moran")',
    place=20,
    check="moran",
    number=_in_places,
)
exhibit(
    "spatial_tests",
    Message("Choice of the spatial model (LM, Wald, LR)"),
    "space",
    f'nqp.table(fit, "spatial_lm"){_DURBIN}nqp.check(durbin, "spatial_form")',
    place=30,
    check="spatial_lm",
    number=_in_places,
)
exhibit(
    "spatial_durbin",
    Message("Spatial DID: SDM with direct, indirect and total effects"),
    "space",
    f'{_DURBIN}nqp.table({{"SDM": durbin}}, "spatial")',
    place=40,
    number=_in_places,
)
exhibit(
    "other_weights",
    Message("Other spatial weights"),
    "space",
    f'{_DURBIN}nqp.check(durbin, "spatial_weights")',
    place=50,
    check="spatial_weights",
    number=_in_places,
)
exhibit(
    "spillovers",
    Message("SUTVA: displacement (siphoning) of untreated units"),
    "space",
    'nqp.check(fit, "displacement")',
    place=60,
    check="displacement",
)
exhibit(
    "spillover_radius",
    Message("Reach of spillovers by distance bands"),
    "space",
    """
bands = nqp.fit(nqp.StaggeredDiD(spillovers=nqp.Rings([50, 100, 200])), panel)
nqp.check(bands, "ring_reach")
nqp.check(fit, "donut")
""",
    place=70,
    check="donut",
    number=_in_places,
)
