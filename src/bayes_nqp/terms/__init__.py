from bayes_nqp.terms.cells import ESTIMATED_FROM, CellTable, cell_parts
from bayes_nqp.terms.exposure import ExposureSlots, exposure_parts
from bayes_nqp.terms.mediators import Slope, SlopePart, mediator_parts
from bayes_nqp.terms.parts import GlobalPart, LocalPart, Place, zero_sum
from bayes_nqp.terms.slopes import slope_parts
from bayes_nqp.terms.time_effects import TimeEffects, time_parts

__all__ = [
    "ESTIMATED_FROM",
    "CellTable",
    "ExposureSlots",
    "GlobalPart",
    "LocalPart",
    "Place",
    "Slope",
    "SlopePart",
    "TimeEffects",
    "cell_parts",
    "exposure_parts",
    "mediator_parts",
    "slope_parts",
    "time_parts",
    "zero_sum",
]
