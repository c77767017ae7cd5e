"""Rows to sufficient statistics: what they say, summed up over units of one key.

Units of one key have the same coefficients in every period. Those of them that were observed
in the same periods (with the same weights) differ only in the outcome and in the varying
columns, so the likelihood needs from them only the sums and cross-products of those over the
units, whatever the error structure.

Where errors are independent, with known weights, and units have nothing of their own but a level,
no parameter decides how rows count: all units of a key are then summed up together, whatever was
observed of them, with whatever weights. So are the units that share a deviation.
"""

from bayes_nqp.numerics.sufficient_statistics._absorbed import (
    AbsorbedGroup,
    AbsorbedLoadings,
    absorb_levels,
    absorb_loadings,
)
from bayes_nqp.numerics.sufficient_statistics._classes import UnitClass, packed_rows, reduce_rows
from bayes_nqp.numerics.sufficient_statistics._representatives import (
    Representatives,
    UnitSums,
    representatives,
)
from bayes_nqp.numerics.sufficient_statistics._rows import Rows, VaryingColumn, distinct_rows
from bayes_nqp.numerics.sufficient_statistics._unit_sums import UnitPart, UnitSummary, units_of_part

__all__ = [
    "AbsorbedGroup",
    "AbsorbedLoadings",
    "Representatives",
    "Rows",
    "UnitClass",
    "UnitPart",
    "UnitSummary",
    "UnitSums",
    "VaryingColumn",
    "absorb_levels",
    "absorb_loadings",
    "distinct_rows",
    "packed_rows",
    "reduce_rows",
    "representatives",
    "units_of_part",
]
