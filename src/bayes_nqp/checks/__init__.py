"""Checks: one question a file, each with its evidence and a verdict."""

from bayes_nqp.checks._check import CHECKS, check, check_table, run_checks
from bayes_nqp.checks._loo import compare, loo
from bayes_nqp.checks._pretrends import leads_of
from bayes_nqp.checks._result import CheckResult

__all__ = [
    "CHECKS",
    "CheckResult",
    "check",
    "check_table",
    "compare",
    "leads_of",
    "loo",
    "run_checks",
]
