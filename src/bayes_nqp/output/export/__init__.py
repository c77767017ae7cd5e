"""Fits in the forms of other programs: what Stata and R take as estimates and as draws."""

from bayes_nqp.output.export._r import export_r
from bayes_nqp.output.export._stata import export_stata

__all__ = ["export_r", "export_stata"]
