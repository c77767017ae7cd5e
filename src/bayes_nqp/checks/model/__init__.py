"""Checks of the model: its errors, its priors, its draws."""

from bayes_nqp.checks.model._saturated import Saturated as Saturated
from bayes_nqp.checks.model._structures import error_alternatives
from bayes_nqp.checks.model._structures import error_means as error_means

__all__ = ["error_alternatives"]
