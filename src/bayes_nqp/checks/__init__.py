"""Checks: one question a file, each with its evidence and a verdict."""

from bayes_nqp.checks._check import CHECKS, check, check_table, run_checks
from bayes_nqp.checks._pretrends import leads_of
from bayes_nqp.checks._result import CheckResult

__all__ = ["CHECKS", "CheckResult", "check", "check_table", "leads_of", "run_checks"]
