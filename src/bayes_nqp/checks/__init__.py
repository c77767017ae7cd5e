"""Checks: one question a file, each with its evidence and a verdict."""

from bayes_nqp.checks._channels import LEVELS as LEVELS
from bayes_nqp.checks._channels import QUANTILES as QUANTILES
from bayes_nqp.checks._check import CHECKS, check, check_table, run_checks, title_of
from bayes_nqp.checks._check import results_of as results_of
from bayes_nqp.checks._check import suiting as suiting
from bayes_nqp.checks._confidence import Confidence as Confidence
from bayes_nqp.checks._confidence import Subject as Subject
from bayes_nqp.checks._confidence import confidence_of as confidence_of
from bayes_nqp.checks._confidence import needed_for as needed_for
from bayes_nqp.checks._labels import VERDICTS, messages_of, texts_of
from bayes_nqp.checks._loo import compare, loo
from bayes_nqp.checks._needs import ADOPTION as ADOPTION
from bayes_nqp.checks._needs import CHANNELS as CHANNELS
from bayes_nqp.checks._needs import DOSE as DOSE
from bayes_nqp.checks._needs import ROWS as ROWS
from bayes_nqp.checks._needs import Need as Need
from bayes_nqp.checks._needs import meets as meets
from bayes_nqp.checks._options import names_of as names_of
from bayes_nqp.checks._pretrends import leads_of
from bayes_nqp.checks._reasons import failures_of, gate_words
from bayes_nqp.checks._result import NOT_APPLICABLE as NOT_APPLICABLE
from bayes_nqp.checks._result import REPORTED as REPORTED
from bayes_nqp.checks._result import CheckResult
from bayes_nqp.checks._result import Verdict as Verdict
from bayes_nqp.checks._rivals import Rival as Rival
from bayes_nqp.checks._rivals import rivals_of as rivals_of
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
