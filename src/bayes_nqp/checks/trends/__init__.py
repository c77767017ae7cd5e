"""Checks of trends before and after adoption, and of the assumption of parallel trends.

`checks.mediation` and `space.checks` may import it; other packages use `bayes_nqp.checks`.
"""

from bayes_nqp.checks.trends._candidates import FAMILIES
from bayes_nqp.checks.trends._ineligible_units import plain_differences
from bayes_nqp.checks.trends._leads import tail_of
from bayes_nqp.checks.trends._model_average import ModelAverage, Weighed, model_average
from bayes_nqp.checks.trends._parallel import holm, parted
from bayes_nqp.checks.trends._trend_evidence import WITH_DIFFERENTIAL_TRENDS

__all__ = [
    "FAMILIES",
    "WITH_DIFFERENTIAL_TRENDS",
    "ModelAverage",
    "Weighed",
    "holm",
    "model_average",
    "parted",
    "plain_differences",
    "tail_of",
]
