"""Checks of channels: what effects through mediators rest on."""

from bayes_nqp.checks.channels._lines import LEVELS, QUANTILES

__all__ = ["LEVELS", "QUANTILES"]
