"""Columns of the linear predictor, from which sufficient statistics are computed.

`model.terms`, `model.designs` and all higher packages may import it.
"""

from bayes_nqp.model.predictors.cells import (
    AFTER,
    BARE,
    ESTIMATED_FROM,
    LEAD,
    NEIGHBOUR,
    OWN_EFFECT,
    TREATED,
    CellTable,
    after_parts,
    cell_parts,
    lead_parts,
)
from bayes_nqp.model.predictors.effect_curves import EffectCurve
from bayes_nqp.model.predictors.exposure import (
    LAG,
    SLOPE,
    ExposurePositions,
    exposure_parts,
    lag_parts,
    slope_parts,
)
from bayes_nqp.model.predictors.linked import (
    DELTA,
    LINKED,
    ONTO,
    OPPOSITE,
    SHARED,
    TIED,
    Linked,
    LinkedTime,
    linked_name,
    linked_parts,
    tied_parts,
)
from bayes_nqp.model.predictors.mediators import Slope, SlopeKind, SlopePart, mediator_parts
from bayes_nqp.model.predictors.parts import (
    GlobalPart,
    LocalPart,
    Place,
    ProcessPart,
    Series,
    agreed,
    zero_sum,
)
from bayes_nqp.model.predictors.spillovers import EXPOSURE_TIME, RECEIVED, exposed_parts
from bayes_nqp.model.predictors.time_effects import TimeEffects, time_parts

__all__ = [
    "AFTER",
    "BARE",
    "DELTA",
    "ESTIMATED_FROM",
    "EXPOSURE_TIME",
    "LAG",
    "LEAD",
    "LINKED",
    "NEIGHBOUR",
    "ONTO",
    "OPPOSITE",
    "OWN_EFFECT",
    "RECEIVED",
    "SHARED",
    "SLOPE",
    "TIED",
    "TREATED",
    "CellTable",
    "EffectCurve",
    "ExposurePositions",
    "GlobalPart",
    "Linked",
    "LinkedTime",
    "LocalPart",
    "Place",
    "ProcessPart",
    "Series",
    "Slope",
    "SlopeKind",
    "SlopePart",
    "TimeEffects",
    "after_parts",
    "agreed",
    "cell_parts",
    "exposed_parts",
    "exposure_parts",
    "lag_parts",
    "lead_parts",
    "linked_name",
    "linked_parts",
    "mediator_parts",
    "slope_parts",
    "tied_parts",
    "time_parts",
    "zero_sum",
]
