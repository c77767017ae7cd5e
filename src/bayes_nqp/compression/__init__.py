"""Rows to sufficient statistics, and the likelihood on them; one file per error structure."""

from bayes_nqp.compression.moments import Column, Rows, UnitClass, packed_rows, reduce_rows
from bayes_nqp.compression.problem import (
    FIXED,
    FLAT,
    Block,
    Member,
    Packed,
    Problem,
    Scale,
)

__all__ = [
    "FIXED",
    "FLAT",
    "Block",
    "Column",
    "Member",
    "Packed",
    "Problem",
    "Rows",
    "Scale",
    "UnitClass",
    "packed_rows",
    "reduce_rows",
]  # fmt: skip
