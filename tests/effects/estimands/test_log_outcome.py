"""Outcomes in logarithms: proportional effects are exp(effect) - 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.effects.estimands import named_logarithm


@pytest.mark.parametrize(
    "name", ["ln_exports", "lngdp", "lnGDP", "log_exports", "log(y)", "Log exports", "出口额对数"]
)
def test_names_of_logarithms(name: str) -> None:
    assert named_logarithm(name)


@pytest.mark.parametrize("name", ["logistics", "exports", "login_count", "l", "lag_y", "对外贸易"])
def test_names_of_other_outcomes(name: str) -> None:
    assert not named_logarithm(name)


def test_the_checklist_reports_per_cent_of_a_logarithm_by_its_exponential() -> None:
    rows = nqp.simulation.staggered(units=40, periods=8, cohorts=(4,), strata={}, seed=1).panel
    frame = pd.DataFrame(
        {
            "unit": rows.unit_labels[rows.unit_codes],
            "time": rows.time_labels[rows.time_codes],
            "cohort": rows.frame[rows.roles.cohort].to_numpy(),
            "ln_exports": rows.outcome + 10.0,
        }
    )
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="ln_exports"
    )
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None))
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    table = nqp.referee(fit).to_frame().set_index("label")
    row = table.loc["Economic size of the effect (in % of the mean)"]
    expected = 100.0 * np.expm1(nqp.att(fit).to_numpy()).mean()
    assert f"{expected:.3g}" in " ".join(map(str, row))
    assert nqp.check(fit, "functional_form", progress=False).verdict == "not applicable"
