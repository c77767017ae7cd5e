"""Checks of the model: its errors, its priors, its draws."""

from bayes_nqp.checks.model._structures import error_alternatives

__all__ = ["error_alternatives"]
