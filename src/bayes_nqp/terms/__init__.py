from bayes_nqp.terms.cells import (
    BARE,
    ESTIMATED_FROM,
    LEAD,
    NEIGHBOUR,
    OWN_EFFECT,
    TREATED,
    CellTable,
    cell_parts,
    lead_parts,
)
from bayes_nqp.terms.exposure import ExposureSlots, exposure_parts
from bayes_nqp.terms.linked import DELTA, LINKED, TIED, Linked, linked_parts, tied_parts
from bayes_nqp.terms.mediators import Slope, SlopeKind, SlopePart, mediator_parts
from bayes_nqp.terms.parts import GlobalPart, LocalPart, Place, ProcessPart, Series, zero_sum
from bayes_nqp.terms.received import EXPOSURE_TIME, ONTO, RECEIVED, exposed_parts
from bayes_nqp.terms.slopes import LAG, SLOPE, lag_parts, slope_parts
from bayes_nqp.terms.time_effects import TimeEffects, time_parts

__all__ = [
    "BARE",
    "DELTA",
    "ESTIMATED_FROM",
    "EXPOSURE_TIME",
    "LAG",
    "LEAD",
    "LINKED",
    "NEIGHBOUR",
    "ONTO",
    "OWN_EFFECT",
    "RECEIVED",
    "SLOPE",
    "TIED",
    "TREATED",
    "CellTable",
    "ExposureSlots",
    "GlobalPart",
    "Linked",
    "LocalPart",
    "Place",
    "ProcessPart",
    "Series",
    "Slope",
    "SlopeKind",
    "SlopePart",
    "TimeEffects",
    "cell_parts",
    "exposed_parts",
    "exposure_parts",
    "lag_parts",
    "lead_parts",
    "linked_parts",
    "mediator_parts",
    "slope_parts",
    "tied_parts",
    "time_parts",
    "zero_sum",
]
