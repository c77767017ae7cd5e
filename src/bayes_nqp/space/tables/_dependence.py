"""Functions shared by tables of spatial dependence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import xarray as xr

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS, CheckResult
from bayes_nqp.inference.fitting import Fit

LM: Final = {
    "lag": Message("LM lag"),
    "robust lag": Message("Robust LM lag"),
    "error": Message("LM error"),
    "robust error": Message("Robust LM error"),
}
"""The tests, in the order of papers."""
LM_BESIDE_LAG: Final = {"error beside lag": Message("LM error given the lag")}
"""Of a model with a lag."""
LISA_TYPES: Final = {
    "HH": Message("HH: high among high"),
    "LL": Message("LL: low among low"),
    "LH": Message("LH: low among high"),
    "HL": Message("HL: high among low"),
}
"""Types of local dependence, by a unit and its neighbours."""


def moran_evidence(source: Fit | xr.Dataset | Sequence[CheckResult]) -> xr.Dataset:
    """Find the evidence of the check "moran", or run the check for a fit.

    Raises
    ------
    StudyError
        If the results do not include the check, or it has no numbers.
    """
    if isinstance(source, xr.Dataset):
        raise StudyError("effects have no rows", hint="pass the fit, or nqp.check(fit, 'moran')")
    results = [CHECKS["moran"](source)] if isinstance(source, Fit) else source
    evidence = next((x for x in results if x.name == "moran" and x.evidence is not None), None)
    if evidence is None or not isinstance(evidence.evidence, xr.Dataset):
        sentence = next((x.sentence for x in results if x.name == "moran"), None)
        problem = sentence or Message("the results do not include the check 'moran'")
        raise StudyError(problem, hint="nqp.check(fit, 'moran', weights=weights)")
    return evidence.evidence
