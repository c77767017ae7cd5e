"""Reduce observations to sufficient statistics: sums and cross-products over similar units.

Units with equal coefficients and equal observed periods form a class, whatever the error structure.
`numerics.linear_gaussian` and all packages above `numerics` may import it.
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
