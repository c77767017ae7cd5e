"""Checks of the sample: the cells, units and specifications that determine the average effect.

Only `checks` imports it; other packages use `bayes_nqp.checks`.
"""

from bayes_nqp.checks.sample._loo import compare, loo

__all__ = ["compare", "loo"]
