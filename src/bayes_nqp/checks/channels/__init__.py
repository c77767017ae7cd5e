"""Checks of channels: what effects through mediators rest on."""

from bayes_nqp.checks.channels._lines import LEVELS, QUANTILES
from bayes_nqp.checks.channels._lines import effects_on as effects_on

__all__ = ["LEVELS", "QUANTILES"]
