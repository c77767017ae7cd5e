"""Checks of the sample: on which cells, units and choices the average effect rests."""

from bayes_nqp.checks.sample._loo import compare, loo

__all__ = ["compare", "loo"]
