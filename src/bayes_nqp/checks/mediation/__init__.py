"""Checks of the assumptions behind effects through mediators.

Only `checks` and `audit` import it; other packages use `bayes_nqp.checks`.
"""

from bayes_nqp.checks.mediation._evidence_rows import LEVELS, QUANTILES
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow as EvidenceRow
from bayes_nqp.checks.mediation._evidence_rows import effects_on as effects_on
from bayes_nqp.checks.mediation._evidence_rows import finding_of as finding_of
from bayes_nqp.checks.mediation._evidence_rows import innovations as innovations
from bayes_nqp.checks.mediation._evidence_rows import left_over as left_over

__all__ = ["LEVELS", "QUANTILES"]
