"""Checks of a fit, each with a question, evidence and a verdict.

`audit`, `calibration` and all higher packages may import it.
"""

from bayes_nqp.checks._alternative_contrasts import AlternativeContrast, alternative_contrasts_of
from bayes_nqp.checks._check import check, checked, run_checks, suiting, title_of
from bayes_nqp.checks._check_table import check_table, results_of
from bayes_nqp.checks._confidence import SUPPORTED as SUPPORTED
from bayes_nqp.checks._confidence import UNSUPPORTED as UNSUPPORTED
from bayes_nqp.checks._confidence import WEIGHED as WEIGHED
from bayes_nqp.checks._confidence import (
    Confidence,
    Subject,
    confidence_of,
    needed_for,
    weighed,
)
from bayes_nqp.checks._reported_posterior import ReportedPosterior as ReportedPosterior
from bayes_nqp.checks._reported_posterior import reported_posterior as reported_posterior
from bayes_nqp.checks.mediation import LEVELS, QUANTILES
from bayes_nqp.checks.sample import compare, loo
from bayes_nqp.checks.shared import (
    CHECKS,
    NOT_APPLICABLE,
    OPEN,
    REPORTED,
    ROBUSTNESS_ROWS,
    VERDICTS,
    CheckResult,
    Guide,
    Verdict,
    convergence_words,
    failures_of,
    messages_of,
    parameter,
    texts_of,
)
from bayes_nqp.checks.trends import FAMILIES as FAMILIES
from bayes_nqp.checks.trends import ModelAverage, model_average
from bayes_nqp.checks.trends import Weighed as Weighed
from bayes_nqp.checks.trends import plain_differences as plain_differences
from bayes_nqp.inference.fitting import (
    ADOPTION,
    CHANNELS,
    DOSE,
    EXITING,
    ROWS,
    TRENDS,
    UNITS,
    Need,
    meets,
)
from bayes_nqp.inference.fitting import GAPS as GAPS

__all__ = [
    "ADOPTION",
    "CHANNELS",
    "CHECKS",
    "DOSE",
    "EXITING",
    "LEVELS",
    "NOT_APPLICABLE",
    "OPEN",
    "QUANTILES",
    "REPORTED",
    "ROBUSTNESS_ROWS",
    "ROWS",
    "TRENDS",
    "UNITS",
    "VERDICTS",
    "AlternativeContrast",
    "CheckResult",
    "Confidence",
    "Guide",
    "ModelAverage",
    "Need",
    "Subject",
    "Verdict",
    "alternative_contrasts_of",
    "check",
    "check_table",
    "checked",
    "compare",
    "confidence_of",
    "convergence_words",
    "failures_of",
    "loo",
    "meets",
    "messages_of",
    "model_average",
    "needed_for",
    "parameter",
    "results_of",
    "run_checks",
    "suiting",
    "texts_of",
    "title_of",
    "weighed",
]
