"""Units that are left out go on reaching those near them."""

from __future__ import annotations

import numpy as np
import pytest
from doors import Sameness

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS
from bayes_nqp.inference.fitting import apart, rows_without
from bayes_nqp.inference.model_frame import model_frame_of

BANDS = nqp.Rings([100.0, 200.0])


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Untreated units receive .5 and .25 of those within 100 and 200 km."""
    panel = nqp.simulation.staggered(
        units=120, periods=12, cohorts=(5, 7, 9), never=0.4, strata={}, seed=53_000_002,
        spillover=nqp.simulation.Spillover(BANDS, untreated=(0.5, 0.25)),
    ).panel  # fmt: skip
    design = nqp.StaggeredDiD(spillovers=BANDS)
    return nqp.fit(design, panel, nqp.Importance(seed=2, draws=500), progress=False)


def test_exposure_of_the_others_stays(fit: nqp.Fit) -> None:
    """Rows of the others have the roles that they have in the whole panel."""
    design, panel = apart(fit)
    gone = panel.cohort_codes == panel.cohort_codes.max()
    rows = panel.where(rows_without(fit, panel, gone))
    whole, part = (
        fit.model_frame.codes,
        model_frame_of(design.variant({"unidentified": "drop"}), rows).codes,
    )
    others = ~gone[whole.unit]
    key = whole.unit[others] * panel.periods + whole.time[others]
    codes = np.flatnonzero(np.isin(panel.unit_labels, rows.unit_labels))
    other = codes[part.unit] * panel.periods + part.time
    kept = np.isin(other, key)
    np.testing.assert_array_equal(np.sort(other[kept]), np.sort(key))
    np.testing.assert_array_equal(
        part.role[kept][np.argsort(other[kept])], whole.role[others][np.argsort(key)]
    )


def test_no_cohort_carries_the_average(fit: nqp.Fit) -> None:
    """With a cohort's reach left out as well, those near it would pass for untouched controls."""
    assert CHECKS["leave_out"](fit).verdict == "passed"


def test_a_probability_is_not_rounded_up_to_what_is_asked_for() -> None:
    held = Message("The answer stays.")
    assert "probability 0.89; 0.90 is required" in Sameness(0.8999).sentence(held)
    assert Sameness(0.9).sentence(held) == held
