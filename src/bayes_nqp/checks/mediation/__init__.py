"""Checks of the assumptions behind effects through mediators.

Only `checks` and `audit` import it; other packages use `bayes_nqp.checks`.
"""

from bayes_nqp.checks.mediation._evidence_rows import LEVELS, QUANTILES
from bayes_nqp.checks.mediation._evidence_rows import effects_on as effects_on

__all__ = ["LEVELS", "QUANTILES"]
