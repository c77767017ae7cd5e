"""Recipes of the page on the referee's checklist run, and give the estimates that they name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tools import examples

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Translator
from bayes_nqp.output.exhibits import EXHIBITS

LIMIT = 30_000
"""Bytes of a page."""


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Return the names of the page after its code has run."""
    return examples.run("referee", examples.path_of("referee").read_text("utf-8"))[1]


def within(rows: pd.DataFrame, column: str) -> Any:
    """Subtract the means of units and of periods; exact in a balanced panel."""
    x = rows[column].astype(float)
    units, periods = (x.groupby(rows[name]).transform("mean") for name in ("unit", "time"))
    return (x - units - periods + x.mean()).to_numpy()


def test_page_has_every_exhibit_in_both_languages() -> None:
    for language, page in (("en", "referee"), ("zh", "zh/referee")):
        text = examples.path_of(page).read_text("utf-8")
        assert len(text.encode()) <= LIMIT
        for each in EXHIBITS.values():
            assert Translator(language).name(each.title) in text
            assert not each.because or f"```python\n{each.code}\n```" in text


def test_both_pages_have_the_same_code() -> None:
    assert examples.code_of("referee") == examples.code_of("zh/referee")


def test_checklist_of_the_page_has_results_and_recipes(names: dict[str, Any]) -> None:
    assert isinstance(names["checklist"], nqp.Table)
    counts = names["checklist"].to_frame()["Status"].value_counts()
    assert counts["elsewhere"] == sum(bool(each.because) for each in EXHIBITS.values())
    assert counts["done"] >= 10


def test_instruments_are_two_stage_least_squares(names: dict[str, Any]) -> None:
    rows = names["rows"]
    y, d, z = (within(rows, x) for x in ("outcome", "treated", "instrument"))
    assert names["iv"].coef()["treated"] == pytest.approx(z @ y / (z @ d), rel=1e-6)
    wald = within(rows, "treated") @ y / (within(rows, "treated") @ within(rows, "dose"))
    assert names["fuzzy"].coef()["dose"] == pytest.approx(wald, rel=1e-4)


def test_correction_for_selection_has_the_mills_ratio(names: dict[str, Any]) -> None:
    assert {"treated", "mills"} == set(names["heckman"].coef().index)
    assert (names["seen"]["observed"] == 1).all()
    assert (names["seen"]["mills"] > 0).all()


def test_threshold_has_the_smallest_sum_of_squares(names: dict[str, Any]) -> None:
    sums = [float((each.resid() ** 2).sum()) for each in names["fits"]]
    assert float((names["threshold"].resid() ** 2).sum()) == min(sums)
    assert len(sums) == 15


def test_synthetic_control_weighs_untreated_units(names: dict[str, Any]) -> None:
    effects = names["control"]
    rows = names["rows"]
    weights = pd.Series(effects.donor_weights)
    assert weights.sum() == pytest.approx(1)
    assert set(weights.index) <= set(rows.loc[rows["cohort"].isna(), "unit"])


def test_changes_in_changes_recovers_differences_in_quantiles(names: dict[str, Any]) -> None:
    two = names["two"]
    groups = {k: np.sort(x["outcome"].to_numpy()) for k, x in two.groupby(["ever", "post"])}
    # Athey and Imbens (2006), eq. 36: E[Y11] - E[F01^{-1}(F00(Y10))].
    ranks = np.searchsorted(groups[0, 0], groups[1, 0], side="right") / groups[0, 0].size
    places = np.clip(np.ceil(ranks * groups[0, 1].size).astype(int) - 1, 0, None)
    att = groups[1, 1].mean() - groups[0, 1][places].mean()
    assert names["changes"].att == pytest.approx(att, rel=1e-6)


@pytest.mark.parametrize("name", ["dml"])
def test_estimates_of_diff_diff_are_finite(names: dict[str, Any], name: str) -> None:
    found = names[name]
    assert np.isfinite([found.overall_att, found.overall_se]).all()
    assert found.overall_se > 0


@pytest.mark.parametrize("name", ["selection", "curve", "cohorts", "counts", "logit"])
def test_estimates_of_pyfixest_are_finite(names: dict[str, Any], name: str) -> None:
    table = names[name].tidy()[["Estimate", "Std. Error"]].to_numpy()
    assert np.isfinite(table).all()
