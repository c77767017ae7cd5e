"""Rows to sufficient statistics, and the likelihood on them; one file per error structure."""

from bayes_nqp.compression.ar1 import AR1
from bayes_nqp.compression.ar1_noise import AR1Noise
from bayes_nqp.compression.iid import IID
from bayes_nqp.compression.moments import Column, Rows, UnitClass, packed_rows, reduce_rows
from bayes_nqp.compression.problem import (
    FIXED,
    FLAT,
    Block,
    ErrorStructure,
    Member,
    Packed,
    Problem,
    Scale,
)

__all__ = [
    "AR1",
    "FIXED",
    "FLAT",
    "IID",
    "AR1Noise",
    "Block",
    "Column",
    "ErrorStructure",
    "Member",
    "Packed",
    "Problem",
    "Rows",
    "Scale",
    "UnitClass",
    "packed_rows",
    "reduce_rows",
]  # fmt: skip
