"""Checks: one question a file, each with its evidence and a verdict."""

from bayes_nqp.checks._check import CHECKS, check, check_table, run_checks
from bayes_nqp.checks._loo import compare, loo
from bayes_nqp.checks._pretrends import leads_of
from bayes_nqp.checks._result import CheckResult
from bayes_nqp.checks.confounding import NormalRho, UniformRho, confounding
from bayes_nqp.checks.robust import (
    NormalSteps,
    UniformSteps,
    event_study_draws,
    sensitivity,
)

__all__ = [
    "CHECKS",
    "CheckResult",
    "NormalRho",
    "NormalSteps",
    "UniformRho",
    "UniformSteps",
    "check",
    "check_table",
    "compare",
    "confounding",
    "event_study_draws",
    "leads_of",
    "loo",
    "run_checks",
    "sensitivity",
]
