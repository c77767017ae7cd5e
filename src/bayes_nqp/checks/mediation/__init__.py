"""Checks of channels: what effects through mediators rest on."""

from bayes_nqp.checks.mediation._evidence_rows import LEVELS, QUANTILES
from bayes_nqp.checks.mediation._evidence_rows import effects_on as effects_on

__all__ = ["LEVELS", "QUANTILES"]
