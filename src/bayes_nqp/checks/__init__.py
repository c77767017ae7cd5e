"""Checks: one question a file, each with its evidence and a verdict."""

from bayes_nqp.checks._check import CHECKS, check, check_table, run_checks, title_of
from bayes_nqp.checks._labels import VERDICTS, messages_of, texts_of
from bayes_nqp.checks._loo import compare, loo
from bayes_nqp.checks._pretrends import leads_of
from bayes_nqp.checks._reasons import failures_of, gate_words
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
    "VERDICTS",
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
    "failures_of",
    "gate_words",
    "leads_of",
    "loo",
    "messages_of",
    "run_checks",
    "sensitivity",
    "texts_of",
    "title_of",
]
